"""The log on a real database: every entry once, in order, re-derivable; checks hold at the commit."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import psycopg
import pytest

from gateway.audit import checkpoint, turn
from gateway.audit import log as log_module
from gateway.audit.canonical import NotCanonical
from gateway.audit.counted import Counted
from gateway.audit.log import Log
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.audit.turn import BasisLostRecorded
from gateway.errors import LogUnavailable, Overloaded
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from gateway.values import Check, Entry, Receipt
from tests.flow.log_bench import NUMBERS, ORIGIN, SIGNER, Bench, entry
from tests.harness import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(database: Connections) -> AsyncIterator[Bench]:
    """A shard of its own."""
    made = Bench(database)
    yield made
    await made.close()


async def test_many_at_once_are_gapless_and_re_derivable(bench: Bench) -> None:
    log = await bench.open()
    receipts = await asyncio.gather(
        *[log.append(entry(f"e{number}"), b"sealed" * (number % 3)) for number in range(500)]
    )
    assert sorted(receipt.index for receipt in receipts) == list(range(500))
    names = await bench.names()
    rows = await bench.owner("SELECT commitment, sealed FROM log_entry WHERE shard = %s ORDER BY index", bench.shard)
    for number, receipt in enumerate(receipts):
        assert names[receipt.index] == f"e{number}"
        commitment, sealed = rows[receipt.index]
        assert (sealed or b"") == b"sealed" * (number % 3)
        assert receipt == Receipt(bench.origin, receipt.index, base64.b64encode(leaf_hash(commitment)).decode())
    await log.close()


async def test_a_restart_continues_under_a_new_epoch_and_checkpoints_are_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "CHECKPOINT_PERIOD", 3600.0)  # none but those that are asked for
    verifier = NoteVerifier.parse(SIGNER.named(bench.origin).vkey)
    for epoch in (1, 2, 3):
        log = await bench.open()
        assert (log.health.epoch, log.health.size) == (epoch, 2 * (epoch - 1))
        assert (await log.append(entry(f"a{epoch}"))).index == 2 * (epoch - 1)
        assert checkpoint.verify(await log.checkpoint(), verifier).size == 2 * epoch - 1
        await log.append(entry(f"b{epoch}"))
        await log.close()
        with pytest.raises(LogUnavailable):
            await log.append(entry("late"))
    assert await bench.names() == ["a1", "b1", "a2", "b2", "a3", "b3"]
    notes = await bench.owner("SELECT size, note FROM log_checkpoint WHERE shard = %s ORDER BY size", bench.shard)
    assert [size for size, _ in notes] == [1, 2, 3, 4, 5, 6]
    rows = await bench.owner("SELECT commitment FROM log_entry WHERE shard = %s ORDER BY index", bench.shard)
    for size, note in notes:
        edge, _ = extend(Edge(), [leaf_hash(row[0]) for row in rows[:size]])
        assert checkpoint.verify(note, verifier).root == edge.root()


async def test_a_checkpoint_is_stored_unasked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "CHECKPOINT_PERIOD", 0.05)
    log = await bench.open()
    await log.append(entry("one"))

    async def stored() -> bool:
        return bool(await bench.owner("SELECT 1 FROM log_checkpoint WHERE shard = %s AND size = 1", bench.shard))

    await until("a checkpoint is stored", stored)
    await log.close()


async def test_a_taken_shard_is_passed_over(bench: Bench) -> None:
    first, other = await bench.open(), next(NUMBERS)
    with pytest.raises(LogUnavailable):
        await bench.open()
    second = await bench.open(other)
    assert (first.health.shard, second.health.shard) == (bench.shard, other)
    assert (await second.append(entry("elsewhere"))).origin == f"{ORIGIN}/{other}"
    await second.close()
    await first.close()


# --- checks -----------------------------------------------------------------------------------------------------


async def outcome(log: Log, one: Entry) -> str:
    try:
        await log.append(one)
    except BasisLostRecorded as lost:
        return f"refused at {lost.receipt.index}"
    return "disclosed"


CHANGES = (
    ("withdrawn_at = now()", "refused at 1"),
    ("valid_until = now()", "refused at 1"),
    ("valid_from = now() + interval '1 hour'", "refused at 1"),
    ("assurance = 'C'", "refused at 1"),
    ("assurance = 'C', subject_class = 'legal'", "disclosed"),
    ("assurance = 'B'", "disclosed"),
    ("subject_id = 8", "refused at 1"),
    ("purposes = '{GUARANTEE_REVIEW}'", "refused at 1"),
    ("kinds = '{penalty}'", "disclosed"),  # which kinds were shown is for the decision, not for the commit
)


@pytest.mark.parametrize(("change", "expected"), CHANGES)
async def test_a_lost_consent_becomes_a_refusal_and_the_others_go_on(bench: Bench, change: str, expected: str) -> None:
    log = await bench.open()
    number = f'C\\"{{,}}-{bench.shard}'  # a consent's number is text like any other
    check, kept = await bench.consent(number), await bench.consent(f"K-{bench.shard}")
    await bench.owner(f"UPDATE consent SET {change} WHERE number = %s", number)
    group = [entry("plain"), entry("lost", check, kept), entry("kept", kept, kept)]
    got = await asyncio.gather(*[outcome(log, one) for one in group])
    assert got == ["disclosed", expected, "disclosed"]
    bodies = await bench.owner("SELECT body FROM log_entry WHERE shard = %s ORDER BY index", bench.shard)
    told = "REFUSED" if expected.startswith("refused") else "DISCLOSED"
    assert [orjson.loads(row[0])["outcome"] for row in bodies] == ["DISCLOSED", told, "DISCLOSED"]
    assert await bench.names() == ["plain", "lost", "kept"]
    await log.close()


@pytest.mark.parametrize(("end", "expected"), [("COMMIT", "refused at 1"), ("ROLLBACK", "disclosed")])
async def test_a_consent_that_is_being_withdrawn_holds_nobody_else_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, end: str, expected: str
) -> None:
    monkeypatch.setattr(turn, "MOST_TRIES", 10**9)  # it is never given up, however long the test takes
    log = await bench.open()
    check = await bench.consent(f"C-{bench.shard}")
    async with await psycopg.AsyncConnection.connect(bench.database.owner, autocommit=True) as other:
        await other.execute("BEGIN")
        await other.execute("UPDATE consent SET withdrawn_at = now() WHERE number = %s", (check.number,))
        waiting = asyncio.create_task(outcome(log, entry("contested", check)))
        await until("the entry is set aside", lambda: log.health.waiting > 0)
        assert await outcome(log, entry("plain")) == "disclosed"
        assert not waiting.done()
        await other.execute(end.encode())
        assert await waiting == expected
    assert await bench.names() == ["plain", "contested"]
    await log.close()


async def test_a_consent_that_stays_locked_ends_as_a_refusal(bench: Bench) -> None:
    log = await bench.open()
    check = await bench.consent(f"C-{bench.shard}")
    async with await psycopg.AsyncConnection.connect(bench.database.owner, autocommit=True) as other:
        await other.execute("BEGIN")
        await other.execute("SELECT 1 FROM consent WHERE number = %s FOR UPDATE", (check.number,))
        assert await outcome(log, entry("held up", check)) == "refused at 0"
        await other.execute("ROLLBACK")
    await log.close()


async def test_mandates(bench: Bench) -> None:
    log = await bench.open()
    principal = f"p-{bench.shard}"
    check = Check("mandate", principal, 7)
    await bench.owner(
        "INSERT INTO department (code, name, region, valid_from) VALUES ('CREDIT', 'Office', '220800', '1890-01-01') "
        "ON CONFLICT DO NOTHING"
    )
    insert = (
        "INSERT INTO mandate (id, subject_class, provider, batch, recorded_by, recorded_on, scope, principal, "
        "subject_id, basis, valid_from, valid_until) VALUES (nextval('record_ids'), 'legal', 'CREDIT', 'mandate', "
        "'AGENT', '2026-11-01', '{READ,FILE}', %s, %s, 'MANDATE', "
    )
    assert await outcome(log, entry("none", check)) == "refused at 0"
    await bench.owner(insert + "now() - interval '2 days', now() - interval '1 day')", principal, 7)
    await bench.owner(insert + "now() - interval '2 days', NULL)", principal, 8)
    assert await outcome(log, entry("ended", check)) == "refused at 1"
    await bench.owner(insert + "now() - interval '2 days', NULL)", principal, 7)
    assert await outcome(log, entry("open", check)) == "disclosed"
    assert await outcome(log, entry("reaches", check._replace(purpose="FILE"))) == "disclosed"
    assert await outcome(log, entry("too far", check._replace(purpose="ACCESSES"))) == "refused at 4"
    await bench.owner("UPDATE mandate SET revoked_at = now() WHERE principal = %s", principal)
    assert await outcome(log, entry("revoked", check)) == "refused at 5"
    await bench.owner(insert + "NULL, NULL)", principal, 7)
    assert await outcome(log, entry("proposed", check)) == "refused at 6"
    await log.close()


async def test_the_rights_position_comes_with_the_commit(bench: Bench) -> None:
    log = await bench.open()
    await log.append(entry("before"))
    before = log.rights_position
    await bench.consent(f"C-{bench.shard}")
    await log.append(entry("after"))
    ((stored,),) = await bench.owner("SELECT position FROM rights_position")
    assert before < log.rights_position <= stored
    await log.close()


# --- who waits --------------------------------------------------------------------------------------------------


async def test_what_cannot_be_written_takes_nobody_along(bench: Bench) -> None:
    log = await bench.open()
    bad = (
        Entry({"x": 1.5}, {}),
        Entry({"x": "\ud800"}, {}),
        entry("nul", Check("consent", "a\0b", 7)),
        entry("surrogate", Check("consent", "\ud800", 7)),
        entry("kind", Check("matter", "1", 7)),
        Entry({"name": "refusal"}, {"x": 0.1}, (Check("consent", "1", 7),)),
    )
    group = [entry("first"), *bad, entry("last")]
    results = await asyncio.gather(*[log.append(one) for one in group], return_exceptions=True)
    assert [type(result) for result in results] == [Receipt, *[NotCanonical] * len(bad), Receipt]
    assert await bench.names() == ["first", "last"]
    await log.close()


async def test_the_queue_is_bounded_and_who_has_gone_is_not_written(bench: Bench) -> None:
    log = await bench.open(depth=3)
    async with log.turn():
        tasks = [asyncio.create_task(log.append(entry(f"e{number}"))) for number in range(3)]
        await asyncio.sleep(0)  # they begin
        with pytest.raises(Overloaded):
            await log.append(entry("too many"))
        tasks[1].cancel()
        await asyncio.sleep(0)
    assert [receipt.index for receipt in (await tasks[0], await tasks[2])] == [0, 1]
    assert await bench.names() == ["e0", "e2"]
    await log.close()


async def test_closing_writes_what_waits(bench: Bench) -> None:
    log = await bench.open()
    tasks = [asyncio.create_task(log.append(entry(f"e{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    await log.close()
    assert [(await task).index for task in tasks] == [0, 1, 2, 3, 4]


class Minute:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        """The moment, far in the past."""
        return datetime(1890, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self.seconds


async def test_counted_requests_become_one_entry_a_minute_and_source(bench: Bench) -> None:
    log, clock = await bench.open(), Minute()
    counted = Counted(log, clock)
    for source, code in (("s1", "BAD_REQUEST"), ("s2", "OVERLOADED"), ("s1", "BAD_REQUEST"), ("s1", "LIMIT_EXCEEDED")):
        counted.note(source, code)
    assert await counted.flush() == 0
    clock.seconds = 60.0
    assert await counted.flush() == 2
    counted.note("s3", "BAD_REQUEST")
    assert await counted.flush() == 0
    await log.close()
    assert await counted.flush(whole=False) == 0
    again = await bench.open()
    rows = await bench.owner("SELECT body FROM log_entry WHERE shard = %s ORDER BY index", bench.shard)
    assert [orjson.loads(row[0]) for row in rows] == [
        {
            "outcome": "REFUSED",
            "source": source,
            "counted": counts,
            "since": "1890-01-01T00:00:00.000000Z",
            "until": "1890-01-01T00:01:00.000000Z",
        }
        for source, counts in (("s1", {"BAD_REQUEST": 2, "LIMIT_EXCEEDED": 1}), ("s2", {"OVERLOADED": 1}))
    ]
    await again.close()
