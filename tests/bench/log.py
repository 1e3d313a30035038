"""``python -m tests.bench.log``: what the log costs, how much it takes, and how long a proof takes in a large tree.

- *rate*: so many entries a second for so many seconds, from processes that own a shard each; every entry is about one
  subject. Afterwards the whole log is verified from its entries, rows are made of them, and both are timed.
- *proofs*: inclusion proofs of leaves drawn at random, in a small and in a large tree, in turns.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg
import uvloop

from gateway.audit.account import Accounts, Disclosed
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.audit.proof import root_of_inclusion
from gateway.audit.tree import Edge, extend, leaf_hash
from gateway.audit.verify import State, shards, verify
from gateway.clock import SystemClock, SystemRandom
from gateway.intake.load import seed_demo
from gateway.ledger.accesses import FOLLOWED
from gateway.signing import NoteSigner, NoteVerifier
from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.lanes import Lane, Lanes
from gateway.store.migrate import migrate
from gateway.values import Access, Caller, Entry, Outcome, Purpose, Role, Root, RootName, Shape
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.bench.cost import cpu
from tests.harness import TODAY

ORIGIN = "bench.example/log"
SIGNER = NoteSigner(ORIGIN, bytes(32))
MANY = 64  # appends that wait at once, at most, in each process
PROOFS = 300
BUSY = 8  # seconds


class Ran(NamedTuple):
    """What one process did."""

    entries: int
    cpu: float  # seconds
    waits: list[float]  # seconds, of each append


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.log", description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000, help="entries a second, together")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--leaves", type=int, nargs=2, default=[10_000, 5_000_000])
    return parser.parse_args()


def main() -> None:
    """Measure and print; everything is thrown away."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="gateway-log-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedServer.start(Path(folder))
        try:
            connections = provision(server.conninfo(SUPERUSER, "postgres"))
            migrate(connections.owner)
            _rate(given, connections, Path(folder))
            _busy(connections)
            _proofs(given, connections)
        finally:
            server.stop()


# --- rate ---


def _rate(given: argparse.Namespace, connections: Connections, home: Path) -> None:
    vault = Vault(FileProvider(home / "domain.key", SystemRandom(), create=True).unwrap(), SystemRandom())
    with psycopg.connect(connections.writer) as writer:
        seed_demo(writer, vault, TODAY)
    context = multiprocessing.get_context("spawn")
    share = given.rate / given.processes
    with context.Pool(given.processes) as pool, psycopg.connect(connections.owner, autocommit=True) as owner:
        wanted = [(connections.log, number, share, given.seconds) for number in range(given.processes)]
        running = pool.starmap_async(_append, wanted)
        backends = _backends(owner, given.processes)
        before, spent = sum(map(cpu, backends)), 0.0
        while not running.ready():  # a server process ends with its connection: what it has cost is looked at meanwhile
            spent = max(spent, sum(map(cpu, backends)) - before)
            running.wait(0.2)
        done = running.get()
    entries = sum(one.entries for one in done)
    waits = sorted(wait for one in done for wait in one.waits)
    print(
        f"{given.processes} processes, {given.rate} entries a second wanted, {given.seconds} s: {entries} entries, "
        f"{entries / given.seconds:.0f} a second"
    )
    print(
        f"  CPU an entry: process {sum(one.cpu for one in done) / entries * 1e6:.0f} us, tasks and clock included, "
        f"database {spent / entries * 1e6:.0f} us"
    )
    print(f"  an append took {_at(waits, 0.5):.1f} ms at the median, {_at(waits, 0.99):.1f} at 99 %")
    clock = SystemClock()
    with psycopg.connect(connections.log, autocommit=True) as reader:
        began = clock.monotonic()
        left = 1
        while left:  # as the gateway does it
            ((left,),) = reader.execute("SELECT access_follow(%s, %s)", (ORIGIN, FOLLOWED)).fetchall()
        print(f"  rows made of them: {(clock.monotonic() - began) / entries * 1e6:.0f} us an entry, {left} left")
        began, wrong = clock.monotonic(), 0
        for shard in shards(reader):
            report = verify(reader, NoteVerifier.parse(SIGNER.named(f"{ORIGIN}/{shard}").vkey), State(shard))
            wrong += len(report.findings)
        print(f"  verified, rows too: {(clock.monotonic() - began) / entries * 1e6:.0f} us an entry, {wrong} findings")
        sizes = (
            "SELECT (SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('log_entry')), "
            "pg_total_relation_size('log_node'), "
            "pg_total_relation_size('access'), (SELECT count(*) FROM log_entry)"
        )
        (entry, node, rows, count) = reader.execute(sizes).fetchall()[0]
    million = 1_000_000 / count / 2**20
    print(f"  MiB a million: {entry * million:.0f} entries, {node * million:.1f} hashes, {rows * million:.0f} rows")


def _append(conninfo: str, number: int, rate: float, seconds: int) -> Ran:
    """One process: append at an even pace, never more than MANY at once."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_appending(conninfo, number, rate, seconds))


async def _appending(conninfo: str, number: int, rate: float, seconds: int) -> Ran:
    async def lane() -> Lane:
        return await Lane.connect(conninfo)

    clock, random = SystemClock(), SystemRandom()
    log = await Log.open(lane, (number,), ORIGIN, SIGNER, clock, random)
    accounts, room, waits = Accounts(), asyncio.Semaphore(MANY), []

    async def one(at: int) -> None:
        entry = _entry(accounts, at, clock.now())
        began = clock.monotonic()
        await log.append(entry, bytes(200))
        waits.append(clock.monotonic() - began)
        room.release()

    tasks: set[asyncio.Task[None]] = set()
    before, began, sent = time.process_time(), clock.monotonic(), 0
    while clock.monotonic() - began < seconds:
        while sent < (clock.monotonic() - began) * rate:
            await room.acquire()
            task = asyncio.create_task(one(sent))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*tasks)
    spent = time.process_time() - before
    await log.checkpoint()
    await asyncio.sleep(1)  # the connection is looked at before it ends
    return Ran(sent, spent, waits)


def _entry(accounts: Accounts, at: int, now: datetime) -> Entry:
    """One access to one person, as the pipeline writes it down."""
    caller = Caller(Role.FINANCIAL, "officer-1", "bank-demo", token="0" * 32)
    shape = Shape("0" * 64, "Look", (), (Root("person", RootName.PERSON, ()),), False)
    access = Access(Purpose.LOAN_APPROVAL, "SQ-2026-0003")
    shown = Disclosed([f"{at % 5_000:032x}"], {"person": ([0], [1])}, ("person.name",), (), (), 2, "m" * 22)
    body = accounts.body("r" * 24, now, caller, shape, [access], "p" * 12, Outcome.DISCLOSED, "", shown)
    return Entry(body, body)


def _busy(connections: Connections) -> None:
    """MANY clients, each with its next entry as soon as the last is durable: what one costs its process then."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        entries, spent = runner.run(_answering(connections.log))
    print(f"{MANY} clients without a pause: {entries / BUSY:.0f} a second, {spent / entries * 1e6:.1f} us CPU each")


async def _answering(conninfo: str) -> tuple[int, float]:
    async def lane() -> Lane:
        return await Lane.connect(conninfo)

    clock, random, accounts = SystemClock(), SystemRandom(), Accounts()
    log = await Log.open(lane, (50,), ORIGIN, SIGNER, clock, random)
    done, over = 0, False

    async def client() -> None:
        nonlocal done
        while not over:
            await log.append(_entry(accounts, done, clock.now()), bytes(200))
            done += 1

    clients = [asyncio.create_task(client()) for _ in range(MANY)]
    await asyncio.sleep(1)
    first, before = done, time.process_time()
    await asyncio.sleep(BUSY)
    entries, spent = done - first, time.process_time() - before
    over = True
    await asyncio.gather(*clients)
    await log.close()
    return entries, spent


def _backends(owner: "psycopg.Connection[tuple[object, ...]]", count: int) -> list[int]:
    """The server processes of the log's connections, once they are all there."""
    while True:
        rows = owner.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'gateway_log'").fetchall()
        if len(rows) >= count:
            return [int(str(pid)) for (pid,) in rows]
        time.sleep(0.05)


# --- proofs ---


def _proofs(given: argparse.Namespace, connections: Connections) -> None:
    roots = []
    for number, count in enumerate(given.leaves):
        roots.append(_fill(connections, 100 + number, count))
        print(f"a tree of {count} leaves is filled", flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        times = runner.run(_prove(connections, given.leaves, roots))
    small, large = (statistics.median(one) * 1e3 for one in times)
    print(
        f"inclusion proof, median of {PROOFS}: {small:.2f} ms of {given.leaves[0]} leaves, {large:.2f} ms of "
        f"{given.leaves[1]}: {large / small:.2f} x"
    )


def _fill(connections: Connections, shard: int, count: int) -> bytes:
    """A tree of random leaves without bodies, as the append function would have written it; its root.

    A new month begins with every 100,000 leaves.
    """
    random, edge = SystemRandom(), Edge()
    with psycopg.connect(connections.owner, autocommit=True) as owner, owner.cursor() as cursor:
        ((epoch, *_),) = cursor.execute("SELECT * FROM claim_shard(%s)", (shard,)).fetchall()
        for number, first in enumerate(range(0, count, 100_000)):
            month = date(2030 + number // 12, number % 12 + 1, 1)
            cursor.execute("UPDATE log_shard SET size = %s WHERE shard = %s", (first, shard))
            cursor.execute("SELECT log_month_open(%s, %s, %s)", (shard, epoch, month))
            some = [random.bytes(32) for _ in range(first, min(count, first + 100_000))]
            with cursor.copy("COPY log_entry (shard, index, salt, commitment, month) FROM STDIN") as copy:
                for index, commitment in enumerate(some, first):
                    copy.write_row((shard, index, b"", commitment, month))
            edge, nodes = extend(edge, map(leaf_hash, some))
            with cursor.copy("COPY log_node FROM STDIN") as copy:
                for node in nodes:
                    copy.write_row((shard, node.level, node.index, node.hash))
        cursor.execute("VACUUM ANALYZE log_entry, log_node")
    return edge.root()


async def _prove(connections: Connections, counts: list[int], roots: list[bytes]) -> list[list[float]]:
    history = History(await Lanes.open(connections.log, fast=1, slow=1), ORIGIN, SIGNER)
    clock, random = SystemClock(), SystemRandom()
    times: list[list[float]] = [[] for _ in counts]
    for _ in range(PROOFS):
        for number, count in enumerate(counts):
            index = int.from_bytes(random.bytes(8)) % count
            began = clock.monotonic()
            proof = await history.inclusion(100 + number, index, count)
            times[number].append(clock.monotonic() - began)
            leaf = leaf_hash(await history.commitment(100 + number, index))
            assert root_of_inclusion(leaf, index, count, proof) == roots[number]
    await history.close()
    return times


def _at(sorted_times: list[float], share: float) -> float:
    """A quantile, in milliseconds."""
    return sorted_times[int(share * (len(sorted_times) - 1))] * 1e3


if __name__ == "__main__":
    main()
