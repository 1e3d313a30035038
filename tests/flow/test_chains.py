"""A month is closed: each person has a list of all that was asked about them, proved against the log, nothing told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from gateway.audit.chains import LEAST, ChainInvalid, length, parse, verify
from gateway.cli.main import main
from gateway.errors import BadInput
from gateway.intake.sample_demo import DEMO
from gateway.ledger import closing
from gateway.signing import NoteVerifier
from gateway.store.database import Connections
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import PUBLIC, Body, House, consented, opened

pytestmark = pytest.mark.anyio

MONTH = "2026-11"
CHAINS = """query($month: String!) { chains(month: $month) { month pseudonym place persons proof
  elements { hash blind origin index commitment }
  close { origin index commitment body salt proof checkpoint } } }"""


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path) as made:
        yield made


async def close(house: House, month: str = MONTH) -> tuple[int, bytes] | None:
    gateway = house.gateway
    now = house.clock.now() + timedelta(days=40)  # the month is over
    return await closing.close(
        house.connections.owner, gateway.log, house.settings.log_origin, gateway.vault, month, now
    )


def checked(house: House) -> list[tuple[str, str]]:
    with psycopg.connect(house.connections.owner) as connection:
        return list(closing.check(connection, house.settings.log_origin, house.vault))


async def chains(house: House, persona: str = "citizen", month: str = MONTH) -> list[Body]:
    found: list[Body] = (await house.data(persona, CHAINS, {"month": month}))["chains"]
    return found


def key(house: House, chain: Body) -> NoteVerifier:
    return NoteVerifier.parse(house.gateway.history.vkey(int(chain["close"]["origin"].rsplit("/", 1)[1])))


def opened_places(chain: Body) -> set[str]:
    return {one["index"] for one in chain["elements"] if one["index"] is not None}


async def asked(house: House, count: int) -> set[str]:
    """So many accesses to the citizen, shown and refused in turns; the places of their entries."""
    places = set()
    for number in range(count):
        access = consented(DEMO.consent_citizen) if number % 2 else None
        _, body = await house.ask("bank" if number % 2 else "agency", PERSON, {**CITIZEN, "access": access})
        places.add(str(body["extensions"]["receipt"]["index"]))
    return places


async def test_nothing_is_left_out_and_everything_is_proved(house: House) -> None:
    places = await asked(house, 5)
    found = await close(house)
    assert found is not None and found[0] > 1
    later = await asked(house, 1)  # belongs to the next month
    (chain,) = await chains(house)
    assert verify(chain, key(house, chain)) == (5, 0, LEAST - 5)
    assert opened_places(chain) == places and not later & opened_places(chain)
    assert checked(house) == [(MONTH, "")]
    assert await close(house) is None


async def test_who_was_never_asked_for_has_a_list_of_the_same_length(house: House) -> None:
    """Whether and how often somebody was asked for does not show in what everybody's list looks like."""
    await asked(house, 3)
    await close(house)
    rows = await house.sql("SELECT length FROM log_chain")
    ((persons,),) = await house.sql("SELECT count(*) FROM person")
    assert rows == [(LEAST,)] * persons


async def test_pads_are_opened_once_nothing_can_be_held_back_any_more(house: House) -> None:
    await asked(house, 2)
    await close(house)
    (chain,) = await chains(house)
    assert verify(chain, key(house, chain)) == (2, 0, LEAST - 2)
    await house.sql("UPDATE log_close SET closed_at = closed_at - interval '310 days'")
    (chain,) = await chains(house)
    assert verify(chain, key(house, chain)) == (2, LEAST - 2, 0)


async def test_a_list_that_was_tampered_with_is_found(house: House) -> None:
    await asked(house, 2)
    await close(house)
    (chain,) = await chains(house)
    verifier = key(house, chain)

    def changed(**members: Any) -> Body:
        return {**chain, **members}

    entry = next(at for at, one in enumerate(chain["elements"]) if one["index"] is not None)

    def with_element(**members: Any) -> list[Body]:
        made = [dict(one) for one in chain["elements"]]
        made[entry] |= members
        return made

    for wrong in (
        changed(elements=chain["elements"][1:]), changed(elements=chain["elements"][::-1]),
        changed(elements=with_element(index="999")), changed(elements=with_element(hash="A" * 43 + "=")),
        changed(elements=with_element(origin=None)), changed(pseudonym="0" * 32),
        changed(place=str(int(chain["place"]) ^ 1)),
        changed(month="2026-09"), changed(persons="1"), changed(proof=[]), changed(close={}), {},
        changed(elements=None),
        changed(close={**chain["close"], "body": chain["close"]["body"].replace(MONTH, "2026-09")}),
        changed(close={**chain["close"], "checkpoint": "x"}),
    ):  # fmt: skip
        with pytest.raises(ChainInvalid):
            verify(wrong, verifier)
    verify(chain, verifier)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DELETE FROM access WHERE clear = '{person.name}'", "lists are not those of the entries"),
        ("UPDATE log_chain SET head = sha256('x') WHERE place = 0", "the lists are not those whose root was closed"),
        ("DELETE FROM log_chain WHERE place = 0", "the lists are not those whose root was closed"),
        ("UPDATE log_entry SET body = '{}' WHERE body LIKE '%close%'", "the entry that closed it says something else"),
    ],
)
async def test_a_month_that_was_closed_wrongly_is_found(house: House, statement: str, text: str) -> None:
    await asked(house, 4)
    await close(house)
    await house.sql(statement.replace("%", "%%"))
    ((month, found),) = checked(house)
    assert month == MONTH and found.endswith(text)


async def test_months_are_closed_in_their_order_when_they_are_over(house: House) -> None:
    for month in ("2027-01", "2027-02", "2026-13", "x", ""):
        with pytest.raises(BadInput):
            await close(house, month)
    assert await close(house, "2026-10") is not None  # nothing was asked yet
    first = await asked(house, 1)
    house.clock.advance(timedelta(days=10))
    second = await asked(house, 1)  # in December, though November is not closed yet
    assert await close(house, "2026-11") is not None
    assert await close(house, "2026-12") is not None
    with pytest.raises(BadInput):
        await close(house, "2026-08")
    months = ("2026-10", "2026-11", "2026-12")
    found = [opened_places((await chains(house, month=month))[0]) for month in months]
    assert found == [set(), first, second]
    assert checked(house) == [(month, "") for month in months]


async def test_a_list_is_for_whom_it_is_about(house: House) -> None:
    await close(house)
    assert await chains(house, "enterprise-rep") == []
    for persona in ("bank", "auditor", "tax-officer", "handler", PUBLIC):  # whatever mandates somebody may have
        await house.sql("UPDATE mandate SET principal = 'bank-officer-1' WHERE principal = 'citizen-demo'")
        _, body = await house.ask(persona, CHAINS, {"month": MONTH})
        assert body["errors"][0]["message"].startswith("Cannot query field"), persona
        await house.sql("UPDATE mandate SET principal = 'citizen-demo' WHERE principal = 'bank-officer-1'")
    assert (await house.data("citizen", CHAINS, {"month": "2026-09"}))["chains"] is None
    _, body = await house.ask("citizen", CHAINS, {"month": "2026-9"})
    assert body["errors"][0]["message"] == "chains.month: must be a month, as 2026-10"
    await house.data("citizen", CHAINS, {"month": MONTH})
    (entry,) = await house.entries(1)
    assert entry["held"] == 1 and len(entry["subjects"]) == 1


async def test_a_mandate_that_ends_meanwhile_shows_no_list(house: House) -> None:
    await close(house)

    async def revoke() -> None:
        house.lanes.after = None
        await house.sql("UPDATE mandate SET revoked_at = now() WHERE principal = 'citizen-demo'")

    house.lanes.after = revoke
    _, body = await house.ask("citizen", CHAINS, {"month": MONTH})
    assert body["errors"][0]["extensions"]["code"] == "BASIS_LOST" and body["data"] is None


async def test_the_command_line_closes_checks_and_verifies(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice at once: one of them closes the month, the other finds it closed."""
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))
    house.clock.advance(-timedelta(days=60))  # September
    places = await asked(house, 3)
    house.clock.advance(timedelta(days=60))
    twice = [asyncio.to_thread(main, ["audit", "close", "--month", "2026-09"]) for _ in range(2)]
    assert await asyncio.gather(*twice) == [0, 0]
    said = capsys.readouterr().out
    assert said.count("2026-09 is closed: ") == said.count("2026-09 was closed before") == 1
    assert await asyncio.to_thread(main, ["audit", "close", "--check"]) == 0
    assert "2026-09: as the entries say" in capsys.readouterr().out
    _, body = await house.ask("citizen", CHAINS, {"month": "2026-09"})
    (chain,) = parse(orjson.dumps(body).decode())
    assert opened_places(chain) == places
    (tmp_path / "chains.json").write_bytes(orjson.dumps(body))
    vkey = house.gateway.history.vkey(int(body["data"]["chains"][0]["close"]["origin"].rsplit("/", 1)[1]))
    assert await asyncio.to_thread(main, ["audit", "verify-chains", str(tmp_path / "chains.json"), "--vkey", vkey]) == 0
    assert "2026-09: 3 entries, 0 proven pads, 5 not opened yet" in capsys.readouterr().out
    (tmp_path / "none.json").write_text("[1, {}]")
    assert await asyncio.to_thread(main, ["audit", "verify-chains", str(tmp_path / "none.json"), "--vkey", vkey]) == 1


def test_lengths_are_powers_of_two() -> None:
    assert [length(count) for count in (0, 1, 7, 8, 9, 16, 17, 1000)] == [8, 8, 8, 8, 16, 16, 32, 1024]
    assert timedelta(days=270) == 3 * timedelta(days=90)


async def test_a_body_that_was_lawfully_destroyed_stays_in_the_list(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That there was an access is proved still; of the closing entry's own body there is no proof without it."""
    monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(house.connections, role))

    async def destroy(index: int) -> int:
        shard = str(house.gateway.log.health.shard)
        words = ["audit", "destroy", shard, str(index), "--basis", "PIPL art. 47", "--by", "anna", "--by", "boris"]
        return await asyncio.to_thread(main, words)

    _, body = await house.ask("bank", PERSON, {**CITIZEN, "access": consented(DEMO.consent_citizen)})
    index = body["extensions"]["receipt"]["index"]
    await close(house)
    before = (await chains(house))[0]
    assert await destroy(index) == 0
    after = (await chains(house))[0]
    assert after["elements"] == before["elements"] and str(index) in opened_places(after)
    verify(parse(orjson.dumps({"data": {"chains": [after]}}).decode())[0], key(house, after))
    assert checked(house) == [(MONTH, "")]
    query = "{ viewer { accesses(first: 50) { nodes { index at institution outcome clear } } } }"
    nodes = (await house.data("citizen", query))["viewer"]["accesses"]["nodes"]
    (left,) = [one for one in nodes if one["index"] == str(index)]
    assert left["at"] and (left["institution"], left["outcome"], left["clear"]) == (None, None, None)
    assert await asyncio.to_thread(main, ["audit", "verify"]) == 0
    capsys.readouterr()
    assert await destroy(index) == 1
    assert "its body is gone already" in capsys.readouterr().err
    assert await destroy(10**19) == 1
    assert await destroy(int(after["close"]["index"])) == 0
    assert (await house.data("citizen", CHAINS, {"month": MONTH}))["chains"] is None
