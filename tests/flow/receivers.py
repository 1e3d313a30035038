"""Somebody who receives webhooks on a port of their own, and answers as a test wants."""

from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.processes import reserved_port


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with ``statuses`` in turn, then with 204; a status of 3xx points to itself."""

    statuses: list[int] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = reserved_port()
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/told"
        routes = [Route("/told", self._told, methods=["POST"])]
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off"))

    async def serve(self) -> None:
        """Listen until ``server.should_exit``."""
        self._socket.listen()
        await self.server.serve([self._socket])

    async def _told(self, request: Request) -> Response:
        self.posted.append(Posted(dict(request.headers), await request.body()))
        status = self.statuses.pop(0) if self.statuses else 204
        return RedirectResponse(self.url, status) if 300 <= status < 400 else Response(status_code=status)
