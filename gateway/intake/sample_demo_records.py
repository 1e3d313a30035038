"""The records of the demonstration set: one for every standing, disclosure level and state of a text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gateway.intake.sample_demo import (
    BATCH,
    DEMO,
    DemoSubject,
    demo_enterprise,
    demo_former,
    demo_individual,
    demo_organization,
    demo_person,
)
from gateway.intake.sample_demo_kinds import kind_records
from gateway.intake.sample_records import (
    Course,
    Party,
    license_item,
    license_release,
    party_of,
    penalty_item,
    release,
)
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_words import Words

THIRD = "戊辰五"  # an invented third person in the facts
_SIMPLE = Course(0, "SIMPLE", "MINOR", "罚款")
_WARNING = Course(0, "ORDINARY", "GENERAL", "警告;通报批评")
_MINOR = Course(0, "ORDINARY", "MINOR", "罚款")
_ORDINARY = Course(0, "ORDINARY", "GENERAL", "罚款")
_SERIOUS = Course(0, "ORDINARY", "SERIOUS", "罚款;暂扣许可证件")


@dataclass(frozen=True, slots=True)
class Case:
    """One penalty of the set: ``provider`` decides, so many days ago; the rest is what the row shows."""

    provider: str
    age: int
    course: Course = _ORDINARY
    fine: str = "1.5"
    released: bool = True
    disclosure: str = "PUBLIC"
    disputed: bool = False
    remark: str = ""


ENTERPRISE_PENALTIES = (
    Case("MARKET", 40, fine="2.35", remark="案卷移交样例"),
    Case("ECOLOGY", 75, Course(0, "ORDINARY", "GENERAL", "罚款;没收违法所得"), "10", released=False),
    Case("TAX", 110, fine="0.8"),
    Case("EMERGENCY", 400, _SERIOUS, "20"),
    Case("MARKET", 30, _SIMPLE, "0.1", disclosure="GOV_SHARED"),
    Case("MARKET", 60, _WARNING, "", disclosure="GOV_SHARED"),
    Case("HEALTH", 50, _MINOR, "0.05", disclosure="PUBLIC"),  # minor although public: the class narrows the row
    Case("MARKET", 300, Course(0, "ORDINARY", "GENERAL", "罚款", "REPAIRED"), "3"),
    Case("ECOLOGY", 500, _ORDINARY, "4"),  # still active, but its publication window is over
    Case("MARKET", 200, Course(0, "ORDINARY", "GENERAL", "罚款", "REVOKED"), "5"),
    Case("MARKET", 90, _ORDINARY, "6.66", released=False, disputed=True),
    Case("MARKET", 150, Course(0, "ORDINARY", "GENERAL", "罚款", "CORRECTED"), "0.9", disclosure="GOV_SHARED"),
)
INDIVIDUAL_PENALTIES = (
    Case("MARKET", 80, fine="0.5"),
    Case("HEALTH", 25, _SIMPLE, "0.02", disclosure="GOV_SHARED"),
    Case("MARKET", 120, _ORDINARY, "0.3", released=False, disclosure="AUTHORIZED"),
)
PERSON_PENALTIES = (
    Case("TRANSPORT", 100, _ORDINARY, "0.2", disclosure="AUTHORIZED", remark="本人到场"),
    Case("MARKET", 220, _ORDINARY, "0.1", released=False, disclosure="GOV_SHARED"),
    Case("ECOLOGY", 45, _WARNING, "", disclosure="AUTHORIZED"),
    Case("TRANSPORT", 700, Course(0, "ORDINARY", "GENERAL", "罚款", "REPAIRED"), "0.1", disclosure="AUTHORIZED"),
)
STRANGER_PENALTIES = PERSON_PENALTIES[:1]
ORGANIZATION_PENALTIES = (Case("HRSS", 65, fine="1"),)

ENTERPRISE_LICENSES = (
    ("MARKET", 700, 5),
    ("ECOLOGY", 365, 0),
    ("TRANSPORT", 1500, 3),
)  # organ, age, years; last: lapsed
INDIVIDUAL_LICENSES = (("HEALTH", 500, 5),)
PERSON_LICENSES = (("HRSS", 900, 0),)
ORGANIZATION_LICENSES = (("MARKET", 800, 0),)


def demo(words: Words, today: date) -> tuple[DemoSubject, ...]:
    """Every subject of the set with its records; days are counted back from ``today``."""
    citizen = demo_person(DEMO.citizen_name, DEMO.citizen_id_number, 11)
    stranger = demo_person(DEMO.stranger_name, DEMO.stranger_id_number, 12)
    build = _Builder(words, today)
    ended = today - timedelta(days=600)
    return (
        build.subject("ENTERPRISE", demo_enterprise(today), ENTERPRISE_LICENSES, ENTERPRISE_PENALTIES),
        build.subject("INDIVIDUAL", demo_individual(today), INDIVIDUAL_LICENSES, INDIVIDUAL_PENALTIES),
        build.subject("CITIZEN", citizen, PERSON_LICENSES, PERSON_PENALTIES),
        build.subject("STRANGER", stranger, PERSON_LICENSES, STRANGER_PENALTIES),
        build.subject("ORGANIZATION", demo_organization(), ORGANIZATION_LICENSES, ORGANIZATION_PENALTIES),
        DemoSubject("RENAMED", demo_former(DEMO.renamed_name, DEMO.renamed_uscc, ended)),
        DemoSubject("MERGED", demo_former(DEMO.merged_name, DEMO.merged_uscc, ended + timedelta(days=200))),
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    words: Words
    today: date

    def subject(
        self, handle: str, subject: Subject, licenses: tuple[tuple[str, int, int], ...], penalties: tuple[Case, ...]
    ) -> DemoSubject:
        party = party_of(subject)
        records = (
            *self._licenses(handle, party, licenses),
            *self._penalties(handle, party, penalties),
            *kind_records(handle, party, self.words, self.today),
        )
        return DemoSubject(handle, subject, records)

    def _licenses(self, handle: str, party: Party, wanted: tuple[tuple[str, int, int], ...]) -> Iterator[Record]:
        patterns = self.words.person_licenses if party.personal else self.words.licenses
        for number, (provider, age, years) in enumerate(wanted, 1):
            grant = next(one for one in patterns if one.organ.provider == provider)
            decided = self.today - timedelta(days=age)
            item = license_item(party, grant, f"{_short(handle)}{number}", decided, years=years)
            yield Record(
                "license", {**item, **(license_release(grant, decided) if number != 2 else {}), "batch": BATCH}
            )

    def _penalties(self, handle: str, party: Party, wanted: tuple[Case, ...]) -> Iterator[Record]:
        patterns = self.words.person_conducts if party.personal else self.words.conducts
        for number, case in enumerate(wanted, 1):
            conduct = next(one for one in patterns if one.organ.provider == case.provider)
            decided = self.today - timedelta(days=case.age)
            item = penalty_item(party, conduct, case.course, f"{_short(handle)}{number}", decided, third=THIRD)
            item |= {"batch": BATCH, "disclosure": case.disclosure, "remark": case.remark or None}
            item["fine"] = Decimal(case.fine) if case.fine else None
            if case.disputed:
                item |= {"disputedOn": self.today - timedelta(days=3), "documentNumber": DEMO.disputed_document}
            if case.released:
                item |= release(conduct, decided, case.course)
            yield Record("penalty", item)


def _short(handle: str) -> str:
    return f"演示{handle[:3]}-"
