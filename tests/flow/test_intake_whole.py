"""Old codes put to their subjects; two intakes at once; one that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from gateway.intake.receipt import Receipt
from gateway.intake.sample_codes import citizen_number, organization_code, registration_number, uscc
from gateway.store.core import Connection
from gateway.store.database import Connections
from gateway.vault.vault import Vault
from tests.flow.intake_bench import (
    CODE,
    OTHER,
    ROOT,
    enterprises,
    known,
    penalty,
    taken,
    vault,
    writer,
    written,
)
from tests.golden.intake import counts

__all__ = ["known", "vault", "writer"]  # fixtures


def _codes(connection: Connection, uscc_: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT kind, value, conflicting, valid_until IS NOT NULL FROM identifier WHERE subject_id = "
        "(SELECT subject_id FROM enterprise WHERE uscc = %s) AND kind <> 'USCC' ORDER BY kind, value",
        (uscc_,),
    ).fetchall()


def test_old_codes_are_mapped_and_conflicts_kept(known: Connection, vault: Vault, tmp_path: Path) -> None:
    """One old number on two subjects: both keep it, both say so; what nobody has is listed as unmatched."""
    first, second = registration_number("220800", 90001), registration_number("220800", 90002)
    organization = organization_code("YL900001")
    unknown = uscc("91", "220802", "YL900008")
    rows = (
        f"洮北区样例一号商店有限公司,{CODE},{first},{organization[:8]}-{organization[8]},",
        f"洮北区样例二号商店有限公司,{OTHER},{first},,",
        f"洮北区样例二号商店有限公司,{OTHER},{second},,",
        f"洮北区样例二号商店有限公司,{OTHER},,,{citizen_number('222301', 3, 700)}01",
        f"无此企业,{unknown},{registration_number('220800', 90003)},,",
        f"别家有限公司,{CODE},{registration_number('220800', 90004)},,",
        f"洮北区样例一号商店有限公司,{CODE},123456789012346,,",
    )
    head = "ENTNAME,CREDCODE,REGCODE,ORGCODE,TAXCODE"
    (tmp_path / "codes.csv").write_text("\n".join((head, *rows)) + "\n")
    receipt = taken(known, vault, tmp_path / "codes.csv")
    assert (receipt.kind, counts(receipt)) == (
        "identifier",
        {"rows": 7, "accepted": 3, "quarantined": 2, "rejected": 2},
    )
    assert receipt.reasons["CONFLICT"] == 1
    assert _codes(known, CODE) == [
        ("ORGANIZATION_CODE", organization, False, True),
        ("REGISTRATION_NUMBER", first, True, True),
    ]
    assert _codes(known, OTHER) == [
        ("REGISTRATION_NUMBER", first, True, True),
        ("REGISTRATION_NUMBER", second, False, True),
    ]
    unmatched = known.execute("SELECT kind, value_index, reason FROM unmatched_code ORDER BY line, kind").fetchall()
    assert [(kind, reason) for kind, _, reason in unmatched] == [
        ("REGISTRATION_NUMBER", "SUBJECT_UNKNOWN"),
        ("USCC", "SUBJECT_UNKNOWN"),
        ("REGISTRATION_NUMBER", "NAME_MISMATCH"),
        ("USCC", "NAME_MISMATCH"),
    ]
    again = taken(known, vault, tmp_path / "codes.csv")
    assert counts(again) == {"rows": 7, "unchanged": 3, "quarantined": 2, "rejected": 2}
    assert len(known.execute("SELECT 1 FROM unmatched_code").fetchall()) == 4


def test_two_at_once_are_one_after_the_other(
    known: Connection, database: Connections, vault: Vault, tmp_path: Path
) -> None:
    """The same file by two stewards in the same moment is there once."""
    path = written(tmp_path / "a.csv", "penalty", *(penalty(documentNumber=f"t{at}") for at in range(50)))

    def run() -> Receipt:
        with psycopg.connect(database.writer) as connection:
            return taken(connection, vault, path)

    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: run(), range(4)))
    assert sorted(one.accepted for one in receipts) == [0, 0, 0, 50]
    assert sorted(one.unchanged for one in receipts) == [0, 50, 50, 50]


def test_killed_half_way_nothing_is_loaded(new_database: Callable[[], Connections], tmp_path: Path) -> None:
    """A process that is killed while it copies leaves neither rows, nor a receipt, nor a rejects file."""
    connections = new_database()
    home = tmp_path / "home"
    home.mkdir()
    rows = (penalty(documentNumber=f"k{at}", fine="x" if at % 7 == 0 else "1") for at in range(20_000))
    path = written(tmp_path / "big.csv", "penalty", *rows)
    environment = {
        **os.environ,
        "GATEWAY_HOME": str(home),
        "GATEWAY_DATABASE_URL": connections.owner,
        "GATEWAY_READER_URL": connections.reader,
        "GATEWAY_WRITER_URL": connections.writer,
        "GATEWAY_LOG_URL": connections.log,
    }
    command = [sys.executable, "-m", "gateway.cli", "intake"]
    subprocess.run([*command, str(enterprises(tmp_path / "enterprise.csv"))], env=environment, check=True, cwd=ROOT)
    running = subprocess.Popen([*command, str(path)], env=environment, cwd=ROOT)
    with psycopg.connect(connections.owner, autocommit=True) as owner:
        size = "SELECT pg_relation_size('penalty')"
        while running.poll() is None and owner.execute(size).fetchone() == (0,):
            time.sleep(0.01)
        running.kill()
        assert running.wait() == -signal.SIGKILL
        for table in ("penalty", "quarantine", "superseded"):
            assert owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)
        assert owner.execute("SELECT count(*) FROM batch").fetchone() == (1,)
    assert not list(tmp_path.glob("*rejects*"))
    done = subprocess.run([*command, "--json", str(path)], env=environment, check=True, cwd=ROOT, capture_output=True)
    receipt = json.loads(done.stdout)
    assert (receipt["accepted"], receipt["rejected"]) == (17_142, 2_858)
