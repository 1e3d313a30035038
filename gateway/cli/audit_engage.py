"""``gateway audit``: engagements of auditors, and who stands behind a pseudonym."""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from gateway.assemble import migrated, vault_of
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock, SystemRandom
from gateway.ledger import engagements
from gateway.ledger.engagements import Engagement
from gateway.settings import Settings
from gateway.store.database import Connections

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add the verbs."""
    opened = verbs.add_parser("engage", help="open an engagement, in which auditors read the log; or end one")
    opened.add_argument("number", metavar="NUMBER")
    opened.add_argument("--auditor", action="append", default=[], metavar="PRINCIPAL", help="of a token; one or more")
    opened.add_argument("--reason", default="", help="what is audited, and why")
    opened.add_argument("--days", type=int, default=90, help="default: 90")
    opened.add_argument("--by", action="append", default=[], metavar="WHO", help="who decided it; two people")
    opened.add_argument("--end", action="store_true", help="end it at once instead")
    resolved = verbs.add_parser("resolve", help="say who stands behind a pseudonym of an engagement that runs")
    resolved.add_argument("number", metavar="NUMBER")
    resolved.add_argument("pseudonym", metavar="PSEUDONYM")
    resolved.add_argument("--reason", default="", help="why it must be known")
    resolved.add_argument("--by", action="append", default=[], metavar="WHO", help="who wants it; two people")


def _engage(settings: Settings, options: argparse.Namespace) -> int:
    with migrated(settings) as connections:
        asyncio.run(_opened(settings, connections, options))
    print(f"engagement {options.number} {'has ended' if options.end else f'runs for {options.days} days'}")
    return 0


async def _opened(settings: Settings, connections: Connections, options: argparse.Namespace) -> None:
    now = SystemClock().now()
    async with log_of(settings, connections) as log:
        if options.end:
            await engagements.end(connections.owner, log, options.number, now)
        else:
            asked = Engagement(options.number, options.auditor, options.reason, options.by, options.days)
            await engagements.begin(connections.owner, log, asked, now)


def _resolve(settings: Settings, options: argparse.Namespace) -> int:
    with migrated(settings) as connections:
        found = asyncio.run(_resolved(settings, connections, options))
    print("\n".join(found) if found else "nobody that the libraries know (any more)")
    return 0 if found else 1


async def _resolved(settings: Settings, connections: Connections, options: argparse.Namespace) -> list[str]:
    vault = vault_of(settings, SystemRandom())
    asked = options.number, options.pseudonym, options.reason, options.by
    async with log_of(settings, connections) as log:
        return await engagements.resolve(connections.owner, log, vault, *asked, SystemClock().now())


VERBS: Mapping[str, Callable[[Settings, argparse.Namespace], int]] = MappingProxyType(
    {"engage": _engage, "resolve": _resolve}
)
