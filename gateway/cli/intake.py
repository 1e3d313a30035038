"""What the command line does for stewards: take files, list what waits."""

import argparse
import dataclasses
import json
import sys

import psycopg

from gateway.assemble import prepared_database, vault_of
from gateway.clock import SystemClock, SystemRandom, statutory_day
from gateway.errors import GatewayError
from gateway.intake.load import SEED
from gateway.intake.load_seed import seed_reference
from gateway.intake.receipt import Receipt
from gateway.intake.run import Order, Progress, take
from gateway.settings import Settings

WIDTH = 30  # of the progress bar


def take_files(settings: Settings, options: argparse.Namespace) -> int:
    """Take each file whole or not at all; 1 if any was refused."""
    connections, server = prepared_database(settings)
    failed = 0
    try:
        vault = vault_of(settings, SystemRandom())
        with psycopg.connect(connections.writer) as connection:
            if not settings.production:  # there the departments are the city's own
                seed_reference(connection, directory=SEED, today=statutory_day(SystemClock().now()))
                connection.commit()
            for path in options.files:
                now = SystemClock().now()
                order = Order(now, options.department, options.kind, options.rejects, _bar(path.name))
                try:
                    receipt = take(connection, vault, path, order)
                    connection.commit()
                except GatewayError as error:
                    failed = 1
                    told = [f"{'/'.join(map(str, fault.path))}: {fault.rule}" for fault in error.faults]
                    print("\n  ".join([f"{path}: refused. {error.en}", *told]), file=sys.stderr)
                    connection.rollback()
                else:
                    print(_json(receipt) if options.json else receipt.told(), flush=True)
    finally:
        if server is not None:
            server.stop()
    return failed


def quarantine(settings: Settings, options: argparse.Namespace) -> int:
    """List what waits: batch, line, kind, reasons. What the rows hold stays sealed: the steward has the file."""
    connections, server = prepared_database(settings)
    try:
        with psycopg.connect(connections.reader) as connection:
            waiting = connection.execute(
                "SELECT batch, line, kind, department, array_to_string(reasons, ', ') FROM quarantine "
                "WHERE %(of)s::text IS NULL OR department = %(of)s ORDER BY id",
                {"of": options.department},
            )
            for batch, line, kind, department, reasons in waiting:
                print(f"{batch} line {line}: {kind} of {department or 'the platform'}: {reasons}")
            for kind, code, name, reason in connection.execute(
                "SELECT kind, value_index, name, reason FROM unmatched_code AS u WHERE NOT EXISTS (SELECT 1 "
                "FROM identifier AS i WHERE i.kind = u.kind AND i.value_index = u.value_index) ORDER BY 1, 2"
            ):
                print(f"{kind} {code} ({name or 'no name'}): {reason}")
    finally:
        if server is not None:
            server.stop()
    return 0


def _json(receipt: Receipt) -> str:
    told = {one.name: getattr(receipt, one.name) for one in dataclasses.fields(receipt)}
    return json.dumps({**told, "reasons": dict(receipt.reasons)}, ensure_ascii=False)


def _bar(name: str) -> Progress:
    """How far a file is, on a terminal; silent elsewhere."""
    if not sys.stderr.isatty():
        return lambda done, whole: None

    def show(done: int, whole: int) -> None:
        part = min(1.0, done / max(1, whole))
        bar = "█" * int(WIDTH * part)
        end = "\n" if done + 1 >= whole else ""
        print(f"\r{name} {bar:<{WIDTH}} {100 * part:3.0f}% {done:,} rows", end=end, file=sys.stderr, flush=True)

    return show
