"""The seed and the demonstration set in a real database: there once, complete, with rights that make sense."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import LiteralString, TypeAlias

import psycopg
import pytest

from gateway.clock import SystemRandom
from gateway.intake.load import seed_demo
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from gateway.store.tables import METADATA
from gateway.vault.keys import new_keys, parse
from gateway.vault.vault import Vault

SEED = Path(__file__).parents[2] / "seed"
TODAY = date(2026, 11, 23)
NOON = datetime.combine(TODAY, time(12), UTC)

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def vault() -> Vault:
    """A vault with keys of its own."""
    return Vault(parse(new_keys(SystemRandom())), SystemRandom())


@pytest.fixture(scope="module")
def seeded(database: Connections, vault: Vault) -> Iterator[Connection]:
    """The owner's connection to a database that was seeded twice."""
    with psycopg.connect(database.writer) as connection:
        assert seed_demo(connection, vault, TODAY, directory=SEED) is True
    with psycopg.connect(database.owner, autocommit=True) as owner:
        yield owner


def _column(connection: Connection, query: LiteralString, *values: object) -> list[object]:
    return [row[0] for row in connection.execute(query, values).fetchall()]


def test_a_second_start_changes_nothing(seeded: Connection, database: Connections, vault: Vault) -> None:
    """Idempotent: the same rows, on another day too."""
    before = _everything(seeded)
    with psycopg.connect(database.writer) as connection:
        assert seed_demo(connection, vault, date(2027, 1, 1), directory=SEED) is False
    assert _everything(seeded) == before


def _everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: sorted(connection.execute(psycopg.sql.SQL("TABLE {}").format(psycopg.sql.Identifier(name))), key=repr)
        for name in METADATA.tables
    }


def test_real_organizations_are_there(seeded: Connection) -> None:
    """Known names, no invented ones, and the wrong codes with their status."""
    query: LiteralString = "SELECT name FROM organization WHERE uscc = %s"
    assert _column(seeded, query, "112208007267471629") == ["白城市人民政府办公室"]
    wrong = _column(seeded, "SELECT uscc FROM enterprise WHERE code_status = 'BAD_CHECK_DIGIT' ORDER BY uscc")
    assert wrong == ["911000001000044477", "91110000710920838N"]
    assert _column(seeded, "SELECT count(*) FROM identifier WHERE batch IN (SELECT id FROM batch)") == [223]
    receipts = "SELECT kind, rows, accepted, rejected FROM batch ORDER BY kind"
    assert seeded.execute(receipts).fetchall() == [("enterprise", 220, 220, 0), ("organization", 3, 3, 0)]
    for query, count in (
        ("SELECT count(*), count(name) FROM enterprise WHERE batch IN (SELECT id FROM batch)", (220, 18)),
        ("SELECT count(*), count(name) FROM organization WHERE batch IN (SELECT id FROM batch)", (3, 2)),
    ):
        assert seeded.execute(query).fetchone() == count


def test_departments_lead_to_their_successors(seeded: Connection) -> None:
    """Three became the market authority; a successor exists and begins when its predecessor ends."""
    query: LiteralString = "SELECT code FROM department WHERE successor = 'MARKET' ORDER BY code"
    assert _column(seeded, query) == ["AIC-OLD", "FDA-OLD", "QTS-OLD"]
    gap = """SELECT old.code FROM department old LEFT JOIN department new ON new.code = old.successor
        WHERE old.successor IS NOT NULL AND new.valid_from IS DISTINCT FROM old.valid_until + 1"""
    assert _column(seeded, gap) == []
    assert _column(seeded, "SELECT code FROM department WHERE (valid_until IS NULL) <> (successor IS NULL)") == []


def test_consents_are_in_the_states_they_stand_for(seeded: Connection) -> None:
    """In force on the day of the seed, except the withdrawn and the expired one."""
    query: LiteralString = """SELECT number FROM consent WHERE withdrawn_at IS NULL
        AND valid_from <= %s AND valid_until > %s AND assurance IN ('A', 'B') ORDER BY number"""
    not_in_force = {DEMO.consent_withdrawn, DEMO.consent_expired, DEMO.consent_scan}
    everything = _column(seeded, "SELECT number FROM consent ORDER BY number")
    assert _column(seeded, query, NOON, NOON) == [one for one in everything if one not in not_in_force]
    assert len(everything) == 10
    of: LiteralString = "SELECT e.uscc FROM consent c JOIN enterprise e USING (subject_id) WHERE c.number = %s"
    assert _column(seeded, of, DEMO.consent_enterprise) == [DEMO.enterprise_uscc]
    assert _column(seeded, of, DEMO.consent_individual) == [DEMO.individual_uscc]


def test_the_citizen_is_itself_and_runs_its_business(seeded: Connection, vault: Vault) -> None:
    """The person found by both blind indexes is the one the mandate and the consent name."""
    found = _column(
        seeded,
        "SELECT subject_id FROM person WHERE id_number_index = %s AND name_index = %s",
        vault.blind_index("person", "id_number", DEMO.citizen_id_number),
        vault.blind_index("person", "name", DEMO.citizen_name),
    )
    mandates: LiteralString = "SELECT subject_id FROM mandate WHERE principal = %s ORDER BY subject_id"
    business = _column(seeded, "SELECT subject_id FROM enterprise WHERE uscc = %s", DEMO.individual_uscc)
    assert sorted(map(str, found + business)) == sorted(map(str, _column(seeded, mandates, DEMO.citizen)))
    assert _column(seeded, "SELECT subject_id FROM consent WHERE number = %s", DEMO.consent_citizen) == found


def test_nobody_holds_rights_over_the_stranger(seeded: Connection, vault: Vault) -> None:
    """The second person is nobody's: no mandate, no consent."""
    number = vault.blind_index("person", "id_number", DEMO.stranger_id_number)
    query: LiteralString = """SELECT count(m.id) + count(c.number) FROM person p LEFT JOIN mandate m USING (subject_id)
        LEFT JOIN consent c USING (subject_id) WHERE p.id_number_index = %s"""
    assert _column(seeded, query, number) == [0]


def test_the_open_case_is_about_the_disputed_penalty(seeded: Connection) -> None:
    """The handler's case names a penalty of the enterprise that is marked as disputed."""
    query: LiteralString = """SELECT p.document_number FROM "case" c
        JOIN penalty p ON p.subject_id = c.subject_id AND p.id = c.record_id
        WHERE c.handler = %s AND c.closed_at IS NULL AND p.disputed_on IS NOT NULL"""
    assert _column(seeded, query, DEMO.handler) == [DEMO.disputed_document]


def test_scopes_differ_between_departments(seeded: Connection) -> None:
    """Tax supervision reaches penalties of the market authority; market licensing reaches none of the tax office."""
    query: LiteralString = """SELECT provider FROM sharing_scope
        WHERE receiver = %s AND kind = 'penalty' AND matter_kind = %s AND basis = %s"""
    tax = _column(seeded, query, "TAX", DEMO.tax_matter_kind, DEMO.tax_matter_basis)
    market = _column(seeded, query, "MARKET", DEMO.market_matter_kind, DEMO.market_matter_basis)
    assert "MARKET" in tax
    assert market and "TAX" not in market


def test_relations_lead_to_the_enterprise(seeded: Connection) -> None:
    """One predecessor was renamed, one merged."""
    query: LiteralString = """SELECT r.relation || ' ' || old.uscc FROM subject_relation r
        JOIN enterprise old ON old.subject_id = r.subject_id JOIN enterprise new ON new.subject_id = r.related_id
        WHERE new.uscc = %s ORDER BY 1"""
    expected = [f"MERGED_INTO {DEMO.merged_uscc}", f"RENAMED {DEMO.renamed_uscc}"]
    assert _column(seeded, query, DEMO.enterprise_uscc) == expected


def test_the_position_of_rights_moved(seeded: Connection) -> None:
    """Answers read before the seed are too old."""
    (position,) = _column(seeded, "SELECT position FROM rights_position")
    assert isinstance(position, int) and position > 0
