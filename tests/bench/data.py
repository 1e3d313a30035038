"""The database of the benchmark: built once under ``<home>/bench``, kept, and told about in ``subjects.json``.

The first subjects are *rich*: each has at least 10 penalties, 5 licenses, 3 listings and (bodies) 3 ratings that the
caller may see, and some that it may not. They are what is asked for. Behind them come as many ordinary ones as wanted.
There are more rich subjects than the vault keeps unwrapped keys, so that a cache does not answer for it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg

from gateway.catalogue.fields import SubjectClass
from gateway.intake.load import SEED, generate
from gateway.intake.load_copy import Loader
from gateway.intake.load_seed import seed_reference
from gateway.intake.sample_dice import Dice
from gateway.intake.sample_kinds import MAKERS, Maker
from gateway.intake.sample_records import Party, license_of, party_of, penalty_of
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_subjects import enterprise, person
from gateway.intake.sample_words import Words, read_words
from gateway.store.database import Connections
from gateway.vault.vault import Vault

RICH = 5_000  # of each sort; the vault keeps 4,096 keys
BASE = 20_000_000  # numbers of rich subjects, far from those of ``generate``
SETTLED = timedelta(days=120)  # how long the kept database stays true
BATCH = 5_000
FORMAT = 3


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A rich enterprise."""

    id: int
    uscc: str


@dataclass(frozen=True, slots=True)
class Person:
    """A rich person and the principal that is this person; indexes in hex."""

    id: int
    id_number: str
    name: str
    birth_date: str
    id_index: str
    name_index: str
    principal: str


@dataclass(slots=True)
class Data:
    """What can be asked for. ``cursors`` (enterprise → cursor for the bank) come from the running gateway."""

    enterprises: list[Enterprise]
    persons: list[Person]
    enterprise_count: int
    record_count: int
    cursors: dict[int, str] = field(default_factory=dict)


def prepare(home: Path, connections: Connections, vault: Vault, counts: tuple[int, int], today: date) -> Data:
    """The data of ``counts`` (enterprises, records); loaded if they are not there yet.

    Raises RuntimeError if the database under ``home`` was built for other counts or is too old to be true.
    """
    kept = home / "subjects.json"
    wanted = {"format": FORMAT, "counts": list(counts)}
    if kept.exists():
        told = orjson.loads(kept.read_bytes())
        if {key: told[key] for key in wanted} != wanted:
            raise RuntimeError(f"{home} holds {told['counts']} enterprises and records; give another --home")
        if date.fromisoformat(told["until"]) < today:
            raise RuntimeError(f"{home} was built too long ago: publication windows have closed; remove it")
        return _read(told, counts)
    with psycopg.connect(connections.writer) as connection:
        if connection.execute("SELECT 1 FROM enterprise LIMIT 1").fetchone():
            raise RuntimeError(f"{home} holds a database that was not loaded to the end; remove it")
        data = _load(connection, vault, counts, today)
    with psycopg.connect(connections.owner, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    people = {"enterprises": list(map(asdict, data.enterprises)), "persons": list(map(asdict, data.persons))}
    kept.write_bytes(orjson.dumps({**wanted, "until": (today + SETTLED).isoformat(), **people}))
    return data


def _read(told: Mapping[str, list[Any]], counts: tuple[int, int]) -> Data:
    enterprises = [Enterprise(**one) for one in told["enterprises"]]
    return Data(enterprises, [Person(**one) for one in told["persons"]], *counts)


def _load(
    connection: psycopg.Connection[tuple[object, ...]], vault: Vault, counts: tuple[int, int], today: date
) -> Data:
    words = read_words(SEED)
    rich = min(RICH, counts[0] // 10)
    data = Data([], [], *counts)
    seed_reference(connection, directory=SEED, today=today)
    loader = Loader(connection, vault)
    written = 0
    for subject, records in _rich(rich, words, today):
        number, made = loader.add(subject, records)
        written += len(made)
        _note(data, number, subject, vault)
        if loader.pending >= BATCH:
            loader.flush()
            connection.commit()
            _progress("rich subjects", len(data.enterprises) + len(data.persons), 2 * rich)
    loader.flush()
    for one in data.persons:
        connection.execute(
            "INSERT INTO mandate (id, subject_class, provider, batch, recorded_by, recorded_on, scope, principal, "
            "subject_id, basis, valid_from) VALUES (nextval('record_ids'), 'person', 'CREDIT', 'bench', 'PLATFORM', "
            "'2020-01-01', '{READ}', %s, %s, 'PERSON', '2020-01-01')",
            (one.principal, one.id),
        )
    connection.commit()
    others = (counts[0] - rich) * 20 // 18  # of twenty generated subjects 18 are enterprises
    generate(connection, vault, others, max(counts[1] - written, others), 1, today, _told("rows"))
    print()
    return data


def _note(data: Data, number: int, subject: Subject, vault: Vault) -> None:
    if subject.kind == "enterprise":
        data.enterprises.append(Enterprise(number, subject.text("uscc")))
        return
    id_number, name = subject.text("idNumber"), subject.text("name")
    by_number, by_name = vault.blind_index("person", "id_number", id_number), vault.blind_index("person", "name", name)
    born = str(subject.item["birthDate"])
    data.persons.append(Person(number, id_number, name, born, by_number.hex(), by_name.hex(), f"bench-{number}"))


def _rich(count: int, words: Words, today: date) -> Iterator[tuple[Subject, list[Record]]]:
    for number in range(BASE, BASE + count):
        dice = Dice(1, "bench", number)
        for made in (enterprise(dice, number, words, today), person(dice, number, words)):
            yield made, _records(dice, f"{number}{made.kind[0]}", party_of(made), words, today)


def _records(dice: Dice, number: str, party: Party, words: Words, today: date) -> list[Record]:
    """So many visible ones of each kind, and up to a quarter more that are not."""
    found: list[Record] = []
    wanted_of: list[tuple[Maker, int]] = [(penalty_of, 10), (license_of, 5), (MAKERS["listing"], 3)]
    if not party.personal:
        wanted_of.append((MAKERS["rating"], 3))
    for make, wanted in wanted_of:
        visible, hidden, place = 0, wanted // 4, 0
        while visible < wanted:
            one = make(dice, f"{number}-{place}", party, words, today)
            place += 1
            if _visible(one, party.subject_class, today):
                visible += 1
            elif hidden:
                hidden -= 1
            else:
                continue
            found.append(one)
    return found


def _visible(record: Record, subject: SubjectClass, today: date) -> bool:
    """Whether a bank (of an enterprise) or the subject itself (a person) sees it, for as long as the data are kept."""
    item = record.item
    if subject is SubjectClass.PERSON:
        return item["disclosure"] != "INTERNAL"
    until = item.get("publishedUntil")
    return (
        item["disclosure"] == "PUBLIC"
        and item["status"] in ("ACTIVE", "CORRECTED")
        and item.get("severity") != "MINOR"
        and item.get("procedure") != "SIMPLE"
        and not item.get("minor")
        and item.get("exitedOn") is None
        and "警告" not in str(item.get("penaltyKinds"))
        and (not isinstance(until, date) or until >= today + SETTLED)
    )


def _progress(what: str, done: int, whole: int) -> None:
    print(f"\rloading {what}: {done:,} of {whole:,}   ", end="", flush=True)


def _told(what: str) -> Callable[[int, int], None]:
    return lambda done, whole: _progress(what, done, whole)
