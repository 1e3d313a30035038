"""Whom a change of the policy touches: consumers and documents of the last days, from the access log."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg

from gateway.policy.diff import Diff
from gateway.store.database import convert

_ASKED = """
    SELECT body->'who'->>'role', body->'who'->>'consumer', body->'operation'->>'document', body->'operation'->>'name',
        (SELECT array_agg(DISTINCT name) FROM jsonb_each(body->'fields') AS of,
            jsonb_array_elements_text(of.value) AS name) AS names, count(*)
    FROM (SELECT convert_from(body, 'UTF8')::jsonb AS body FROM log_entry WHERE body IS NOT NULL) AS entries
    WHERE (body->>'at')::bigint >= %s GROUP BY 1, 2, 3, 4, 5
"""


class Touched(NamedTuple):
    """A document of a consumer: how often it asked for something that the change decides otherwise, and for what."""

    requests: int
    role: str
    consumer: str
    document: str  # hex SHA-256
    operation: str
    coordinates: tuple[str, ...]

    def __str__(self) -> str:
        who = self.consumer or "anybody"
        named = f" {self.operation}" if self.operation else ""
        return f"{self.requests:>9,}  {self.role} {who}: {self.document[:12]}{named}: {', '.join(self.coordinates)}"


def touched(conninfo: str, found: Diff, now: datetime, days: int) -> tuple[Touched, ...]:
    """Most requests first. ``conninfo``: of the role that reads the log. Raises DatabaseUnavailable.

    Of what was refused or empty the log tells no field: such requests are not among them.
    """
    changed: dict[str, set[str]] = {}
    for change in found.changes:
        changed.setdefault(change.role.value, set()).update(name for name, _ in change.cells)
    since = int((now - timedelta(days=days)).timestamp() * 1000)
    try:
        with psycopg.connect(conninfo) as connection:
            made = tuple(_made(connection, changed, since))
    except psycopg.Error as error:
        failure = convert(error)
    else:
        return tuple(sorted(made, key=lambda one: (-one.requests, one)))
    raise failure


def _made(
    connection: psycopg.Connection[tuple[object, ...]], changed: dict[str, set[str]], since: int
) -> Iterator[Touched]:
    counted: dict[tuple[str, str, str, str], tuple[int, set[str]]] = {}
    for role, consumer, document, name, names, requests in connection.execute(_ASKED.encode(), (since,)):
        asked = set(names) if isinstance(names, list) else set()
        hit = asked & changed.get(str(role), set())
        if hit:
            key = str(role), str(consumer), str(document), str(name)
            before, known = counted.get(key, (0, set()))
            counted[key] = before + int(str(requests)), known | hit
    for key, (requests, hit) in counted.items():
        yield Touched(requests, *key, tuple(sorted(hit)))
