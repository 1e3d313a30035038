"""The ASGI application: /graphql, /livez, /readyz."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import reply
from gateway.assemble import Running
from gateway.errors import GatewayError, InternalError, MalformedRequest, Unauthenticated
from gateway.pipeline import answer
from gateway.web.body import JSON, headers_of, media_type, parse, read

_logger = logging.getLogger("gateway.web")

Start = Callable[[], Awaitable[Running]]


class Application:
    """Starts the gateway with the server and answers on it; ``start`` is called once, inside the event loop."""

    def __init__(self, start: Start, max_body: int) -> None:
        self._start = start
        self._max_body = max_body
        self._running: Running | None = None
        self._graphql = _Posted(self)
        self._others: ASGIApp = Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=["POST"]),
                Route("/livez", self._live, methods=["GET"]),
                Route("/readyz", self._ready, methods=["GET"]),
            ],
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. What nearly every request asks for goes straight to its answer; the rest through Starlette's routes."""
        if scope["type"] == "http" and scope["path"] == "/graphql" and scope["method"] == "POST":
            await self._graphql(scope, receive, send)
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

    async def _live(self, request: HttpRequest) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, request: HttpRequest) -> Response:
        state = await self.running.health()
        return JSONResponse(state, 200 if all(part == "ok" for part in state.values()) else 503)


class _Posted:
    """POST /graphql, straight on ASGI: one request in, one response out."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self._application.running
        given = headers_of(scope)
        media = media_type(given.accept)
        headers: list[tuple[bytes, bytes]] = []
        try:
            try:
                request = parse(await read(receive, given, self._application.max_body), given)
                replied = await answer(running.gateway, request)
                # In plain application/json a refused document is a well-formed response (GraphQL over HTTP, 6.4.1).
                status, body = (200 if replied.status == 400 and media == JSON else replied.status), replied.body
            except (MalformedRequest, Unauthenticated) as error:
                running.note(_address(scope), error.code)
                raise
        except GatewayError as error:
            status, body = error.status, reply.refused(error, None, has_data=False)
            headers = _challenge(error)
        except Exception:
            _logger.exception("unforeseen")
            status, body = 500, reply.refused(InternalError(), None, has_data=False)
        headers += [
            (b"content-type", f"{media}; charset=utf-8".encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _challenge(error: GatewayError) -> list[tuple[bytes, bytes]]:
    if not isinstance(error, Unauthenticated):
        return []
    said = error.reason.replace("\\", "").replace('"', "'").encode("ascii", "replace")
    return [
        (b"www-authenticate", b'Bearer realm="credit-gateway", error="invalid_token", error_description="%b"' % said)
    ]


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
