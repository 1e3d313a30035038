"""What fills an empty installation: the seed with its demonstration set, and as many invented rows as wanted."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

import psycopg
import sqlalchemy as sa

from gateway.intake.load_copy import Loader
from gateway.intake.load_seed import seed_reference, seed_subjects
from gateway.intake.sample import samples
from gateway.intake.sample_demo import DEMO
from gateway.intake.sample_words import read_words
from gateway.store.consent_tables import CONSENT
from gateway.store.core import Connection, execute
from gateway.store.database import convert
from gateway.vault.vault import Vault

Progress: TypeAlias = Callable[[int, int], None]  # rows (subjects and records) loaded so far, and in all

SEED = Path(__file__).resolve().parents[2] / "seed"
BATCH_ROWS = 5_000
SEED_LOCK = 0x5EED  # advisory lock: two processes that start together seed once


def seed_demo(connection: Connection, vault: Vault, today: date, *, directory: Path = SEED) -> bool:
    """Load everything in ``seed/`` and the demonstration set in one transaction; False if it is there already.

    ``today`` is the day all dates are counted from. ``connection`` has no transaction open and may insert. Raises a
    ``GatewayError`` if the database refuses; then nothing was loaded.
    """
    try:
        with connection.transaction():
            execute(connection, sa.select(sa.func.pg_advisory_xact_lock(SEED_LOCK)))
            if execute(connection, sa.select(CONSENT.c.number).where(CONSENT.c.number == DEMO.consent_enterprise)):
                return False
            seed_reference(connection, directory=directory, today=today)
            seed_subjects(connection, vault, directory=directory, today=today)
            return True
    except psycopg.Error as error:
        failure = convert(error)
        raise failure from failure.__cause__


def generate(
    connection: Connection,
    vault: Vault,
    subjects: int,
    records: int,
    seed: int,
    today: date,
    progress: Progress,
    *,
    directory: Path = SEED,
) -> None:
    """Load ``subjects`` invented subjects (nine of ten enterprises) with ``records`` records in all, in flat memory.

    Commits after each batch and then tells ``progress``. A seed given twice loads its rows twice. Raises a
    ``GatewayError`` if the database refuses; earlier batches stay.
    """
    loader = Loader(connection, vault)
    seed_reference(connection, directory=directory, today=today)
    done, whole = 0, subjects + records
    for sample in samples(seed, subjects, records, read_words(directory), today):
        loader.add(sample.subject, sample.records)
        done += 1 + len(sample.records)
        if loader.pending >= BATCH_ROWS:
            loader.flush()
            connection.commit()
            progress(done, whole)
    loader.flush()
    connection.commit()
    progress(done, whole)
