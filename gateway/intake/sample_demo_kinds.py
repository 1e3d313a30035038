"""The records of the demonstration set beside licenses and penalties: what is public, what is tied, what has ended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType

from gateway.intake.sample_demo import BATCH
from gateway.intake.sample_kinds import (
    commitment_item,
    honor_item,
    irregularity_item,
    judgment_item,
    listing_item,
    listing_release,
    rating_item,
    repair_item,
)
from gateway.intake.sample_records import Party
from gateway.intake.sample_rows import Record
from gateway.intake.sample_words import Words
from gateway.vault.rows import Item, Value

THIRD = "己巳六"  # an invented third person in reasons and merits


@dataclass(frozen=True, slots=True)
class One:
    """One record of the set: its kind, which pattern (its first column in ``seed/``), how many days ago."""

    kind: str
    pattern: str
    age: int
    change: Item = field(default_factory=dict)
    released: bool = False
    exited: int | None = None  # days ago


OF: Mapping[str, tuple[One, ...]] = MappingProxyType(
    {
        "ENTERPRISE": (
            One("listing", "重大税收违法失信主体名单", 200, released=True),
            One("listing", "拖欠农民工工资失信联合惩戒对象名单", 900, exited=30),
            One("listing", "重点关注名单", 60, {"disclosure": "GOV_SHARED"}),
            One("irregularity", "ANNUAL_REPORT", 140),
            One("irregularity", "UNREACHABLE", 500, exited=100),
            One("rating", "TAX-A", 150, {"grade": "A", "score": Decimal("93.5")}),
            One("rating", "ECOLOGY", 600, {"grade": "环保良好"}),  # lapsed
            One("rating", "LABOR", 120, {"grade": "B"}),
            One("rating", "RISK", 90, {"grade": "B"}),  # its deciding organ only
            One("commitment", "VOLUNTARY", 70, {"performance": "NOT_DUE"}),
            One("honor", "守合同重信用企业", 300),
            One("judgment", "买卖合同纠纷", 250, {"amount": Decimal("12.5")}),
            One("repair", "样例罚字〔演示〕修复", 20),
        ),
        "INDIVIDUAL": (
            One("listing", "市场监督管理严重违法失信名单", 160, released=True),
            One("irregularity", "ANNUAL_REPORT", 130),
            One("rating", "TAX", 140, {"grade": "B", "score": Decimal("81")}),
            One("commitment", "APPROVAL_SUBSTITUTE", 90, {"performance": "FULFILLED"}),
            One("honor", "诚信示范单位", 310),
            One("judgment", "劳动争议", 210, {"amount": Decimal("1.2")}),
        ),
        "CITIZEN": (
            One("listing", "失信被执行人名单", 170),
            One("commitment", "PROOF_SUBSTITUTE", 110, {"performance": "FULFILLED"}),
            One("honor", "道德模范", 320),
            One("judgment", "民间借贷纠纷", 240, {"amount": Decimal("3.4")}),
            One("repair", "样例罚字〔演示〕个人修复", 25),
        ),
        "ORGANIZATION": (
            One("rating", "SOCIAL", 100, {"grade": "4A"}),
            One("honor", "诚信示范单位", 330),
        ),
    }
)


def kind_records(handle: str, party: Party, words: Words, today: date) -> Iterator[Record]:
    """The records of one subject of the set; days are counted back from ``today``."""
    for number, one in enumerate(OF.get(handle, ()), 1):
        decided = today - timedelta(days=one.age)
        item = _item(one, party, words, f"演示{handle[:3]}-{number}", decided)
        if one.exited is not None:
            reason = "FULFILLED" if one.kind == "irregularity" else "REPAIRED"
            item |= {"exitedOn": today - timedelta(days=one.exited), "exitReason": reason}
        yield Record(one.kind, {**item, **one.change, "batch": BATCH})


def _item(one: One, party: Party, words: Words, number: str, decided: date) -> dict[str, Value]:
    kinds = words.kinds
    match one.kind:
        case "listing":
            patterns = kinds.person_listings if party.personal else kinds.listings
            listing = next(each for each in patterns if each.list_name == one.pattern)
            item = listing_item(party, listing, number, decided, THIRD)
            return {**item, **listing_release(party, listing, decided)} if one.released else item
        case "irregularity":
            return irregularity_item(party, words.organs["MARKET"], number, decided, one.pattern)
        case "rating":
            scheme = next(each for each in kinds.schemes if each.code == one.pattern)
            return rating_item(party, scheme, decided, scheme.grades[0])
        case "commitment":
            form = next(each for each in kinds.commitments if each.form == one.pattern)
            return commitment_item(party, form, number, decided, "NOT_DUE")
        case "honor":
            honor = next(each for each in kinds.honors if each.title == one.pattern)
            return honor_item(party, honor, number, decided, THIRD)
        case "judgment":
            return judgment_item(party, kinds.court, number, decided, one.pattern)
        case _:
            return repair_item(party, words.organs["MARKET"], number, decided, one.pattern)
