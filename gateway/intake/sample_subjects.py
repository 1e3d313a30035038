"""Invented subjects: enterprises, individual businesses, persons, organizations, with codes old and new."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from gateway.catalogue.fields import SubjectClass
from gateway.intake.sample_codes import (
    birth_of,
    citizen_number,
    organization_code,
    registration_number,
    serial,
    sex_of,
    uscc,
)
from gateway.intake.sample_dice import Dice
from gateway.intake.sample_rows import Subject
from gateway.intake.sample_words import Region, Words
from gateway.vault.rows import Item, Value

MERGED = date(2015, 10, 1)  # 三证合一: from here on one code for enterprises
MERGED_BUSINESSES = date(2016, 12, 1)  # and for individual businesses
BATCH = "sample"
CONFLICT_EVERY = 200  # the enterprises 0 and 1 of each such block share a registration number (重错码)
PERSONS, REPRESENTATIVES, THIRD = 0, 300, 600  # sequences, so that nobody's number is another's

_KINDS = ("COMPANY",) * 6 + ("BRANCH", "COOPERATIVE", "SOLE_PROPRIETORSHIP", "PARTNERSHIP")
_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "COMPANY": "有限公司",
        "BRANCH": "有限公司分公司",
        "COOPERATIVE": "农民专业合作社",
        "SOLE_PROPRIETORSHIP": "厂",
        "PARTNERSHIP": "合伙企业（普通合伙）",
    }
)
_STATUSES = ("ACTIVE",) * 16 + ("SUSPENDED", "REVOKED", "DEREGISTERED", "MOVED_OUT")
_INSTITUTIONS = (
    ("12", "PUBLIC_INSTITUTION", "STAFFING"),
    ("51", "SOCIAL_GROUP", "CIVIL"),
    ("52", "PRIVATE_NON_ENTERPRISE", "CIVIL"),
    ("53", "FOUNDATION", "CIVIL"),
)


def enterprise(dice: Dice, number: int, words: Words, today: date) -> Subject:
    """A legal person of the enterprise library: company, branch, cooperative, sole proprietorship or partnership."""
    region, kind = dice.pick(words.regions), dice.pick(_KINDS)
    trade, brand = dice.pick(words.trades), dice.pick(words.brands)
    conflicting = number % CONFLICT_EVERY < 2
    founded = MERGED - timedelta(days=900) if conflicting else dice.before(today, 400, 9000)
    body = serial("YL", number)
    code = uscc("93" if kind == "COOPERATIVE" else "91", region.code, body)
    item: dict[str, Value] = {
        **_registration(dice, number, words, region, today),
        "uscc": code,
        "name": f"{region.name}{brand}{number}号{trade.name}{_FORMS[kind]}",
        "establishedOn": founded,
        "kind": kind,
        "industry": trade.industry,
        "registeredCapital": None if kind == "BRANCH" else Decimal(dice.below(500000)) / 100,
        "businessScope": trade.scope,
        "provider": "MARKET",
    }
    identifiers = [identifier("USCC", code, max(founded, MERGED))]
    if founded < MERGED:
        shared = number - number % CONFLICT_EVERY if conflicting else number
        registration = registration_number(words.regions[0].code if conflicting else region.code, shared)
        identifiers += [
            identifier("REGISTRATION_NUMBER", registration, founded, MERGED, conflicting=conflicting),
            identifier("ORGANIZATION_CODE", organization_code(body), founded, MERGED),
            identifier("TAX_NUMBER", region.code + organization_code(body), founded, MERGED),
        ]
    return Subject("enterprise", SubjectClass.LEGAL, item, tuple(identifiers))


def business(dice: Dice, number: int, words: Words, today: date) -> Subject:
    """An individual business (个体工商户): an enterprise whose operator is a natural person."""
    region, trade = dice.pick(words.regions), dice.pick(words.trades)
    founded = dice.before(today, 200, 6000)
    code = uscc("92", region.code, serial("YL", number))
    item: dict[str, Value] = {
        **_registration(dice, number, words, region, today),
        "uscc": code,
        "name": f"{region.name}{dice.pick(words.brands)}{number}号{trade.name}店",
        "establishedOn": founded,
        "kind": "INDIVIDUAL_BUSINESS",
        "industry": trade.industry,
        "registeredCapital": None,
        "businessScope": trade.scope,
        "provider": "MARKET",
    }
    identifiers = [identifier("USCC", code, max(founded, MERGED_BUSINESSES))]
    if founded < MERGED_BUSINESSES:
        old = registration_number(region.code, 60000000 + number % 30000000)
        identifiers.append(identifier("REGISTRATION_NUMBER", old, founded, MERGED_BUSINESSES))
    return Subject("enterprise", SubjectClass.INDIVIDUAL, item, tuple(identifiers))


def organization(dice: Dice, number: int, words: Words, today: date) -> Subject:
    """A legal person that is not an enterprise, with its old certificate number."""
    region, (authority, category, provider) = dice.pick(words.regions), dice.pick(_INSTITUTIONS)
    founded = dice.before(today, 1500, 12000)
    code = uscc(authority, region.code, serial("YL", number))
    item: dict[str, Value] = {
        **_registration(dice, number, words, region, today),
        "uscc": code,
        "name": f"{region.name}{dice.pick(words.institutions)}（样例{number}）",
        "status": "ACTIVE",
        "deregisteredOn": None,
        "establishedOn": founded,
        "category": category,
        "purpose": "样例机构，业务范围为虚构。",
        "provider": provider,
    }
    identifiers = [identifier("USCC", code, max(founded, MERGED))]
    if founded < MERGED:
        institution = category == "PUBLIC_INSTITUTION"
        old = f"1{region.code}{number % 100000:05d}" if institution else f"样例民证字第{number:06d}号"
        identifiers.append(identifier("CERTIFICATE_NUMBER", old, founded, MERGED))
    return Subject("organization", SubjectClass.LEGAL, item, tuple(identifiers))


def person(dice: Dice, number: int, words: Words) -> Subject:
    """A natural person, born 1880–1899."""
    region = dice.pick(words.regions)
    id_number = citizen_number(region.identity, number, PERSONS)
    item: dict[str, Value] = {
        "name": words.person_name(number),
        "idNumber": id_number,
        "birthDate": birth_of(id_number),
        "sex": sex_of(id_number),
        "phone": phone(number),
        "email": f"person{number}@example.invalid",
        "address": address(dice, words, region),
        "provider": "POLICE",
        "batch": BATCH,
    }
    return Subject("person", SubjectClass.PERSON, item)


def identifier(
    kind: str, value: str, since: date, until: date | None = None, *, status: str = "VALID", conflicting: bool = False
) -> Item:
    """An item of kind ``identifier``; ``until`` makes it a historical one."""
    return {
        "kind": kind,
        "value": value,
        "codeStatus": status,
        "conflicting": conflicting,
        "validFrom": since,
        "validUntil": until,
    }


def phone(number: int) -> str:
    """A phone number in a block that no operator has given out (100…)."""
    return f"100{number % 100000000:08d}"


def address(dice: Dice, words: Words, region: Region) -> str:
    """An address in one of Baicheng's counties."""
    city = "" if region.name.endswith("市") else "白城市"
    return f"吉林省{city}{region.name}{dice.pick(words.streets)}{1 + dice.below(300)}号样例小区{1 + dice.below(30)}号楼"


def _registration(dice: Dice, number: int, words: Words, region: Region, today: date) -> dict[str, Value]:
    status = dice.pick(_STATUSES)
    return {
        "codeStatus": "VALID",
        "status": status,
        "region": region.code,
        "deregisteredOn": dice.before(today, 1, 180) if status == "DEREGISTERED" else None,
        "address": address(dice, words, region),
        "phone": phone(number + 50000000),
        "email": f"subject{number}@example.invalid",
        "legalRepresentative.name": words.person_name(number * 7 + 3),
        "legalRepresentative.idNumber": citizen_number(region.identity, number, REPRESENTATIVES),
        "legalRepresentative.phone": phone(number + 70000000),
        "batch": BATCH,
    }
