"""What a department holds back is shown later: under two grounds in law, approved by somebody else, and it ends."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.audit.chains import LEAST, verify
from gateway.cli.main import main
from gateway.errors import BadInput
from gateway.intake.sample_demo import DEMO
from gateway.ledger import closing, delays
from gateway.ledger.delays import Delay
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from tests.flow.test_chains import CHAINS, opened_places
from tests.harness import Body, House, audit, opened

pytestmark = pytest.mark.anyio

QUERY = """query($id: String!, $name: String!, $access: Access) {
  person(by: {idNumber: $id, name: $name}, access: $access) { name } }"""
MATTER = "税稽〔2026〕0001号"
GIVEN = {
    "id": DEMO.citizen_id_number,
    "name": DEMO.citizen_name,
    "access": {
        "purpose": "PUBLIC_DUTY",
        "matter": {"number": MATTER, "kind": "SUPERVISION", "basis": "税收征收管理法 art. 54"},
    },
}
DELAY = Delay("TAX", MATTER, "OBSTRUCTS_DUTY", "tax-officer-1", "head-of-tax", 90)


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path) as made:
        with psycopg.connect(made.connections.owner) as connection:
            delays.mark(connection, "TAX", "city government 2026-3", made.clock.now() - timedelta(days=400))
        yield made


async def begin(house: House, **changes: Any) -> int:
    return await delays.begin(house.connections.owner, house.gateway.log, replace(DELAY, **changes), house.clock.now())


async def look(house: House) -> str:
    """The tax officer asks for the citizen; the place of the entry."""
    _, body = await house.ask("tax-officer", QUERY, GIVEN)
    assert "errors" not in body
    return str(body["extensions"]["receipt"]["index"])


async def seen(house: House) -> set[str]:
    """The places of the tax office's accesses that the citizen is shown."""
    query = '{ viewer { accesses(first: 100, filter: {unit: "TAX"}) { nodes { index } } } }'
    nodes = (await house.data("citizen", query))["viewer"]["accesses"]["nodes"]
    return {one["index"] for one in nodes}


async def test_what_is_held_back_is_shown_when_it_ends_by_itself(house: House) -> None:
    before = await look(house)
    house.clock.advance(timedelta(minutes=1))
    await begin(house, days=30)
    house.clock.advance(timedelta(minutes=1))
    held = await look(house)
    assert await seen(house) == {before}  # what was asked before is not held back
    receipt = """query($o: String!, $i: String!, $access: Access) {
      receipt(origin: $o, index: $i, access: $access) { leaf entry { institution } } }"""
    place = {"o": house.gateway.history.origin(house.gateway.log.health.shard or 0), "i": held}
    assert (await house.data("citizen", receipt, place))["receipt"]["entry"] is None
    assert (await house.data("auditor", receipt, {**place, "access": audit()}))["receipt"][
        "entry"
    ] is not None  # never from an auditor
    house.clock.advance(timedelta(days=30))
    assert await seen(house) == {before, held}


async def test_it_is_renewed_twice_and_no_more(house: House) -> None:
    number = await begin(house)
    house.clock.advance(timedelta(minutes=1))
    held = await look(house)
    who = ("tax-officer-1", "head-of-tax")
    for _ in range(2):
        house.clock.advance(timedelta(days=89))
        renewed = await delays.renew(house.connections.owner, house.gateway.log, number, *who, 90, house.clock.now())
        with pytest.raises(BadInput):  # one renewal of each
            await delays.renew(house.connections.owner, house.gateway.log, number, *who, 90, house.clock.now())
        number = renewed
        house.clock.advance(timedelta(minutes=1))
        assert await seen(house) == set()
    with pytest.raises(BadInput) as refused:
        await delays.renew(house.connections.owner, house.gateway.log, number, *who, 90, house.clock.now())
    assert [fault.rule for fault in refused.value.faults] == [
        "it can be renewed in its last 14 days",
        "it was renewed twice, which is the most",
    ]
    house.clock.advance(timedelta(days=92))
    assert await seen(house) == {held}
    with pytest.raises(BadInput):  # over is over
        await delays.renew(house.connections.owner, house.gateway.log, number, *who, 90, house.clock.now())


async def test_it_can_be_ended_at_once(house: House) -> None:
    number = await begin(house)
    house.clock.advance(timedelta(minutes=1))
    held = await look(house)
    assert await seen(house) == set()
    with psycopg.connect(house.connections.owner) as connection:
        assert delays.end(connection, number, house.clock.now())
        assert not delays.end(connection, number, house.clock.now())
    assert await seen(house) == {held}


async def test_the_end_of_one_is_the_end_of_all_its_renewals(house: House) -> None:
    first = number = await begin(house)
    house.clock.advance(timedelta(minutes=1))
    held = await look(house)
    for days in (80, 90):
        house.clock.advance(timedelta(days=days))
        number = await delays.renew(
            house.connections.owner, house.gateway.log, number, "tax-officer-1", "head-of-tax", 90, house.clock.now()
        )
    assert await seen(house) == set()
    with psycopg.connect(house.connections.owner) as connection:
        assert delays.end(connection, first, house.clock.now())
    assert await seen(house) == {held}


async def test_it_holds_for_its_matter_and_department_and_never_for_the_approver(house: House) -> None:
    await begin(house, matter="another matter")
    await begin(house, approved_by="tax-officer-1", asked_by="somebody")
    house.clock.advance(timedelta(minutes=1))
    asked = await look(house)
    assert await seen(house) == {asked}


async def test_what_an_approver_asked_stays_shown_whoever_renews(house: House) -> None:
    number = await begin(house, approved_by="tax-officer-1", asked_by="somebody")
    house.clock.advance(timedelta(minutes=1))
    asked = await look(house)
    assert await seen(house) == {asked}
    house.clock.advance(timedelta(days=80))
    who = ("somebody", "head-of-tax")
    await delays.renew(house.connections.owner, house.gateway.log, number, *who, 90, house.clock.now())
    assert await seen(house) == {asked}
    answer: Body = (await house.http.get(f"http://127.0.0.1:{house.port}/log/delays")).json()
    assert sum(one["delays"] for one in answer["delays"]) == 2
    assert sum(one["running"] for one in answer["delays"]) == 1  # the first is counted by its renewal


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"basis": "BECAUSE"}, [("basis",)]), ({"matter": " "}, [("matter",)]), ({"days": 91}, [("days",)]),
        ({"days": 0}, [("days",)]), ({"approved_by": "tax-officer-1"}, [("approved_by",)]),
        ({"approved_by": ""}, [("approved_by",)]), ({"approved_by": " Tax-Officer-1 "}, [("approved_by",)]),
        ({"department": "MARKET"}, [("department",)]),
        ({"basis": "", "days": 400, "department": "x"}, [("basis",), ("days",), ("department",)]),
    ],
)  # fmt: skip
async def test_all_that_is_wrong_is_told_at_once(house: House, changes: dict[str, Any], places: list[Any]) -> None:
    with pytest.raises(BadInput) as refused:
        await begin(house, **changes)
    assert [fault.path for fault in refused.value.faults] == places
    assert await house.sql("SELECT count(*) FROM access_delay") == [(0,)]


async def test_the_database_holds_the_limits_too(house: House) -> None:
    """Whoever writes past the gateway: no longer term, no approver who asks, no third renewal."""
    number = await begin(house)
    for change in (
        "until = since + interval '91 days'", "approved_by = asked_by", "renewal = 3", "renewal = 1",
        "basis = 'BECAUSE'", "department = 'MARKET'", "renews = number",
    ):  # fmt: skip
        with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation)):
            await house.sql(f"UPDATE access_delay SET {change} WHERE number = %s", number)


async def test_a_list_of_a_month_does_not_tell_what_is_held_back(house: House) -> None:
    """The element is there, closed like a pad; it is opened with the access itself."""
    await begin(house)
    house.clock.advance(timedelta(minutes=1))
    held = await look(house)
    gateway = house.gateway
    closed = (gateway.log, house.settings.log_origin, gateway.vault, "2026-11", house.clock.now() + timedelta(days=40))
    assert await closing.close(house.connections.owner, *closed) is not None

    async def chain() -> tuple[tuple[int, int, int], set[str]]:
        (found,) = (await house.data("citizen", CHAINS, {"month": "2026-11"}))["chains"]
        shard = int(found["close"]["origin"].rsplit("/", 1)[1])
        return verify(found, NoteVerifier.parse(gateway.history.vkey(shard))), opened_places(found)

    assert await chain() == ((0, 0, LEAST), set())
    house.clock.advance(timedelta(days=91))
    assert await chain() == ((1, 0, LEAST - 1), {held})
    house.clock.advance(timedelta(days=271))
    assert await chain() == ((1, LEAST - 1, 0), {held})


async def test_each_is_an_entry_and_their_number_is_published(house: House) -> None:
    number = await begin(house)
    (entry,) = await house.entries(1)
    assert (entry["delay"]["department"], entry["delay"]["approved_by"]) == ("TAX", "head-of-tax")
    answer: Body = (await house.http.get(f"http://127.0.0.1:{house.port}/log/delays")).json()
    told = {"department": "TAX", "source": "city government 2026-3", "year": "2026", "basis": "OBSTRUCTS_DUTY"}
    assert answer == {"delays": [{**told, "delays": 1, "running": 1}]}
    with psycopg.connect(house.connections.owner) as connection:
        delays.end(connection, number, house.clock.now())
    answer = (await house.http.get(f"http://127.0.0.1:{house.port}/log/delays")).json()
    assert answer == {"delays": [{**told, "delays": 1, "running": 0}]}


def test_the_command_line(
    new_database: Callable[[], Connections],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connections = new_database()
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(connections, role))
    with psycopg.connect(connections.owner) as owner:
        owner.execute("INSERT INTO department (code, name, region, valid_from) VALUES ('TAX', '税', '220800', now())")
    asked = ("audit", "delay", "--department", "TAX", "--matter", "M-1", "--basis", "SECRET_BY_LAW", "--asked-by", "a")
    assert main([*asked, "--approved-by", "b"]) == 1
    assert "department: is not marked as one that may hold accesses back" in capsys.readouterr().err
    assert main(["audit", "delay", "--department", "TAX", "--mark", "decision 1"]) == 0
    assert main(["audit", "delay", "--department", "TAX", "--mark", "decision 1"]) == 1
    assert main(["audit", "delay", "--department", "TAX", "--mark", " "]) == 1
    assert main([*asked, "--approved-by", "a"]) == 1
    assert main([*asked, "--approved-by", "b", "--days", "30"]) == 0
    assert "delay 1 holds for 30 days" in capsys.readouterr().out
    renewing = ["audit", "delay", "--renew", "1", "--asked-by", "a", "--approved-by", "b", "--days", "30"]
    assert main(renewing) == 1
    assert "number: it can be renewed in its last 14 days" in capsys.readouterr().err
    with psycopg.connect(connections.owner) as owner:
        owner.execute("UPDATE access_delay SET until = until - interval '20 days'")
    assert main(renewing) == 0
    assert main(["audit", "delay", "--renew", "7", "--asked-by", "a", "--approved-by", "b"]) == 1
    assert main(["audit", "delay", "--end", "1"]) == 0
    assert "delay 1 has ended" in capsys.readouterr().out
