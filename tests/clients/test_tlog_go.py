"""The log, verified by code we did not write: Go's checksum database (golang.org/x/mod/sumdb, from Debian).

Needs the Debian packages golang-go and golang-golang-x-mod-dev; without them the test says that it was skipped.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.database import Connections
from tests.flow.log_bench import entry
from tests.harness import House, opened

pytestmark = [
    pytest.mark.anyio,
    # The verifier is a Go program and Go is no Python package: `.ci/run` installs it; elsewhere -rs prints the skip.
    pytest.mark.skipif(
        shutil.which("go") is None or not Path("/usr/share/gocode/src/golang.org/x/mod").is_dir(),
        reason="golang-go and golang-golang-x-mod-dev are not installed",
    ),
]
SOURCE = Path(__file__).parent / "tlog" / "verify.go"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built from what Debian ships and nothing else."""
    return tmp_path_factory.mktemp("go") / "verify"


async def run(*words: object) -> tuple[int, str]:
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    process = await asyncio.create_subprocess_exec(
        *map(str, words), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_checkpoint_every_entry_and_the_continuation(house: House, verifier: Path) -> None:
    status, said = await run("go", "build", "-o", verifier, SOURCE)
    assert status == 0, said
    log, shard = house.gateway.log, house.gateway.log.health.shard
    assert shard is not None
    where = f"http://127.0.0.1:{house.port}/log/{shard}", house.gateway.history.vkey(shard)
    old: list[str] = []
    for count in (3, 252, 1, 1, 600):  # a partial tile, a full one, one more, then a second level
        await asyncio.gather(*(log.append(entry(f"go-{count}-{number}")) for number in range(count)))
        await log.checkpoint()
        status, said = await run(verifier, *where, *old)
        assert status == 0, said
        old = said.split()
        assert int(old[0]) == log.health.size
    status, said = await run(verifier, *where, old[0], "A" * 43 + "=")
    assert status != 0, "a tree that was never there was taken for the beginning of this one"
    other = house.gateway.history.vkey(shard + 1)
    status, said = await run(verifier, where[0], other)
    assert status != 0, "the checkpoint of one shard passed for that of another"
