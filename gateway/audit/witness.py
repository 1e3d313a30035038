"""Witnesses (C2SP tlog-witness): they are shown every published checkpoint and sign that it continues the one before.

A log that showed different trees to different people would have to find witnesses that sign both. What is published is
a checkpoint with whatever they answered in time: who reads it decides how many of them are enough.
"""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gateway.audit.cosignature import Cosigner
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.errors import Fault, GatewayError, InternalError, NotFound
from gateway.signing import NoteInvalid

PERIOD = 10.0  # seconds between publications, if the tree has grown
PATIENCE = 5.0  # seconds for one witness
_MOST_ANSWERED = 16_384  # bytes of an answer
_SIZE = "text/x.tlog.size"

_logger = logging.getLogger("gateway.audit.witness")


class WitnessesRefused(InternalError):
    """The list of witnesses cannot be used; the gateway does not start."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its key, and its submission prefix."""

    cosigner: Cosigner
    url: str


def witnesses_of(path: Path | None) -> tuple[Witness, ...]:
    """The witnesses in a file: a vkey and a URL, one witness a line; ``#`` begins a remark. Raises WitnessesRefused."""
    if path is None:
        return ()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WitnessesRefused(Fault((path.name,), f"cannot be read: {type(error).__name__}")) from None
    found: dict[str, Witness] = {}
    faults: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].split()
        if not text:
            continue
        try:
            one = _witness(text)
            if one.cosigner.name in found:
                raise NoteInvalid("this name stands here once")
            found[one.cosigner.name] = one
        except NoteInvalid as error:
            faults.append(Fault((path.name, number), str(error)))
    if not found and not faults:
        faults.append(Fault((path.name, 1), "names no witness"))
    if faults:
        raise WitnessesRefused(*faults)
    return tuple(found.values())


def _witness(words: Sequence[str]) -> Witness:
    if len(words) != 2:
        raise NoteInvalid("a line has a vkey and a URL")
    try:
        parts = urlsplit(words[1])
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username and not parts.query
    except ValueError:
        good = False
    if not good:
        raise NoteInvalid("the URL must be http or https, with neither password nor query")
    return Witness(Cosigner.parse(words[0]), words[1].rstrip("/"))


class Publisher:
    """Shows the checkpoints of this process to the witnesses and publishes them. Owned by one task."""

    def __init__(self, witnesses: Sequence[Witness], log: Log, history: History) -> None:
        self._witnesses = witnesses
        self._log = log
        self._history = history
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False)
        self._known: dict[tuple[str, int], int] = {}  # what a witness signed last of a shard
        self._done: tuple[int, int] | None = None  # shard and size that were published last

    async def run(self) -> None:
        """Publish every now and then, until canceled; then a last time."""
        try:
            while True:
                await self._publish_or_say()
                await asyncio.sleep(PERIOD)
        finally:
            with contextlib.suppress(GatewayError):
                await self.publish()
            await self._client.aclose()

    async def publish(self) -> int:
        """Publish the tree as it is now, unless it was; how many witnesses signed. Raises LogUnavailable."""
        shard = self._log.shard
        if shard is None:
            return 0
        signed = await self._log.checkpoint()
        size = int(signed.split("\n", 2)[1])
        if self._done == (shard.number, size):
            return 0
        asked = [self._cosigned(one, shard.number, size, signed) for one in self._witnesses]
        lines = [line for line in await asyncio.gather(*asked) if line]
        if self._log.shard is not shard:  # lost meanwhile: these are words about another tree
            return 0
        await self._log.published(size, "".join(lines))
        self._done = (shard.number, size)
        return len(lines)

    async def _publish_or_say(self) -> None:
        try:
            await self.publish()
        except GatewayError as error:
            _logger.warning("no checkpoint could be published: %s", error.code)

    async def _cosigned(self, witness: Witness, shard: int, size: int, signed: str) -> str:
        """The line of one witness; empty, and said, if it gives none."""
        name, key = witness.cosigner.name, (witness.cosigner.name, shard)
        try:
            response = await self._submit(witness, shard, self._known.get(key, 0), size, signed)
            if response.status_code == 409 and response.headers.get("content-type", "").startswith(_SIZE):
                known = _size(response)
                if known > size:
                    _logger.error("witness %s has seen %d entries of shard %d, which has %d", name, known, shard, size)
                    return ""
                response = await self._submit(witness, shard, known, size, signed)
            if response.status_code != 200:
                raise NoteInvalid(f"it answered {response.status_code}")
            _, line = witness.cosigner.cosigned(signed + response.text)
        except (httpx.HTTPError, NoteInvalid, NotFound) as error:
            _logger.warning("witness %s did not sign shard %d at %d: %s", name, shard, size, error)
            self._known.pop(key, None)
            return ""
        self._known[key] = size
        return line

    async def _submit(self, witness: Witness, shard: int, old: int, size: int, signed: str) -> httpx.Response:
        proof = await self._history.consistency(shard, old, size)
        lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
        body = f"old {old}\n{lines}\n{signed}"
        async with self._client.stream("POST", f"{witness.url}/add-checkpoint", content=body.encode()) as response:
            answer = b""
            async for part in response.aiter_bytes():
                answer += part
                if len(answer) > _MOST_ANSWERED:
                    raise NoteInvalid("its answer is too long")
        return httpx.Response(response.status_code, headers=response.headers, content=answer)


def _size(response: httpx.Response) -> int:
    text = response.text.removesuffix("\n")
    if not (text.isascii() and text.isdigit()):
        raise NoteInvalid("it names no size")
    return int(text)
