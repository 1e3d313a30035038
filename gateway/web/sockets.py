"""WebSocket at /graphql, subprotocol ``graphql-transport-ws`` and no other: subscriptions, and operations of any sort.

Who asks is proven by the ``authorization`` of ``connection_init`` or by the header of the request; cookies count for
nothing. Close codes are those of the protocol. Nothing that was begun is canceled: what nobody waits for any more is
finished and thrown away.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import orjson
from starlette.types import Message, Receive, Scope, Send

from gateway import reply
from gateway.assemble import Running
from gateway.errors import Fault, GatewayError, MalformedRequest, RequestError, Unauthenticated
from gateway.events import Stream
from gateway.pipeline import Request, answer_to
from gateway.values import Caller
from gateway.web.body import headers_of, parse
from gateway.web.diagnosis import TOO_DEEP

PROTOCOL = "graphql-transport-ws"
INIT = 3.0  # seconds until the first message must be there
PATIENCE = 30.0  # for a reader to take what was sent
CONNECTIONS = 1_000  # of a process
OPERATIONS = 20  # of one connection at a time
ID_LENGTH = 128
_REASON = 120  # bytes: a close frame holds 123


class Closed(Exception):
    """The connection ends, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Sockets:
    """Every WebSocket of the process."""

    def __init__(self, running: Callable[[], Running], max_body: int) -> None:
        self._running = running
        self._max_body = max_body
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: one connection from beginning to end."""
        await receive()  # websocket.connect
        fitting = PROTOCOL in scope.get("subprotocols", ())
        accepting: Message = {"type": "websocket.accept"}
        await send({**accepting, "subprotocol": PROTOCOL} if fitting else accepting)
        if not fitting:
            await _close(send, Closed(4406, "Subprotocol not acceptable"))
            return
        if self._open >= CONNECTIONS:
            await _close(send, Closed(1013, "Try again later"))
            return
        self._open += 1
        socket = _Socket(self._running(), scope, send, self._max_body)
        try:
            await socket.read(receive)
        except Closed as closed:
            socket.hush()
            await _close(send, closed)
        finally:
            self._open -= 1
            await socket.end()


class _Socket:
    """One connection."""

    def __init__(self, running: Running, scope: Scope, send: Send, max_body: int) -> None:
        self._running = running
        self._send = send
        self._max_body = max_body
        client = scope.get("client")
        self._address = client[0] if client else ""
        self._authorization = headers_of(scope).authorization
        self._caller: Caller | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}  # what the other side wants to know of
        self._running_tasks: set[asyncio.Task[None]] = set()  # and what it does not any more
        self._streams: dict[str, Stream] = {}
        self._ended = asyncio.Event()
        self._closing: Closed | None = None
        self._turn = asyncio.Lock()

    async def read(self, receive: Receive) -> None:
        """Read until the other side goes. Raises Closed."""
        try:
            async with asyncio.timeout(INIT):
                first = await receive()
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        message: Message | None = first
        while message is not None and message["type"] != "websocket.disconnect":
            await self._take(self._read(message))
            message = await self._next(receive)
        if self._closing is not None:
            raise self._closing

    def hush(self) -> None:
        """Say nothing more."""
        for id in list(self._tasks):
            self._forget(id)

    async def end(self) -> None:
        """Let go of everything; what is under way is finished."""
        self.hush()
        await asyncio.gather(*self._running_tasks, return_exceptions=True)

    async def _next(self, receive: Receive) -> Message | None:
        """The next message; None: an operation has found that the connection must end."""
        reading, ended = asyncio.ensure_future(receive()), asyncio.create_task(self._ended.wait())
        await asyncio.wait((reading, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if reading.done():
            return reading.result()
        reading.cancel()
        return None

    def _read(self, message: Message) -> Mapping[str, object]:
        text = message.get("text")
        if not isinstance(text, str) or len(text) > self._max_body:
            raise Closed(4400, "A message is a text, and not too long")
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closed(4400, "A message is JSON") from None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise Closed(4400, "A message is a JSON object with a type")
        if not isinstance(found.get("payload"), dict | None):
            raise Closed(4400, "A payload is a JSON object")
        return found

    async def _take(self, message: Mapping[str, object]) -> None:
        match message["type"]:
            case "connection_init":
                await self._init(message.get("payload"))
            case "ping":
                await self._say(b'{"type":"pong"}')
            case "pong":
                return
            case "subscribe":
                self._subscribe(message)
            case "complete":
                self._forget(self._id(message))
            case _:
                raise Closed(4400, "A message of this type is not known")

    async def _init(self, payload: object) -> None:
        if self._caller is not None:
            raise Closed(4429, "Too many initialisation requests")
        given = payload if isinstance(payload, dict) else {}
        said = given.get("authorization", given.get("Authorization"))
        if not isinstance(said, str | None):
            raise Closed(4400, "authorization is a text")
        if said is not None and self._authorization not in (None, said):
            raise Closed(4403, "Forbidden: header and payload name different tokens")
        self._authorization = self._authorization if said is None else said
        try:
            self._caller = await self._running.gateway.verifier.verify(self._authorization)
        except Unauthenticated as error:
            self._running.note(self._address, error.code)
            raise Closed(4403, f"Forbidden: {error.reason}") from None
        except GatewayError:
            raise Closed(1013, "Try again later") from None
        await self._say(b'{"type":"connection_ack"}')

    def _id(self, message: Mapping[str, object]) -> str:
        id = message.get("id")
        if not isinstance(id, str) or not 0 < len(id) <= ID_LENGTH:
            raise Closed(4400, f"An id has 1 to {ID_LENGTH} characters")
        return id

    def _subscribe(self, message: Mapping[str, object]) -> None:
        if self._caller is None:
            raise Closed(4401, "Unauthorized")
        id, payload = self._id(message), message.get("payload")
        if id in self._tasks:
            raise Closed(4409, f"Subscriber for {id} already exists")
        if len(self._tasks) >= OPERATIONS:
            raise Closed(4429, "Too many operations at once")
        if not isinstance(payload, dict):
            raise Closed(4400, "A payload is a JSON object")
        self._tasks[id] = task = asyncio.create_task(self._operation(id, payload, self._caller))
        self._running_tasks.add(task)
        task.add_done_callback(self._running_tasks.discard)

    def _forget(self, id: str) -> None:
        """The other side wants no more of it."""
        self._tasks.pop(id, None)
        stream = self._streams.pop(id, None)
        if stream is not None:
            stream.end()

    async def _operation(self, id: str, payload: Mapping[str, object], caller: Caller) -> None:
        """One operation to its end. Whatever fails here fails this operation, or ends the connection."""
        me = asyncio.current_task()
        try:
            try:
                request = parse(_body(payload), self._authorization)
                stream = await self._running.events.open(request, caller)
                if stream is None:
                    await self._answered(id, request, caller)
                else:
                    await self._streamed(id, stream)
            except Unauthenticated:
                self._finish(Closed(4403, "Forbidden: the token has ended"))
            except GatewayError as error:
                if isinstance(error, RequestError):
                    self._running.note(self._address, error.code)
                await self._error(id, reply.refused(error, None, has_data=False))
        except (TimeoutError, OSError):
            self._finish(Closed(1011, "Nothing is taken"))
        finally:
            if self._tasks.get(id) is me:
                self._forget(id)

    async def _answered(self, id: str, request: Request, caller: Caller) -> None:
        await self._running.gateway.verifier.verify(self._authorization)
        replied = await answer_to(self._running.gateway, request, caller)
        if replied.body.startswith(b'{"errors"') and b'"data":null' not in replied.body:
            await self._error(id, replied.body)
            return
        await self._speak(id, b"next", replied.body)
        await self._speak(id, b"complete")

    async def _streamed(self, id: str, stream: Stream) -> None:
        self._streams[id] = stream
        if id not in self._tasks:  # it was completed meanwhile
            stream.end()
        async for body in self._running.events.replies(stream):
            if body:
                await self._speak(id, b"next", body)
        await self._speak(id, b"complete")

    async def _error(self, id: str, body: bytes) -> None:
        await self._speak(id, b"error", orjson.dumps(orjson.loads(body)["errors"]))

    async def _speak(self, id: str, what: bytes, payload: bytes = b"") -> None:
        """Say something of an operation, if the other side still wants to know of it."""
        if self._tasks.get(id) is asyncio.current_task():
            more = b',"payload":%b' % payload if payload else b""
            await self._say(b'{"id":%b,"type":"%b"%b}' % (orjson.dumps(id), what, more))

    async def _say(self, text: bytes) -> None:
        async with asyncio.timeout(PATIENCE), self._turn:
            await self._send({"type": "websocket.send", "text": text.decode()})

    def _finish(self, closed: Closed) -> None:
        """End the connection; the first reason counts."""
        self._closing = self._closing or closed
        self._ended.set()


def _body(payload: Mapping[str, object]) -> bytes:
    """A payload as the body that it would be over HTTP. orjson reads deeper than it writes."""
    try:
        return orjson.dumps(payload)
    except orjson.JSONEncodeError:
        raise MalformedRequest(Fault(("payload",), TOO_DEEP)) from None


async def _close(send: Send, closed: Closed) -> None:
    reason = closed.reason.encode()[:_REASON].decode(errors="ignore")
    with contextlib.suppress(OSError):  # the other side has gone
        await send({"type": "websocket.close", "code": closed.code, "reason": reason})
