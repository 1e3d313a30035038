"""Files of departments, from the command that takes them to what callers then see."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import psycopg
import pytest

from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput
from gateway.intake.department_files import LIBRARIES
from gateway.intake.layouts import head_of, titles
from gateway.intake.run import Order, take
from gateway.intake.sample_codes import citizen_number, uscc
from gateway.store.core import Connection
from gateway.store.database import Connections
from gateway.vault.rows import guard_of
from gateway.vault.vault import Vault
from tests.flow.intake_bench import (
    CODE,
    ORGAN,
    ORGAN_CODE,
    OTHER,
    known,
    penalty,
    taken,
    vault,
    writer,
    written,
)
from tests.golden.intake import GOLDEN, NOW, TODAY, counts, folder, told

__all__ = ["known", "vault", "writer"]  # fixtures


def test_a_folder_of_real_faults(new_database: Callable[[], Connections], vault: Vault, tmp_path: Path) -> None:
    """What is accepted, refused and set aside, and why, is exactly what the golden file says; twice changes nothing."""
    with psycopg.connect(new_database().writer) as connection:
        first, paths = folder(connection, vault, tmp_path)
        assert told(first) == json.loads(GOLDEN.read_text())
        before = _everything(connection)
        for one, path in zip(first, paths, strict=True):
            again = taken(connection, vault, path)
            assert (again.accepted, again.replaced) == (0, 0)
            assert again.unchanged == one.accepted + one.unchanged
            assert (again.rejected, again.quarantined) == (one.rejected, one.quarantined)
        assert _everything(connection) == before


def _everything(connection: Connection) -> list[tuple[object, ...]]:
    """How many rows there are of what intake writes, and a digest over their versions."""
    kinds = ("enterprise", "organization", "person", "identifier", "license", "penalty", "listing", "rating", "repair")
    found = [
        connection.execute(f"SELECT '{kind}', count(*), sum(version), max(xmin::text) FROM {kind}".encode()).fetchall()
        for kind in kinds
    ]
    waiting = connection.execute("SELECT 'waiting', count(*), max(id), 0 FROM quarantine").fetchall()
    return [row for rows in (*found, waiting) for row in rows]


def test_the_golden_file_holds_every_fault_of_the_issue() -> None:
    """Or the folder would prove nothing."""
    told = json.loads(GOLDEN.read_text())
    reasons = {reason for one in told.values() for reason in one["reasons"]}
    wanted = (
        *("check digit", "GB 32100", "decidedOn: is required", "under 18", "APL art. 9", "DUPLICATE_KEY"),
        *("flag facts:ID_NUMBER", "REGISTRATION_NUMBER", "lies in the future", "NAME_MISMATCH", "may not be collected"),
    )
    for part in wanted:
        assert any(part in reason for reason in reasons), part
    assert {one["encoding"] for one in told.values()} == {"UTF-8", "GB18030"}


def test_a_changed_row_is_a_new_version(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """The old one is kept. The id stays, what an objection marked stays marked, and texts must be released anew."""
    row = penalty(documentNumber="样例罚字〔2026〕901号")
    taken(known, vault, written(tmp_path / "a.csv", "penalty", row))
    marked = "UPDATE penalty SET disputed_on = %s, facts_released = 'x' WHERE document_number = %s"
    known.execute(marked, (TODAY, row["documentNumber"]))
    known.commit()
    receipt = taken(known, vault, written(tmp_path / "b.csv", "penalty", row | {"fine": "0.2"}))
    assert counts(receipt) == {"rows": 1, "replaced": 1, "timely": 1}
    ((number, version, fine, disputed, released),) = known.execute(
        "SELECT id, version, fine, disputed_on, facts_released FROM penalty WHERE document_number = %s",
        (row["documentNumber"],),
    ).fetchall()
    assert (version, str(fine), disputed, released) == (2, "0.200000", TODAY, None)
    ((id, subject, old, why, content, texts, wrapped),) = known.execute(
        "SELECT s.id, s.subject_id, record_version, why, content_sealed, texts_sealed, wrapped FROM superseded AS s "
        "JOIN subject_key AS k ON k.subject_id = s.subject_id WHERE record_kind = 'penalty' AND record_id = %s",
        (number,),
    ).fetchall()
    assert isinstance(id, int) and isinstance(subject, int) and isinstance(wrapped, bytes)
    assert isinstance(content, bytes) and isinstance(texts, bytes)
    key = vault.unwrap(wrapped, subject)
    said = json.loads(vault.open(key, "superseded", "content", id, content))
    assert (old, why, said["fine"], said["disputedOn"]) == (1, "REPLACED", "0.100000", TODAY.isoformat())
    assert said["facts"] == "x" and "未明码标价" in vault.open(key, "superseded", "texts", id, texts)


def test_a_refused_value_does_not_come_back(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """The guard that a correction left sets the row aside."""
    row = penalty(documentNumber="样例罚字〔2026〕902号", fine="9")
    taken(known, vault, written(tmp_path / "a.csv", "penalty", row))
    ((number,),) = known.execute(
        "UPDATE penalty SET fine = 0.9, row_hash = NULL, version = 2 WHERE document_number = %s RETURNING id",
        (row["documentNumber"],),
    ).fetchall()
    refused = guard_of(vault, "penalty", "fine", "9")
    known.execute(
        "INSERT INTO correction_guard (kind, record_id, field, value_index, since) "
        "VALUES ('penalty', %s, 'fine', %s, %s)",
        (number, refused, NOW),
    )
    known.commit()
    receipt = taken(known, vault, written(tmp_path / "b.csv", "penalty", row))
    assert counts(receipt) == {"rows": 1, "quarantined": 1}
    assert receipt.reasons["CORRECTION_GUARD"] == 1
    mended = taken(known, vault, written(tmp_path / "c.csv", "penalty", row | {"fine": "0.9"}))
    assert counts(mended) == {"rows": 1, "replaced": 1, "timely": 1}


def test_a_steward_loads_the_rows_of_its_own_department(known: Connection, vault: Vault, tmp_path: Path) -> None:
    own = penalty(
        documentNumber="样例罚字〔2026〕903号", organ="白城市工商行政管理局", organCode=uscc("11", "220800", "BM000000")
    )
    foreign = penalty(
        documentNumber="样例罚字〔2026〕904号",
        organ="国家税务总局白城市税务局",
        organCode=uscc("11", "220800", "BM000006"),
    )
    receipt = taken(known, vault, written(tmp_path / "a.csv", "penalty", own, foreign), department="MARKET")
    assert counts(receipt) == {"rows": 2, "accepted": 1, "rejected": 1, "timely": 1}  # 工商 became 市场监管
    (rejects,) = tmp_path.glob("*.rejects.csv")
    assert "another department" in rejects.read_text(encoding="utf-8-sig")
    with pytest.raises(BadInput) as caught:
        taken(known, vault, tmp_path / "a.csv", department="NOBODY")
    assert [fault.rule for fault in caught.value.faults] == ["is no department of the platform"]
    known.rollback()


def test_everything_that_is_wrong_is_told_at_once(known: Connection, vault: Vault, tmp_path: Path) -> None:
    wrong = penalty(
        decidedOn="2026/13/01", penaltyKinds="打板子", fine="一万", facts="", severity="很重", subjectUscc=CODE[:-1]
    )
    receipt = taken(known, vault, written(tmp_path / "a.csv", "penalty", wrong))
    assert counts(receipt) == {"rows": 1, "rejected": 1}
    assert {reason.partition(":")[0] for reason in receipt.reasons} == {
        "decidedOn", "penaltyKinds", "fine", "facts", "severity", "subjectUscc",
    }  # fmt: skip


def test_the_rejects_file_masks_what_is_personal(known: Connection, vault: Vault, tmp_path: Path) -> None:
    number = citizen_number("222301", 5, 800)
    row = penalty(representativeName="甲子一", representativeIdNumber=number, fine="x", facts="证人乙丑二到场。")
    taken(known, vault, written(tmp_path / "a.csv", "penalty", row))
    text = (tmp_path / "a.csv.rejects.csv").read_text(encoding="utf-8-sig")
    assert number not in text and "甲子一" not in text and "乙丑二" not in text
    assert "甲**" in text and f"{number[:2]}**************{number[-2:]}" in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_found_out(known: Connection, vault: Vault, tmp_path: Path, encoding: str) -> None:
    row = penalty(documentNumber=f"样例罚字〔2026〕905-{encoding}号")
    receipt = taken(known, vault, written(tmp_path / "a.csv", "penalty", row, encoding=encoding))
    assert (receipt.accepted, receipt.encoding) == (1, "GB18030" if encoding == "gb18030" else "UTF-8")


def test_bytes_of_no_encoding_are_refused_with_their_line(known: Connection, vault: Vault, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "penalty", penalty(), penalty())
    path.write_bytes(path.read_bytes().replace("未按规定".encode(), b"\xff\xff\xff", 1))
    with pytest.raises(BadInput) as caught:
        take(known, vault, path, Order(NOW))
    (fault,) = caught.value.faults
    assert (fault.path, fault.rule) == (("a.csv", 2), "the bytes are neither UTF-8 nor GB18030")


def test_a_sheet_is_read_like_its_csv(known: Connection, vault: Vault, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    head, named = head_of(BY_NAME["penalty"]), titles(BY_NAME["penalty"])
    sheet.append(list(head))
    row: dict[str, object] = dict(penalty(documentNumber="样例罚字〔2026〕906号"))
    row |= {"decidedOn": datetime(2026, 11, 19), "fine": 2}
    sheet.append([row.get(str(named[title])) for title in head])
    row |= {"documentNumber": "样例罚字〔2026〕907号", "conduct": "=HYPERLINK(A1)"}
    sheet.append([row.get(str(named[title])) for title in head])
    book.save(tmp_path / "a.xlsx")
    receipt = taken(known, vault, tmp_path / "a.xlsx")
    assert (receipt.encoding, receipt.accepted, receipt.rejected) == ("XLSX", 1, 1)
    assert receipt.reasons["conduct: is a formula"] == 1
    kept = "SELECT decided_on, fine FROM penalty WHERE document_number = '样例罚字〔2026〕906号'"
    assert [(one[0], str(one[1])) for one in known.execute(kept)] == [(date(2026, 11, 19), "2.000000")]
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(BadInput):
        take(known, vault, tmp_path / "b.xlsx", Order(NOW))


def test_the_names_of_before_2018(known: Connection, vault: Vault, tmp_path: Path) -> None:
    known.execute("UPDATE department SET uscc = %s WHERE code = 'MARKET'", (ORGAN_CODE,))
    known.commit()
    head = (
        *("CF_WSH", "CF_CFMC", "CF_CFLB1", "CF_CFLB2", "CF_SY", "CF_YJ", "CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM"),
        *("CF_FR", "CF_JG", "CF_JDRQ", "CF_XZJG", "CF_CFJGDM", "CF_ZT", "DFBM", "SJC", "失信程度", "处罚程序"),
    )
    cells = (
        *("样例罚字〔2017〕1号", "虚假宣传", "警告", "罚款", "事实", "《广告法》", "洮北区样例一号商店有限公司"),
        *("法人及非法人组织", CODE, "甲子一", "罚款", "20170605", ORGAN, ORGAN_CODE, "0", "220800", "2017-06-06"),
        *("一般", "普通"),
    )
    (tmp_path / "old.csv").write_text(f"{','.join(head)}\n{','.join(cells)}\n", encoding="gb18030")
    receipt = taken(known, vault, tmp_path / "old.csv")
    assert counts(receipt) == {"rows": 1, "accepted": 1, "late": 1}
    found = (
        "SELECT conduct, penalty_kinds, organ, valid_until FROM penalty WHERE document_number = '样例罚字〔2017〕1号'"
    )
    assert known.execute(found).fetchall() == [("虚假宣传", "警告;罚款", ORGAN, date(2099, 12, 31))]


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        ("CF_WSH,CF_NEU", "is no column of penalty files"),
        ("CF_WSH,CF_WSH,CF_SY", "stands twice"),
        ("a,b,c", "names no column that any kind of file has"),
        ("CF_WSH,CF_SY,宗教信仰", "may not be collected"),
    ],
)
def test_heads_that_are_refused(known: Connection, vault: Vault, tmp_path: Path, head: str, rule: str) -> None:
    (tmp_path / "a.csv").write_text(f"{head}\n1,2,3\n")
    with pytest.raises(BadInput) as caught:
        take(known, vault, tmp_path / "a.csv", Order(NOW))
    assert any(rule in fault.rule for fault in caught.value.faults)


def test_who_is_not_meant_is_set_aside(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """Unknown, another's name, a person without birth date: somebody must look; the cells stay sealed."""
    unknown = penalty(documentNumber="n1", subjectUscc=uscc("91", "220802", "YL900009"))
    other = penalty(documentNumber="n2", subjectName="洮北区样例二号商店有限公司")
    both = penalty(documentNumber="n3", subjectOrganizationCode=OTHER[8:17])
    unborn = penalty(
        documentNumber="n4", subjectKind="自然人", subjectUscc="", subjectIdType="护照", subjectIdNumber="E12345678"
    )
    receipt = taken(known, vault, written(tmp_path / "a.csv", "penalty", unknown, other, both, unborn))
    assert counts(receipt) == {"rows": 4, "accepted": 1, "quarantined": 3, "timely": 1}
    assert {one: receipt.reasons[one] for one in ("SUBJECT_UNKNOWN", "NAME_MISMATCH", "BIRTH_DATE_UNKNOWN")} == {
        "SUBJECT_UNKNOWN": 1,
        "NAME_MISMATCH": 1,
        "BIRTH_DATE_UNKNOWN": 1,
    }
    kept = known.execute("SELECT cells_sealed FROM quarantine WHERE batch = %s", (receipt.batch,)).fetchall()
    assert len(kept) == 3 and not any("样例".encode() in bytes(one) for (one,) in kept if isinstance(one, bytes))


def test_a_receipt_is_kept(known: Connection, vault: Vault, tmp_path: Path) -> None:
    late = penalty(documentNumber="r1", decidedOn=f"{TODAY - timedelta(days=40):%Y-%m-%d}")
    path = written(tmp_path / "a.csv", "penalty", late, penalty(documentNumber="r2"))
    receipt = taken(known, vault, path)
    kept = known.execute(
        "SELECT file, encode(digest, 'hex'), rows, accepted, timely, late, received_at FROM batch WHERE id = %s",
        (receipt.batch,),
    ).fetchall()
    assert kept == [("a.csv", receipt.digest, 2, 2, 1, 1, NOW)]


def test_every_kind_has_a_layout_that_its_own_files_fit(known: Connection) -> None:
    for kind in (
        "license",
        "penalty",
        "listing",
        "irregularity",
        "rating",
        "commitment",
        "honor",
        "judgment",
        "repair",
    ):
        head = head_of(BY_NAME[kind])
        assert len(set(head)) == len(head) > 10
    assert set(LIBRARIES) == {"enterprise", "organization", "person"}


def test_no_room_for_the_rejects_leaves_nothing_loaded(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """What was refused must be told; where that cannot be written, nothing is taken."""
    path = written(tmp_path / "a.csv", "penalty", penalty(documentNumber="z1"), penalty(documentNumber="z2", fine="x"))
    with pytest.raises(OSError):
        take(known, vault, path, Order(NOW, rejects=tmp_path / "nowhere"))
    known.rollback()
    assert known.execute("SELECT 1 FROM penalty WHERE document_number = 'z1'").fetchall() == []
    assert [one.name for one in tmp_path.iterdir() if "rejects" in one.name] == []


def test_a_rejects_file_runs_nothing(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """A cell that a spreadsheet would run is quoted."""
    taken(known, vault, written(tmp_path / "a.csv", "penalty", penalty(documentNumber="@SUM(A1)", conduct="=1+1")))
    text = (tmp_path / "a.csv.rejects.csv").read_text(encoding="utf-8-sig")
    assert "'@SUM(A1)" in text and "'=1+1" in text
