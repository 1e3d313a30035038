"""``gateway audit``: what auditors ask of the log, and what nobody has to believe the gateway for."""

import argparse
import asyncio
import base64
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import psycopg
import sqlalchemy as sa

from gateway.assemble import migrated, vault_of
from gateway.audit import chains, checkpoint, destruction, receipt, verify
from gateway.audit.account import housekeeping
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.history import History
from gateway.audit.monitor import Monitor, serve_metrics
from gateway.cli import audit_engage, audit_keep
from gateway.cli.audit_tools import keys_of, log_of, signer_of
from gateway.clock import SystemClock, SystemRandom, statutory_day
from gateway.errors import BadInput, Fault, NotFound
from gateway.figures.freeze import last_month
from gateway.ledger import anomalies, closing, delays, report
from gateway.ledger.accesses import Named, follow, names_of
from gateway.ledger.engagements import running
from gateway.settings import Settings
from gateway.signing import NoteInvalid, NoteVerifier
from gateway.space import share
from gateway.store.core import execute, stored_bytes
from gateway.store.database import Connections
from gateway.store.lanes import Lanes
from gateway.store.log_tables import ACCESS, LOG_DESTRUCTION, LOG_ENTRY, SAID
from gateway.values import Entry
from gateway.vault.vault import Vault
from gateway.web.transparency import PREFIX

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``audit`` and its verbs to the command line."""
    root = verbs.add_parser("audit", help="verify the access log, and prove what is in it")
    inner = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    inner.add_parser("status", help="print every shard: its address, origin, key and size")
    verified = inner.add_parser("verify", help="make every hash of the log again from its entries")
    monitored = inner.add_parser("monitor", help="verify what is new, again and again, and export metrics")
    monitored.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="default: 60")
    monitored.add_argument("--state", type=Path, metavar="FILE", help="what was verified (default: in GATEWAY_HOME)")
    monitored.add_argument("--metrics", type=int, metavar="PORT", help="serve Prometheus metrics on 127.0.0.1:PORT")
    monitored.add_argument("--once", action="store_true", help="look once and end; status 1 if something is wrong")
    for one in (verified, monitored):
        one.add_argument("--vkey", action="append", default=[], help="a shard's key, as others know it (default: ours)")
    verified.add_argument(
        "--known", action="append", default=[], type=Path, metavar="FILE", help="a checkpoint that was kept elsewhere"
    )
    verified.add_argument(
        "--restored", action="store_true", help="after a restore: close every shard that lost entries, by --known"
    )
    proven = inner.add_parser("verify-receipt", help="verify a receipt offline: JSON, or C2SP tlog-proof")
    proven.add_argument("file", type=Path, metavar="FILE")
    proven.add_argument("--vkey", required=True, help="the key of the shard, as `gateway audit status` prints it")
    closed = inner.add_parser("close", help="close a month: one list for every person of all that was asked about them")
    closed.add_argument("--month", metavar="YYYY-MM", help="default: the last one that is over")
    closed.add_argument("--check", action="store_true", help="compare every closed month with its entries instead")
    chained = inner.add_parser("verify-chains", help="verify an answer of `chains` offline")
    chained.add_argument("file", type=Path, metavar="FILE")
    chained.add_argument("--vkey", required=True, help="the key of the shard whose entry closed the month")
    later = inner.add_parser("delay", help="hold the accesses of a department for one matter back from their subjects")
    later.add_argument("--department", metavar="CODE", help="whose accesses")
    later.add_argument("--mark", metavar="SOURCE", help="only mark the department as one that may, by this decision")
    later.add_argument("--matter", metavar="NUMBER", help="of the matter that they name")
    later.add_argument("--basis", choices=sorted(delays.BASES), help="the ground in law")
    later.add_argument("--renew", type=int, metavar="ID", help="hold back longer what is held back still")
    later.add_argument("--end", type=int, metavar="ID", help="show at once what is held back")
    later.add_argument("--asked-by", default="", metavar="WHO")
    later.add_argument("--approved-by", default="", metavar="WHO", help="somebody else, who does not ask in the matter")
    later.add_argument("--days", type=int, default=delays.LONGEST.days, help="at most and default: 90")
    told = inner.add_parser("report", help="the transparency report of a closed month, counted from the log")
    told.add_argument("--month", metavar="YYYY-MM", help="default: the last one that is over")
    told.add_argument("--check", type=Path, metavar="FILE", help="compare a report with the log instead")
    odd = inner.add_parser("anomalies", help="list accesses that somebody should look at, each with the reason")
    odd.add_argument("--days", type=int, default=30, help="how far back (default: 30)")
    odd.add_argument("--engagement", metavar="NUMBER", help="name subjects by its pseudonyms (default: not at all)")
    odd.add_argument("--json", action="store_true", help="print JSON, one finding a line")
    gone = inner.add_parser("destroy", help="destroy the body of an entry that the law no longer lets be kept")
    gone.add_argument("shard", type=int)
    gone.add_argument("index", type=int)
    gone.add_argument("--basis", required=True, help="law and article")
    gone.add_argument("--by", action="append", required=True, metavar="WHO", help="who decided it; two people")
    audit_keep.declare(inner)
    audit_engage.declare(inner)


def audit(settings: Settings, options: argparse.Namespace) -> int:
    """Run one verb."""
    return {**_VERBS, **audit_keep.VERBS, **audit_engage.VERBS}[options.verb](settings, options)


def _status(settings: Settings, options: argparse.Namespace) -> int:
    with migrated(settings) as connections:
        asyncio.run(_print_status(settings, connections))
    return 0


async def _print_status(settings: Settings, connections: Connections) -> None:
    lanes = await Lanes.open(connections.log, fast=1, slow=1)
    history = History(lanes, settings.log_origin, signer_of(settings), witnessed=settings.witnesses is not None)
    try:
        for shard in await history.shards():
            print(f"shard    {shard}")
            print(f"url      http://{settings.host}:{settings.port}{PREFIX}/{shard}")
            print(f"origin   {history.origin(shard)}")
            print(f"vkey     {history.vkey(shard)}")
            try:
                published = await history.published(shard)
            except NotFound:
                print("size     0, nothing is published yet")
            else:
                cosigned = published.note.partition("\n\n")[2].count("\n") - 1
                print(f"size     {published.size}, {cosigned} witnesses have signed it")
    finally:
        await history.close()


def _verify(settings: Settings, options: argparse.Namespace) -> int:
    keys = keys_of(settings, options.vkey)
    known = known_of(settings, options.known, keys)
    wrong = 0
    with migrated(settings) as connections, psycopg.connect(connections.log, autocommit=True) as connection:
        for shard in verify.shards(connection):
            verifier = keys(shard)
            trusted = _checked(known, verifier)
            report = verify.verify(connection, verifier, verify.State(shard), trusted)
            if options.restored and any(one.size > report.state.edge.size for one in trusted):
                with psycopg.connect(connections.owner) as owner:
                    verify.shut(owner, shard, "entries were lost", SystemClock().now())
                report = verify.verify(connection, verifier, verify.State(shard), trusted)
            for finding in report.findings:
                print(finding)
            gone = f", {report.destroyed} bodies lawfully destroyed" if report.destroyed else ""
            gone += f", {report.retired} past their term" if report.retired else ""
            gone += f", {report.lost} lost, hence closed" if report.lost else ""
            state = f"{len(report.findings)} findings" if report.findings else "sound"
            print(f"shard {shard}: {report.entries} entries, {report.checkpoints} checkpoints{gone}: {state}")
            wrong += len(report.findings)
    return 1 if wrong else 0


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise BadInput(Fault((str(path),), "is not a checkpoint")) from None


def known_of(settings: Settings, paths: Sequence[Path], keys: Callable[[int], NoteVerifier]) -> list[str]:
    """The checkpoints in these files. Raises BadInput for every one that no shard of ours has signed."""
    notes, faults = [], []
    for path in paths:
        note = _read(path)
        head, _, shard = note.partition("\n")[0].rpartition("/")
        ours = head == settings.log_origin and shard.isascii() and shard.isdigit() and len(shard) < 6
        try:
            if not ours:
                raise NoteInvalid(f"not a checkpoint of {settings.log_origin}")
            checkpoint.verify(note, keys(int(shard)))
        except NoteInvalid as error:
            faults.append(Fault((str(path),), str(error)))
        else:
            notes.append(note)
    if faults:
        raise BadInput(*faults)
    return notes


def _checked(notes: Sequence[str], verifier: NoteVerifier) -> list[Checkpoint]:
    """Those that this log signed: of other logs they say nothing here."""
    found = []
    for note in notes:
        with contextlib.suppress(NoteInvalid):
            found.append(checkpoint.verify(note, verifier))
    return found


def _monitor(settings: Settings, options: argparse.Namespace) -> int:
    if options.every <= 0:
        raise BadInput(Fault(("--every",), "must be more than 0 seconds"))
    state = options.state or settings.home / "monitor.json"
    with migrated(settings) as connections:
        keys = keys_of(settings, options.vkey)
        monitor = Monitor(connections.log, keys, state, SystemClock(), lambda size: share(settings, size))
        if options.once:
            found = monitor.look()
            print("\n".join(map(str, found)) if found else "all that is new is sound")
            return 1 if monitor.wrong else 0
        with serve_metrics(monitor, options.metrics):
            monitor.run(options.every)
    return 0


def _verify_receipt(settings: Settings, options: argparse.Namespace) -> int:
    verifier = _vkey(options.vkey)
    try:
        proven = receipt.parse(_read(options.file))
        signed = receipt.verify(proven, verifier)
    except (NoteInvalid, receipt.ReceiptInvalid) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 1
    print(f"entry {proven.index} is in the tree of {signed.size} entries that {signed.origin} signed")
    if proven.body is not None:
        print(proven.body.decode())
    return 0


def _vkey(text: str) -> NoteVerifier:
    try:
        return NoteVerifier.parse(text)
    except NoteInvalid as error:
        raise BadInput(Fault(("--vkey",), str(error))) from None


def _destroy(settings: Settings, options: argparse.Namespace) -> int:
    if not (0 <= options.shard < 1 << 31 and 0 <= options.index < 1 << 63):
        raise BadInput(Fault((str(options.shard), options.index), "there is no such entry"))
    signer = signer_of(settings).named(f"{settings.log_origin}/{options.shard}")
    place = LOG_ENTRY.c.shard == options.shard, LOG_ENTRY.c.index == options.index
    with migrated(settings) as connections, psycopg.connect(connections.owner) as connection:
        follow(connection, settings.log_origin)
        rows = execute(connection, sa.select(LOG_ENTRY.c.commitment, LOG_ENTRY.c.body).where(*place))
        if not rows:
            raise BadInput(Fault((str(options.shard), options.index), "there is no such entry"))
        if rows[0][1] is None:
            raise BadInput(Fault((str(options.shard), options.index), "its body is gone already"))
        commitment = stored_bytes(rows[0][0])
        note = destruction.sign(signer, options.index, commitment, options.basis, options.by, SystemClock().now())
        added = LOG_DESTRUCTION.insert().values(shard=options.shard, index=options.index, note=note)
        execute(connection, added)
        # That there is an entry about somebody stays: the lists of months prove it. What it said goes.
        theirs = ACCESS.c.shard == options.shard, ACCESS.c.number == options.index
        execute(connection, ACCESS.update().where(*theirs).values(dict.fromkeys(SAID)))
        execute(connection, LOG_ENTRY.update().where(*place).values(body=None, sealed=None, salt=b""))
        gone = {"shard": options.shard, "index": options.index, "basis": options.basis, "by": options.by}
        asyncio.run(_say(settings, connections, housekeeping(SystemClock().now(), destroy=gone)))
    print(note, end="")
    return 0


def _close(settings: Settings, options: argparse.Namespace) -> int:
    vault = vault_of(settings, SystemRandom())
    with migrated(settings) as connections:
        if options.check:
            with psycopg.connect(connections.owner) as connection:
                found = list(closing.check(connection, settings.log_origin, vault))
            for month, wrong in found:
                print(f"{month}: {wrong or 'as the entries say'}")
            return 1 if any(wrong for _, wrong in found) else 0
        now = SystemClock().now()
        month = options.month or last_month(now)
        done = asyncio.run(_closed(settings, connections, vault, month))
    if done is None:
        print(f"{month} was closed before")
    else:
        print(f"{month} is closed: {done[0]} persons, root {base64.b64encode(done[1]).decode()}")
    return 0


def _delay(settings: Settings, options: argparse.Namespace) -> int:
    now = SystemClock().now()
    with migrated(settings) as connections:
        if options.mark is not None:
            with psycopg.connect(connections.owner) as connection:
                delays.mark(connection, options.department or "", options.mark, now)
                marked = {"department": options.department, "source": options.mark}
                asyncio.run(_say(settings, connections, housekeeping(now, mark=marked)))
            print(f"{options.department} may hold accesses back")
            return 0
        if options.end is not None:
            with psycopg.connect(connections.owner) as connection:
                ended = delays.end(connection, options.end, now)
                if ended:
                    asyncio.run(_say(settings, connections, housekeeping(now, end={"delay": options.end})))
            print(f"delay {options.end} {'has ended' if ended else 'had ended, or never was'}")
            return 0
        number = asyncio.run(_delayed(settings, connections, options, now))
    print(f"delay {number} holds for {options.days} days")
    return 0


async def _delayed(settings: Settings, connections: Connections, options: argparse.Namespace, now: datetime) -> int:
    who = options.asked_by, options.approved_by
    async with log_of(settings, connections) as log:
        if options.renew is not None:
            return await delays.renew(connections.owner, log, options.renew, *who, options.days, now)
        asked = delays.Delay(options.department or "", options.matter or "", options.basis or "", *who, options.days)
        return await delays.begin(connections.owner, log, asked, now)


async def _closed(settings: Settings, connections: Connections, vault: Vault, month: str) -> tuple[int, bytes] | None:
    async with log_of(settings, connections) as log:
        now = SystemClock().now()
        return await closing.close(connections.owner, log, settings.log_origin, vault, month, now)


async def _say(settings: Settings, connections: Connections, entry: Entry) -> None:
    """Write down what is about to be committed."""
    async with log_of(settings, connections) as log:
        await log.append(entry)


def _anomalies(settings: Settings, options: argparse.Namespace) -> int:
    today = statutory_day(SystemClock().now())
    if not 1 <= options.days <= 3660:
        raise BadInput(Fault(("--days",), "must be from 1 to 3660"))
    vault = vault_of(settings, SystemRandom())
    with migrated(settings) as connections, psycopg.connect(connections.log) as connection:
        if options.engagement is not None and not running(connection, options.engagement, SystemClock().now()):
            raise BadInput(Fault(("--engagement",), "is none that runs"))
        looked = {"days": options.days, "engagement": options.engagement or ""}
        asyncio.run(_say(settings, connections, housekeeping(SystemClock().now(), anomalies=looked)))
        follow(connection, settings.log_origin)

        def names(pseudonyms: Iterable[str]) -> Mapping[str, Named]:
            with psycopg.connect(connections.reader) as reader:
                return names_of(reader, vault, pseudonyms)

        days = today - timedelta(days=options.days), today
        found = anomalies.found(connection, *days, _named(vault, options.engagement), names)
    for one in found:
        who = " ".join(part for part in (one.institution, one.unit, one.officer) if part)
        told = json.dumps({**one._asdict(), "day": one.day.isoformat()}, ensure_ascii=False)
        print(told if options.json else f"{one.day} {one.reason}: {who}: {one.text}")
    if not options.json:
        print(f"{len(found)} findings in {options.days} days")
    return 0


def _named(vault: Vault, engagement: str | None) -> Callable[[str], str]:
    """How an anomaly names a subject."""
    if engagement is None:
        return lambda pseudonym: "one subject"
    return lambda pseudonym: vault.engaged(engagement, pseudonym)


def _report(settings: Settings, options: argparse.Namespace) -> int:
    given = _given_report(options.check) if options.check is not None else None
    month = str(given["month"]) if given is not None else options.month or last_month(SystemClock().now())
    with migrated(settings) as connections, psycopg.connect(connections.log) as connection:
        made = json.loads(json.dumps(report.made(connection, month)))
    if given is None:
        print(json.dumps(made, ensure_ascii=False, indent=2))
        return 0
    differing = [name for name in made if made[name] != given.get(name)]
    print(f"{month}: {', '.join(differing)} differ" if differing else f"{month}: as the log says")
    return 1 if differing else 0


def _given_report(path: Path) -> dict[str, object]:
    try:
        found = json.loads(_read(path))
    except ValueError:
        found = None
    if not isinstance(found, dict) or "month" not in found:
        raise BadInput(Fault((str(path),), "is no report"))
    return found


def _verify_chains(settings: Settings, options: argparse.Namespace) -> int:
    verifier = _vkey(options.vkey)
    try:
        found = chains.parse(_read(options.file))
        for one in found:
            shown, pads, left = chains.verify(one, verifier)
            print(f"{one['month']}: {shown} entries, {pads} proven pads, {left} not opened yet")
    except (NoteInvalid, chains.ChainInvalid) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 1
    return 0 if found else 1


_VERBS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = MappingProxyType(
    {
        "status": _status,
        "verify": _verify,
        "monitor": _monitor,
        "verify-receipt": _verify_receipt,
        "destroy": _destroy,
        "anomalies": _anomalies,
        "close": _close,
        "report": _report,
        "delay": _delay,
        "verify-chains": _verify_chains,
    }
)
