"""What is there from the start: departments, sharing scopes, consumers, real organizations, the demonstration set."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.catalogue.fields import snake
from gateway.catalogue.kinds import BY_NAME
from gateway.catalogue.mandate import SCOPE
from gateway.catalogue.rating import SCHEME
from gateway.catalogue.reference import DEPARTMENT
from gateway.intake.load_case import open_demo_case
from gateway.intake.load_copy import Loader
from gateway.intake.load_copy import numbers as ids_of
from gateway.intake.run import Order, take
from gateway.intake.sample_demo import DEMO
from gateway.intake.sample_demo_records import demo
from gateway.intake.sample_kind_words import schemes
from gateway.intake.sample_words import read_words
from gateway.intake.seed_files import table
from gateway.store.consent_tables import CONSENT
from gateway.store.core import Connection, execute
from gateway.store.tables import (
    CONSUMER,
    MANDATE,
    RECORD_IDS,
    SHARING_SCOPE,
    SUBJECT_RELATION,
)
from gateway.store.tables import table as table_of
from gateway.vault.vault import Vault

# Of the subjects of the demonstration set that somebody acts for.
_CLASSES: Mapping[str, str] = MappingProxyType({"CITIZEN": "person", "INDIVIDUAL": "individual", "ENTERPRISE": "legal"})


def seed_reference(connection: Connection, *, directory: Path, today: date) -> None:
    """Departments, schemes of rating, consumers and sharing scopes; rows that are there already stay as they are."""
    department = table_of(DEPARTMENT)
    rows = [_department(row) for row in table(directory, "departments")]
    execute(connection, insert(department).values(rows).on_conflict_do_nothing())
    scheme = list(schemes(directory))
    execute(connection, insert(table_of(SCHEME)).values(scheme).on_conflict_do_nothing())
    consumers = [
        {**row, "licensed": row["licensed"] == "true", "department": row["department"] or None}
        for row in table(directory, "consumers")
    ]
    execute(connection, insert(CONSUMER).values(consumers).on_conflict_do_nothing())
    if not execute(connection, sa.select(SHARING_SCOPE.c.id).limit(1)):
        scopes = list(_scopes(directory, today - timedelta(days=365)))
        execute(connection, insert(SHARING_SCOPE).values(scopes))


def seed_subjects(connection: Connection, vault: Vault, *, directory: Path, today: date) -> None:
    """The real organizations, by intake; the demonstration set, its consents, mandates, relations and its case."""
    for path in sorted((directory / "libraries").glob("*.csv")):
        take(connection, vault, path, Order(datetime.combine(today, time(), UTC)))
    loader = Loader(connection, vault)
    numbers: dict[str, int] = {}
    classes: dict[str, str] = {}
    for one in demo(read_words(directory), today):
        numbers[one.handle], records = loader.add(one.subject, one.records)
        classes[one.handle] = one.subject.subject_class.value
        for record, number in zip(one.records, records, strict=True):
            if record.item.get("documentNumber") == DEMO.disputed_document:
                numbers["DISPUTED"] = number
    loader.flush()
    mandates = _mandates(directory, numbers, ids_of(connection, RECORD_IDS), today)
    execute(connection, insert(MANDATE).values(list(mandates)))
    execute(connection, insert(SUBJECT_RELATION).values(list(_relations(numbers, today))))
    open_demo_case(connection, vault, numbers["ENTERPRISE"], numbers["DISPUTED"], today)
    execute(connection, insert(CONSENT).values(list(_consents(directory, numbers, classes, today))))


def _department(row: Mapping[str, str]) -> dict[str, str | None]:
    """The columns of a department; the note on how sure its days are stays in the file."""
    return {snake(name): value or None for name, value in row.items() if name != "note"}


def _scopes(directory: Path, since: date) -> Iterator[Mapping[str, object]]:
    for row in table(directory, "scopes"):
        for kind in row["kinds"].split():
            for provider in row["providers"].split():
                fixed = {name: row[name] for name in ("receiver", "matter_kind", "basis")}
                yield {**fixed, "kind": BY_NAME[kind].name, "provider": provider, "valid_from": since}


def _consents(
    directory: Path, numbers: Mapping[str, int], classes: Mapping[str, str], today: date
) -> Iterator[Mapping[str, object]]:
    for row in table(directory, "consents"):
        yield {
            **{name: row[name] for name in ("number", "consumer", "assurance")},
            "subject_id": numbers[row["subject"]],
            "id": RECORD_IDS.next_value(),
            "subject_class": classes[row["subject"]],
            "provider": "CREDIT",
            "batch": "consent",
            "purposes": [row["purpose"]],
            "single": False,
            "given_at": _moment(today, row["from_day"]),
            "kinds": [BY_NAME[kind].name for kind in row["kinds"].split()],
            "valid_from": _moment(today, row["from_day"]),
            "valid_until": _moment(today, row["until_day"]),
            "withdrawn_at": _moment(today, row["withdrawn_day"]),
        }


def _mandates(
    directory: Path, numbers: Mapping[str, int], ids: Iterator[int], today: date
) -> Iterator[Mapping[str, object]]:
    rows = list(table(directory, "mandates"))
    bound = {row["principal"]: numbers[row["subject"]] for row in rows if row["basis"] == "PERSON"}
    for row, number in zip(rows, ids, strict=False):
        yield {
            **{name: row[name] for name in ("principal", "basis")},
            "subject_id": numbers[row["subject"]],
            "id": number,
            "subject_class": _CLASSES[row["subject"]],
            **{"provider": "CREDIT", "batch": "mandate", "recorded_by": "PLATFORM", "scope": list(SCOPE)},
            "agent": row["principal"],
            # A representation is held as the person that the principal is bound to, and ends with that binding.
            "person_id": bound.get(row["principal"]) if row["basis"] == "REPRESENTATIVE" else None,
            "recorded_on": today + timedelta(days=int(row["from_day"])),
            "valid_from": _moment(today, row["from_day"]),
            "valid_until": _moment(today, row["until_day"]),
            "revoked_at": _moment(today, row["revoked_day"]),
        }


def _relations(numbers: Mapping[str, int], today: date) -> Iterator[Mapping[str, object]]:
    """Records stay on the subject they were decided against; these rows say where it went."""
    for handle, relation, age in (("RENAMED", "RENAMED", 600), ("MERGED", "MERGED_INTO", 400)):
        yield {
            "subject_id": numbers[handle],
            "related_id": numbers["ENTERPRISE"],
            "relation": relation,
            "since": today - timedelta(days=age),
        }


def _moment(today: date, days: str) -> datetime | None:
    """Midnight UTC so many days from ``today``; None for an empty cell."""
    return datetime.combine(today + timedelta(days=int(days)), time(), UTC) if days else None
