"""What the command line does for stewards: take files, list what waits."""

import argparse
import dataclasses
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import psycopg

from gateway.assemble import migrated, vault_of
from gateway.catalogue.fields import Owner
from gateway.catalogue.reference import IDENTIFIER
from gateway.clock import SystemClock, SystemRandom, statutory_day
from gateway.errors import GatewayError
from gateway.intake.files import opened
from gateway.intake.layouts import layout_of
from gateway.intake.load import SEED
from gateway.intake.load_seed import seed_reference
from gateway.intake.receipt import Receipt
from gateway.intake.run import Order, Progress, take
from gateway.settings import Settings
from gateway.store.database import Connections

WIDTH = 30  # of the progress bar


def take_files(settings: Settings, options: argparse.Namespace) -> int:
    """Take each file whole or not at all, libraries and codes before records; 1 if any was refused."""
    with migrated(settings) as connections:
        if not settings.production:  # there the departments are the city's own
            with psycopg.connect(connections.writer) as connection:
                seed_reference(connection, directory=SEED, today=statutory_day(SystemClock().now()))
        first = [path for path in options.files if _comes_first(path, options.kind)]
        later = [path for path in options.files if path not in first]
        work = partial(_take, settings, connections, options)
        done = [work(path) for path in first]
        if options.jobs == 1:
            done += map(work, later)
        else:
            with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
                done += pool.map(work, later)
    return 0 if all(done) else 1


def _comes_first(path: Path, kind: str | None) -> bool:
    """Whether a file holds what others need: subjects, codes. One that cannot be read comes first, and is told."""
    try:
        with opened(path) as source:
            found = layout_of(path.name, source.head, kind).kind
    except (GatewayError, OSError):
        return True
    return found.owner is Owner.SUBJECT or found is IDENTIFIER


def _take(settings: Settings, connections: Connections, options: argparse.Namespace, path: Path) -> bool:
    """Take one file and say what came of it; False if it was refused."""
    vault = vault_of(settings, SystemRandom())
    show = _bar(path.name) if options.jobs == 1 else _silent
    order = Order(SystemClock().now(), options.department, options.kind, options.rejects, show)
    try:
        with psycopg.connect(connections.writer) as connection:
            receipt = take(connection, vault, path, order)
    except (GatewayError, OSError) as error:
        faults = error.faults if isinstance(error, GatewayError) else ()
        said = error.en if isinstance(error, GatewayError) else str(error)
        told = [f"{'/'.join(map(str, fault.path))}: {fault.rule}" for fault in faults]
        print("\n  ".join([f"{path}: refused. {said}", *told]), file=sys.stderr)
        return False
    print(_json(receipt) if options.json else receipt.told(), flush=True)
    return True


def quarantine(settings: Settings, options: argparse.Namespace) -> int:
    """List what waits: batch, line, kind, reasons. What the rows hold stays sealed: the steward has the file."""
    with migrated(settings) as connections, psycopg.connect(connections.reader) as connection:
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
    return 0


def _json(receipt: Receipt) -> str:
    told = {one.name: getattr(receipt, one.name) for one in dataclasses.fields(receipt)}
    return json.dumps({**told, "reasons": dict(receipt.reasons)}, ensure_ascii=False)


def _silent(done: int, whole: int) -> None:
    """Nothing."""


def _bar(name: str) -> Progress:
    """How far a file is, on a terminal; silent elsewhere."""
    if not sys.stderr.isatty():
        return _silent

    def show(done: int, whole: int) -> None:
        part = min(1.0, done / max(1, whole))
        bar = "█" * int(WIDTH * part)
        end = "\n" if done + 1 >= whole else ""
        print(f"\r{name} {bar:<{WIDTH}} {100 * part:3.0f}% {done:,} rows", end=end, file=sys.stderr, flush=True)

    return show
