"""What the tests of months share: a house that was asked in three of them, and a look at what is kept."""

from datetime import UTC, date, datetime

import psycopg

from gateway.audit.verify import State, Wrong, verify
from gateway.intake.sample_demo import DEMO
from gateway.ledger import keeping
from gateway.ledger.keeping import Month
from gateway.signing import NoteVerifier
from tests.flow.log_bench import entry
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import House, consented

OCTOBER, JANUARY, FEBRUARY = date(2026, 10, 1), date(2027, 1, 1), date(2027, 2, 1)
LATER = datetime(2037, 3, 1, tzinfo=UTC)  # the terms of all of them are over


async def ask_in_three_months(house: House) -> None:
    """Somebody asks in October, in January and in February, which runs still."""
    house.clock.at = datetime(2026, 10, 5, 2, tzinfo=UTC)
    for month in (OCTOBER, JANUARY, FEBRUARY):
        house.clock.at = house.clock.at.replace(year=month.year, month=month.month)
        access = consented(DEMO.consent_citizen) if month == OCTOBER else None
        await house.ask("bank", PERSON, {**CITIZEN, "access": access})
        await house.gateway.log.append(entry(f"{month}"))
    await house.gateway.log.checkpoint()


def shard_of(house: House) -> int:
    """The shard that it holds."""
    shard = house.gateway.log.health.shard
    assert shard is not None
    return shard


def over(house: House, now: datetime) -> list[Month]:
    """The months that are over."""
    with psycopg.connect(house.connections.owner) as connection:
        return keeping.months(connection, now)


def key(house: House) -> NoteVerifier:
    """The key of its shard."""
    return NoteVerifier.parse(house.gateway.history.vkey(shard_of(house)))


def findings(house: House) -> list[tuple[Wrong, int]]:
    """What is wrong with its log."""
    with psycopg.connect(house.connections.log, autocommit=True) as connection:
        return [(one.what, one.first) for one in verify(connection, key(house), State(shard_of(house))).findings]
