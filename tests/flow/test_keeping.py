"""Months of the log in files, and what is taken out when its term is over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.audit import export
from gateway.audit.export import Exported, ExportInvalid
from gateway.audit.retirement import Sort
from gateway.audit.verify import State, Wrong, verify
from gateway.cli.main import main
from gateway.errors import BadInput, SealBroken
from gateway.ledger import keeping
from gateway.ledger.keeping import Keeper
from gateway.signing import load_or_create
from gateway.store.database import Connections
from tests.flow.months_bench import FEBRUARY, LATER, OCTOBER, ask_in_three_months, findings, key, over, shard_of
from tests.flow.test_accesses import CITIZEN
from tests.flow.test_chains import chains, checked, close
from tests.harness import House, opened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        await ask_in_three_months(made)
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


async def written(house: House, folder: Path, now: datetime = LATER) -> list[Path]:
    with psycopg.connect(house.connections.log, autocommit=True) as connection:
        history, seal = house.gateway.history, house.vault.seal_audit
        return [await keeping.write(connection, history, one, folder, seal) for one in over(house, now)]


def read(house: House, path: Path) -> tuple[export.Proof, list[Exported]]:
    found: list[Exported] = []
    with path.open("rb") as file:
        return export.verify(file, key(house), house.vault.open_audit, found.append), found


async def retire(house: House, folder: Path, now: datetime = LATER) -> dict[str, dict[Sort, int]]:
    signer = load_or_create(house.settings.home / "keys" / "log.key", house.settings.log_origin, lambda count: b"")
    origin, unseal = house.settings.log_origin, house.vault.open_audit
    keeper = Keeper(house.connections.owner, house.gateway.log, origin, signer, unseal)
    with psycopg.connect(house.connections.owner) as connection:
        due = keeping.due(connection, keeping.rules(connection, now), now)
    months = sorted({one.month for one in due})
    return {
        f"{month:%Y-%m}": await keeper.retire(month, [one for one in due if one.month == month], folder, now)
        for month in months
    }


# --- files ---


async def test_a_month_in_a_file_proves_itself(house: House, folder: Path) -> None:
    paths = await written(house, folder, house.clock.at)
    assert [path.name for path in paths] == [f"2026-10.{shard_of(house)}.log", f"2027-01.{shard_of(house)}.log"]
    stored = await house.sql(
        'SELECT "index", body, salt, commitment, sealed FROM log_entry WHERE month < %s ORDER BY 1', FEBRUARY
    )
    found = [one for path in paths for one in read(house, path)[1]]
    assert [tuple(one) for one in found] == stored and any(one.sealed for one in found)
    assert CITIZEN["name"].encode() not in paths[0].read_bytes() and b'"who"' not in paths[0].read_bytes()
    with pytest.raises(BadInput, match="BAD_USER_INPUT"):
        await written(house, folder, house.clock.at)
    assert sorted(folder.iterdir()) == sorted(paths)


async def test_a_file_that_was_changed_is_refused(house: House, folder: Path) -> None:
    path = (await written(house, folder, house.clock.at))[1]
    data = path.read_bytes()
    line, parts = data.split(b"\n", 1)
    faults: list[tuple[bytes, str]] = [
        (b"nonsense\n", "its head is not that of an export"),
        (line.replace(b"export v1", b"export v2") + b"\n" + parts, "it is no export of a log"),
        (line + b"\n", "it ends behind its head"),
        (data[:-5], "it was cut off"),
        (line.replace(b"2027-01", b"2026-01") + b"\n" + parts, ""),  # of no effect on what is proved
        (line.replace(b'"edge":["', b'"edge":["AAAA') + b"\n" + parts, "not a hash"),
        (line.replace(b"/log/", b"/gol/") + b"\n" + parts, "it is of another log than the key"),
    ]
    for changed, said in faults:
        path.write_bytes(changed)
        if not said:
            assert read(house, path)[0].entries
            continue
        with pytest.raises(ExportInvalid) as refused:
            read(house, path)
        assert str(refused.value) == said
    broken = bytearray(data)
    broken[-1] ^= 1
    path.write_bytes(bytes(broken))
    with pytest.raises(SealBroken):
        read(house, path)


async def test_who_has_the_audit_key_cannot_make_another_month_of_it(house: House, folder: Path) -> None:
    """Entries that are consistent in themselves, sealed under the right key: the tree does not lead to them."""
    shard, history = shard_of(house), house.gateway.history
    (_, january) = over(house, house.clock.at)
    await written(house, folder, house.clock.at)
    _, entries = read(house, folder / january.file)
    with (folder / january.file).open("rb") as file:
        head = export.read_head(file)
    left_out = [entries[:-1]]
    swapped = [[entries[1]._replace(number=entries[0].number), entries[0]._replace(number=entries[1].number)]]
    bodiless = [[entries[0]._replace(body=None), *entries[1:]]]
    edited = [[entries[0]._replace(body=b"{}"), *entries[1:]]]
    for parts, said in (
        (left_out, "it ends before entry"),
        (swapped, "its entries are not those of the log"),
        (bodiless, "has no body, and nobody signed a reason"),
        (edited, "body, salt and commitment do not belong together"),
    ):
        with (folder / "forged").open("wb") as file:
            export.write(file, head, [], parts, house.vault.seal_audit)
        with pytest.raises(ExportInvalid, match=said):
            read(house, folder / "forged")
    assert history.shard_of(head.origin) == shard


# --- terms ---


async def test_nothing_is_taken_out_before_its_term_or_without_its_file(house: House, folder: Path) -> None:
    assert await retire(house, folder, datetime(2036, 10, 31, 15, tzinfo=UTC)) == {}
    with pytest.raises(BadInput) as refused:
        await retire(house, folder, datetime(2036, 10, 31, 16, tzinfo=UTC))  # November in Beijing
    assert [fault.rule for fault in refused.value.faults] == ["is not there: write it with `gateway audit export`"]
    paths = await written(house, folder)
    paths[0].write_bytes(paths[1].read_bytes())
    with pytest.raises(BadInput) as refused:
        await retire(house, folder)
    assert "and the log has others" in refused.value.faults[0].rule
    assert await house.sql("SELECT count(*) FROM log_retirement") == [(0,)]
    assert findings(house) == []


async def test_a_body_past_its_term_is_gone_and_the_tree_holds(house: House, folder: Path) -> None:
    shard = shard_of(house)
    await close(house)
    house.clock.at = LATER
    before = await house.sql('SELECT "index", commitment FROM log_entry ORDER BY 1')
    listed = await house.sql("SELECT count(*) FROM access WHERE month = %s", OCTOBER)
    assert listed[0][0] > 0 and (await chains(house)) != []
    await written(house, folder)
    taken = await retire(house, folder)
    assert list(taken) == ["2026-10", "2027-01", "2027-02"] and taken["2027-01"][Sort.ACCESS] >= 1
    left = await house.sql('SELECT "index", body, sealed, salt FROM log_entry WHERE month < %s', date(2037, 1, 1))
    assert {tuple(row[1:]) for row in left} == {(None, None, b"")}
    assert (await house.sql('SELECT "index", commitment FROM log_entry ORDER BY 1'))[: len(before)] == before
    assert await house.sql("SELECT count(*) FROM access WHERE month < %s", date(2037, 1, 1)) == [(0,)]
    assert findings(house) == []
    with psycopg.connect(house.connections.log, autocommit=True) as connection:
        report = verify(connection, key(house), State(shard))
    assert report.retired == len(left) and report.destroyed == 0
    ((body,),) = await house.sql("SELECT body FROM log_entry WHERE body LIKE '%%retire%%' ORDER BY \"index\" LIMIT 1")
    assert b'"month":"2026-10"' in bytes(body)
    assert await retire(house, folder) == {}  # once is enough
    assert await chains(house) is None and checked(house) == []  # the lists went with the entries that they prove


async def test_a_sort_with_a_shorter_term_goes_first(house: House, folder: Path) -> None:
    """What is left can be written to a file again, and both files verify."""
    await house.sql(
        "INSERT INTO rule SELECT name, 2, 3, unit, 'the city 2027-5', true, '2027-01-01', least FROM rule "
        "WHERE name = 'log.keep.house'"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        await house.sql("INSERT INTO rule SELECT name, 3, 2, unit, source, true, '2027-01-01', least FROM rule "
                        "WHERE name = 'log.keep.house'")  # fmt: skip
    now = house.clock.at = datetime(2030, 1, 15, tzinfo=UTC)
    await written(house, folder, now)
    assert await retire(house, folder, now) == {"2026-10": {Sort.HOUSE: 1}}
    ((note,),) = await house.sql("SELECT note FROM log_retirement")
    assert "3 years: the city 2027-5\n" in note
    assert findings(house) == []
    (folder / "again").mkdir()
    again = (await written(house, folder / "again", now))[0]
    proof, entries = read(house, again)
    assert proof.gone == 1 and any(one.body for one in entries)
    assert read(house, folder / again.name)[0].gone == 0  # the first file has what was taken out since
    await house.sql("UPDATE log_entry SET body = NULL WHERE month = %s", OCTOBER)
    assert {what for what, _ in findings(house)} == {Wrong.GONE, Wrong.ROWS}


async def test_a_reason_that_nobody_signed_is_none(house: House, folder: Path) -> None:
    house.clock.at = LATER
    await written(house, folder)
    await retire(house, folder)
    await house.sql(
        "UPDATE log_retirement SET indexes = substr(indexes, 9) WHERE month = %s AND sort = 'house'", OCTOBER
    )
    found = findings(house)
    assert (Wrong.SIGNATURE, 0) in found and Wrong.GONE in {what for what, _ in found}


# --- the command line ---


@pytest.fixture
def command(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))

    async def run(*words: str) -> int:
        return await asyncio.to_thread(main, ["audit", *words])

    return run


async def test_the_commands(
    house: House, command: Callable[..., Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command("export", str(folder)) == 0
    assert "nothing is past its term" in capsys.readouterr().out
    assert await command("export", str(folder), "--month", "2026-09") == 1
    assert await command("export", str(folder), "--month", "september") == 1
    assert await command("export", str(folder), "--month", "2026-10") == 0
    (path,) = folder.iterdir()
    assert f"{path}: entries 0 to " in capsys.readouterr().out
    assert await command("import-verify", str(path), "--entry", "0") == 0
    said = capsys.readouterr().out
    assert f"entries of {house.settings.log_origin}/{shard_of(house)}, 2026-10: sound" in said
    assert '"outcome":' in said
    assert await command("import-verify", str(path), "--entry", "99999") == 1
    assert "entry 99999 is in none of them" in capsys.readouterr().out
    vkey = house.gateway.history.vkey(shard_of(house))
    assert await command("import-verify", str(path), "--vkey", vkey) == 0
    assert await command("import-verify", str(path), "--vkey", house.gateway.history.vkey(77)) == 1
    path.write_bytes(path.read_bytes()[:-1])
    assert await command("import-verify", str(path)) == 1
    assert "it was cut off" in capsys.readouterr().out
    assert await command("retire", str(folder)) == 0
    assert "nothing is past its term" in capsys.readouterr().out


async def test_rules_are_listed_and_set(
    house: House, command: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    async def rules(*words: str) -> int:
        return await asyncio.to_thread(main, ["rules", *words])

    assert await rules() == 0
    listed = capsys.readouterr().out
    assert "log.keep.traffic         10 years (as log.keep.access; " in listed and "unverified)" in listed
    assert await rules("--set", "log.keep.acess", "x") == 1
    said = capsys.readouterr().err
    assert "--source: must be said" in said and "is none of" in said and "VALUE: must be a whole number" in said
    by = ("--by", "anna", "--by", "boris")
    assert "--by: two different people must decide it" in said
    for alone in ((), ("--by", "anna"), ("--by", "anna", "--by", " Anna")):
        assert await rules("--set", "log.keep.access", "12", "--source", "x", *alone) == 1
        assert "--by: two different people must decide it" in capsys.readouterr().err
    assert await rules("--set", "log.keep.access", "2", "--source", "a whim", *by) == 1
    assert "VALUE: must be at least 3: Zhejiang 2017 art. 20" in capsys.readouterr().err
    assert await rules("--set", "log.keep.access", "12", "--source", "the city 2026-7", "--verified", *by) == 0
    assert await rules() == 0
    assert "log.keep.access          12 years (the city 2026-7)\n" in capsys.readouterr().out
    assert await house.sql("SELECT version, value, least FROM rule WHERE name = 'log.keep.access' ORDER BY 1") == [
        (1, 10, 3), (2, 12, 3)
    ]  # fmt: skip
    ((entries,),) = await house.sql("SELECT count(*) FROM log_entry WHERE body LIKE '%%the city 2026-7%%'")
    assert entries == 1
    assert (await house.entries(1))[0]["rule"] == {
        "name": "log.keep.access", "version": 2, "value": 12, "source": "the city 2026-7", "verified": True,
        "by": ["anna", "boris"],
    }  # fmt: skip
    for name in ("objection.provider", "complaint", "review", "report", "erasure", "copy", "notice.acknowledge",
                 "consent.term", "consent.scan.wait", "repair.result", "mandate.proposal"):  # fmt: skip
        assert await rules("--set", name, "0", "--source", "a whim", *by) == 1
        assert "VALUE: must be at least 1" in capsys.readouterr().err, name
    assert await rules("--set", "repair.minimum.minor", "0", "--source", "NDRC Order 36", *by) == 0
