"""Invented listings, irregularities, ratings, commitments, honors, judgments and repairs."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from gateway.intake.sample_dice import Dice
from gateway.intake.sample_kind_words import Commitment as CommitmentWords
from gateway.intake.sample_kind_words import Honor, Listing, Scheme
from gateway.intake.sample_records import PERSON_TERM, Party, organ_item, received
from gateway.intake.sample_rows import Record, released
from gateway.intake.sample_subjects import BATCH
from gateway.intake.sample_words import Words
from gateway.intake.seed_files import Organ
from gateway.vault.rows import Item, Value

Maker: TypeAlias = Callable[[Dice, str, Party, Words, date], Record]

_REPAIRED = ("ACTIVE",) * 8 + ("REPAIRED", "CORRECTED")
_LEVELS = ("PUBLIC",) * 18 + ("GOV_SHARED", "INTERNAL")
_PERSONAL = ("AUTHORIZED",) * 14 + ("GOV_SHARED",) * 5 + ("INTERNAL",)
_CAUSES = ("ANNUAL_REPORT", "ANNUAL_REPORT", "UNREACHABLE", "ORDERED_DISCLOSURE", "FALSE_DISCLOSURE")
_FULFILLED = ("FULFILLED",) * 6 + ("NOT_DUE",) * 3 + ("PARTLY_FULFILLED", "NOT_FULFILLED")


def listing_item(party: Party, pattern: Listing, number: str, decided: date, third: str) -> dict[str, Value]:
    """The fields of a listing; its texts are not yet released."""
    negative = pattern.nature == "SERIOUS_BREACH"
    return {
        **_base(party, pattern.organ, decided, negative=negative),
        "nature": pattern.nature,
        "listName": pattern.list_name,
        "documentNumber": f"样例列字〔{decided.year}〕{number}号",
        "reason": pattern.reason.format(party=party.name, third=third),
        "legalBasis": pattern.basis,
        "measures": pattern.measures,
        "noticedOn": decided - timedelta(days=20) if negative else None,
        "hearing": "当事人未提出陈述申辩意见。" if negative else None,
        "decidedOn": decided,
        "termEndsOn": decided + timedelta(days=365 * pattern.years),
        "repairNoticeOn": decided if negative else None,
        "responsiblePersons": None if party.personal or not negative else party.item.get("representativeName"),
        "officialSite": "http://zxgk.court.example.invalid/" if pattern.organ.provider == "COURT" else None,
        "publishedUntil": None if party.personal else decided + timedelta(days=365 * pattern.years),
    }


def listing_release(party: Party, pattern: Listing, decided: date) -> Item:
    """The texts of a listing with the names taken out."""
    at, by = received(decided), pattern.organ.provider
    return released("reason", pattern.reason.format(party="当事人", third="某人"), at, by)


def irregularity_item(party: Party, organ: Organ, number: str, decided: date, cause: str) -> dict[str, Value]:
    """The fields of an entry as irregular."""
    individual = party.item["subjectKind"] == "INDIVIDUAL_BUSINESS"
    return {
        **_base(party, organ, decided, negative=True),
        "register": "INDIVIDUAL_BUSINESS" if individual else "ENTERPRISE",
        "documentNumber": f"样例异字〔{decided.year}〕{number}号",
        "cause": cause,
        "reason": "未在规定期限内公示年度报告。" if cause == "ANNUAL_REPORT" else "经查与登记或公示情况不符。",
        "legalBasis": "《企业信息公示暂行条例》第十七条",
        "decidedOn": decided,
    }


def rating_item(party: Party, scheme: Scheme, decided: date, grade: str) -> dict[str, Value]:
    """The fields of a rating of the year before."""
    return {
        **_base(party, scheme.organ, decided, negative=False),
        "scheme": scheme.code,
        "minor": not scheme.published,
        "year": str(decided.year - 1),
        "grade": grade,
        "decidedOn": decided,
        "validFrom": decided,
        "validUntil": decided + timedelta(days=365),
        "appeal": "NONE",
        "disclosure": scheme.disclosure,
    }


def commitment_item(
    party: Party, pattern: CommitmentWords, number: str, signed: date, performance: str
) -> dict[str, Value]:
    """The fields of a commitment."""
    return {
        **_base(party, pattern.organ, signed, negative=False),
        "form": pattern.form,
        "documentNumber": f"样例诺字〔{signed.year}〕{number}号",
        "matter": pattern.matter,
        "template": "样例范本1",
        "text": f"{party.name}承诺：所提供材料真实，愿承担相应责任（虚构）。",
        "signedBy": party.name if party.personal else party.item.get("representativeName"),
        "signedOn": signed,
        "termEndsOn": signed + timedelta(days=180),
        "performance": performance,
        "checkedOn": None if performance == "NOT_DUE" else signed + timedelta(days=150),
        "consequence": pattern.consequence,
    }


def honor_item(party: Party, pattern: Honor, number: str, decided: date, third: str) -> dict[str, Value]:
    """The fields of an honor."""
    return {
        **_base(party, pattern.organ, decided, negative=False),
        "title": pattern.title,
        "level": pattern.level,
        "documentNumber": f"样例誉字〔{decided.year}〕{number}号",
        "merits": pattern.merits.format(party=party.name, third=third),
        "noticedFrom": decided - timedelta(days=12),
        "noticedUntil": decided - timedelta(days=5),
        "decidedOn": decided,
        "endsOn": decided + timedelta(days=730),
    }


def judgment_item(party: Party, organ: Organ, number: str, decided: date, cause: str) -> dict[str, Value]:
    """The fields of a case of enforcement."""
    return {
        **_base(party, organ, decided, negative=True),
        "documentNumber": f"（{decided.year}）样例执{number}号",
        "titleNumber": f"（{decided.year}）样例民初{number}号",
        "cause": cause,
        "decidedOn": decided,
        "performance": "NOT_PERFORMED",
        "officialSite": "http://zxgk.court.example.invalid/",
    }


def repair_item(party: Party, organ: Organ, number: str, decided: date, repaired: str) -> dict[str, Value]:
    """The fields of a repair that was granted; ``repaired`` is the number of the document whose record it is about."""
    return {
        **_base(party, organ, decided, negative=False),
        "form": "END_OF_PUBLICATION",
        "documentNumber": f"样例修字〔{decided.year}〕{number}号",
        "repairedDocumentNumber": repaired,
        "appliedOn": decided - timedelta(days=9),
        "acceptedOn": decided - timedelta(days=7),
        "decidedOn": decided,
        "outcome": "GRANTED",
        "reason": f"{party.name}已履行全部义务，最短公示期已满。",
        "publicationEndedOn": decided,
        "sharingEndedOn": decided,
        "measuresEndedOn": decided,
        "disclosure": "AUTHORIZED",
    }


def _listing(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    pattern = dice.pick(words.kinds.person_listings if party.personal else words.kinds.listings)
    decided = dice.before(today, 20, 1200)
    item = listing_item(party, pattern, number, decided, words.person_name(dice.below(1000)))
    item |= {"status": dice.pick(_REPAIRED), "disclosure": _level(dice, party)}
    if dice.chance(15):
        item |= {"exitedOn": dice.before(today, 0, 15), "exitReason": "REPAIRED"}
    if dice.chance(60):
        item |= listing_release(party, pattern, decided)
    return Record("listing", item)


def _irregularity(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    decided = dice.before(today, 20, 900)
    item = irregularity_item(party, words.organs["MARKET"], number, decided, dice.pick(_CAUSES))
    if dice.chance(40):
        item |= {"exitedOn": dice.before(today, 0, 19), "exitReason": "FULFILLED"}
    return Record("irregularity", item | {"disclosure": _level(dice, party)})


def _rating(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    scheme = dice.pick(words.kinds.schemes)
    item = rating_item(party, scheme, dice.before(today, 20, 800), dice.pick(scheme.grades))
    item["score"] = Decimal(4000 + dice.below(6000)) / 100 if dice.chance(50) else None
    return Record("rating", item)


def _commitment(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    pattern, signed = dice.pick(words.kinds.commitments), dice.before(today, 5, 700)
    item = commitment_item(party, pattern, number, signed, dice.pick(_FULFILLED))
    return Record("commitment", item | {"disclosure": _level(dice, party)})


def _honor(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    pattern, decided = dice.pick(words.kinds.honors), dice.before(today, 20, 1000)
    item = honor_item(party, pattern, number, decided, words.person_name(dice.below(1000)))
    return Record("honor", item | {"disclosure": _level(dice, party)})


def _judgment(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    decided = dice.before(today, 20, 900)
    item = judgment_item(party, words.kinds.court, number, decided, dice.pick(words.kinds.causes))
    item["amount"] = Decimal(1 + dice.below(500000)) / 100
    return Record("judgment", item | {"disclosure": _level(dice, party)})


def _repair(dice: Dice, number: str, party: Party, words: Words, today: date) -> Record:
    decided = dice.before(today, 20, 500)
    item = repair_item(party, words.organs["MARKET"], number, decided, f"样例罚字〔{decided.year - 1}〕{number}号")
    return Record("repair", item)


def _level(dice: Dice, party: Party) -> str:
    return dice.pick(_PERSONAL if party.personal else _LEVELS)


# By the name of the kind; persons have none of the last two.
MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        "listing": _listing,
        "commitment": _commitment,
        "honor": _honor,
        "judgment": _judgment,
        "repair": _repair,
        "irregularity": _irregularity,
        "rating": _rating,
    }
)
BODIES_ONLY = frozenset({"irregularity", "rating"})


def _base(party: Party, organ: Organ, decided: date, *, negative: bool) -> dict[str, Value]:
    """What every record has; a person's negative item is kept five years (Reg. 631 art. 16)."""
    return {
        "subjectName": party.item["subjectName"],
        "subjectUscc": party.item.get("subjectUscc"),
        **organ_item(organ),
        "receivedAt": received(decided),
        "status": "ACTIVE",
        "disclosure": "AUTHORIZED" if party.personal else "PUBLIC",
        "retained_until": decided + timedelta(days=PERSON_TERM) if party.personal and negative else None,
        "batch": BATCH,
    }
