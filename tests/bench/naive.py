"""The naive gateway: what one would write with Strawberry resolvers, DataLoaders, Casbin and an audit table.

``enforce`` is asked for every field of every row, by a plain Enforcer over the shipped rules; values are
opened by the resolver that shows them; each request inserts one row through SQLAlchemy and psycopg. Not a straw man
where that is easy: rows are fetched by subject in batches, tokens are decoded once, statements are SQLAlchemy Core.
"""

import argparse
import json
import logging
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import casbin
import orjson
import sqlalchemy as sa
from strawberry.dataloader import DataLoader

from gateway.clock import SystemRandom
from gateway.policy import words
from gateway.policy.files import read
from gateway.store.sessions import Sessions
from gateway.store.tables import CURRENT_STATUSES, METADATA, SUBJECT_KEY
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.bench.limit import HEADERS, Receive, Scope, Send, received, serve
from tests.bench.naive_schema import Caller, Context, Row, schema

AUDIT = sa.Table(
    "naive_audit",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("principal", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("subjects", sa.JSON, nullable=False),
)
POLICIES = Path(__file__).resolve().parents[2] / "policies"
Rows: TypeAlias = list[Row]


def enforcer() -> Any:
    """A plain Casbin Enforcer over all shipped lines, as one gateway for all roles would have it, silent."""
    logging.getLogger("casbin").setLevel(logging.CRITICAL + 1)
    sources = read(POLICIES)
    made = casbin.Enforcer(casbin.Enforcer.new_model(text=sources.model))
    made.logger = logging.Logger("naive.silent", logging.CRITICAL + 1)
    made.add_function("classMatch", words.class_match)
    made.add_policies([list(rule.values) for rule in sources.rules])
    made.add_grouping_policies([[member.role, member.group] for member in sources.members])
    made.add_named_grouping_policies("g2", [[name, group] for name, group in words.GROUP_OF.items() if name != group])
    return made


@lru_cache(maxsize=16_384)
def caller_of(token: str) -> Caller:
    """Who a token names. Its signature is not even verified: the naive gateway is not to be blamed for JOSE."""
    part = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return Caller(claims["roles"][0], claims["sub"])


class Store:
    """Rows by SQLAlchemy Core over a psycopg pool."""

    def __init__(self, sessions: Sessions, today: date) -> None:
        self._sessions = sessions
        self._today = today

    async def select(self, statement: Any) -> Rows:
        """Rows as dicts by column name."""
        names = [column.name for column in statement.selected_columns]
        async with self._sessions.begin() as session:
            return [dict(zip(names, row, strict=True)) for row in await session.execute(statement)]

    async def records(self, kind: str, caller: Caller, subjects: Sequence[int]) -> list[Rows]:
        """The batch function of the DataLoaders: the records of many subjects that the caller may see."""
        table = METADATA.tables[kind]
        where: list[sa.ColumnElement[bool]] = [table.c.subject_id.in_(subjects)]
        if caller.role == "subject":
            where.append(table.c.disclosure.in_(("PUBLIC", "GOV_SHARED", "AUTHORIZED")))
        else:
            where += [
                table.c.disclosure == "PUBLIC",
                table.c.status.in_(CURRENT_STATUSES),
                sa.or_(table.c.published_until.is_(None), table.c.published_until >= self._today),
                sa.or_(table.c.retained_until.is_(None), table.c.retained_until >= self._today),
            ]
            if kind in ("penalty", "rating"):
                where.append(sa.not_(table.c.minor))
            if "exited_on" in table.c:
                where.append(sa.or_(table.c.exited_on.is_(None), table.c.exited_on > self._today))
        order = (sa.desc(table.c.decided_on), sa.desc(table.c.id))
        found: dict[int, Rows] = {subject: [] for subject in subjects}
        for row in await self.select(sa.select(table).where(*where).order_by(*order)):
            found[row["subject_id"]].append(row)
        return [found[subject] for subject in subjects]

    async def enterprise(self, uscc: str) -> Row | None:
        """One enterprise by its code."""
        enterprise, identifier = METADATA.tables["enterprise"], METADATA.tables["identifier"]
        joined = sa.select(enterprise).join(identifier, identifier.c.subject_id == enterprise.c.subject_id)
        found = await self.select(joined.where(identifier.c.kind == "USCC", identifier.c.value_index == uscc).limit(1))
        return found[0] if found else None

    async def enterprises(self, first: int, after: int) -> Rows:
        """A page of enterprises and one more; individual businesses are not listed."""
        table = METADATA.tables["enterprise"]
        page = sa.select(table).where(table.c.subject_id > after, table.c.subject_class == "legal")
        return await self.select(page.order_by(table.c.subject_id).limit(first + 1))

    async def person(self, id_index: bytes, name_index: bytes, principal: str) -> Row | None:
        """A person, if the caller is that person; with its wrapped key."""
        person, mandate = METADATA.tables["person"], METADATA.tables["mandate"]
        own = sa.select(mandate.c.subject_id).where(mandate.c.principal == principal, mandate.c.revoked_at.is_(None))
        found = await self.select(
            sa.select(person, SUBJECT_KEY.c.wrapped)
            .join(SUBJECT_KEY, SUBJECT_KEY.c.subject_id == person.c.subject_id)
            .where(person.c.id_number_index == id_index, person.c.name_index == name_index)
            .where(person.c.subject_id.in_(own))
        )
        return found[0] if found else None

    async def record(self, caller: Caller, operation: str, subjects: list[int]) -> None:
        """One audit row."""
        values = {
            "id": uuid.uuid4().hex,
            "at": datetime.now(UTC),
            "principal": caller.principal,
            "operation": operation,
            "subjects": orjson.dumps(subjects).decode(),
        }
        async with self._sessions.begin() as session:
            statement = sa.insert(AUDIT).values({**values, "subjects": sa.cast(values["subjects"], sa.JSON)})
            await session.execute(statement)


class Naive:
    """The application."""

    def __init__(self, conninfo: str, key_file: Path, today: date) -> None:
        self._conninfo = conninfo
        self._today = today
        self._vault = Vault(FileProvider(key_file, SystemRandom(), create=False).unwrap(), SystemRandom())
        self._enforcer = enforcer()
        self._sessions: Sessions | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b"{}" if scope["path"] == "/readyz" else await self._answer(scope, await received(receive))
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, body: bytes) -> bytes:
        request = orjson.loads(body)
        token = dict(scope["headers"])[b"authorization"].decode().partition(" ")[2]
        caller = caller_of(token)
        assert self._sessions is not None
        store = Store(self._sessions, self._today)
        context = Context(
            caller,
            self._enforcer,
            store,
            self._vault,
            DataLoader(load_fn=lambda keys: store.records("penalty", caller, keys)),
            DataLoader(load_fn=lambda keys: store.records("license", caller, keys)),
            DataLoader(load_fn=lambda keys: store.records("listing", caller, keys)),
            DataLoader(load_fn=lambda keys: store.records("rating", caller, keys)),
        )
        result = await schema.execute(request["query"], variable_values=request["variables"], context_value=context)
        await store.record(caller, request["query"], context.subjects)
        if result.errors:
            return orjson.dumps({"errors": [str(error) for error in result.errors]})
        return orjson.dumps({"data": result.data})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._sessions = await Sessions.open(self._conninfo, size=8, patience=600)
                await send({"type": "lifespan.startup.complete"})
            else:
                assert self._sessions is not None
                await self._sessions.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def main() -> None:
    """``python -m tests.bench.naive PORT CONNINFO KEYFILE TODAY``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("conninfo")
    parser.add_argument("keys", type=Path)
    parser.add_argument("today", type=date.fromisoformat)
    given = parser.parse_args()
    serve(Naive(given.conninfo, given.keys, given.today), given.port)


if __name__ == "__main__":
    main()
