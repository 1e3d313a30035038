"""``gateway archive``: requests that open what rows were before; old versions made of what was kept earlier."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from gateway.assemble import migrated, vault_of
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock, SystemRandom
from gateway.ledger.archive import KINDS, Request, adopt, begin, end
from gateway.settings import Settings
from gateway.store.database import Connections

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
DAYS = 30


def declare(verbs: _Verbs) -> None:
    """Add the verb and its own verbs."""
    archive = verbs.add_parser("archive", help="open what rows of a subject were before, for a lawsuit or a complaint")
    own = archive.add_subparsers(dest="verb", required=True, metavar="VERB")
    opened = own.add_parser("open", help="open a request, in which archivists see the old versions of one subject")
    opened.add_argument("number", metavar="NUMBER", help="of the lawsuit or the complaint")
    opened.add_argument("--kind", required=True, choices=[kind.value for kind in KINDS])
    opened.add_argument("--basis", required=True, help="law and article, or the order of the court")
    opened.add_argument(
        "--about", default="-", metavar="CODE", help="unified code or ID number; -: read from the input"
    )
    opened.add_argument("--archivist", action="append", default=[], metavar="PRINCIPAL", help="of a token; one or more")
    opened.add_argument("--by", action="append", default=[], metavar="WHO", help="who opens it, then who approves it")
    opened.add_argument("--days", type=int, default=DAYS, help=f"default: {DAYS}")
    ended = own.add_parser("end", help="end a request at once")
    ended.add_argument("number", metavar="NUMBER")
    own.add_parser("adopt", help="make old versions of what intake replaced before migration 0024")


def archive(settings: Settings, options: argparse.Namespace) -> int:
    """Do what is asked."""
    with migrated(settings) as connections:
        return VERBS[options.verb](settings, connections, options)


def _open(settings: Settings, connections: Connections, options: argparse.Namespace) -> int:
    about = sys.stdin.readline().strip() if options.about == "-" else options.about
    asked = Request(options.number, options.kind, options.basis, about, options.archivist, options.by, options.days)

    async def opened() -> None:
        async with log_of(settings, connections) as log:
            await begin(connections.owner, log, vault_of(settings, SystemRandom()), asked, SystemClock().now())

    asyncio.run(opened())
    print(f"request {options.number} runs for {options.days} days")
    return 0


def _end(settings: Settings, connections: Connections, options: argparse.Namespace) -> int:
    async def ended() -> None:
        async with log_of(settings, connections) as log:
            await end(connections.owner, log, options.number, SystemClock().now())

    asyncio.run(ended())
    print(f"request {options.number} has ended")
    return 0


def _adopt(settings: Settings, connections: Connections, options: argparse.Namespace) -> int:
    print(f"{adopt(connections.owner, vault_of(settings, SystemRandom()))} old versions adopted")
    return 0


VERBS: Mapping[str, Callable[[Settings, Connections, argparse.Namespace], int]] = MappingProxyType(
    {"open": _open, "end": _end, "adopt": _adopt}
)
