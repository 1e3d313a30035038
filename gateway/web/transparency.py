"""The access log as everybody may read it: /log, /log/<shard>/checkpoint, /log/<shard>/tile/… (C2SP tlog-tiles).

There are hashes here and nothing else: a leaf is the hash of a salted commitment. Nothing that is read is an access.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.audit.history import History, Published
from gateway.audit.tiles import parse
from gateway.errors import NotFound

PREFIX = "/log"
_CHANGING: Mapping[str, str] = MappingProxyType({"access-control-allow-origin": "*", "cache-control": "no-cache"})
_NEVER_CHANGING: Mapping[str, str] = MappingProxyType(
    {**_CHANGING, "cache-control": "public, max-age=31536000, immutable"}
)
_MOST_SHARD = 5  # digits


class Transparency:
    """The routes of the log; ``history`` gives it once the gateway runs."""

    def __init__(self, history: Callable[[], History], now: Callable[[], datetime]) -> None:
        self._history = history
        self._now = now

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(PREFIX, self._shards, methods=["GET"]),
            Route(f"{PREFIX}/delays", self._delays, methods=["GET"]),
            Route(f"{PREFIX}/{{shard}}/checkpoint", self._checkpoint, methods=["GET"]),
            Route(f"{PREFIX}/{{shard}}/tile/{{path:path}}", self._tile, methods=["GET"]),
        ]

    async def _shards(self, request: Request) -> Response:
        """Every shard: where it is, and the key of its checkpoints."""
        history = self._history()
        found = [
            {
                "shard": shard,
                "prefix": f"{PREFIX}/{shard}",
                "origin": history.origin(shard),
                "vkey": history.vkey(shard),
            }
            for shard in await history.shards()
        ]
        return JSONResponse({"shards": found}, headers=_CHANGING)

    async def _delays(self, request: Request) -> Response:
        """How many accesses each department holds back from those whom they are about."""
        found = await self._history().delays(self._now())
        return JSONResponse({"delays": [one._asdict() for one in found]}, headers=_CHANGING)

    async def _checkpoint(self, request: Request) -> Response:
        _, published = await self._published(request)
        return PlainTextResponse(published.note, headers=_CHANGING)

    async def _tile(self, request: Request) -> Response:
        tile = parse(request.path_params["path"])
        if tile is None:
            raise NotFound
        shard, published = await self._published(request)
        content = await self._history().tile(shard, tile, published.size)
        return Response(content, media_type="application/octet-stream", headers=_NEVER_CHANGING)

    async def _published(self, request: Request) -> tuple[int, Published]:
        text = request.path_params["shard"]
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_SHARD and text == str(int(text))):
            raise NotFound
        return int(text), await self._history().published(int(text))
