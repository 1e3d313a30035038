"""``gateway audit``: months in files of their own, and what is taken out of the log when its term is over."""

import argparse
import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import psycopg

from gateway.assemble import migrated, vault_of
from gateway.audit import export
from gateway.audit.export import Exported, ExportInvalid
from gateway.audit.history import History
from gateway.cli.audit_tools import keys_of, log_of, signer_of
from gateway.clock import SystemClock, SystemRandom
from gateway.errors import BadInput, Fault, SealBroken
from gateway.ledger import keeping
from gateway.ledger.keeping import Due, Keeper, Month
from gateway.settings import Settings
from gateway.store.database import Connections
from gateway.store.lanes import Lanes

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add the verbs."""
    written = verbs.add_parser("export", help="write months of the log to files, sealed, each with its proof")
    written.add_argument("folder", type=Path, metavar="DIR")
    written.add_argument("--month", metavar="YYYY-MM", help="default: every month of which something is past its term")
    read = verbs.add_parser("import-verify", help="verify such files offline, and read entries in them")
    read.add_argument("files", nargs="+", type=Path, metavar="FILE")
    read.add_argument("--vkey", action="append", default=[], help="the shard's key, as others know it (default: ours)")
    read.add_argument("--entry", type=int, metavar="INDEX", help="print this entry, once all is verified")
    taken = verbs.add_parser("retire", help="take bodies out whose term is over, and which lie in files")
    taken.add_argument("folder", type=Path, metavar="DIR", help="where `gateway audit export` wrote them")
    taken.add_argument("--list", action="store_true", help="only say what is past its term")


def _export(settings: Settings, options: argparse.Namespace) -> int:
    folder: Path = options.folder
    if options.month is not None and not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", options.month):
        raise BadInput(Fault(("--month",), "must be a month, as 2016-11"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with migrated(settings) as connections:
        chosen = _chosen(connections, options.month)
        if not chosen:
            print(f"{options.month} is not over, or holds nothing" if options.month else "nothing is past its term")
            return 1 if options.month else 0
        asyncio.run(_write(settings, connections, chosen, folder))
    return 0


def _chosen(connections: Connections, month: str | None) -> list[Month]:
    now = SystemClock().now()
    with psycopg.connect(connections.owner) as connection:
        over = keeping.months(connection, now)
        if month is not None:
            return [one for one in over if f"{one.month:%Y-%m}" == month]
        due = {one.month for one in keeping.due(connection, keeping.rules(connection, now), now)}
    return [one for one in over if one.month in due]


async def _write(settings: Settings, connections: Connections, chosen: list[Month], folder: Path) -> None:
    vault = vault_of(settings, SystemRandom())
    lanes = await Lanes.open(connections.log, fast=1, slow=1)
    history = History(lanes, settings.log_origin, signer_of(settings))
    try:
        with psycopg.connect(connections.log, autocommit=True) as connection:
            for one in chosen:
                path = await keeping.write(connection, history, one, folder, vault.seal_audit)
                print(f"{path}: entries {one.first} to {one.end - 1} of {history.origin(one.shard)}")
    finally:
        await history.close()


def _import_verify(settings: Settings, options: argparse.Namespace) -> int:
    vault = vault_of(settings, SystemRandom())
    keys = keys_of(settings, options.vkey)
    wrong, there = 0, options.entry is None
    for path in options.files:
        found: list[Exported] = []

        def each(one: Exported, found: list[Exported] = found) -> None:
            if one.number == options.entry:
                found.append(one)

        try:
            with path.open("rb") as file:
                head = export.read_head(file)
                file.seek(0)
                shard = head.origin.rpartition("/")[2]
                verifier = keys(int(shard) if shard.isascii() and shard.isdigit() else -1)
                proof = export.verify(file, verifier, vault.open_audit, each)
        except (ExportInvalid, SealBroken) as error:
            print(f"{path}: {error if isinstance(error, ExportInvalid) else 'is not sealed under our audit key'}")
            wrong += 1
            continue
        gone = f", {proof.gone} without a body, each for a signed reason" if proof.gone else ""
        print(f"{path}: {proof.entries} entries of {head.origin}, {head.month:%Y-%m}{gone}: sound")
        there = there or bool(found)
        for one in found:
            print(one.body.decode() if one.body is not None else f"entry {one.number} has no body")
    if not there:
        print(f"entry {options.entry} is in none of them")
    return 1 if wrong or not there else 0


def _retire(settings: Settings, options: argparse.Namespace) -> int:
    now = SystemClock().now()
    with migrated(settings) as connections:
        with psycopg.connect(connections.owner) as connection:
            due = keeping.due(connection, keeping.rules(connection, now), now)
        if not due:
            print("nothing is past its term")
        elif options.list:
            for one in due:
                print(f"{one.month:%Y-%m} {one.sort.value}: {one.rule.value} years ({one.rule.source})")
        else:
            asyncio.run(_take(settings, connections, due, options.folder))
    return 0


async def _take(settings: Settings, connections: Connections, due: list[Due], folder: Path) -> None:
    vault = vault_of(settings, SystemRandom())
    async with log_of(settings, connections) as log:
        keeper = Keeper(connections.owner, log, settings.log_origin, signer_of(settings), vault.open_audit)
        for month in sorted({one.month for one in due}):
            sorts = [one for one in due if one.month == month]
            counts = await keeper.retire(month, sorts, folder, SystemClock().now())
            told = ", ".join(f"{count} of {sort.value}" for sort, count in counts.items())
            print(f"{month:%Y-%m}: bodies taken out: {told}")


VERBS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = MappingProxyType(
    {"export": _export, "import-verify": _import_verify, "retire": _retire}
)
