"""Write the golden cases anew: ``python -m tests.golden.renew``. Never where a build is checked."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import psycopg

from gateway.clock import SystemRandom
from gateway.policy import matrix
from gateway.settings import SHIPPED_POLICIES as POLICIES
from gateway.store.database import provision
from gateway.store.embedded import SUPERUSER, EmbeddedServer
from gateway.store.migrate import migrate
from gateway.vault.keys import FileProvider
from gateway.vault.vault import Vault
from tests.golden import explain, intake
from tests.golden.cases import EXPLAINED, cases
from tests.harness import opened, shipped


async def _renew(home: Path) -> None:
    server = EmbeddedServer.start(home, settings={"fsync": "off"})
    try:
        connections = provision(server.conninfo(SUPERUSER, "postgres"), "golden")
        migrate(connections.owner)
        async with opened(connections, home) as house:
            for case in cases():
                for name, text in (await case.made(house)).items():
                    (case.folder / name).write_text(text)
            large = provision(server.conninfo(SUPERUSER, "postgres"), "large")
            migrate(large.owner)
            explain.fill(large, house.vault)
            with psycopg.connect(large.reader) as reader, psycopg.connect(large.log) as log:
                for case in cases():
                    if text := explain.shape((reader, log), case.plans(house)):
                        (case.folder / EXPLAINED).write_text(text)
        files = home / "files"
        files.mkdir()
        apart = provision(server.conninfo(SUPERUSER, "postgres"), "intake")
        migrate(apart.owner)
        random = SystemRandom()
        intake.renew(apart, Vault(FileProvider(home / "intake.key", random, create=True).unwrap(), random), files)
    finally:
        server.stop()


def main() -> int:
    """Renew all cases; 1 if this is a build, where the cases are what is to be checked."""
    if os.environ.get("CI"):
        print("golden cases are not renewed in CI", file=sys.stderr)
        return 1
    table = matrix.parts((POLICIES / matrix.TABLE).read_text("utf-8"))
    for form in ("csv", "md"):
        text = matrix.FORMS[form](shipped(), table).replace(shipped().version, "VERSION")
        (Path(__file__).parent / f"matrix.{form}").write_text(text)
    with tempfile.TemporaryDirectory(prefix="golden-") as home:
        asyncio.run(_renew(Path(home)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
