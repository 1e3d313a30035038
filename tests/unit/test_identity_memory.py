"""Tokens remembered: until they end, under the keys that verified them, in bounded room, never by themselves."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import pytest

from gateway.errors import Unauthenticated
from gateway.identity import verifier as module
from gateway.identity.keys import Key, KeySet
from gateway.identity.verifier import Verifier
from gateway.values import Role
from tests.unit.identity_bench import EXPECTED, KEYS, Desk, Hands, claims, token

pytestmark = pytest.mark.anyio


@dataclass
class Issuer:
    """A key source in the test's hands, which counts how often a key is asked for a signature."""

    keys: KeySet = KEYS
    looks: int = 0
    next: KeySet | None = None

    async def current(self) -> KeySet:
        return self.keys

    async def look_again(self) -> KeySet:
        self.looks += 1
        self.keys = self.next or self.keys
        return self.keys


@dataclass
class Signatures:
    """Counts the signatures checked."""

    checked: list[str] = field(default_factory=list)


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Signatures:
    counted = Signatures()
    real = Key.verifies

    def verifies(self: Key, signature: bytes, message: bytes) -> bool:
        counted.checked.append(self.kid)
        return real(self, signature, message)

    monkeypatch.setattr(Key, "verifies", verifies)
    return counted


async def expired(desk: Desk, header: str) -> None:
    with pytest.raises(Unauthenticated, match="UNAUTHENTICATED") as caught:
        await desk.verifier.verify(header)
    assert caught.value.reason == "the token has expired"


async def test_a_signature_is_checked_once(signatures: Signatures) -> None:
    desk = Desk()
    header = f"Bearer {token()}"
    first = await desk.verifier.verify(header)
    assert [await desk.verifier.verify(header) for _ in range(5)] == [first] * 5
    assert signatures.checked == ["ed"]


async def test_the_memory_does_not_hold_the_token() -> None:
    desk = Desk()
    made = token()
    await desk.verifier.verify(f"Bearer {made}")
    assert made not in repr(vars(desk.verifier))
    assert all(len(digest) == 32 for digest in desk.verifier._memory)


async def test_a_remembered_token_ends_at_its_time() -> None:
    desk = Desk()
    header = f"Bearer {token()}"
    await desk.verifier.verify(header)
    desk.hands.pass_by(3599)
    assert (await desk.verifier.verify(header)).role is Role.FINANCIAL
    desk.hands.pass_by(1)
    await expired(desk, header)


async def test_setting_the_wall_clock_back_revives_nothing() -> None:
    desk = Desk()
    header = f"Bearer {token()}"
    await desk.verifier.verify(header)
    desk.hands.pass_by(3600)
    await expired(desk, header)
    desk.hands.wall -= timedelta(seconds=1800)
    await expired(desk, header)


async def test_a_wall_clock_that_stands_still_does_not_prolong() -> None:
    desk = Desk()
    header = f"Bearer {token()}"
    await desk.verifier.verify(header)
    desk.hands.stop_watch += 3600
    await expired(desk, header)


async def test_a_wall_clock_that_leaps_ends_at_once_and_for_good() -> None:
    desk = Desk()
    header = f"Bearer {token()}"
    await desk.verifier.verify(header)
    desk.hands.wall += timedelta(seconds=3600)
    await expired(desk, header)
    desk.hands.wall -= timedelta(seconds=3600)
    await expired(desk, header)  # and for good


async def test_an_ended_token_stays_ended_under_new_keys() -> None:
    issuer, hands = Issuer(), Hands()
    desk = Desk(hands)
    desk.verifier = Verifier(issuer, EXPECTED, hands)
    header = f"Bearer {token()}"
    await desk.verifier.verify(header)
    hands.pass_by(3600)
    await expired(desk, header)
    issuer.keys = KeySet("next", KEYS.keys)
    hands.wall -= timedelta(seconds=3600)
    await expired(desk, header)


async def test_a_key_taken_out_ends_its_tokens(signatures: Signatures) -> None:
    issuer, hands = Issuer(), Hands()
    verifier = Verifier(issuer, EXPECTED, hands)
    header = f"Bearer {token()}"
    await verifier.verify(header)
    issuer.keys = KeySet("next", MappingProxyType({kid: key for kid, key in KEYS.keys.items() if kid != "ed"}))
    with pytest.raises(Unauthenticated):
        await verifier.verify(header)
    issuer.keys = KeySet("and another", KEYS.keys)
    assert (await verifier.verify(header)).role is Role.FINANCIAL
    assert signatures.checked == ["ed", "ed"]


async def test_an_unknown_key_is_looked_for_once() -> None:
    fewer = KeySet("old", MappingProxyType({"rsa": KEYS.keys["rsa"]}))
    issuer = Issuer(fewer)
    verifier = Verifier(issuer, EXPECTED, Hands())
    header = f"Bearer {token()}"
    with pytest.raises(Unauthenticated):
        await verifier.verify(header)
    assert issuer.looks == 1
    issuer.next = KEYS
    assert (await verifier.verify(header)).role is Role.FINANCIAL
    assert issuer.looks == 2


async def test_the_memory_is_bounded_and_forgets_the_least_used(signatures: Signatures) -> None:
    desk = Desk(remembered=3)
    headers = [f"Bearer {token(claims(jti=f't-{number}'))}" for number in range(4)]
    for header in (*headers[:3], headers[0], headers[3], headers[0]):
        await desk.verifier.verify(header)
    assert len(desk.verifier._memory) == 3
    assert len(signatures.checked) == 4
    await desk.verifier.verify(headers[1])  # the least used was forgotten
    assert len(signatures.checked) == 5


async def test_invalid_tokens_take_no_room() -> None:
    desk = Desk()
    for number in range(10):
        with pytest.raises(Unauthenticated):
            await desk.verifier.verify(f"Bearer {token(claims(jti=f't-{number}', exp=1))}")
    assert len(desk.verifier._memory) == 0
    assert module.REMEMBERED >= 1000
