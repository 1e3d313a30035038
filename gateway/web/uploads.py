"""Files over HTTP: POST /evidence/<case> with the file as the body, GET /evidence/<file>; straight on ASGI.

What is refused is refused in GraphQL's shape. A body of which the rest is not wanted is not read: the answer ends the
connection, after a moment in which clients that read no answer before they have sent all can come to it (a connection
closed on unread bytes is reset, and the answer with it).
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from email.message import EmailMessage
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from gateway import reply
from gateway.assemble import Running
from gateway.errors import (
    Fault,
    GatewayError,
    InternalError,
    MalformedRequest,
    Overloaded,
    UnsupportedCoding,
    UnsupportedMediaType,
)
from gateway.evidence.add import add
from gateway.evidence.offer import Offer
from gateway.evidence.read import File, read
from gateway.pipeline import Reply
from gateway.rights.formats import MEDIA_TYPES
from gateway.web.media import JSON

PATH = "/evidence/{id}"
MOST_AT_ONCE = 16  # uploads in a process; each has a piece or two in memory
_LENGTH_DIGITS = 19
_REFUSED = 400  # and above
_LINGER_BYTES, _LINGER_SECONDS = 1 << 20, 1.0  # of a refused file that are still taken from the wire

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
Told: TypeAlias = Callable[[Scope, GatewayError], RawHeaders]

_JSON: Mapping[bytes, bytes] = MappingProxyType(
    {b"content-type": f"{JSON}; charset=utf-8".encode(), b"cache-control": b"no-store"}
)
_TAKEN = ", ".join(MEDIA_TYPES).encode()

_logger = logging.getLogger("gateway.web")


class Uploads:
    """Both methods of the address, straight on ASGI."""

    def __init__(self, running: Callable[[], Running], told: Told) -> None:
        """``running`` gives the gateway; ``told`` counts what never became somebody's, and gives headers for it."""
        self._running = running
        self._told = told
        self._open = 0  # uploads that come now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        body = _Body(receive)
        more: RawHeaders = []
        try:
            found = await self._answer(scope, body)
        except GatewayError as error:
            more = self._told(scope, error)
            found = Reply(error.status, reply.refused(error, None, has_data=False))
        except Exception:
            _logger.exception("unforeseen")
            found = Reply(InternalError.status, reply.refused(InternalError(), None, has_data=False))
        if isinstance(found, File):
            await _hand_out(found, send)
            return
        if found.status == UnsupportedMediaType.status and not more:
            more = [(b"accept", _TAKEN)]
        cut = scope["method"] == "POST" and found.status >= _REFUSED and not body.ended
        if cut:
            more = [*more, (b"connection", b"close")]
        headers = [*_JSON.items(), (b"content-length", b"%d" % len(found.body)), *more]
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body, "more_body": cut})
        if cut:
            await body.linger()
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, body: "_Body") -> Reply | File:
        gateway, id = self._running().gateway, scope["path_params"]["id"]
        authorization = _header(scope, b"authorization")
        if scope["method"] != "POST":  # HEAD is a GET whose body the server leaves out
            return await read(gateway, authorization, id)
        coding = _header(scope, b"content-encoding")
        if coding is not None and coding.strip().lower() not in ("", "identity"):
            raise UnsupportedCoding(Fault((), "Content-Encoding must be identity: the body is not unpacked"))
        if self._open >= MOST_AT_ONCE:
            raise Overloaded
        self._open += 1
        try:
            return await add(gateway, _offer(scope, body.chunks(), authorization, id))
        finally:
            self._open -= 1


class _Body:
    """The body of a request as it comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False  # there is nothing more to come

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it. Raises MalformedRequest if the connection ends before it does."""
        while not self.ended:
            message = await self._receive()
            self.ended = not message.get("more_body", False)
            if message["type"] == "http.disconnect":
                raise MalformedRequest(Fault((), "the connection closed before the file was complete"))
            if message.get("body"):
                yield message["body"]

    async def linger(self) -> None:
        """Take some more of it from the wire, for nothing."""
        left = _LINGER_BYTES
        with contextlib.suppress(TimeoutError, MalformedRequest):
            async with asyncio.timeout(_LINGER_SECONDS):
                async for chunk in self.chunks():
                    left -= len(chunk)
                    if left < 0:
                        return


def _offer(scope: Scope, content: AsyncIterator[bytes], authorization: str | None, id: str) -> Offer:
    length = _header(scope, b"content-length")
    declared = int(length[:_LENGTH_DIGITS]) if length is not None and length.isascii() and length.isdecimal() else None
    media_type, key = _header(scope, b"content-type"), _header(scope, b"idempotency-key")
    return Offer(authorization, id, media_type, _name(scope), declared, key, content)


def _header(scope: Scope, name: bytes) -> str | None:
    found = [value.decode("latin-1") for known, value in scope["headers"] if known == name]
    return ", ".join(found) if found else None


def _name(scope: Scope) -> str | None:
    """The file name of Content-Disposition (RFC 6266), the last part of a path; many clients send plain UTF-8."""
    text = _header(scope, b"content-disposition")
    if text is None:
        return None
    with contextlib.suppress(UnicodeDecodeError):  # then it is Latin-1
        text = text.encode("latin-1").decode()
    message = EmailMessage()
    message["Content-Disposition"] = text
    name = message.get_filename()
    return None if name is None else name.replace("\\", "/").rpartition("/")[2]


async def _hand_out(file: File, send: Send) -> None:
    """Send a file, a piece at a time. If a piece fails the connection ends early, and Content-Length tells."""
    plain = f"evidence{file.format.suffix}"
    named = quote(file.name or plain, safe="")
    headers = [
        (b"content-type", file.format.media_type.encode()),
        (b"content-length", b"%d" % file.size),
        (b"content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{named}".encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox; default-src 'none'"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        async for piece in file.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except GatewayError as error:
        _logger.error("a file could not be handed out whole: %s", error.code, exc_info=error)
        return  # the server sees that the answer is not complete, and closes the connection
    await send({"type": "http.response.body", "body": b""})
