"""What the tests share: one PostgreSQL per run, and databases migrated to head.

Asynchronous tests are ``async def`` marked ``@pytest.mark.anyio`` (or ``pytestmark = pytest.mark.anyio``); anyio's own
plugin runs them, and asynchronous fixtures, on uvloop. A module that wants another loop overrides ``anyio_backend``.
A test that hangs fails after LONGEST; whatever else hangs ends the run by ``faulthandler_timeout``. Property tests draw
the same examples in every run and have all the time they need; ``--hypothesis-profile=others`` draws others.

- ``server``: the embedded server of this run, durability off; ``home``: a directory for one of a test's own;
- ``database``: the four connection strings of a new database, migrated to head and empty, one per module;
- ``kill``: ends a server process, as an operator would;
- ``new_database``: makes further ones, for tests that change the schema or must be alone; about 50 ms each.
"""

import asyncio
import functools
import inspect
import itertools
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.migrate import migrate
from tests.harness import PATIENCE

P = ParamSpec("P")
LONGEST = 3 * PATIENCE  # seconds a test may take; less than faulthandler_timeout
TEMPLATE = "migrated"
FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "120"}

settings.register_profile("others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", settings.get_profile("others"), derandomize=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Bound every asynchronous test."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = in_time(item.obj)


def in_time(test: Callable[P, Awaitable[None]]) -> Callable[P, Coroutine[None, None, None]]:
    """Fail an asynchronous test that hangs.

    It runs in a task of its own: canceling the one that pytest runs everything in takes all later tests with it.
    """

    @functools.wraps(test)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        running = asyncio.ensure_future(test(*args, **kwargs))
        done, _ = await asyncio.wait([running], timeout=LONGEST)
        if not done:
            running.cancel()
            await asyncio.wait([running], timeout=PATIENCE)
        assert done, f"the test hung: it was given up after {LONGEST:.0f} s"
        await running

    return wrapper


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop of the product."""
    return "asyncio", {"use_uvloop": True}


@contextmanager
def new_home() -> Iterator[Path]:
    """A directory for a server. Not below pytest's own: each run of pytest closes that to other accounts again."""
    with tempfile.TemporaryDirectory(prefix="gateway-test-", ignore_cleanup_errors=True) as home:
        yield Path(home)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home without a server; one that is left there ends with the test."""
    with new_home() as made:
        yield made
        if (made / "postgres" / "data" / "postmaster.pid").exists():
            EmbeddedServer.start(made).stop()


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The PostgreSQL of this run; it stops with it."""
    with new_home() as made:
        running = EmbeddedServer.start(made, settings=FAST)
        yield running
        running.stop()


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated database that nobody connects to; others are copies of it."""
    migrate(provision(server.conninfo(SUPERUSER, "postgres"), TEMPLATE).owner)
    return TEMPLATE


@pytest.fixture(scope="session")
def copied(server: EmbeddedServer) -> Callable[[str], Connections]:
    """Makes a copy of a database, to which nobody is connected, at each call."""
    numbers = itertools.count(1)
    superuser = server.conninfo(SUPERUSER, "postgres")

    def make(template: str) -> Connections:
        name = f"test_{next(numbers)}"
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER gateway_owner STRATEGY file_copy")
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
        return provision(superuser, name)

    return make


@pytest.fixture(scope="session")
def new_database(copied: Callable[[str], Connections], template: str) -> Callable[[], Connections]:
    """Makes a migrated, empty database at each call."""
    return lambda: copied(template)


@pytest.fixture(scope="module")
def database(new_database: Callable[[], Connections]) -> Connections:
    """The database of a test module."""
    return new_database()


@pytest.fixture
def kill(server: EmbeddedServer) -> Callable[[int], None]:
    """Ends a server process, as an operator would; it is gone when this returns."""

    def end(backend: int) -> None:
        with psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
            gone = superuser.execute("SELECT pg_terminate_backend(%s, %s)", (backend, int(PATIENCE * 1000))).fetchone()
        assert gone == (True,)

    return end
