"""``gateway parties``: that somebody is dead or has lost capacity, that an institution was taken over."""

import argparse
import asyncio
import sys
from datetime import date
from typing import TypeAlias

from gateway.assemble import migrated, vault_of
from gateway.cli.audit_tools import log_of
from gateway.clock import SystemClock, SystemRandom
from gateway.errors import BadInput, Fault
from gateway.ledger.parties import RELATIONS, Word, end, merge
from gateway.settings import Settings

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add the verb and its own verbs."""
    parties = verbs.add_parser("parties", help="enter a death, a loss of capacity, a take-over")
    own = parties.add_subparsers(dest="verb", required=True, metavar="VERB")
    ended = own.add_parser("end", help="of a subject: its consents end")
    ended.add_argument("relation", choices=RELATIONS)
    ended.add_argument("--about", default="-", metavar="CODE", help="ID number or unified code; -: read from the input")
    ended.add_argument("--since", required=True, metavar="DATE", help="as 2026-10-31")
    merged = own.add_parser("merge", help="of an institution: consents given to it are suspended")
    merged.add_argument("old", metavar="OLD", help="the registered client")
    merged.add_argument("new", metavar="NEW", help="the one that took it over")
    for one in (ended, merged):
        one.add_argument("--source", default="", help="the document that says so")
        one.add_argument("--by", action="append", default=[], metavar="WHO", help="who says so: twice, two people")


def parties(settings: Settings, options: argparse.Namespace) -> int:
    """Do what is asked."""
    word, now = Word(options.source, options.by), SystemClock().now()
    with migrated(settings) as connections:

        async def done() -> None:
            async with log_of(settings, connections) as log:
                if options.verb == "merge":
                    await merge(connections.owner, log, (options.old, options.new), word, now)
                    return
                about = sys.stdin.readline().strip() if options.about == "-" else options.about
                what = options.relation, about, _day(options.since)
                await end(connections.owner, log, vault_of(settings, SystemRandom()), what, word, now)

        asyncio.run(done())
    print("entered; consents are looked at when they are used")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(Fault(("--since",), "must be a day, as 2026-10-31")) from None
