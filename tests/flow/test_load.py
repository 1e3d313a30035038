"""The loader against a real database: what was sealed opens to the same text, and stands nowhere in clear."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

import psycopg
import pytest
from psycopg import sql

from gateway.catalogue.codes import normalize
from gateway.catalogue.fields import Field, Kind, Owner, Sealing, Standing, SubjectClass
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.clock import SystemRandom
from gateway.errors import BadInput, GatewayError
from gateway.intake.load import generate
from gateway.intake.load_copy import Loader
from gateway.intake.load_seed import seed_reference
from gateway.intake.sample import Sample, samples
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_words import read_words
from gateway.store.database import Connections
from gateway.store.tables import METADATA
from gateway.vault.keys import new_keys, parse
from gateway.vault.masks import masked
from gateway.vault.rows import Item, shapes
from gateway.vault.vault import Vault

SEED = Path(__file__).parents[2] / "seed"
TODAY = date(2026, 11, 23)

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]
Loaded: TypeAlias = list[tuple[Sample, int, tuple[int, ...]]]


@pytest.fixture(scope="module")
def vault() -> Vault:
    """A vault with keys of its own."""
    return Vault(parse(new_keys(SystemRandom())), SystemRandom())


@pytest.fixture(scope="module")
def connection(database: Connections) -> Iterator[Connection]:
    """A connection that may insert, with the departments there."""
    with psycopg.connect(database.writer) as connection:
        seed_reference(connection, directory=SEED, today=TODAY)
        connection.commit()
        yield connection


@pytest.fixture(scope="module")
def owner(database: Connections) -> Iterator[Connection]:
    """A connection that may read everything, keys too."""
    with psycopg.connect(database.owner, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def loaded(connection: Connection, vault: Vault) -> Loaded:
    """Sixty subjects with their records, and the ids they were given."""
    loader = Loader(connection, vault)
    made = []
    for sample in samples(3, 60, 600, read_words(SEED), TODAY):
        subject, records = loader.add(sample.subject, sample.records)
        made.append((sample, subject, records))
    loader.flush()
    connection.commit()
    return made


def _row(owner: Connection, kind: Kind, subject: int, row: int) -> dict[str, object]:
    with owner.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        key = sql.SQL(" AND id = {}").format(row) if kind.owner is Owner.RECORD else sql.SQL("")
        query = sql.SQL("SELECT * FROM {} WHERE subject_id = {}").format(sql.Identifier(kind.name), subject) + key
        found = cursor.execute(query).fetchone()
    assert found is not None
    return found


def _fields(kind: Kind) -> Iterator[tuple[str, str, Field]]:
    for field in kind.fields:
        if not field.derived:
            yield field.name, field.column, field
    for part in kind.parts:
        for field in part.fields:
            yield f"{part.name}.{field.name}", part.column(field), field


def _is_sealed(field: Field, subject_class: SubjectClass) -> bool:
    persons = field.sealing is Sealing.PERSONS and subject_class is SubjectClass.PERSON
    return field.free_text or field.sealing is Sealing.ALWAYS or persons


def _all(loaded: Loaded) -> Iterator[tuple[Kind, SubjectClass, int, int, Item]]:
    """Kind, class, subject id, row id and item of everything loaded, identifiers apart."""
    for sample, subject, records in loaded:
        one = sample.subject
        yield BY_NAME[one.kind], one.subject_class, subject, subject, one.item
        for record, number in zip(sample.records, records, strict=True):
            yield BY_NAME[record.kind], one.subject_class, subject, number, record.item


SAID = ("statement_on", "statement_released", "statement_released_at", "statement_released_by", "statement_sealed")


def test_shapes_are_the_tables(vault: Vault) -> None:
    """The loader writes every column of every table but what mutations write of records, and none that is not there."""
    for name, shape in shapes(vault).items():
        said = SAID if shape.ending else ()
        assert sorted((*shape.columns, *said)) == sorted(column.name for column in METADATA.tables[name].columns)
    assert set(shapes(vault)) == {kind.name for kind in KINDS if kind.owner is not Owner.NONE and not kind.filed}


def test_rows_come_back_as_they_went_in(owner: Connection, vault: Vault, loaded: Loaded) -> None:
    """Plain values equal, sealed ones open to the same text, masks beside them, nothing in the wrong column."""
    opened = 0
    keys = {number: bytes(raw) for number, raw in _keys(owner)}
    for kind, subject_class, subject, number, item in _all(loaded):
        row = _row(owner, kind, subject, number)
        key = vault.unwrap(keys[subject], subject)
        for name, column, field in _fields(kind):
            value = item.get(name)
            if not _is_sealed(field, subject_class):
                assert row[column] == value, (kind.name, name)
                continue
            sealed = row[f"{column}_sealed"]
            assert (sealed is None) == (value is None), (kind.name, name)
            if isinstance(sealed, bytes):
                assert vault.open(key, kind.name, column, number, sealed) == str(value)
                opened += 1
            if field.mask and value is not None:
                assert row[f"{column}_masked"] == masked(field.mask, str(value))
            if field.sealing is Sealing.PERSONS:
                assert row[column] is None
    assert opened > 2000


def _keys(owner: Connection) -> list[tuple[int, bytes]]:
    with owner.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        numbers = cursor.execute("SELECT subject_id FROM subject_key ORDER BY subject_id").fetchall()
        wrapped = cursor.execute("SELECT wrapped FROM subject_key ORDER BY subject_id").fetchall()
    return list(zip(numbers, wrapped, strict=True))


def test_sealed_values_stand_nowhere_in_clear(owner: Connection, loaded: Loaded) -> None:
    """No table holds the clear text of a sealed value, in any column, as text or as bytes.

    Names of persons that stand in plain columns of others (there are none) would be found here too.
    """
    clear: set[str] = set()
    for kind, subject_class, _, _, item in _all(loaded):
        for name, _, field in _fields(kind):
            value = item.get(name)
            if value is not None and _is_sealed(field, subject_class) and field.name != "sex":
                clear.add(str(value))
    released = {str(value) for *_, item in _all(loaded) for key, value in item.items() if key.endswith(".released")}
    assert len(clear) > 500
    haystack = "\n".join(_dump(owner))
    assert "样例罚字" in haystack  # what is not sealed is there
    found = [text for text in clear - released if text in haystack or text.encode().hex() in haystack]
    assert found == []


def _dump(owner: Connection) -> Iterator[str]:
    for name in sorted(METADATA.tables):
        with owner.cursor().copy(sql.SQL("COPY (TABLE {}) TO STDOUT").format(sql.Identifier(name))) as copy:
            for line in copy:
                yield bytes(line).decode()


def test_a_value_moved_to_another_row_does_not_open(owner: Connection, vault: Vault, loaded: Loaded) -> None:
    """Sealed values are bound to their row and column."""
    sample, subject, records = next(one for one in loaded if len(one[2]) > 1)
    kind = BY_NAME[sample.records[1].kind]
    sealed = _row(owner, kind, subject, records[1])["content_sealed"]
    assert isinstance(sealed, bytes)
    key = vault.unwrap(dict(_keys(owner))[subject], subject)
    assert vault.open(key, kind.name, "content", records[1], sealed)
    with pytest.raises(GatewayError):
        vault.open(key, kind.name, "content", records[1] + 1, sealed)
    with pytest.raises(GatewayError):
        vault.open(key, kind.name, "facts", records[1], sealed)


def test_look_ups_find_their_subject(owner: Connection, vault: Vault, loaded: Loaded) -> None:
    """Identifiers by normalized text; persons by both blind indexes."""
    for sample, subject, _ in loaded:
        for one in sample.subject.identifiers:
            query = "SELECT subject_id FROM identifier WHERE kind = %s AND value_index = %s"
            index = normalize(str(one["kind"]), str(one["value"]))
            found = owner.execute(query, (one["kind"], index)).fetchall()
            assert (subject,) in found
            assert len(found) == (2 if one["conflicting"] else 1)
        if sample.subject.kind == "person":
            number = vault.blind_index("person", "id_number", sample.subject.text("idNumber"))
            name = vault.blind_index("person", "name", sample.subject.text("name"))
            query = "SELECT subject_id FROM person WHERE id_number_index = %s AND name_index = %s"
            assert owner.execute(query, (number, name)).fetchall() == [(subject,)]


def test_minor_is_computed(owner: Connection, loaded: Loaded) -> None:
    """The database marks exactly the penalties of Order 36 as minor, and no license."""
    query = """SELECT count(*) FILTER (WHERE minor), count(*) FILTER (WHERE NOT minor),
        count(*) FILTER (WHERE minor IS DISTINCT FROM
            (procedure = 'SIMPLE' OR severity = 'MINOR' OR penalty_kinds IN ('警告', '警告;通报批评'))) FROM penalty"""
    row = owner.execute(query).fetchone()
    assert row is not None
    assert row[0] and row[1] and row[2] == 0
    assert owner.execute("SELECT count(*) FROM license WHERE minor").fetchone() == (0,)


def test_bad_rows_are_refused_with_every_fault(connection: Connection, vault: Vault, loaded: Loaded) -> None:
    """All faults at once, each with its field, none with its value; nothing is written."""
    subject = loaded[0][0].subject
    item = {**subject.item, "name": "坏\x00名", "status": "ALIVE", "region": "2208020", "phone": "\ud800", "rank": 1}
    del item["codeStatus"]
    with pytest.raises(BadInput) as caught:
        Loader(connection, vault).add(Subject("enterprise", SubjectClass.LEGAL, item))
    named = {fault.path[-1] for fault in caught.value.faults}
    assert named == {"name", "status", "region", "phone", "rank", "codeStatus"}
    assert not [fault for fault in caught.value.faults if "ALIVE" in fault.rule or "坏" in fault.rule]


def test_no_id_number_becomes_an_identifier(connection: Connection, vault: Vault, loaded: Loaded) -> None:
    """Old tax numbers of individual businesses were ID numbers with a serial; identifiers are public."""
    subject = next(one.subject for one in (sample for sample, _, _ in loaded) if one.subject.identifiers)
    personal = {**subject.identifiers[0], "kind": "TAX_NUMBER", "value": "44052418800101001400"}
    with pytest.raises(BadInput) as caught:
        Loader(connection, vault).add(replace(subject, identifiers=(personal,)))
    assert [fault.path for fault in caught.value.faults] == [("identifier", "value")]
    assert "4405" not in caught.value.faults[0].rule


def test_a_batch_is_whole_or_not_there(connection: Connection, owner: Connection, vault: Vault, loaded: Loaded) -> None:
    """A row the database refuses takes its whole batch with it, and the driver's words stay inside."""
    before = owner.execute("SELECT count(*) FROM subject_key").fetchone()
    sample = loaded[0][0]
    unknown = Record("penalty", {**_penalty(sample), "provider": "NOBODY"})
    loader = Loader(connection, vault)
    loader.add(sample.subject)
    loader.add(sample.subject, [unknown])
    with pytest.raises(GatewayError) as caught:
        loader.flush()
    connection.rollback()
    assert "NOBODY" not in str(caught.value)
    assert owner.execute("SELECT count(*) FROM subject_key").fetchone() == before


def _penalty(sample: Sample) -> Item:
    return next(record.item for record in sample.records if record.kind == "penalty")


def test_generate_loads_what_was_asked(database: Connections, owner: Connection, vault: Vault, loaded: Loaded) -> None:
    """Counts are exact, batches are committed and told one by one."""
    records = [kind.name for kind in KINDS if Standing.ENDED in kind.standings]
    tables = ("enterprise", "organization", "person", "subject_key", *records)
    before = [_count(owner, table) for table in tables]
    told: list[tuple[int, int]] = []
    with psycopg.connect(database.writer) as connection:
        generate(connection, vault, 500, 7000, 9, TODAY, lambda done, whole: told.append((done, whole)), directory=SEED)
    grown = [_count(owner, table) - old for table, old in zip(tables, before, strict=True)]
    assert grown[:4] == [450, 25, 25, 500]
    assert sum(grown[4:]) == 7000 and all(grown[4:])
    assert told[-1] == (7500, 7500)
    assert len(told) >= 2 and told == sorted(told)


def _count(owner: Connection, table: str) -> int:
    row = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None and isinstance(row[0], int)
    return row[0]
