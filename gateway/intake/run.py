"""Files in: every row checked, good ones copied, doubtful ones set aside, all of it in one transaction per file.

A row is known by the natural key of its kind and its subject. The same row again changes nothing; a row with other
content becomes a new version, and the old one is kept. A guard that a correction left keeps the refused value out.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from gateway.catalogue.checks import Checked
from gateway.catalogue.fields import Kind, Owner
from gateway.catalogue.reference import IDENTIFIER
from gateway.clock import statutory_day
from gateway.intake.checks import Checker
from gateway.intake.files import Cells, Source, opened
from gateway.intake.house import House, house_of
from gateway.intake.layouts import Layout, layout_of
from gateway.intake.mapping import Mapping
from gateway.intake.receipt import Receipt, Rejects
from gateway.intake.records import LOCK, Records
from gateway.intake.subject_rows import Subjects
from gateway.store.core import Connection
from gateway.store.database import convert
from gateway.vault.vault import Vault

CHUNK = 2_000
TIMELY = 7  # working days from the decision to the platform (国办发〔2015〕51号)

Progress = Callable[[int, int], None]  # rows so far, lines in all


@dataclass(frozen=True, slots=True)
class Order:
    """How files are to be taken: by whose steward (None: the platform), as which kind, rejects to which folder."""

    now: datetime
    department: str | None = None
    kind: str | None = None
    rejects: Path | None = None
    progress: Progress = field(default=lambda done, whole: None)


def take(connection: Connection, vault: Vault, path: Path, order: Order) -> Receipt:
    """Take one file whole or not at all; its receipt.

    ``connection`` as the writer, without a transaction. Raises BadInput for a file that cannot be read or has columns
    that its kind has not; other ``GatewayError`` if the database refuses. Then nothing was loaded.
    """
    with opened(path) as source:
        layout = layout_of(path.name, source.head, order.kind)
        rejects = Rejects(_beside(path, order), layout, source.head)
        try:
            with connection.transaction():
                if layout.kind.owner is Owner.SUBJECT or layout.kind is IDENTIFIER:
                    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK, layout.kind.name))
                house = house_of(connection, layout.kind, order.now, order.department)
                receipt = _receipt(connection, path, source.digest, source.encoding, layout, order)
                _Taking(connection, vault, layout, house, receipt, rejects, order).all(source)
                _write(connection, receipt, source.digest, house, order)
                rejects.write()
            rejects.place()
        except psycopg.Error as error:
            failure = convert(error)
            raise failure from failure.__cause__
        finally:
            rejects.drop()
    return receipt


def _writer(kind: Kind) -> type[Records] | type[Subjects] | type[Mapping]:
    if kind is IDENTIFIER:
        return Mapping
    return Records if kind.owner is Owner.RECORD else Subjects


def _beside(path: Path, order: Order) -> Path:
    return (order.rejects or path.parent) / f"{path.name}.rejects.csv"


class _Taking:
    """One file on its way; belongs to one call of ``take``."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        layout: Layout,
        house: House,
        receipt: Receipt,
        rejects: Rejects,
        order: Order,
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._layout = layout
        self._house = house
        self._receipt = receipt
        self._rejects = rejects
        self._order = order
        self._checker = Checker(layout, house.today)
        self._writer = _writer(layout.kind)(connection, vault, layout.kind, house, receipt)

    def all(self, source: Source) -> None:
        """Every row, some thousands at a time."""
        while chunk := list(islice(source.rows, CHUNK)):
            self._chunk(chunk)
            self._order.progress(self._receipt.rows, source.lines)

    def _chunk(self, chunk: Sequence[tuple[int, Cells]]) -> None:
        looked = [self._checker.row(line, cells) for line, cells in chunk]
        for row in looked:
            self._house.check(row, self._layout.kind)
        good = [row for row in looked if not row.faults]
        self._writer.take(good)
        self._receipt.rows += len(looked)
        waiting: list[tuple[Checked, Cells]] = []
        for row, (_, cells) in zip(looked, chunk, strict=True):
            if row.faults:
                self._receipt.rejected += 1
                self._receipt.reasons.update(f"{name}: {rule}" for name, rule in row.faults)
                self._rejects.add(row, cells)
            elif row.doubts:
                self._receipt.reasons.update(row.doubts)
                waiting.append((row, cells))
            else:
                self._timely(row)
            self._receipt.reasons.update(f"flag {one}" for one in dict.fromkeys(row.flags))
        self._set_aside(waiting)

    def _timely(self, row: Checked) -> None:
        decided = row.item.get(self._layout.kind.order[0]) if self._layout.kind.order else None
        if isinstance(decided, date):
            due = self._house.calendar.working_days(decided, TIMELY).on
            if self._house.today <= due:
                self._receipt.timely += 1
            else:
                self._receipt.late += 1

    def _set_aside(self, rows: Iterable[tuple[Checked, Cells]]) -> None:
        """Rows that somebody must look at; one that waits already does not wait twice."""
        if self._layout.kind is IDENTIFIER:  # in the list of unmatched codes, which are no secret
            self._receipt.quarantined += sum(1 for _ in rows)
            return
        made = [
            (
                self._receipt.batch,
                row.line,
                self._layout.kind.name,
                self._order.department,
                row.doubts,
                self._vault.blind_index("quarantine", self._layout.kind.name, "\0".join(cells)),
                self._vault.seal_audit(json.dumps(cells, ensure_ascii=False).encode()),
            )
            for row, cells in rows
        ]
        self._receipt.quarantined += len(made)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO quarantine (batch, line, kind, department, reasons, row_hash, cells_sealed) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (row_hash) DO NOTHING",
                made,
            )


def _receipt(connection: Connection, path: Path, digest: bytes, encoding: str, layout: Layout, order: Order) -> Receipt:
    ((number,),) = connection.execute("SELECT nextval('batch_ids')").fetchall()
    batch = f"{statutory_day(order.now):%Y%m%d}-{number}"
    return Receipt(batch, path.name, digest.hex(), encoding, layout.kind.name, order.department)


def _write(connection: Connection, receipt: Receipt, digest: bytes, house: House, order: Order) -> None:
    connection.execute(
        "INSERT INTO batch (id, file, digest, encoding, kind, department, received_at, calendar, rows, accepted, "
        "unchanged, replaced, rejected, quarantined, timely, late, reasons) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            receipt.batch,
            receipt.file,
            digest,
            receipt.encoding,
            receipt.kind,
            receipt.department,
            order.now,
            house.calendar.version,
            receipt.rows,
            receipt.accepted,
            receipt.unchanged,
            receipt.replaced,
            receipt.rejected,
            receipt.quarantined,
            receipt.timely,
            receipt.late,
            Jsonb(dict(receipt.reasons)),
        ),
    )
