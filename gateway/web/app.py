"""The ASGI application: /graphql, /evidence, /schema/<role>.graphql, /log, /livez, /readyz.

Whatever is refused, anywhere, is refused in GraphQL's shape.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway import reply
from gateway.assemble import Running
from gateway.errors import (
    GatewayError,
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    RequestError,
    Unauthenticated,
    UnsupportedCoding,
    UnsupportedMediaType,
)
from gateway.pipeline import Gateway, answer
from gateway.web import uploads
from gateway.web.body import headers_of, parse, read
from gateway.web.event_stream import SUBSCRIPTION, streamed
from gateway.web.media import EVENTS, GRAPHQL, JSON, check_body, takes_events, wanted
from gateway.web.sockets import Sockets
from gateway.web.transparency import Transparency
from gateway.web.uploads import Uploads

_logger = logging.getLogger("gateway.web")

Start = Callable[[], Awaitable[Running]]
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

_CONTENT_TYPE: Mapping[str, tuple[bytes, bytes]] = MappingProxyType(
    {media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (JSON, GRAPHQL)}
)


class Application:
    """Starts the gateway with the server and answers on it; ``start`` is called once, inside the event loop."""

    def __init__(self, start: Start, max_body: int) -> None:
        self._start = start
        self._max_body = max_body
        self._running: Running | None = None
        self._graphql = _Posted(self)
        self._sockets = Sockets(lambda: self.running, max_body)
        self._others = Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=["POST"]),
                Route("/schema/{role}.graphql", self._schema, methods=["GET"]),
                Route("/livez", self._live, methods=["GET"]),
                Route("/readyz", self._ready, methods=["GET"]),
                *self._transparency(),
                Route(uploads.PATH, Uploads(lambda: self.running, self._noted), methods=["GET", "POST"]),
            ],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _elsewhere, GatewayError: _refused, Exception: _refused},
        )
        # A redirect would name the scheme and host that it believes to be asked by: behind a proxy, http and not https.
        self._others.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. What nearly every request asks for goes straight to its answer; the rest through Starlette's routes."""
        if scope["type"] == "http" and scope["path"] == "/graphql" and scope["method"] == "POST":
            await self._graphql(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == "/graphql":
            await self._sockets(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    @property
    def running(self) -> Running:
        """The gateway, once started."""
        if self._running is None:
            raise InternalError
        return self._running

    @property
    def max_body(self) -> int:
        """The largest body, in bytes."""
        return self._max_body

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self._running = await self._start()
        try:
            yield
        finally:
            await self._running.close()
            self._running = None

    def _transparency(self) -> list[Route]:
        def now() -> datetime:
            return self.running.gateway.clock.now()

        return Transparency(lambda: self.running.gateway.history, now).routes()

    def _noted(self, scope: Scope, error: GatewayError) -> RawHeaders:
        """Count what never became somebody's request; the headers that say what would be right."""
        if isinstance(error, RequestError | Unauthenticated):
            self.running.note(_address(scope), error.code)
        return _told(error)

    async def _schema(self, request: HttpRequest) -> Response:
        """The schema of one's own role; that of another is an address at which there is nothing.

        As text/plain, which every client can show: no registered type stands for SDL.
        """
        given = headers_of(request.scope)
        try:
            text = await _schema_of(self.running.gateway, given.authorization, request.path_params["role"])
        except Unauthenticated as error:
            self.running.note(_address(request.scope), error.code)  # counted wherever a token is tried
            raise
        told = {
            "cache-control": "private, no-cache",
            "vary": "authorization",
            "etag": f'"{sha256(text.encode()).hexdigest()}"',
        }
        if request.headers.get("if-none-match") == told["etag"]:
            return Response(status_code=304, headers=told)
        return Response(f"{text}\n", headers=told, media_type="text/plain")

    async def _live(self, request: HttpRequest) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, request: HttpRequest) -> Response:
        state = await self.running.health()
        # A policy that did not come into force is no reason to send callers away: the one before it answers. Nor is it
        # that room is low: as long as there is some, everybody is answered.
        return JSONResponse(state, 200 if state["database"] == state["log"] == "ok" else 503)


class _Posted:
    """POST /graphql, straight on ASGI: one request in, one response out."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self._application.running
        given = headers_of(scope)
        media = JSON
        more: RawHeaders = []
        try:
            try:
                streams = takes_events(given.accept)
                media = _wanted(given.accept, streams)
                check_body(given.content_type, given.content_encoding)
                body = await read(receive, given, self._application.max_body)
                request = parse(body, given.authorization, given.idempotency_key)
                if streams and (media == EVENTS or SUBSCRIPTION in request.query):
                    replied = await streamed(running, request, receive, send, only=media == EVENTS)
                    if replied is None:
                        return
                else:
                    replied = await answer(running.gateway, request)
                # In plain application/json a refused document is a well-formed response (GraphQL over HTTP, 6.4.1).
                status, body = (200 if replied.status == 400 and media == JSON else replied.status), replied.body
            except (RequestError, Unauthenticated) as error:
                running.note(_address(scope), error.code)
                raise
        except GatewayError as error:
            status, body, more = error.status, reply.refused(error, None, has_data=False), _told(error)
        except Exception:
            _logger.exception("unforeseen")
            status, body = 500, reply.refused(InternalError(), None, has_data=False)
        headers = [*_headers(JSON if media == EVENTS else media, body), *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _wanted(accept: str | None, streams: bool) -> str:
    """The media type to answer in; event streams only where nothing else will do. Raises NotAcceptable."""
    try:
        return wanted(accept)
    except NotAcceptable:
        if streams:
            return EVENTS
        raise


def _headers(media: str, body: bytes) -> RawHeaders:
    return [_CONTENT_TYPE[media], (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]


def _told(error: GatewayError) -> RawHeaders:
    """The headers by which HTTP says what would be right (RFC 9110, 10.2.1, 11.6.1, 12.5.3 and 15.5.16)."""
    if isinstance(error, Unauthenticated):
        said = error.reason.replace("\\", "").replace('"', "'").encode("ascii", "replace")
        challenge = b'Bearer realm="credit-gateway", error="invalid_token", error_description="%b"' % said
        return [(b"www-authenticate", challenge)]
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.methods).encode())]
    if isinstance(error, UnsupportedCoding):
        return [(b"accept-encoding", b"identity")]
    if isinstance(error, UnsupportedMediaType):
        return [(b"accept", JSON.encode())]
    return []


async def _elsewhere(request: HttpRequest, error: Exception) -> Response:
    """What Starlette's routes refuse: an unknown path, or a method that the path does not have."""
    if isinstance(error, HTTPException) and error.status_code == 405 and error.headers:
        return await _refused(request, MethodNotAllowed(sorted(error.headers["Allow"].split(", "))))
    return await _refused(request, NotFound())


async def _refused(request: HttpRequest, error: Exception) -> Response:
    """``error`` in the shape of GraphQL, and in JSON if the client accepts neither form of it."""
    shown = error if isinstance(error, GatewayError) else InternalError()
    try:
        media = wanted(request.headers.get("accept"))
    except NotAcceptable:
        media = JSON
    body = reply.refused(shown, None, has_data=False)
    response = Response(body, shown.status)
    response.raw_headers = [*_headers(media, body), *_told(shown)]
    return response


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


async def _schema_of(gateway: Gateway, authorization: str | None, role: str) -> str:
    """The schema of the caller's own role, as text.

    Raises Unauthenticated, and NotFound for any other role, known or not. A schema is no record: there is no entry.
    """
    caller = await gateway.verifier.verify(authorization)
    if caller.role.value != role:
        raise NotFound()
    return gateway.schemas.text(gateway.policies.current.visibility(caller.role))
