"""Invented rows: the same for a seed, valid by the catalogue and its codes, and nobody's."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from gateway.catalogue.codes import CITIZEN_ID, check, normalize, status
from gateway.catalogue.fields import Kind, SubjectClass
from gateway.catalogue.kinds import BY_NAME
from gateway.intake.sample import Sample, samples, subjects
from gateway.intake.sample_demo import DEMO, Demo
from gateway.intake.sample_demo_records import demo
from gateway.intake.sample_dice import Dice
from gateway.intake.sample_words import Words, read_words
from gateway.intake.seed_files import table
from gateway.rights.windows import minor
from gateway.vault.rows import Item, Value

SEED = Path(__file__).parents[2] / "seed"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def words() -> Words:
    """The words of the seed directory."""
    return read_words(SEED)


@pytest.fixture(scope="module")
def drawn(words: Words) -> tuple[Sample, ...]:
    """A sample large enough for every variant to occur."""
    return tuple(samples(7, 400, 4000, words, TODAY))


@pytest.fixture(scope="module")
def shown(words: Words) -> tuple[Sample, ...]:
    """The demonstration set as samples."""
    return tuple(Sample(one.subject, one.records) for one in demo(words, TODAY))


def _items(drawn: tuple[Sample, ...], *kinds: str) -> Iterator[Item]:
    for sample in drawn:
        yield from (record.item for record in sample.records if record.kind in kinds)


def _stored(kind: Kind) -> set[str]:
    parts = {f"{part.name}.{field.name}" for part in kind.parts for field in part.fields}
    return {field.name for field in kind.fields if not field.derived and not field.platform} | parts


def _texts(kind: Kind) -> Iterator[str]:
    return (field.name for field in kind.fields if field.free_text and not field.platform)


def test_dice_are_the_same_on_every_machine() -> None:
    """Pinned draws: a change of the generator would silently change every sample."""
    dice = Dice(1, "pinned")
    assert [dice.below(1000) for _ in range(5)] == [344, 113, 158, 752, 921]


def test_a_seed_gives_the_same_rows(words: Words, drawn: tuple[Sample, ...]) -> None:
    """Equal for a seed, unequal for another, and a longer sample starts with the shorter one."""
    assert tuple(samples(7, 400, 4000, words, TODAY)) == drawn
    assert tuple(samples(8, 400, 4000, words, TODAY)) != drawn
    assert tuple(islice(subjects(7, 10_000, words, TODAY), 400)) == tuple(one.subject for one in drawn)


def test_counts_are_exact(drawn: tuple[Sample, ...]) -> None:
    """As many subjects and records as asked for; nine of ten subjects are enterprises."""
    assert len(drawn) == 400
    assert sum(len(one.records) for one in drawn) == 4000
    assert sum(one.subject.kind == "enterprise" for one in drawn) == 360
    assert {one.subject.subject_class for one in drawn} == set(SubjectClass)


def test_codes_are_valid_and_unique(drawn: tuple[Sample, ...], shown: tuple[Sample, ...]) -> None:
    """Every identifier passes the catalogue's check; only the declared conflicts occur twice."""
    seen: dict[tuple[Value, Value], list[Item]] = {}
    for sample in drawn + shown:
        for one in sample.subject.identifiers:
            kind, value = str(one["kind"]), str(one["value"])
            assert status(kind, value) == one["codeStatus"] == "VALID", one
            assert normalize(kind, value) == value
            seen.setdefault((kind, value), []).append(one)
    twice = [found for found in seen.values() if len(found) > 1]
    assert twice and all(len(found) == 2 for found in twice)
    assert all(one["conflicting"] for found in twice for one in found)
    assert sum(bool(one["conflicting"]) for found in seen.values() for one in found) == 2 * len(twice)


def test_codes_inside_records_are_valid(drawn: tuple[Sample, ...], shown: tuple[Sample, ...]) -> None:
    """The codes that records repeat of their subjects and organs."""
    fields = {
        "subjectUscc": "USCC",
        "subjectRegistrationNumber": "REGISTRATION_NUMBER",
        "subjectOrganizationCode": "ORGANIZATION_CODE",
        "subjectTaxNumber": "TAX_NUMBER",
        "organCode": "USCC",
        "sourceUnitCode": "USCC",
    }
    for item in _items(drawn + shown, "license", "penalty"):
        for name, kind in fields.items():
            if item.get(name):
                assert status(kind, str(item[name])) == "VALID", (name, item[name])


def test_persons_were_born_long_ago(drawn: tuple[Sample, ...], shown: tuple[Sample, ...]) -> None:
    """Every ID number, of whoever, is valid and of the years 1880 to 1899; birth date and sex agree with it."""
    numbers: list[str] = []
    for sample in drawn + shown:
        item = sample.subject.item
        rows = (item, *(record.item for record in sample.records))
        for row in rows:
            names = ("idNumber", "legalRepresentative.idNumber", "subjectIdNumber", "representativeIdNumber")
            numbers += [str(row[name]) for name in names if row.get(name)]
        if sample.subject.kind == "person":
            number = str(item["idNumber"])
            assert str(item["birthDate"]).replace("-", "") == number[6:14]
            assert (item["sex"] == "MALE") == (int(number[16]) % 2 == 1)
    assert len(numbers) > 1000
    assert not [number for number in numbers if check(CITIZEN_ID, number)]
    assert {number[6:8] for number in numbers} == {"18"}
    assert all("1880" <= number[6:10] <= "1899" for number in numbers)


def test_persons_have_numbers_of_their_own(words: Words) -> None:
    """No two persons, and no person and representative, share an ID number, past a cycle of days too."""
    people = [one for one in subjects(1, 20_000, words, TODAY) if one.kind == "person"]
    own = [one.text("idNumber") for one in people]
    assert len(set(own)) == len(own) == 1000
    representatives = {one.text("legalRepresentative.idNumber") for one in subjects(1, 20_000, words, TODAY)}
    assert not representatives & set(own)


def test_every_field_is_exercised(drawn: tuple[Sample, ...]) -> None:
    """Each stored catalogue field has a value somewhere, and each optional one of a record is absent somewhere."""
    for name in ("license", "penalty"):
        rows = list(_items(drawn, name))
        used = {key for row in rows for key, value in row.items() if value is not None}
        assert _stored(BY_NAME[name]) - used == set(), name
        assert {f"{name}.released" for name in _texts(BY_NAME[name])} <= used
        for field in BY_NAME[name].fields:
            if not (field.required or field.derived):
                assert any(row.get(field.name) is None for row in rows), field.name
    for name in ("enterprise", "organization", "person"):
        items = [one.subject.item for one in drawn if one.subject.kind == name]
        assert _stored(BY_NAME[name]) - {key for item in items for key, value in item.items() if value is not None} == (
            {"deregisteredOn"} if name == "organization" else set()
        )


def test_every_standing_occurs(drawn: tuple[Sample, ...]) -> None:
    """Simple, minor, warning only, ended in each way, disputed, lapsed; texts released and not; every level."""
    penalties, licenses = list(_items(drawn, "penalty")), list(_items(drawn, "license"))
    ended = {"ACTIVE", "CORRECTED", "REPAIRED", "PUBLICATION_ENDED", "REVOKED", "WITHDRAWN"}
    assert {row["status"] for row in penalties} == ended
    assert {row["procedure"] for row in penalties} == {"SIMPLE", "ORDINARY"}
    assert {row["severity"] for row in penalties} == {"MINOR", "GENERAL", "SERIOUS"}
    assert {"警告", "警告;通报批评"} <= {row["penaltyKinds"] for row in penalties}
    assert {row["disclosure"] for row in penalties} == {"PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL"}
    assert {bool(row.get("facts.released")) for row in penalties} == {True, False}
    assert any(row.get("disputedOn") for row in penalties)
    assert any(isinstance(row["validUntil"], date) and row["validUntil"] < TODAY for row in licenses)


def test_released_texts_name_nobody(drawn: tuple[Sample, ...], shown: tuple[Sample, ...]) -> None:
    """Originals name the counterparty or third persons; what was released does not."""
    originals = 0
    for sample in drawn + shown:
        for record in sample.records:
            party = str(record.item["subjectName"])
            free = [item.name for item in BY_NAME[record.kind].fields if item.free_text]
            originals += any(party in str(record.item.get(name)) for name in free)
            texts = [str(value) for key, value in record.item.items() if key.endswith(".released")]
            assert not [text for text in texts if party in text or "戊辰五" in text or "己巳六" in text]
    assert originals > 3000


def test_dates_make_sense(drawn: tuple[Sample, ...], shown: tuple[Sample, ...]) -> None:
    """Nothing has happened after ``today``, and a decision is received after it was made."""
    for item in _items(drawn + shown, "license", "penalty"):
        decided, received = item["decidedOn"], item["receivedAt"]
        assert isinstance(decided, date) and isinstance(received, datetime)
        assert decided < received.date() <= TODAY
        ended = item.get("publishedUntil")
        if item["status"] == "PUBLICATION_ENDED" and ended is not None:
            assert isinstance(ended, date) and ended < TODAY


def test_dates_move_with_today(words: Words) -> None:
    """The set is as fresh on any day: only ``today`` decides, never the clock."""
    later = timedelta(days=500)
    now, then = demo(words, TODAY), demo(words, TODAY + later)
    for one, other in zip(now, then, strict=True):
        for record, moved in zip(one.records, other.records, strict=True):
            (on,) = BY_NAME[record.kind].order
            decided = record.item[on]
            assert isinstance(decided, date) and decided + later == moved.item[on]


def test_demo_set_is_what_the_handles_say(shown: tuple[Sample, ...]) -> None:
    """Three licenses and twelve penalties: ordinary, minor, ended by status and by window, disputed, corrected."""
    enterprise = next(one for one in shown if one.subject.item.get("uscc") == DEMO.enterprise_uscc)
    assert enterprise.subject.text("name") == DEMO.enterprise_name
    assert [record.kind for record in enterprise.records].count("license") == 3
    penalties = [record.item for record in enterprise.records if record.kind == "penalty"]
    assert len(penalties) == 12
    assert sum(minor(item) for item in penalties) == 3
    assert sum(item["status"] in ("REPAIRED", "REVOKED") for item in penalties) == 2
    over = [item["publishedUntil"] for item in penalties if item["status"] == "ACTIVE"]
    assert sum(isinstance(day, date) and day < TODAY for day in over) == 1
    assert [item["documentNumber"] for item in penalties if item.get("disputedOn")] == [DEMO.disputed_document]
    individual = next(one.subject for one in shown if one.subject.subject_class is SubjectClass.INDIVIDUAL)
    assert individual.text("legalRepresentative.idNumber") == DEMO.citizen_id_number
    assert DEMO.citizen_id_number[6:10] == "1890"


def test_handles_are_those_of_the_seed() -> None:
    """``DEMO`` and the CSV files name the same consents, principals and bases."""
    handles = {getattr(DEMO, name) for name in Demo.__dataclass_fields__}
    assert {row["number"] for row in table(SEED, "consents")} <= handles
    assert {DEMO.citizen, DEMO.representative} <= {row["principal"] for row in table(SEED, "mandates")}
    assert {row["basis"] for row in table(SEED, "scopes")} <= handles
    assert {row["consumer"] for row in table(SEED, "consents")} <= {row["id"] for row in table(SEED, "consumers")}


def test_real_codes_are_what_they_are() -> None:
    """The two wrong ones are there as received; each stands in the library that its first digits say."""
    libraries = {name: table(SEED / "libraries", f"CREDIT.{name}") for name in ("enterprise", "organization")}
    codes = {row["统一社会信用代码"]: name for name, rows in libraries.items() for row in rows}
    assert len(codes) == 223
    assert all((name == "enterprise") == code.startswith("9") for code, name in codes.items())
    assert {code for code in codes if status("USCC", code) != "VALID"} == {"91110000710920838N", "911000001000044477"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"procedure": "ORDINARY", "severity": "GENERAL", "penaltyKinds": "罚款"}, False),
        ({"procedure": "SIMPLE", "severity": "GENERAL", "penaltyKinds": "罚款"}, True),
        ({"procedure": "ORDINARY", "severity": "MINOR", "penaltyKinds": "罚款"}, True),
        ({"procedure": "ORDINARY", "severity": "GENERAL", "penaltyKinds": "警告"}, True),
        ({"procedure": "ORDINARY", "severity": "GENERAL", "penaltyKinds": "警告；通报批评"}, True),
        ({"procedure": "ORDINARY", "severity": "GENERAL", "penaltyKinds": "警告;罚款"}, False),
        ({"documentName": "license"}, False),
    ],
)
def test_minor(item: Item, expected: bool) -> None:
    """Simple procedure, minor class, or warning and criticism only (Order 36)."""
    assert minor(item) is expected
