"""No sequence of calls brings a case where its table does not lead; of decisions at once one counts."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from gateway.rights.states import CLOSED, TABLES, CaseKind, State, Step, after
from gateway.store.database import Connections
from tests.flow.casework import document, more_penalties, newest, of_market, step
from tests.harness import Body, House, opened, stored

pytestmark = pytest.mark.anyio

# Every call that moves a case: who makes it, and the step that it is.
CALLS: tuple[tuple[str, str, Step, dict[str, str]], ...] = (
    ("handler", "acceptCase", Step.ACCEPT, {}),
    ("handler", "declineCase", Step.DECLINE, {"reason": "不符合条件。"}),
    ("handler", "requestSupplement", Step.REQUEST_SUPPLEMENT, {"request": "请补充。"}),
    ("enterprise-rep", "supplementCase", Step.SUPPLEMENT, {"text": "补充。"}),
    ("handler", "answerCase", Step.ANSWER, {"answer": "经查。"}),
    ("handler", "decideCase", Step.DECIDE, {"outcome": "KEPT", "decision": "维持。"}),
    ("enterprise-rep", "withdrawCase", Step.WITHDRAW, {}),
)


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        await more_penalties(made)
        yield made
        await stored(made.connections)


async def state_of(house: House) -> tuple[str, list[tuple[str, str]]]:
    """The state of the newest case, and the steps and states of its file."""
    ((number, state),) = await house.sql('SELECT id, state FROM "case" ORDER BY id DESC LIMIT 1')
    return state, await house.sql("SELECT step, state FROM case_event WHERE case_id = %s ORDER BY number", number)


async def tried(house: House, persona: str, name: str, given: dict[str, str]) -> Body:
    return (await house.ask(persona, document(name), given))[1]


@pytest.mark.parametrize("seed", range(6))
async def test_no_sequence_of_calls_reaches_an_undeclared_state(house: House, seed: int) -> None:
    """Every answer is a step of the table, or a conflict that changes nothing; what is closed stays closed."""
    dice = random.Random(seed)
    record = (await of_market(house))[0]
    filed = await step(house, "enterprise-rep", "fileObjection", record=record["id"], claim="有误。")
    ids = {"enterprise-rep": filed["id"], "handler": (await newest(house, "handler", "OBJECTION"))["id"]}
    state, taken_up = State.ROUTED, False
    for _ in range(14):
        persona, name, taken, given = dice.choice(CALLS)
        body = await tried(house, persona, name, {"case": ids[persona], **given})
        wanted = after(CaseKind.OBJECTION, state, taken)
        if body["data"] is not None:
            assert wanted is not None and body["data"][name]["state"] == wanted, (state, name)
            state = wanted
            taken_up = taken_up or taken in (Step.ACCEPT, Step.REQUEST_SUPPLEMENT)
        else:
            code = body["errors"][0]["extensions"]["code"]
            # Once it is closed, only who had taken it is told how it stands.
            closed = state in CLOSED and persona == "handler" and not taken_up
            assert wanted is None or closed, (state, name, body)
            assert code == ("BAD_USER_INPUT" if closed else "CASE_STATE_CONFLICT"), (state, name, body)
        now, events = await state_of(house)
        assert now == state
    found: State | None = None
    for told, at in events:
        found = after(CaseKind.OBJECTION, found, Step(told))
        assert found is not None and found == at
    assert found in TABLES[CaseKind.OBJECTION].values()


async def test_of_decisions_at_once_one_counts_and_the_others_conflict(house: House) -> None:
    record = (await of_market(house))[0]
    given = {"record": record["id"], "field": "fine", "claim": "有误。"}
    await step(house, "enterprise-rep", "fileObjection", **given)
    case = (await newest(house, "handler", "OBJECTION"))["id"]
    await step(house, "handler", "acceptCase", case=case)
    decisions = [
        {"case": case, "outcome": "CORRECTED", "decision": f"更正为 {at}。", "value": f"0.{at}"} for at in range(1, 7)
    ]
    bodies = await asyncio.gather(*[tried(house, "handler", "decideCase", one) for one in decisions])
    won = [at for at, body in enumerate(bodies) if body["data"] is not None]
    assert len(won) == 1
    codes = {body["errors"][0]["extensions"]["code"] for body in bodies if body["data"] is None}
    assert codes <= {"CASE_STATE_CONFLICT", "BAD_USER_INPUT", "OVERLOADED"}
    ((version, fine),) = await house.sql(
        "SELECT version, fine FROM penalty WHERE document_number = %s", record["documentNumber"]
    )
    assert (version, float(fine)) == (2, float(decisions[won[0]]["value"]))
    ((count,),) = await house.sql("SELECT count(*) FROM record_change WHERE what = 'CORRECTED'")
    assert count == 1
