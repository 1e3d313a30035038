"""Keys from a file and from a URL: renewed in time, never lost by a failure, never fetched too often."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.errors import KeysUnavailable
from gateway.identity import sources
from gateway.identity.keys import MOST_BYTES, KeysInvalid
from gateway.identity.sources import LOOK_EVERY, PAUSE, PERIOD, FileKeys, UrlKeys
from tests.harness import PATIENCE, until
from tests.processes import reserved_port
from tests.unit.identity_bench import EC, ED, Hands, jwk, jwks

pytestmark = pytest.mark.anyio

FIRST = jwks(jwk(ED, kid="first", alg="EdDSA"))
SECOND = jwks(jwk(EC, kid="second", alg="ES256"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch has all the time that a busy machine needs."""
    monkeypatch.setattr(sources, "TIMEOUT", PATIENCE)


def replace(path: Path, document: bytes) -> None:
    aside = path.with_suffix(".new")
    aside.write_bytes(document)
    os.replace(aside, path)


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path, hands = tmp_path / "jwks.json", Hands()
    path.write_bytes(FIRST)
    keys = FileKeys(path, hands)
    before = await keys.current()
    replace(path, SECOND)
    hands.pass_by(LOOK_EVERY / 2)
    assert await keys.current() is before is await keys.look_again()
    hands.pass_by(LOOK_EVERY / 2)
    assert list((await keys.current()).keys) == ["second"]
    assert (await keys.current()).generation != before.generation


async def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path, hands = tmp_path / "jwks.json", Hands()
    path.write_bytes(FIRST)
    keys = FileKeys(path, hands)
    before = await keys.current()
    hands.pass_by(100)
    assert await keys.current() is before


async def test_a_bad_file_keeps_the_last_good_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, hands = tmp_path / "jwks.json", Hands()
    path.write_bytes(FIRST)
    keys = FileKeys(path, hands)
    for damage in (b"", b"{}", b"x" * (MOST_BYTES + 1)):
        replace(path, damage)
        hands.pass_by(LOOK_EVERY)
        assert list((await keys.current()).keys) == ["first"]
    path.unlink()
    for _ in range(3):
        hands.pass_by(LOOK_EVERY)
        assert list((await keys.current()).keys) == ["first"]
    assert len(caplog.records) == 4  # each state once, however often it is looked at
    assert str(tmp_path) not in caplog.text
    replace(path, SECOND)
    hands.pass_by(LOOK_EVERY)
    assert list((await keys.current()).keys) == ["second"]


def test_a_file_must_be_good_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        FileKeys(tmp_path / "none", Hands())
    (tmp_path / "bad").write_bytes(b"{}")
    with pytest.raises(KeysInvalid):
        FileKeys(tmp_path / "bad", Hands())


@dataclass
class Issuer:
    """A token issuer's web server on this machine: answers every request with ``answer`` and counts them."""

    answer: bytes = b""
    asked: list[bytes] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    drops: asyncio.Event | None = None  # set: answer without end, and say here when the gateway hangs up
    pause: float = 0.0  # seconds between two pieces of an answer without end

    def publish(self, document: bytes, status: str = "200 OK", headers: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(document)}\r\nconnection: close\r\n{headers}\r\n"
        self.answer = head.encode() + document

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError:  # the gateway was out of time before it could ask
            writer.close()
            return
        await self.hold.wait()
        try:
            writer.write(self.answer)
            await writer.drain()
            while self.drops is not None:
                writer.write(b" " * 10)
                await writer.drain()
                await asyncio.sleep(self.pause)
        except ConnectionError:
            pass  # the gateway hung up, as it does when there is too much
        if self.drops is not None:
            self.drops.set()
        writer.close()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    made.hold.set()
    made.publish(FIRST)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with server:
        yield made


async def settle() -> None:
    """Let a fetch in the background finish."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if "_renew" in repr(task.get_coro()):
            await task


async def test_keys_are_fetched_once_for_many(issuer: Issuer) -> None:
    keys = UrlKeys(issuer.url, Hands())
    found = await asyncio.gather(*(keys.current() for _ in range(20)))
    assert {tuple(one.keys) for one in found} == {("first",)}
    assert len(issuer.asked) == 1
    assert b"accept-encoding: identity" in issuer.asked[0].lower()


async def test_keys_are_renewed_after_ten_minutes_behind_the_answers(issuer: Issuer) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    before = await keys.current()
    issuer.publish(SECOND)
    hands.pass_by(PERIOD - 1)
    assert await keys.current() is before
    assert len(issuer.asked) == 1
    hands.pass_by(1)
    issuer.hold.clear()
    assert await keys.current() is before  # nobody waits for the fetch
    issuer.hold.set()
    await settle()
    assert list((await keys.current()).keys) == ["second"]
    assert len(issuer.asked) == 2


async def test_after_a_long_rest_the_keys_are_waited_for(issuer: Issuer) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    await keys.current()
    issuer.publish(SECOND)
    hands.pass_by(2 * PERIOD)
    assert list((await keys.current()).keys) == ["second"]


async def test_unchanged_keys_stay_the_same_generation(issuer: Issuer) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    before = await keys.current()
    hands.pass_by(2 * PERIOD)
    assert await keys.current() is before
    assert len(issuer.asked) == 2


async def test_an_unknown_key_is_looked_for_at_most_twice_a_minute(issuer: Issuer) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    await keys.current()
    issuer.publish(SECOND)
    assert list((await keys.look_again()).keys) == ["first"]
    hands.pass_by(PAUSE - 1)
    assert list((await keys.look_again()).keys) == ["first"]
    assert len(issuer.asked) == 1
    hands.pass_by(1)
    found = await asyncio.gather(*(keys.look_again() for _ in range(10)))
    assert {tuple(one.keys) for one in found} == {("second",)}
    assert len(issuer.asked) == 2


@pytest.mark.parametrize(
    ("document", "status", "headers"),
    [
        (SECOND, "500 Internal Server Error", ""),
        (SECOND, "404 Not Found", ""),
        (SECOND, "204 No Content", ""),
        (SECOND, "302 Found", "location: /elsewhere\r\n"),
        (SECOND, "203 Non-Authoritative Information", ""),
        (b"<html>", "200 OK", ""),
        (b'{"keys":[]}', "200 OK", ""),
        (SECOND + b" " * MOST_BYTES, "200 OK", ""),
        (b" " * 8_000_000, "200 OK", ""),
        (SECOND, "200 OK", "content-encoding: gzip\r\n"),
    ],
)
async def test_a_failed_fetch_keeps_the_last_good_keys(
    issuer: Issuer, document: bytes, status: str, headers: str
) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    await keys.current()
    issuer.publish(document, status, headers)
    hands.pass_by(2 * PERIOD)
    expected = ["second"] if "gzip" in headers else ["first"]  # what is not compressed is not unpacked either
    assert list((await keys.current()).keys) == expected
    assert len(issuer.asked) == 2  # a redirect is not followed


async def test_without_any_keys_nobody_is_identified_and_it_is_tried_again(issuer: Issuer) -> None:
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    issuer.publish(b"", "503 Service Unavailable")
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await keys.current()
        with pytest.raises(KeysUnavailable):
            await keys.look_again()
    assert len(issuer.asked) == 1
    hands.pass_by(PAUSE)
    issuer.publish(FIRST)
    assert list((await keys.current()).keys) == ["first"]


async def test_an_issuer_that_is_not_there(unused_port: int) -> None:
    with pytest.raises(KeysUnavailable):
        await UrlKeys(f"http://127.0.0.1:{unused_port}/jwks", Hands()).current()


@pytest.fixture
def unused_port() -> Iterator[int]:
    with reserved_port() as held:
        yield held.getsockname()[1]


async def test_an_answer_that_is_too_long_is_cut(issuer: Issuer) -> None:
    issuer.publish(SECOND)
    issuer.answer = issuer.answer.replace(b"content-length", b"x-nothing")
    issuer.drops = asyncio.Event()
    with pytest.raises(KeysUnavailable):
        await UrlKeys(issuer.url, Hands()).current()
    await until("the gateway hangs up", issuer.drops.is_set)


async def test_an_answer_that_drips_is_cut(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take hours to be too long; the time allowed is only as much as it takes to ask."""
    issuer.publish(SECOND)
    issuer.answer = issuer.answer.replace(b"content-length", b"x-nothing")
    issuer.drops, issuer.pause = asyncio.Event(), 0.5
    hands = Hands()
    keys = UrlKeys(issuer.url, hands)
    for allowed in (0.3, 1.0, 3.0, 10.0, 30.0):
        monkeypatch.setattr(sources, "TIMEOUT", allowed)
        with pytest.raises(KeysUnavailable):
            await keys.current()
        if issuer.asked:
            break
        hands.pass_by(PAUSE)
    await until("the gateway hangs up", issuer.drops.is_set)


@pytest.mark.parametrize("first_goes", [True, False])
async def test_one_caller_that_goes_away_does_not_stop_the_others(issuer: Issuer, first_goes: bool) -> None:
    keys = UrlKeys(issuer.url, Hands())
    issuer.hold.clear()
    waiting = [asyncio.create_task(keys.current()) for _ in range(2)]
    gone, staying = waiting if first_goes else reversed(waiting)
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    issuer.hold.set()
    assert list((await staying).keys) == ["first"]
    assert len(issuer.asked) == 1
