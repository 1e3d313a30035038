"""The transparency report: counted from the entries of a closed month, and nothing in it tells of few."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.main import main
from gateway.ledger import closing
from gateway.ledger.report import LEAST, Count, suppressed
from gateway.store.database import Connections
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import PUBLIC, House, consented, opened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path) as made:
        yield made


async def test_it_counts_the_entries_of_its_month_and_can_be_made_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))
    access = consented("SQ-2026-0003")
    for _ in range(12):
        await house.ask("bank", PERSON, {**CITIZEN, "access": access})
    for _ in range(14):
        await house.ask(PUBLIC, "{ enterprises(first: 5) { nodes { name } } }")  # several subjects, one entry
    for _ in range(4):
        await house.ask(PUBLIC, "{ nothing }")
    await house.ask("agency", PERSON, CITIZEN)
    assert await asyncio.to_thread(main, ["audit", "report", "--month", "2026-11"]) == 1
    assert "month: is not closed" in capsys.readouterr().err
    now = house.clock.now() + timedelta(days=40)  # the month is over
    gateway = house.gateway
    closed = (gateway.log, house.settings.log_origin, gateway.vault, "2026-11", now)
    await closing.close(house.connections.owner, *closed)
    await gateway.log.checkpoint()
    await house.ask(PUBLIC, "{ viewer { role } }")  # of the next month
    assert await asyncio.to_thread(main, ["audit", "report", "--month", "2026-11"]) == 0
    text = capsys.readouterr().out
    told = json.loads(text)
    counts = {(one["role"], *one["purposes"], one["outcome"], one["about"]): one["entries"] for one in told["counts"]}
    assert counts == {("public", "DISCLOSED", ""): 14}  # of three others not even that there are three
    assert told["untold"] == 17
    ((first, end),) = told["entries"].values()
    assert (first, end) == (0, 31) and len(told["checkpoints"]) == 1
    (tmp_path / "report.json").write_text(text)
    assert await asyncio.to_thread(main, ["audit", "report", "--check", str(tmp_path / "report.json")]) == 0
    assert "2026-11: as the log says" in capsys.readouterr().out
    (tmp_path / "false.json").write_text(text.replace('"entries": 14', '"entries": 15'))
    assert await asyncio.to_thread(main, ["audit", "report", "--check", str(tmp_path / "false.json")]) == 1
    assert "2026-11: counts differ" in capsys.readouterr().out
    (tmp_path / "none.json").write_text("[]")
    assert await asyncio.to_thread(main, ["audit", "report", "--check", str(tmp_path / "none.json")]) == 1


@given(sizes=st.lists(st.integers(1, 30), max_size=12))
def test_what_is_not_told_cannot_be_worked_out_from_the_sum(sizes: list[int]) -> None:
    """The sum of all is public: so the untold are none, or two at least that together are not few."""
    shown = suppressed([Count("r", (), "o", str(at), size) for at, size in enumerate(sizes)])
    untold = [size for size, one in zip(sizes, shown, strict=True) if one.entries is None]
    assert all(one.entries is None or one.entries == size >= LEAST for size, one in zip(sizes, shown, strict=True))
    if untold and len(untold) < len(sizes):
        assert len(untold) >= 2 and sum(untold) >= LEAST
    if min(sizes, default=LEAST) >= LEAST:
        assert not untold
