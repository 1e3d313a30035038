"""One lane: a connection in libpq pipeline mode that many tasks share. See ``lanes`` for the contract.

Each statement is followed by its own sync, so it is its own transaction and its error touches nobody else. The answer
is given at the sync and not before: that is where PostgreSQL commits. A statement must not open a transaction.
"""

import asyncio
import os
import select
from collections import deque
from collections.abc import Callable, Sequence

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from gateway.errors import BadInput, DatabaseUnavailable, Fault, InternalError, Overloaded
from gateway.store.database import StatementFailed, failed
from gateway.store.lane_protocol import STALE_PLAN, Failure, Pending, Prepared, Row, failure_of, rows_of
from gateway.store.libpq import find_sync
from gateway.values import Statement

MOST_PARAMETERS = 65_535  # the protocol counts them in 16 bits
ROUNDS = 16  # reads in one turn of the loop
FATAL = frozenset({b"FATAL", b"PANIC"})


class OutcomeUnknown(DatabaseUnavailable):
    """The connection died while the statement was under way: it may or may not have been committed."""


class Lane:
    """A connection shared by many tasks; make it with :meth:`connect`.

    ``sent`` counts the statements sent, for tests and metrics.
    """

    def __init__(
        self,
        connection: psycopg.AsyncConnection[tuple[object, ...]],
        *,
        depth: int,
        max_bytes: int,
        prepared: int,
        lost: Callable[["Lane"], None] | None,
    ) -> None:
        self._connection = connection
        self._pg = connection.pgconn
        self._sync = find_sync()
        self._loop = asyncio.get_running_loop()
        self._depth = depth
        self._max_bytes = max_bytes
        self._prepared = Prepared(prepared)
        self._lost = lost
        self._waiting: list[Pending] = []
        self._flying: deque[Pending] = deque()
        self._bytes = 0
        self._ticking = False
        self._writing = False
        self.alive = True
        self.sent = 0
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        # The loop watches a duplicate of the socket. libpq closes its own descriptor in the middle of a read or write
        # that fails; ours stays valid until it has been taken from the loop, so no other socket can inherit its number.
        self._watched = os.dup(self._pg.socket)
        self._loop.add_reader(self._watched, self._on_readable)
        self._more = select.poll()
        self._more.register(self._watched, select.POLLIN)

    @classmethod
    async def connect(
        cls,
        conninfo: str,
        *,
        depth: int = 256,
        max_bytes: int = 64 << 20,
        prepared: int = 128,
        lost: Callable[["Lane"], None] | None = None,
    ) -> "Lane":
        """Open a lane; ``lost`` is called once when it dies by itself.

        ``depth`` statements and ``max_bytes`` of parameters may be under way, ``prepared`` statements are kept.
        Raises DatabaseUnavailable.
        """
        try:
            connection = await psycopg.AsyncConnection.connect(
                conninfo, autocommit=True, client_encoding="UTF8", connect_timeout=5, tcp_user_timeout=10_000
            )
        except (psycopg.Error, OSError):
            raise DatabaseUnavailable from None
        return cls(connection, depth=depth, max_bytes=max_bytes, prepared=prepared, lost=lost)

    @property
    def backend(self) -> int:
        """Process id of the server process behind this lane."""
        return self._pg.backend_pid

    @property
    def load(self) -> int:
        """How many statements wait or are under way."""
        return len(self._waiting) + len(self._flying)

    async def execute(self, statement: Statement | str, parameters: Sequence[bytes | None] = ()) -> list[Row]:
        """Run one statement, once, in its own transaction; parameters and rows are in text format.

        Raises Overloaded, BadInput (NUL in a parameter), InternalError, DatabaseUnavailable (known to have failed) or
        OutcomeUnknown (may have been committed).
        """
        return await self.submit(statement, parameters)

    def submit(self, statement: Statement | str, parameters: Sequence[bytes | None] = ()) -> asyncio.Future[list[Row]]:
        """Like :meth:`execute`, without a coroutine; the errors of admission are raised at once."""
        if not self.alive:
            raise DatabaseUnavailable
        if isinstance(statement, str):
            statement = Statement(statement, statement)
        size = _size(statement, parameters)
        if self.load >= self._depth or self._bytes + size > self._max_bytes:
            raise Overloaded
        pending = Pending(statement, parameters, self._loop.create_future(), size)
        self._bytes += size
        self._enqueue(pending)
        return pending.future

    def close(self) -> None:
        """Close the connection; whoever waits gets DatabaseUnavailable or OutcomeUnknown."""
        self._lost = None
        self._die()

    def _enqueue(self, pending: Pending) -> None:
        self._waiting.append(pending)
        if not self._ticking:
            self._ticking = True
            self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        """Send whatever was asked for since the last turn of the loop."""
        self._ticking = False
        if not self.alive:
            return
        waiting = deque(self._waiting)
        self._waiting.clear()
        try:
            while waiting:
                pending = waiting.popleft()
                if pending.future.done():  # canceled before it was sent
                    self._bytes -= pending.size
                    continue
                self._flying.append(pending)
                self._send(pending)
        except psycopg.Error:
            self._waiting.extend(waiting)
            self._die()
            return
        self._flush()

    def _send(self, pending: Pending) -> None:
        pg, statement, prepared = self._pg, pending.statement, self._prepared
        plan = prepared.find(statement.name)
        if plan is None and (plan := prepared.make(statement.name)) is not None:
            for dropped in prepared.take_dropped():
                pg.send_close_prepared(dropped)
            pg.send_prepare(plan, statement.sql.encode())
        pending.plan = plan
        if plan is None:
            pg.send_query_params(statement.sql.encode(), pending.parameters)
        else:
            pg.send_query_prepared(plan, pending.parameters)
        self._sync(pg)
        self.sent += 1

    def _flush(self) -> None:
        """Push out the buffer; what the socket does not take is continued when it can be written again."""
        try:
            left = self._pg.flush()
        except psycopg.Error:
            self._die()
            return
        if left and not self._writing:
            self._writing = True
            self._loop.add_writer(self._watched, self._flush)
        elif self._writing and not left:
            self._writing = False
            self._loop.remove_writer(self._watched)

    def _on_readable(self) -> None:
        """Read until nothing is left, not only once.

        Where the server died with something unread, libuv reports the socket a single time and then stops watching it:
        the end that stands behind the last answer has to be found in the same call.
        """
        for _ in range(ROUNDS):
            self._read()
            if not self.alive or not self._more.poll(0):
                return
        self._loop.call_soon(self._on_readable)  # a long answer; let others have their turn

    def _read(self) -> None:
        if not self.alive:
            return
        pg, flying, ended = self._pg, self._flying, False
        try:
            pg.consume_input()
            while flying and not pg.is_busy():
                result = pg.get_result()
                if result is not None:
                    ended = False
                    self._take(result)
                elif ended:  # two ends in a row: libpq has nothing more to give
                    break
                else:
                    ended = True
        except psycopg.Error:
            self._die()
            return
        if pg.status != ConnStatus.OK:
            self._die()

    def _take(self, result: PGresult) -> None:
        pending = self._flying[0]
        match result.status:
            case ExecStatus.TUPLES_OK:
                pending.rows = rows_of(result)
            case ExecStatus.PIPELINE_SYNC:
                self._flying.popleft()
                self._finish(pending)
            case ExecStatus.FATAL_ERROR if pending.failure is None:
                pending.failure = failure_of(result)
            case _:
                pass

    def _finish(self, pending: Pending) -> None:
        failure, plan = pending.failure, pending.plan
        if failure is not None and plan is not None:
            # The plan is stale, or the very preparation failed: in no case use this name again.
            if failure.state in STALE_PLAN and not pending.retried:
                self._prepared.drop(pending.statement.name, plan)
                pending.retried, pending.failure, pending.rows = True, None, []
                self._enqueue(pending)
                return
            if failure.state.startswith((b"42", b"0A", b"26")):
                self._prepared.drop(pending.statement.name, plan)
        self._bytes -= pending.size
        if pending.future.done():  # canceled meanwhile
            return
        if failure is None:
            pending.future.set_result(pending.rows)
        else:
            pending.future.set_exception(_error(failure))

    def _die(self) -> None:
        """Leave the loop first, then close the socket, then tell everybody who waits."""
        if not self.alive:
            return
        self.alive = False
        self._loop.remove_reader(self._watched)
        self._loop.remove_writer(self._watched)
        os.close(self._watched)
        self._pg.finish()
        for pending in self._flying:
            if not pending.future.done():
                pending.future.set_exception(OutcomeUnknown())
        for pending in self._waiting:
            if not pending.future.done():
                pending.future.set_exception(DatabaseUnavailable())
        self._flying.clear()
        self._waiting.clear()
        self._bytes = 0
        if self._lost is not None:
            self._lost(self)


def _size(statement: Statement, parameters: Sequence[bytes | None]) -> int:
    if len(parameters) > MOST_PARAMETERS:
        raise InternalError
    size = len(statement.sql)
    for parameter in parameters:
        if parameter is not None:
            # libpq measures text with strlen: what follows a NUL would be lost in silence
            if b"\0" in parameter:
                raise BadInput(Fault((), "text must not contain NUL"))
            size += len(parameter)
    return size


def _error(failure: Failure) -> Exception:
    if failure.severity in FATAL:
        return OutcomeUnknown()
    state = failure.state.decode("ascii", "replace")
    error = failed(state)
    error.__cause__ = StatementFailed(state, failure.message.decode("utf-8", "replace"))
    return error
