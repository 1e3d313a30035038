"""``gateway figures``: freeze the figures of a month, and print what a frozen month tells."""

import argparse
import csv
import sys
from typing import TypeAlias

import psycopg

from gateway.assemble import prepared_database
from gateway.clock import SystemClock
from gateway.figures.freeze import Figure, freeze, frozen, last_month
from gateway.settings import Settings

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(verbs: _Verbs) -> None:
    """Add ``figures`` to the command line."""
    command = verbs.add_parser("figures", help="freeze the figures of a month, or print those of a frozen one")
    command.add_argument("verb", choices=("freeze", "show"))
    command.add_argument("--month", metavar="YYYY-MM", help="default: the last one that is over")


def figures(settings: Settings, options: argparse.Namespace) -> int:
    """Freeze or show a month."""
    now = SystemClock().now()
    month = options.month or last_month(now)
    connections, server = prepared_database(settings)
    try:
        with psycopg.connect(connections.writer if options.verb == "freeze" else connections.reader) as connection:
            if options.verb == "freeze":
                cells = freeze(connection, month, now)
                print(f"{month} was frozen before" if cells is None else f"{month} is frozen: {cells} cells")
                return 0
            found = frozen(connection, month)
    finally:
        if server is not None:
            server.stop()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(Figure._fields)
    for one in found:
        writer.writerow([*one[:-1], "not told" if one.records is None else one.records])
    return 0
