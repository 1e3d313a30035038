"""Bearer token → Caller. No header is the public caller; everything else that is not a valid token is a 401.

Verified tokens are remembered until they end, by the SHA-256 of the token and the generation of the key set, so that a
key taken out of the set ends its tokens too. The end is looked at on every use, on two clocks: the wall clock, and a
stop watch started at the verification. A token found to have ended leaves a mark in its place, so that setting the wall
clock back does not bring it to life again; a mark lasts until the cache needs its room or the process ends. A token
that was never seen before is judged by the wall clock alone, which is why the clock of a gateway must be kept in step.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace

from gateway.clock import Clock
from gateway.errors import Unauthenticated
from gateway.identity.bearer import Token, bearer, take_apart
from gateway.identity.claims import Expected, caller_of
from gateway.identity.keys import Key, KeySet
from gateway.identity.sources import KeySource
from gateway.identity.strict import NotStrict, json_object
from gateway.values import Caller, Role

REMEMBERED = 10_000  # tokens; about 1 KB each

PUBLIC = Caller(Role.PUBLIC)


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was found valid; ``caller`` is None once it has ended."""

    caller: Caller | None
    generation: str
    ends: float  # Unix time
    deadline: float  # on the monotonic clock


class Verifier:
    """Who asks. One per process; used from one event loop, which owns the memory of tokens."""

    def __init__(self, keys: KeySource, expected: Expected, clock: Clock, remembered: int = REMEMBERED) -> None:
        self._keys = keys
        self._expected = expected
        self._clock = clock
        self._most = remembered
        self._memory: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, authorization: str | None) -> Caller:
        """The caller an Authorization header proves; ``None`` (no header) is the public.

        Raises Unauthenticated for every header that is not one valid token, KeysUnavailable if no key was ever read.
        """
        if authorization is None:
            return PUBLIC
        text = bearer(authorization)
        keys = await self._keys.current()
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        known = self._memory.get(digest)
        if known is not None:
            caller = self._still(digest, known)
            if known.generation == keys.generation:
                return caller
        return await self._verify(text, digest, keys)

    def _still(self, digest: bytes, known: _Verified) -> Caller:
        """The caller of a token verified before. Raises Unauthenticated, now and from now on, if it has ended."""
        self._memory.move_to_end(digest)
        over = self._clock.now().timestamp() >= known.ends or self._clock.monotonic() >= known.deadline
        if known.caller is None or over:
            self._memory[digest] = replace(known, caller=None)
            raise Unauthenticated("the token has expired")
        return known.caller

    async def _verify(self, text: str, digest: bytes, keys: KeySet) -> Caller:
        token = take_apart(text)
        if token.kid not in keys.keys:
            keys = await self._keys.look_again()
        _check_signature(token, keys.keys.get(token.kid))
        try:
            claims = json_object(token.payload)
        except NotStrict as error:
            raise Unauthenticated(f"the token is malformed: {error}") from None
        now = self._clock.now().timestamp()
        caller, ends = caller_of(claims, self._expected, now)
        self._remember(digest, _Verified(caller, keys.generation, ends, self._clock.monotonic() + ends - now))
        return caller

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._memory[digest] = verified
        self._memory.move_to_end(digest)
        while len(self._memory) > self._most:
            self._memory.popitem(last=False)


def _check_signature(token: Token, key: Key | None) -> None:
    if key is None:
        raise Unauthenticated("kid is not a known key")
    if token.algorithm != key.algorithm:
        raise Unauthenticated("alg is not the algorithm of this key")
    if not key.verifies(token.signature, token.message):
        raise Unauthenticated("the signature is not valid")
