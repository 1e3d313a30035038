"""``gateway figures``: freeze the figures of a month. What it tells is asked for like everything else, by GraphQL."""

import argparse
from typing import TypeAlias

import psycopg

from gateway.assemble import migrated
from gateway.clock import SystemClock
from gateway.figures.freeze import freeze, last_month
from gateway.settings import Settings

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``figures`` to the command line."""
    command = verbs.add_parser("figures", help="freeze the figures of a month, once and for all")
    command.add_argument("--month", metavar="YYYY-MM", help="default: the last one that is over")


def figures(settings: Settings, options: argparse.Namespace) -> int:
    """Freeze a month."""
    now = SystemClock().now()
    month = options.month or last_month(now)
    with migrated(settings) as connections, psycopg.connect(connections.writer) as connection:
        cells = freeze(connection, month, now)
    print(f"{month} was frozen before" if cells is None else f"{month} is frozen: {cells} cells")
    return 0
