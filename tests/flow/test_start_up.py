"""What is wrong before anything is served is told in a few words, all at once, and leaves nothing behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import PREFIX, SHIPPED_POLICIES
from gateway.store.database import Connections
from tests.harness import PATIENCE
from tests.processes import ROOT


def run(*command: str, **settings: str) -> tuple[int, str]:
    """``gateway COMMAND`` to its end: the exit status, and what it says on stderr."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *command],
        env={**environ, "PYTHONPATH": str(ROOT), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stdout, "Traceback" in done.stderr) == ("", False), done.stderr
    return done.returncode, done.stderr


def test_serving_without_a_database_makes_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    status, said = run("serve", GATEWAY_HOME=str(home))
    assert (status, said) == (1, "There is no database yet: run `gateway migrate` first.\n")
    assert not home.exists()


@pytest.mark.parametrize("command", ["demo", "serve", "migrate", "token bank"])
def test_a_home_that_cannot_be_made(tmp_path: Path, command: str) -> None:
    """With whatever else is wrong, and before anything is made."""
    (tmp_path / "file").write_bytes(b"")
    home = str(tmp_path / "file" / "home")
    status, said = run(*command.split(), GATEWAY_HOME=home, GATEWAY_POLICIES="/nonexistent")
    assert status == 2
    assert said.splitlines() == [
        "The settings cannot be used:",
        "  GATEWAY_HOME: must be a folder that can be made and written to",
        "  GATEWAY_POLICIES: must be a folder that is there",
    ]


def on(database: Connections, home: Path) -> dict[str, str]:
    return {
        "GATEWAY_HOME": str(home),
        "GATEWAY_DATABASE_URL": database.owner,
        "GATEWAY_READER_URL": database.reader,
        "GATEWAY_WRITER_URL": database.writer,
        "GATEWAY_LOG_URL": database.log,
    }


def test_a_bad_policy_is_told_with_file_and_line(database: Connections, tmp_path: Path) -> None:
    policies = Path(shutil.copytree(SHIPPED_POLICIES, tmp_path / "policies"))
    (policies / "cases" / "handler.yaml").unlink()
    status, said = run("serve", **on(database, tmp_path), GATEWAY_POLICIES=str(policies))
    assert status == 1
    assert said.splitlines()[1:] == ["  cases/handler.yaml:1: role 'handler' has no cases"]


def test_keys_that_cannot_be_read_are_a_fault_of_the_settings(database: Connections, tmp_path: Path) -> None:
    status, said = run("serve", **on(database, tmp_path), GATEWAY_JWKS=str(tmp_path / "none.json"))
    assert status == 2
    assert said.splitlines() == ["The settings cannot be used:", "  GATEWAY_JWKS: the file cannot be read"]
