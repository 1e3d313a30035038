"""The limit: a bare ASGI application that runs hand-written SQL and sends PostgreSQL's JSON as it comes.

No identity, no policy, no log, nothing opened. Same fields and same row predicates as the gateway's. ``row_to_json``
with ``ARRAY(SELECT …)`` cost the backend a tenth less than ``json_build_object`` on the page; on the other statements
these two and ``json_agg`` were equal within the noise.

*limit* takes asyncpg's pool as it is: it resets the session when a connection is given back, one more round trip.
*lean* leaves that out, which is sound here and more than most would dare; it is also the measure of the database.
"""

import argparse
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, TypeAlias

import asyncpg
import orjson
import uvicorn
from psycopg.conninfo import conninfo_to_dict

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

CONNECTIONS = 8
HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]

PENALTY = (
    'document_number AS "documentNumber", conduct, penalty_kinds AS "penaltyKinds", fine::text AS fine, '
    'decided_on AS "decidedOn", organ, published_until AS "publishedUntil", disputed_on IS NOT NULL AS disputed'
)
SHORT = 'document_number AS "documentNumber", conduct, fine::text AS fine, decided_on AS "decidedOn"'
LICENSE = (
    'document_number AS "documentNumber", category, certificate_name AS "certificateName", decided_on AS "decidedOn", '
    'valid_from AS "validFrom", valid_until AS "validUntil", organ, state'
)
LISTING = (
    'list_name AS "listName", nature, organ, decided_on AS "decidedOn", term_ends_on AS "termEndsOn", '
    "disputed_on IS NOT NULL AS disputed"
)
RATING = 'year, grade, organ, decided_on AS "decidedOn"'
CURRENT = (
    "status IN ('ACTIVE', 'CORRECTED') AND (published_until IS NULL OR published_until >= TODAY) "
    "AND (retained_until IS NULL OR retained_until >= TODAY) AND disclosure = 'PUBLIC'"
)
OWN = "disclosure IN ('PUBLIC', 'GOV_SHARED', 'AUTHORIZED')"
FOUND = (
    "FROM identifier i JOIN enterprise s ON s.subject_id = i.subject_id WHERE i.kind = 'USCC' AND i.value_index = $1 "
    "ORDER BY CASE WHEN i.valid_until IS NULL OR i.valid_until >= TODAY THEN 0 ELSE 1 END, i.subject_id LIMIT 1"
)
MINE = (
    "FROM person s WHERE s.id_number_index = $1 AND s.name_index = $2 AND s.subject_id IN (SELECT m.subject_id "
    "FROM mandate m WHERE m.principal = $3 AND m.valid_from <= now() "
    "AND (m.valid_until IS NULL OR m.valid_until > now()) AND m.revoked_at IS NULL) LIMIT 1"
)


def listed(fields: str, table: str, where: str, first: int) -> str:
    """One connection as JSON; ``where`` is what a row must fulfil besides belonging to ``s``."""
    return (
        f"json_build_object('nodes', array_to_json(ARRAY(SELECT row_to_json(r) FROM (SELECT {fields} FROM {table} t "
        f"WHERE t.subject_id = s.subject_id AND {where} ORDER BY decided_on DESC, id DESC LIMIT {first}) r)))"
    )


def statements(today: date) -> Mapping[str, tuple[str, Callable[[dict[str, str]], tuple[object, ...]]]]:
    """Path → SQL and how to read its parameters from a body."""
    public = (
        f"{listed(PENALTY, 'penalty', CURRENT + ' AND NOT minor', 10)} AS penalties, "
        f"{listed(LICENSE, 'license', CURRENT, 5)} AS licenses, "
        f"{listed(LISTING, 'listing', CURRENT + ' AND (exited_on IS NULL OR exited_on > TODAY)', 3)} AS listings, "
        f"{listed(RATING, 'rating', CURRENT + ' AND NOT minor', 3)} AS ratings"
    )
    own = (
        f"{listed(PENALTY, 'penalty', OWN, 10)} AS penalties, {listed(LICENSE, 'license', OWN, 5)} AS licenses, "
        f"{listed(LISTING, 'listing', OWN, 3)} AS listings"
    )
    eight = (
        's.uscc, s.name, s.status, s.region, s.established_on AS "establishedOn", s.kind, s.industry, '
        's.registered_capital::text AS "registeredCapital"'
    )
    masked = 's.name_masked AS name, s.id_number_masked AS "birthDate"'
    page = (
        "SELECT json_build_object('nodes', array_to_json((array_agg(p.row))[1:20]), 'pageInfo', json_build_object("
        "'hasNextPage', count(*) > 20, 'endCursor', (array_agg(p.subject_id))[least(count(*), 20)]::text))::text "
        "FROM (SELECT (SELECT row_to_json(r) FROM (SELECT s.uscc, s.name, s.status, s.region, "
        f"{listed(SHORT, 'penalty', CURRENT + ' AND NOT minor', 3)} AS penalties) r) AS row, s.subject_id "
        "FROM enterprise s WHERE s.subject_id > $1 AND s.subject_class = 'legal' ORDER BY s.subject_id LIMIT 21) p"
    )
    texts = {
        "/scalars": (f"SELECT row_to_json(r)::text FROM (SELECT {eight} {FOUND}) r", _uscc),
        "/records": (f"SELECT row_to_json(r)::text FROM (SELECT s.uscc, s.name, {public} {FOUND}) r", _uscc),
        "/page": (page, _after),
        "/own-scalars": (f"SELECT row_to_json(r)::text FROM (SELECT {masked} {MINE}) r", _person),
        "/own-records": (f"SELECT row_to_json(r)::text FROM (SELECT {masked}, {own} {MINE}) r", _person),
    }
    return {path: (sql.replace("TODAY", f"DATE '{today}'"), read) for path, (sql, read) in texts.items()}


def _uscc(body: dict[str, str]) -> tuple[object, ...]:
    return (body["uscc"],)


def _after(body: dict[str, str]) -> tuple[object, ...]:
    return (int(body["after"]),)


def _person(body: dict[str, str]) -> tuple[object, ...]:
    return bytes.fromhex(body["idIndex"]), bytes.fromhex(body["nameIndex"]), body["principal"]


class Limit:
    """The application; its pool is opened with the server's lifespan."""

    def __init__(self, conninfo: str, today: date, *, lean: bool) -> None:
        self._lean = lean
        self._conninfo = conninfo
        self._statements = statements(today)
        self._pool: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"] == "/readyz":
            body, status = b"{}", 200
        else:
            body, status = await self._answer(scope["path"], await received(receive)), 200
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, path: str, body: bytes) -> bytes:
        sql, read = self._statements[path]
        found: str | None = await self._pool.fetchval(sql, *read(orjson.loads(body)))
        return b"null" if found is None else found.encode()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                place = conninfo_to_dict(self._conninfo)
                self._pool = await asyncpg.create_pool(
                    host=place["host"],
                    port=int(place["port"] or 5432),
                    user=place["user"],
                    database=place["dbname"],
                    min_size=CONNECTIONS,
                    max_size=CONNECTIONS,
                    reset=_keep if self._lean else None,
                )
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _keep(connection: object) -> None:
    """Reset nothing when a connection goes back: no statement here leaves anything behind, and it is a round trip."""


async def received(receive: Receive) -> bytes:
    """The whole body of a request."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def serve(application: Any, port: int) -> None:
    """Run an ASGI application with the gateway's own server settings."""
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        log_level="warning",
    )


def main() -> None:
    """``python -m tests.bench.limit PORT CONNINFO TODAY [--lean]``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("conninfo")
    parser.add_argument("today", type=date.fromisoformat)
    parser.add_argument("--lean", action="store_true")
    given = parser.parse_args()
    serve(Limit(given.conninfo, given.today, lean=given.lean), given.port)


if __name__ == "__main__":
    main()
