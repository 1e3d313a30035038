"""A backup is written, brought into an empty database, and the log is verified; what was lost is not gone on with."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from gateway.cli.backup import CHECKPOINTS, DUMP, KEYS, place
from gateway.cli.main import main
from gateway.store.database import Connections, provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from tests.flow.test_accesses import CITIZEN, PERSON
from tests.harness import House, consented, opened

pytestmark = pytest.mark.anyio
NUMBERS = itertools.count(1)


@pytest.fixture
async def house(new_database: Callable[[], Connections], tmp_path: Path) -> AsyncIterator[House]:
    async with opened(new_database(), tmp_path / "home") as made:
        yield made


@pytest.fixture
def empty(server: EmbeddedServer) -> Connections:
    """A database with nothing in it."""
    superuser, name = server.conninfo(SUPERUSER, "postgres"), f"empty_{next(NUMBERS)}"
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER gateway_owner").format(sql.Identifier(name)))
    return provision(superuser, name)


@pytest.fixture
def command(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(connections: Connections, *words: object) -> int:
        monkeypatch.setenv("GATEWAY_HOME", str(house.settings.home))
        for role in ("owner", "reader", "writer", "log"):
            name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
            monkeypatch.setenv(name, getattr(connections, role))
        return main([str(word) for word in words])

    return run


async def test_what_was_backed_up_is_brought_back_whole(
    house: House, empty: Connections, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    access = consented("SQ-2026-0003")
    await house.data("bank", PERSON, {**CITIZEN, "access": access})
    await house.gateway.log.checkpoint()
    folder = tmp_path / "backup"
    assert await asyncio.to_thread(command, house.connections, "backup", folder) == 0
    assert {path.name for path in folder.iterdir()} == {DUMP, KEYS, CHECKPOINTS}
    assert folder.stat().st_mode & 0o077 == 0
    assert await asyncio.to_thread(command, house.connections, "backup", folder) == 1  # never over another
    assert await asyncio.to_thread(command, empty, "restore", folder) == 0
    assert "1 entries, " in (said := capsys.readouterr().out) and ": sound" in said
    async with opened(empty, house.settings.home, seeded=False) as restored:  # sealed values open, the log goes on
        assert (await restored.data("bank", PERSON, {**CITIZEN, "access": access}))["person"] == {
            "name": CITIZEN["name"]
        }
    assert await asyncio.to_thread(command, empty, "restore", folder) == 1
    assert "the database is not empty" in capsys.readouterr().err


async def test_a_shard_that_went_on_after_the_backup_is_closed(
    house: House, empty: Connections, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.data("bank", "{ viewer { role } }")
    await house.gateway.log.checkpoint()
    shard = house.gateway.log.health.shard
    assert await asyncio.to_thread(command, house.connections, "backup", tmp_path / "backup") == 0
    await house.data("bank", "{ viewer { role } }")
    (tmp_path / "kept").write_text(await house.gateway.log.checkpoint())
    restored = await asyncio.to_thread(command, empty, "restore", tmp_path / "backup", "--known", tmp_path / "kept")
    assert restored == 0 and "1 lost, hence closed: sound" in capsys.readouterr().out
    async with opened(empty, house.settings.home, seeded=False) as other:
        assert other.gateway.log.health.shard not in (None, shard)


async def test_what_cannot_be_brought_whole_is_not_brought(
    house: House, empty: Connections, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is cut off, a checkpoint that nobody signed, a key that is missing: the database stays empty."""
    await house.data("bank", "{ viewer { role } }")
    await house.gateway.log.checkpoint()
    folder = tmp_path / "backup"
    assert await asyncio.to_thread(command, house.connections, "backup", folder) == 0
    whole = (folder / KEYS).read_bytes()
    (folder / KEYS).write_bytes(whole[: len(whole) * 2 // 3])
    assert await asyncio.to_thread(command, empty, "restore", folder) == 1
    (folder / KEYS).write_bytes(whole)
    (tmp_path / "kept").write_text("nonsense")
    assert await asyncio.to_thread(command, empty, "restore", folder, "--known", tmp_path / "kept") == 1
    assert f"{tmp_path / 'kept'}: not a checkpoint of" in capsys.readouterr().err
    key = house.settings.home / "keys" / "log.key"
    key.rename(tmp_path / "log.key")
    assert await asyncio.to_thread(command, empty, "restore", folder) == 1
    assert "the key of the log is not in GATEWAY_HOME" in capsys.readouterr().err
    (tmp_path / "log.key").rename(key)
    assert await asyncio.to_thread(command, empty, "restore", folder) == 0


async def test_without_the_keys_of_subjects_nothing_sealed_opens(
    house: House, empty: Connections, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are kept apart: destroyed there, what is sealed in the backup is gone."""
    await asyncio.to_thread(command, house.connections, "backup", tmp_path / "backup")
    (tmp_path / "backup" / KEYS).unlink()
    assert await asyncio.to_thread(command, empty, "restore", tmp_path / "backup") == 0
    assert f"{KEYS} is not there: what is sealed stays closed" in capsys.readouterr().out
    with psycopg.connect(empty.owner) as owner:
        assert owner.execute("SELECT count(*) FROM subject_key").fetchone() == (0,)
        assert owner.execute("SELECT count(*) > 0 FROM person").fetchone() == (True,)


def test_what_is_no_backup_is_told_whole(
    empty: Connections, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path))
    assert main(["restore", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / DUMP}: is not there" in said and f"{tmp_path / CHECKPOINTS}: is not there" in said


def test_a_password_stands_on_no_command_line() -> None:
    with place("postgresql://owner:se%3Acr%5Cet@db.example/credit") as word:
        assert "cr" not in word.partition("credit")[2] and "se:cr" not in word
        passfile = Path(str(conninfo_to_dict(word.removeprefix("--dbname="))["passfile"]))
        assert passfile.read_text() == "*:*:*:*:se\\:cr\\\\et\n" and passfile.stat().st_mode & 0o077 == 0
    assert not passfile.exists()
