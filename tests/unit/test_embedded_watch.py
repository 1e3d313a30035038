"""The watch over the embedded server: when it looks, when it acts, and that nothing ends it."""

import asyncio

import pytest

from gateway.store.embedded import EmbeddedServer
from gateway.store.embedded_host import EmbeddedError
from gateway.store.embedded_watch import LONGEST, LOOK, watch

pytestmark = pytest.mark.anyio


class Scripted(EmbeddedServer):
    """A server of which a script says how each look finds it; a start may fail."""

    def __init__(self, script: str) -> None:
        self.script = iter(script)
        self.started = 0

    @property
    def running(self) -> bool:
        look = next(self.script, None)
        if look is None:
            raise asyncio.CancelledError  # the end of the story
        self.look = look
        return look == "."

    def revive(self) -> None:
        self.started += 1
        if self.look == "E":
            raise EmbeddedError("it does not start")
        if self.look == "O":
            raise OSError("the folder is gone")


@pytest.mark.parametrize(
    ("script", "pauses", "starts"),
    [
        ("...", [1, 1, 1, 1], 0),
        ("x...", [1, 2, 1, 1, 1], 1),
        ("EOx..", [1, 2, 4, 8, 4, 2], 3),
        ("xxxxxx", [1, 2, 4, 8, 16, 30, 30], 6),
    ],
)
async def test_watch(monkeypatch: pytest.MonkeyPatch, script: str, pauses: list[float], starts: int) -> None:
    """``.``: it runs; ``x``: it died and starts again; ``E``, ``O``: it died and does not start."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    server = Scripted(script)
    with pytest.raises(asyncio.CancelledError):
        await watch(server)
    monkeypatch.undo()
    assert (slept, server.started) == (pauses, starts)
    assert (LOOK, LONGEST) == (1, 30)
