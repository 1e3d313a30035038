"""A death and a take-over are entered by two people, are entries of the log, and end or suspend consents at once."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import BadInput
from gateway.intake.sample_demo import DEMO
from gateway.ledger.parties import Word, end, merge
from gateway.store.database import Connections
from tests.flow.documents import CITIZEN, PERSON
from tests.harness import TODAY, House, consented, opened

pytestmark = pytest.mark.anyio

WORD = Word("白城市民函〔2026〕3号", ("甲", "乙"))
STATE = "query($number: String!) { consents(filter: {number: $number}) { nodes { state } } }"


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        yield made


async def shown(house: House) -> bool:
    """Whether the bank is shown the citizen by its consent."""
    given = {**CITIZEN, "access": consented(DEMO.consent_citizen)}
    return (await house.data("bank", PERSON, given))["person"] is not None


async def state(house: House) -> str:
    found = await house.data("bank", STATE, {"number": DEMO.consent_citizen})
    return str(found["consents"]["nodes"][0]["state"])


async def test_a_death_ends_consents(house: House) -> None:
    assert await shown(house)
    what = "DEAD", DEMO.citizen_id_number, TODAY - timedelta(days=2)
    await end(house.connections.owner, house.gateway.log, house.vault, what, WORD, house.clock.now())
    assert (await state(house), await shown(house)) == ("ENDED", False)
    (entry,) = [one for one in await house.entries(6) if "party" in one]
    assert entry["party"]["relation"] == "DEAD" and entry["party"]["by"] == ["甲", "乙"]
    assert len(entry["subjects"]) == 1 and DEMO.citizen_id_number not in str(entry)
    with pytest.raises(BadInput):
        await end(house.connections.owner, house.gateway.log, house.vault, what, WORD, house.clock.now())


async def test_a_take_over_suspends_consents(house: House) -> None:
    assert await shown(house)
    await merge(house.connections.owner, house.gateway.log, ("bank-demo", "agency-demo"), WORD, house.clock.now())
    assert (await state(house), await shown(house)) == ("SUSPENDED", False)
    with pytest.raises(BadInput):
        await merge(house.connections.owner, house.gateway.log, ("bank-demo", "agency-demo"), WORD, house.clock.now())


async def test_what_is_wrong_is_told_at_once_and_changes_nothing(house: House) -> None:
    count = await house.entry_count()
    alone = Word("", ("甲", "甲 "))
    with pytest.raises(BadInput) as found:
        await end(
            house.connections.owner, house.gateway.log, house.vault,
            ("DEAD", "22230118900517991X", TODAY + timedelta(days=1)), alone, house.clock.now(),
        )  # fmt: skip
    assert {fault.path for fault in found.value.faults} == {("by",), ("source",), ("about",), ("since",)}
    with pytest.raises(BadInput) as found:
        await merge(house.connections.owner, house.gateway.log, ("nobody", "nobody"), alone, house.clock.now())
    assert {fault.path for fault in found.value.faults} == {("by",), ("source",), ("old",), ("new",)}
    assert await house.entry_count() == count
