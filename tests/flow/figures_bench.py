"""Invented records, all of them received before a month was over that can be frozen."""

from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from gateway.assemble import vault_of
from gateway.figures.freeze import FIGURED, Figure
from gateway.intake.load import generate
from gateway.settings import read
from gateway.store.database import Connections
from tests.harness import CountingRandom

NOW = datetime(2026, 10, 20, tzinfo=UTC)
MONTH = "2026-09"


def fill(connections: Connections, home: Path) -> None:
    """400 subjects with 4,000 records; ``home`` keeps the keys that their values are sealed with."""
    vault = vault_of(read({"GATEWAY_HOME": str(home)}), CountingRandom("keys"))
    with psycopg.connect(connections.writer) as writer:
        generate(writer, vault, 400, 4000, 1, date(2026, 9, 1), lambda done, whole: None)
        for kind in FIGURED:
            late = f"UPDATE {kind.name} SET received_at = '2026-09-10' WHERE received_at > '2026-09-10'"
            writer.execute(late.encode())


def frozen(connections: Connections, month: str) -> list[Figure]:
    """The figures of a month as they lie in their table, in the order in which lists give them."""
    with psycopg.connect(connections.reader) as reader:
        rows = reader.execute(
            "SELECT subject_class, record_kind, coalesce(region, ''), coalesce(industry, ''), "
            "coalesce(department, ''), coalesce(year, ''), records FROM figure WHERE month = %s ORDER BY id DESC",
            (month,),
        )
        return [Figure(*row) for row in rows]
