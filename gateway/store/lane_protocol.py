"""The small parts of a lane: one pending statement, the names it has prepared, what a result says."""

from asyncio import Future
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult

from gateway.values import Statement

Row: TypeAlias = tuple[bytes | None, ...]

STALE_PLAN = frozenset({b"0A000", b"26000"})  # result type changed; prepared name unknown: both happen before execution


@dataclass(eq=False, slots=True)
class Failure:
    """The first error of a sync, as far as it may travel: SQLSTATE, severity, and for class 42 the message."""

    state: bytes
    severity: bytes
    message: bytes


@dataclass(eq=False, slots=True)
class Pending:
    """A statement between ``execute`` and its sync. ``plan`` is the server-side name it ran under, None: unnamed."""

    statement: Statement
    parameters: Sequence[bytes | None]
    future: Future[list[Row]]
    size: int
    plan: bytes | None = None
    retried: bool = False
    rows: list[Row] = field(default_factory=list)
    failure: Failure | None = None


class Prepared:
    """Which statements this connection has prepared. A statement is prepared when it is used for the second time.

    Statements seen once stand in a list of their own, so a flood of statements that never come back cannot push out
    the ones in use. Both are bounded. Server-side names are never used twice, so a late error is never misread.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._plans: OrderedDict[str, bytes] = OrderedDict()
        self._dropped: list[bytes] = []
        self._made = 0

    def find(self, name: str) -> bytes | None:
        """The server-side name of a prepared statement, or None."""
        plan = self._plans.get(name)
        if plan is not None:
            self._plans.move_to_end(name)
        return plan

    def make(self, name: str) -> bytes | None:
        """A new server-side name to prepare under, or None when the statement has not been seen before."""
        if name not in self._seen:
            self._seen[name] = None
            if len(self._seen) > self._limit:
                self._seen.popitem(last=False)
            return None
        del self._seen[name]
        self._made += 1
        plan = b"p%d" % self._made
        self._plans[name] = plan
        if len(self._plans) > self._limit:
            self._dropped.append(self._plans.popitem(last=False)[1])
        return plan

    def drop(self, name: str, plan: bytes) -> None:
        """Forget ``plan`` unless a newer one has taken its place; the next use prepares again."""
        if self._plans.get(name) == plan:
            del self._plans[name]
            self._seen[name] = None
            self._dropped.append(plan)

    def take_dropped(self) -> list[bytes]:
        """The names that the server may now forget; the caller sends Close for them."""
        dropped, self._dropped = self._dropped, []
        return dropped


def rows_of(result: PGresult) -> list[Row]:
    """All rows of a result in text format."""
    columns = range(result.nfields)
    get = result.get_value
    return [tuple([get(row, column) for column in columns]) for row in range(result.ntuples)]


def failure_of(result: PGresult) -> Failure:
    """What an error result says; the text is kept only where it cannot quote a value (class 42: our own SQL)."""
    state = result.error_field(DiagnosticField.SQLSTATE) or b""
    severity = result.error_field(DiagnosticField.SEVERITY_NONLOCALIZED) or b""
    message = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b""
    return Failure(state, severity, message if state.startswith(b"42") else b"")
