"""Sessions of a process that dies, and of one whose database is gone for a while."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sqlalchemy.sql import ClauseElement

from gateway.errors import DatabaseUnavailable
from gateway.store.lanes import Row
from gateway.store.sessions import Session, Sessions
from gateway.values import Statement


class Failing(Sessions):
    """The sessions of a database that is gone at first."""

    def __init__(self, sessions: Sessions) -> None:
        self._real = sessions
        self.failed = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        if self.failed < 3:
            self.failed += 1
            raise DatabaseUnavailable
        async with self._real.begin() as session:
            yield session


class Killed(Exception):
    """The process is gone."""


class Dying(Session):
    """A transaction that breaks before a statement, before its commit, or when that is done and not heard of."""

    def __init__(self, session: Session, alive: Iterator[bool]) -> None:
        super().__init__(session.connection)
        self._alive = alive

    async def _live(self) -> None:
        if not next(self._alive):
            await self.connection.close()
            raise Killed

    async def execute(
        self, statement: ClauseElement, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        await self._live()
        return await super().execute(statement, parameters)

    async def run(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        await self._live()
        return await super().run(statement, parameters)

    async def commit(self) -> None:
        await self._live()
        await super().commit()
        await self._live()


class DyingSessions(Sessions):
    """The sessions of a process that dies at its ``at``-th statement."""

    def __init__(self, sessions: Sessions, at: int) -> None:
        self._real = sessions
        self._alive = self._count(at)

    def _count(self, at: int) -> Iterator[bool]:
        for _ in range(at):
            yield True
        while True:
            yield False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Session]:
        async with self._real.begin() as session:
            yield Dying(session, self._alive)
