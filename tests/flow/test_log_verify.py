"""Whoever owns the tables can do what they like with them, and is found: what is wrong, and where."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.destruction import sign
from gateway.audit.monitor import Monitor, serve_metrics
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.audit.verify import Finding, Report, State, Wrong, shards, shut, verify
from gateway.clock import SystemClock
from gateway.errors import BadInput, LogUnavailable
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from tests.flow.log_bench import SIGNER, Bench, entry
from tests.processes import reserved_port

pytestmark = pytest.mark.anyio

COUNTS = (3, 200, 97, 300, 11)  # entries between two checkpoints
SIZE = sum(COUNTS)


class Kept:
    """A log of five checkpoints in a database that nobody is connected to, and what somebody kept of it elsewhere."""

    def __init__(self, database: str, bench: Bench, notes: list[str]) -> None:
        self.database = database
        self.shard = bench.shard
        self.signer = SIGNER.named(bench.origin)
        self.verifier = NoteVerifier.parse(self.signer.vkey)
        self.notes = notes

    def known(self) -> list[Checkpoint]:
        return [checkpoint.verify(note, self.verifier) for note in self.notes]


@pytest.fixture(scope="module")
async def kept(new_database: Callable[[], Connections]) -> AsyncIterator[Kept]:
    connections = new_database()
    bench = Bench(connections)
    log = await bench.open()
    notes = []
    for number, count in enumerate(COUNTS):
        await asyncio.gather(*(log.append(entry(f"{number}-{one}")) for one in range(count)))
        notes.append(await log.checkpoint())
    await log.close()
    yield Kept(str(conninfo_to_dict(connections.owner)["dbname"]), bench, notes)


class Tampered:
    """A copy of that database, and its owner."""

    def __init__(self, kept: Kept, connections: Connections) -> None:
        self.kept = kept
        self.connections = connections

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.connections.owner, autocommit=True) as owner:
            cursor = owner.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def verify(self, *known: Checkpoint) -> Report:
        with psycopg.connect(self.connections.log, autocommit=True) as connection:
            return verify(connection, self.kept.verifier, State(self.kept.shard), known)

    def found(self, *known: Checkpoint) -> list[tuple[Wrong, int, int]]:
        return [(one.what, one.first, one.end) for one in self.verify(*known).findings]

    def rewrite(self) -> None:
        """Make every hash of the tree again from what now stands in the entries: everything but the signatures."""
        shard = self.kept.shard
        rows = self.sql("SELECT index, commitment FROM log_entry WHERE shard = %s ORDER BY index", shard)
        edge, nodes = extend(Edge(), [leaf_hash(commitment) for _, commitment in rows])
        self.sql("UPDATE log_shard SET size = %s, edge = %s WHERE shard = %s", edge.size, b"".join(edge.hashes), shard)
        self.sql("DELETE FROM log_node WHERE shard = %s", shard)
        for node in nodes:
            self.sql("INSERT INTO log_node VALUES (%s, %s, %s, %s)", shard, node.level, node.index, node.hash)


@pytest.fixture
def tampered(kept: Kept, copied: Callable[[str], Connections]) -> Tampered:
    return Tampered(kept, copied(kept.database))


async def test_nothing_is_wrong_with_what_nobody_touched(tampered: Tampered) -> None:
    report = tampered.verify(*tampered.kept.known())
    assert (report.findings, report.entries, report.checkpoints) == ([], SIZE, len(COUNTS))
    assert (report.state.edge.size, report.state.sound) == (SIZE, SIZE)
    with psycopg.connect(tampered.connections.log) as connection:
        assert shards(connection) == [tampered.kept.shard]


async def test_an_edited_body_is_found_at_its_place(tampered: Tampered) -> None:
    edited = "UPDATE log_entry SET body = %s WHERE shard = %s AND index = 250"
    tampered.sql(edited, b'{"name":"nobody"}', tampered.kept.shard)
    assert tampered.found() == [(Wrong.CHANGED, 250, 251)]


async def test_an_edited_salt_is_found_at_its_place(tampered: Tampered) -> None:
    tampered.sql("UPDATE log_entry SET salt = %s WHERE index = 7", bytes(32))
    assert tampered.found() == [(Wrong.CHANGED, 7, 8)]


async def test_an_edit_with_a_commitment_to_fit_is_found_by_the_next_checkpoint(tampered: Tampered) -> None:
    body = b'{"name":"nobody"}'
    ((salt,),) = tampered.sql("SELECT salt FROM log_entry WHERE index = 250")
    tampered.sql(
        "UPDATE log_entry SET body = %s, commitment = %s WHERE index = 250", body, sha256(salt + body).digest()
    )
    found = tampered.found()
    assert (Wrong.TREE, 0, 256) in found and (Wrong.FORK, 203, 300) in found and len(found) == 2
    tampered.rewrite()  # and with every hash of the tree to fit
    assert tampered.found() == [(Wrong.FORK, 203, 300)]


async def test_a_rewritten_log_without_its_checkpoints_is_found_by_those_kept_elsewhere(tampered: Tampered) -> None:
    tampered.sql("DELETE FROM log_entry WHERE index >= 400")
    tampered.rewrite()
    tampered.sql("DELETE FROM log_checkpoint WHERE size > 300")
    assert tampered.found() == []  # a shorter log is a log
    assert tampered.found(*tampered.kept.known()) == [(Wrong.FORK, 400, 600), (Wrong.FORK, 400, 611)]
    tampered.sql("UPDATE log_entry SET commitment = %s, body = %s, salt = %s WHERE index = 0",
                 sha256(b"xbody").digest(), b"body", b"x")  # fmt: skip
    tampered.rewrite()
    tampered.sql("DELETE FROM log_checkpoint")
    assert tampered.found() == []
    assert (Wrong.FORK, 0, 3) in tampered.found(*tampered.kept.known())


async def test_a_deleted_entry_is_found_at_its_place(tampered: Tampered) -> None:
    tampered.sql("DELETE FROM log_entry WHERE index IN (5, 300, 301)")
    assert tampered.found() == [(Wrong.MISSING, 5, 6), (Wrong.MISSING, 300, 302)]


async def test_deleted_entries_at_the_end_are_found(tampered: Tampered) -> None:
    tampered.sql("DELETE FROM log_entry WHERE index >= 605")
    assert tampered.found() == [(Wrong.MISSING, 605, SIZE), (Wrong.FORK, 605, SIZE)]


async def test_an_inserted_entry_is_found(tampered: Tampered) -> None:
    """At the end, and in between, with all that follows moved up and every hash made again."""
    added = "INSERT INTO log_entry VALUES (%s, %s, %s, %s, %s, NULL, '2026-11-01')"
    new = b'{"name":"forged"}', bytes(32), sha256(bytes(32) + b'{"name":"forged"}').digest()
    tampered.sql(added, tampered.kept.shard, SIZE, *new)
    assert tampered.found() == [(Wrong.EXTRA, SIZE, SIZE + 1)]
    tampered.sql("DELETE FROM log_entry WHERE index = %s", SIZE)
    tampered.sql("UPDATE log_entry SET index = -index - 2 WHERE index >= 210")
    tampered.sql("UPDATE log_entry SET index = -index - 1 WHERE index < 0")
    tampered.sql(added, tampered.kept.shard, 210, *new)
    tampered.rewrite()
    assert tampered.found() == [(Wrong.FORK, 203, 300)]


async def test_exchanged_entries_are_found(tampered: Tampered) -> None:
    tampered.sql("UPDATE log_entry SET index = -1 WHERE index = 20")
    tampered.sql("UPDATE log_entry SET index = 20 WHERE index = 30")
    tampered.sql("UPDATE log_entry SET index = 30 WHERE index = -1")
    found = tampered.found()
    assert (Wrong.FORK, 3, 203) in found and {what for what, _, _ in found} <= {Wrong.FORK, Wrong.TREE}


async def test_false_hashes_of_the_tree_are_found(tampered: Tampered) -> None:
    tampered.sql("UPDATE log_node SET hash = %s WHERE level = 1 AND index = 1", bytes(32))
    tampered.sql("UPDATE log_shard SET edge = overlay(edge placing %s from 1)", bytes(32))
    assert tampered.found() == [(Wrong.TREE, 256, 512), (Wrong.TREE, 0, SIZE)]


async def test_a_fork_is_found(tampered: Tampered) -> None:
    """The log signed another tree of the same size and showed it to somebody: both signatures are its own."""
    fork = Checkpoint(tampered.kept.signer.name, 300, bytes(32))
    note = tampered.kept.signer.sign(fork.text())
    assert tampered.found(checkpoint.verify(note, tampered.kept.verifier)) == [(Wrong.FORK, 203, 300)]
    longer = Checkpoint(tampered.kept.signer.name, SIZE + 5, bytes(32))
    assert tampered.found(longer) == [(Wrong.FORK, SIZE, SIZE + 5)]


async def test_checkpoints_that_nobody_signed_are_found(tampered: Tampered) -> None:
    other = SIGNER.named("log.example/other")
    ((note,),) = tampered.sql("SELECT note FROM log_checkpoint WHERE size = 300")
    forged = checkpoint.Checkpoint(tampered.kept.signer.name, 300, bytes(32)).text()
    for changed in (note.replace("300", "301"), other.sign(forged), "nonsense", ""):
        tampered.sql("UPDATE log_checkpoint SET note = %s WHERE size = 300", changed)
        assert tampered.found() == [(Wrong.SIGNATURE, 0, 300)], changed


async def test_a_body_that_is_gone_needs_a_signed_reason(tampered: Tampered) -> None:
    ((commitment,),) = tampered.sql("SELECT commitment FROM log_entry WHERE index = 42")
    tampered.sql("UPDATE log_entry SET body = NULL, salt = '' WHERE index IN (42, 43)")
    assert tampered.found() == [(Wrong.GONE, 42, 43), (Wrong.GONE, 43, 44)]
    now = datetime(2026, 11, 2, tzinfo=UTC)
    note = sign(tampered.kept.signer, 42, commitment, "PIPL art. 47", ("anna", "boris"), now)
    added = "INSERT INTO log_destruction VALUES (%s, %s, %s)"
    tampered.sql(added, tampered.kept.shard, 42, note)
    tampered.sql(added, tampered.kept.shard, 43, note)  # a reason for another entry is none for this
    report = tampered.verify(*tampered.kept.known())
    assert [(one.what, one.first) for one in report.findings] == [(Wrong.GONE, 43)] and report.destroyed == 1
    with pytest.raises(BadInput, match="BAD_USER_INPUT") as refused:
        sign(tampered.kept.signer, 42, commitment, " ", ("anna", "anna"), now)
    assert [fault.path for fault in refused.value.faults] == [("by",), ("basis",)]


async def test_another_key_is_another_log(tampered: Tampered) -> None:
    stranger = NoteVerifier.parse(SIGNER.named("log.example/other").vkey)
    with psycopg.connect(tampered.connections.log, autocommit=True) as connection:
        report = verify(connection, stranger, State(tampered.kept.shard))
    assert {one.what for one in report.findings} == {Wrong.SIGNATURE} and len(report.findings) == len(COUNTS)


async def test_the_monitor_goes_on_where_it_was_and_forgets_nothing(tampered: Tampered, tmp_path: Path) -> None:
    """What it verified, it keeps: a log that was rewritten as a whole, checkpoints too, is not the one it saw."""
    file, shard = tmp_path / "monitor.json", tampered.kept.shard

    def monitor() -> Monitor:
        return Monitor(tampered.connections.log, lambda _: tampered.kept.verifier, file, SystemClock())

    first = monitor()
    assert first.look() == [] and first.look() == []
    assert json.loads(file.read_text())["shards"][str(shard)]["size"] == SIZE
    port = reserved_port()
    number = port.getsockname()[1]
    port.close()
    with serve_metrics(first, number):
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{number}/metrics")).text
    assert f'credit_log_verified_entries{{shard="{shard}"}} {float(SIZE)}' in text
    assert f'credit_log_findings{{shard="{shard}"}} 0.0' in text

    tampered.sql("DELETE FROM log_entry WHERE index >= 300")
    tampered.rewrite()
    tampered.sql("DELETE FROM log_checkpoint WHERE size > 300")
    told: list[Finding] = monitor().look()
    assert told and told[0].shard == shard
    again = json.loads(file.read_text())
    assert again["shards"][str(shard)]["size"] == SIZE  # what it saw is not overwritten by what is there now
    again["full"] = None
    file.write_text(json.dumps(again))
    assert [one.what for one in monitor().look()] == [Wrong.FORK]

    file.write_text("{}")
    with pytest.raises(BadInput):
        monitor()


async def test_a_shard_that_lost_entries_is_closed_and_never_continued(tampered: Tampered) -> None:
    """A restore from an older backup: what others hold checkpoints for is gone. To go on there would be a fork."""
    tampered.sql("DELETE FROM log_entry WHERE index >= 300")
    tampered.rewrite()
    tampered.sql("DELETE FROM log_checkpoint WHERE size > 300")
    known = tampered.kept.known()
    assert [what for what, _, _ in tampered.found(*known)] == [Wrong.FORK, Wrong.FORK]
    bench = Bench(tampered.connections)
    bench.shard = tampered.kept.shard
    owner = await bench.open()  # somebody goes on already
    with psycopg.connect(tampered.connections.owner) as connection:
        shut(connection, bench.shard, "entries were lost", datetime(2026, 11, 2, tzinfo=UTC))
    with pytest.raises(LogUnavailable):
        await owner.append(entry("too late"))
    await owner.close()
    report = tampered.verify(*known)
    assert (report.findings, report.lost, report.entries) == ([], SIZE - 300, 300)
    other = Bench(tampered.connections)
    other.shard = bench.shard
    log = await other.open(other.shard + 1000)  # a closed shard is passed over
    assert log.health.shard == other.shard + 1000
    await log.append(entry("elsewhere"))
    await log.close()
    assert tampered.verify(*known).findings == []
