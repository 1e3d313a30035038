"""The golden folder of department files: what intake says of it, kept in ``tests/data/intake.json``."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from gateway.intake.department_files import write_files
from gateway.intake.load import SEED
from gateway.intake.load_seed import seed_reference
from gateway.intake.receipt import Receipt
from gateway.intake.run import Order, take
from gateway.intake.sample_words import read_words
from gateway.store.core import Connection
from gateway.store.database import Connections
from gateway.vault.vault import Vault

GOLDEN = Path(__file__).parents[1] / "data" / "intake.json"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
TODAY = date(2026, 11, 23)
COUNTS = ("rows", "accepted", "unchanged", "replaced", "rejected", "quarantined", "timely", "late")


def counts(receipt: Receipt) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: getattr(receipt, name) for name in COUNTS if getattr(receipt, name)}


def folder(connection: Connection, vault: Vault, directory: Path) -> tuple[list[Receipt], list[Path]]:
    """Write the folder, faults and all, and take every file of it."""
    seed_reference(connection, directory=SEED, today=TODAY)
    connection.commit()
    paths = write_files(directory, 300, 2000, 1, read_words(SEED), TODAY, faults=True)
    receipts = []
    for path in paths:
        receipts.append(take(connection, vault, path, Order(NOW)))
        connection.commit()
    return receipts, paths


def told(receipts: list[Receipt]) -> dict[str, Any]:
    """What is golden of the receipts: by file its encoding, its counts, and how often each reason was given."""
    return {
        one.file: {"encoding": one.encoding, **counts(one), "reasons": dict(sorted(one.reasons.items()))}
        for one in receipts
    }


def renew(connections: Connections, vault: Vault, directory: Path) -> None:
    """Write the golden file anew."""
    with psycopg.connect(connections.writer) as connection:
        receipts, _ = folder(connection, vault, directory)
    GOLDEN.write_text(json.dumps(told(receipts), ensure_ascii=False, indent=1) + "\n")
