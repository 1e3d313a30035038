"""Any mix of group sizes, restarts and lost answers leaves a log without gap or doublet whose tree re-derives."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.log import Log
from gateway.errors import LogUnavailable
from gateway.store.database import Connections
from gateway.values import Receipt
from tests.flow.log_bench import Bench, accepting, entry, query

steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 300)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("kill"), st.integers(1, 5)),
        st.tuples(st.just("claim"), st.integers(1, 5)),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12)
@given(steps=steps)
def test_the_log_is_what_its_receipts_say(database: Connections, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_play(Bench(database), steps))


async def _play(bench: Bench, steps: list[tuple[str, int]]) -> None:
    log = await bench.open()
    receipts: dict[str, int] = {}
    tried: set[str] = set()
    for at, (step, count) in enumerate([*steps, ("append", 1)]):
        if step == "restart":
            await log.close()
            log = await bench.open()
        names = [f"{at}-{number}" for number in range(count)]
        tasks = [asyncio.create_task(log.append(entry(name))) for name in names]
        if step == "kill" and log.shard is not None:
            await query(bench.database.log, "SELECT pg_terminate_backend(%s, 60000)", log.shard.backend)
        if step == "claim":
            await query(bench.database.log, "SELECT claim_shard(%s)", bench.shard)
        for name, result in zip(names, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
            tried.add(name)
            if isinstance(result, Receipt):
                receipts[name] = result.index
            else:
                assert isinstance(result, LogUnavailable)
        await _settle(log)
    stored = await bench.names()
    assert len(set(stored)) == len(stored)
    assert set(stored) <= tried
    assert all(stored[index] == name for name, index in receipts.items())
    await log.close()


async def _settle(log: Log) -> None:
    """Until the log knows where it stands: a dead connection is noticed when the loop comes round to it."""
    for _ in range(20):
        await asyncio.sleep(0)
    await accepting(log)
