"""Room that runs out is told before it has."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import DatabaseUnavailable
from gateway.settings import Settings, read
from gateway.space import GIBIBYTE, Room, Space, room, share
from gateway.store.lanes import Lanes, Row
from gateway.values import Statement

pytestmark = pytest.mark.anyio

URLS = {f"GATEWAY_{role}_URL": "host=db" for role in ("DATABASE", "READER", "WRITER", "LOG")}


class Sized:
    """Answers with a size."""

    def __init__(self, size: int) -> None:
        self.size = size

    async def fetch(self, statement: Statement, parameters: Sequence[bytes | None]) -> list[Row]:
        if self.size < 0:
            raise DatabaseUnavailable
        return [(b"%d" % self.size,)]


def settings(tmp_path: Path, **given: str) -> Settings:
    return read({"GATEWAY_HOME": str(tmp_path), **given})


def test_room_is_what_the_setting_gives_or_the_disk_of_the_embedded_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(tmp_path, GATEWAY_DATABASE_SPACE="10")
    assert room(given, 4 * GIBIBYTE) == Room(6 * GIBIBYTE, 10 * GIBIBYTE)
    assert share(given, 11 * GIBIBYTE) == 0.0
    assert room(settings(tmp_path, **URLS), 5) is None and share(settings(tmp_path, **URLS), 5) is None
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(100, 95, 5))
    assert room(settings(tmp_path), 5) == Room(5, 100)


async def test_it_is_told_when_little_is_left_and_not_at_every_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lanes = Sized(8 * GIBIBYTE)
    space = Space(settings(tmp_path, GATEWAY_DATABASE_SPACE="10"), cast(Lanes, lanes))
    assert space.state == "unknown"
    with caplog.at_level(logging.ERROR, "gateway.space"):
        await space.look()
        assert (space.state, caplog.messages) == ("ok", [])
        lanes.size = 95 * GIBIBYTE // 10
        for _ in range(61):
            await space.look()
        assert space.state == "LOW"
        assert caplog.messages == ["the database has 0.5 GiB of room left, 5.0 %: without any, nothing is answered"] * 2
        lanes.size = GIBIBYTE
        await space.look()
        lanes.size = 10 * GIBIBYTE
        await space.look()
        assert len(caplog.messages) == 3
    lanes.size = -1
    with pytest.raises(DatabaseUnavailable):
        await space.look()
    assert space.state == "LOW"  # what was known last
