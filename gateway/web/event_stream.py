"""GraphQL over server-sent events, distinct connections mode: POST with ``Accept: text/event-stream``.

A subscription is answered by a stream of ``next`` and a ``complete`` at its end. Anything else is answered as ever
where ``Accept`` allows that, and otherwise by a stream of one ``next``; what is refused before it is a stream has the
status and the body of any refusal.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive, Send

from gateway.assemble import Running
from gateway.errors import GatewayError
from gateway.events import Stream
from gateway.pipeline import Reply, Request, answer_to

SUBSCRIPTION = "subscription"  # the word without which a document holds none
PATIENCE = 30.0  # seconds for a reader to take what was sent

_HEADERS = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_BEAT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


async def streamed(running: Running, request: Request, receive: Receive, send: Send, *, only: bool) -> Reply | None:
    """Answer by a stream; a reply where none is needed. ``only``: the client takes nothing but streams.

    Raises what ``answer`` and ``Events.open`` raise.
    """
    caller = await running.gateway.verifier.verify(request.authorization)
    stream = await running.events.open(request, caller)
    if stream is not None:
        await _sent(running, stream, receive, send)
        return None
    reply = await answer_to(running.gateway, request, caller)
    if not only or reply.status != 200:
        return reply
    await _begin(send)
    await _send(send, _next(reply.body) + _COMPLETE, more=False)
    return None


async def _sent(running: Running, stream: Stream, receive: Receive, send: Send) -> None:
    leaving = asyncio.create_task(_left(receive, stream))
    try:
        await _begin(send)
        await _send(send, _BEAT)
        async for part in _parts(running.events.replies(stream)):
            await _send(send, part)
        await _send(send, _COMPLETE, more=False)
    except (TimeoutError, OSError):  # a reader that takes nothing; the connection ends with the answer
        return
    finally:
        running.events.close(stream)
        leaving.cancel()


async def _parts(replies: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Each reply as an event; an ended token, or a log that takes nothing, ends the stream."""
    try:
        async for body in replies:
            yield _next(body) if body else _BEAT
    except GatewayError:
        return


async def _left(receive: Receive, stream: Stream) -> None:
    """End the stream when its reader goes."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


async def _begin(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})


async def _send(send: Send, part: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": part, "more_body": more})


def _next(body: bytes) -> bytes:
    return b"event: next\ndata: %b\n\n" % body.replace(b"\n", b"\ndata: ")  # line ends stand between values only
