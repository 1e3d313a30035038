"""Months are frozen once and for all, from what the public sees, and nobody can change what was told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from gateway.cli.main import main
from gateway.errors import BadInput, DatabaseUnavailable
from gateway.figures.freeze import Figure, ends, freeze, last_month
from gateway.store.database import Connections
from tests.flow.figures_bench import MONTH, NOW, fill, frozen
from tests.harness import with_options


@pytest.fixture(scope="module")
def filled(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> Connections:
    """Invented subjects and records, all of them received before the month was over."""
    fill(database, tmp_path_factory.mktemp("home"))
    return database


@pytest.fixture(scope="module")
def figures(filled: Connections) -> list[Figure]:
    with psycopg.connect(filled.writer) as writer:
        cells = freeze(writer, MONTH, NOW)
    found = frozen(filled, MONTH)
    assert cells == len(found) > 300
    return found


LICENSES = """
    SELECT coalesce(e.region, o.region), count(*) FROM license AS l
    LEFT JOIN enterprise AS e USING (subject_id) LEFT JOIN organization AS o USING (subject_id)
    WHERE l.subject_class = 'legal' AND l.disclosure = 'PUBLIC' AND l.status IN ('ACTIVE', 'CORRECTED')
    AND coalesce(l.published_until >= '2026-10-20', true) AND coalesce(l.retained_until >= '2026-10-20', true)
    GROUP BY 1
"""


def test_what_is_told_is_what_the_public_sees(filled: Connections, figures: list[Figure]) -> None:
    with psycopg.connect(filled.reader) as reader:
        naive = {str(region): int(count) for region, count in reader.execute(LICENSES.encode())}
    licenses = [one for one in figures if (one.kind, one.subjects, one.year) == ("license", "legal", "")]
    regions = {one.region: one.records for one in licenses if one.region and not one.industry and not one.department}
    assert naive.keys() == regions.keys() and len(naive) > 1
    assert {region: count for region, count in regions.items() if count is not None}
    assert all(count in (None, naive[region]) for region, count in regions.items())
    (whole,) = (one.records for one in licenses if not (one.region or one.industry or one.department))
    assert whole == sum(naive.values())


def test_no_small_number_is_told_and_persons_take_ten(figures: list[Figure]) -> None:
    least = {"legal": 5, "person": 10}
    assert {one.subjects for one in figures} == {"legal", "person"}
    assert all(one.records is None or one.records >= least[one.subjects] for one in figures)
    assert any(one.records is None for one in figures) and any(one.records for one in figures)
    assert not [one for one in figures if one.subjects == "person" and (one.region or one.industry or one.department)]


def test_a_frozen_month_stays_as_it_is(filled: Connections, figures: list[Figure]) -> None:
    """Records that come or go later change nothing; the second time nothing is done; nobody may change a row."""
    with psycopg.connect(filled.writer) as writer:
        writer.execute(
            "UPDATE license SET status = 'WITHDRAWN' WHERE subject_id = (SELECT min(subject_id) FROM license)"
        )
        assert freeze(writer, MONTH, NOW + timedelta(days=40)) is None
    assert frozen(filled, MONTH) == figures
    with psycopg.connect(filled.writer, autocommit=True) as writer:
        for table in ("figure", "figure_month"):
            for statement in (f"UPDATE {table} SET month = month", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    writer.execute(statement.encode())


def test_the_next_month_tells_no_small_change(filled: Connections, figures: list[Figure]) -> None:
    with psycopg.connect(filled.writer) as writer:
        freeze(writer, "2026-10", datetime(2026, 11, 3, tzinfo=UTC))
    later = {one[:-1]: one.records for one in frozen(filled, "2026-10")}
    changes = [
        count - one.records
        for one in figures
        if one.records is not None and (count := later.get(one[:-1])) is not None and count != one.records
    ]
    assert all(abs(change) >= 5 for change in changes)
    assert [count for count in later.values() if count is not None]


def test_what_fails_in_the_middle_leaves_nothing(new_database: Callable[[], Connections]) -> None:
    """Another transaction holds the table: the month is not half frozen, and can be frozen afterwards."""
    connections = new_database()
    with psycopg.connect(connections.owner) as owner:
        owner.execute("LOCK TABLE figure IN ACCESS EXCLUSIVE MODE")
        impatient = with_options(connections.writer, lock_timeout="200")
        with psycopg.connect(impatient) as writer, pytest.raises(DatabaseUnavailable):
            freeze(writer, MONTH, NOW)
        assert owner.execute("SELECT count(*) FROM figure_month").fetchone() == (0,)
    with psycopg.connect(connections.writer) as writer:
        assert freeze(writer, MONTH, NOW) == 0


@pytest.mark.parametrize("month", ["2026-10", "2027-01", "2026-13", "26-09", "2026-9", "september"])
def test_only_months_that_are_over(month: str) -> None:
    with pytest.raises(BadInput):
        ends(month, NOW)


def test_months_end_in_beijing() -> None:
    assert last_month(datetime(2026, 9, 30, 15, 59, tzinfo=UTC)) == "2026-08"
    assert last_month(datetime(2026, 9, 30, 16, 0, tzinfo=UTC)) == "2026-09"
    assert last_month(datetime(2026, 1, 5, tzinfo=UTC)) == "2025-12"
    assert ends("2026-09", NOW).astimezone(UTC) == datetime(2026, 9, 30, 16, tzinfo=UTC)


def test_no_month_before_one_that_is_frozen(filled: Connections, figures: list[Figure]) -> None:
    """It would be told beside the later one: what came in between would show."""
    with psycopg.connect(filled.writer) as writer, pytest.raises(BadInput) as caught:
        freeze(writer, "2026-08", NOW)
    assert caught.value.faults[0].rule == "is before one that is frozen"
    assert frozen(filled, "2026-08") == []


def test_the_command_freezes(
    filled: Connections,
    figures: list[Figure],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path / "home"))
    for name in ("database", "reader", "writer", "log"):
        conninfo = filled.owner if name == "database" else getattr(filled, name)
        monkeypatch.setenv(f"GATEWAY_{name.upper()}_URL", conninfo)
    assert main(["figures", "--month", MONTH]) == 0
    assert capsys.readouterr().out == f"{MONTH} was frozen before\n"
    assert main(["figures", "--month", "2999-01"]) == 1
    assert "is not over yet" in capsys.readouterr().err
