"""A report that lacks something: its reporter, who has no name, is told by the claim code."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.database import Connections
from tests.flow.casework import newest, refused, step
from tests.harness import House, opened, stored

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made
        await stored(made.connections)


async def test_a_reporter_is_told_what_is_asked_for(house: House) -> None:
    """While it is, the clocks stand, so no deadline is told; a closed report takes nothing more."""
    code = (await step(house, "public", "fileReport", against={"department": "MARKET"}, facts="擅自查询。"))[
        "claimCode"
    ]
    told = await newest(house, "desk", "REPORT")
    before = await step(house, "public", "followReport", claimCode=code)
    assert before["deadline"]["on"] and before["request"] is None
    await step(house, "desk", "requestSupplement", case=told["id"], request="请说明时间。")
    followed = await step(house, "public", "followReport", claimCode=code)
    assert (followed["state"], followed["request"]) == ("SUPPLEMENT_REQUESTED", "请说明时间。")
    assert (followed["deadline"], followed["rule"], followed["decision"]) == (None, None, None)
    followed = await step(house, "public", "followReport", claimCode=code, text="上月。")
    assert followed["state"] != "SUPPLEMENT_REQUESTED" and followed["request"] is None
    assert followed["deadline"]["on"] >= before["deadline"]["on"]
    await step(house, "desk", "acceptCase", case=told["id"])
    await step(house, "desk", "decideCase", case=told["id"], outcome="NOT_UPHELD", decision="不属实。")
    status, reason, message = await refused(house, "public", "followReport", claimCode=code, text="再补充。")
    assert (status, reason) == (409, "CASE_STATE_CONFLICT")
    assert "followReport" in message and "supplementCase" not in message
    followed = await step(house, "public", "followReport", claimCode=code)
    assert (followed["state"], followed["request"], followed["deadline"]) == ("DECIDED", None, None)
