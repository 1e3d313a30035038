"""The ten costliest places of a running gateway: py-spy looks at it from outside, so nothing in it is slowed."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.bench.servers import Server

RATE = 500  # looks a second
PLACES = 10


def available() -> str | None:
    """Where py-spy is."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if beside.exists() else shutil.which("py-spy")


class Profiler:
    """Records stacks of one server for some seconds, beside a load that somebody else makes."""

    def __init__(self, server: Server, folder: Path, seconds: int) -> None:
        program = available()
        if program is None:
            raise RuntimeError("py-spy is not installed: pip install credit-gateway[bench]")
        self._path = folder / "stacks.txt"
        command = [program, "record", "--pid", str(server.pid), "--duration", str(seconds), "--rate", str(RATE)]
        command += ["--format", "raw", "--output", str(self._path), "--full-filenames"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def report(self) -> str:
        """Wait for its end: parts, the costliest functions by own time (C included), and with their callees."""
        _, said = self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"py-spy failed: {said.strip()}")
        own: Counter[str] = Counter()
        whole: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for line in self._path.read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            frames = [_short(frame) for frame in stack.split(";")]
            own[frames[-1]] += int(count)
            parts[_part(frames)] += int(count)
            for frame in {frame for frame in frames if frame.startswith("gateway/") and "/cli/" not in frame}:
                whole[frame] += int(count)
        total = sum(own.values()) or 1
        return "\n".join(
            [
                *_ranked(f"part ({total:,} looks)", parts, len(parts), total),
                *_ranked("function, its own time", own, PLACES, total),
                *_ranked("function with its callees", whole, 2 * PLACES, total),
            ]
        )


def _ranked(title: str, counts: "Counter[str]", most: int, total: int) -> list[str]:
    return [f"  {'':>6}  {title}", *[f"  {100 * n / total:5.1f}%  {name}" for name, n in counts.most_common(most)]]


def _part(frames: list[str]) -> str:
    """The part of the gateway that a look falls into: the innermost frame of ours, or whose code runs around it."""
    for frame in reversed(frames):
        words = frame.partition(":")[0].split("/")
        if words[0] == "gateway" and words[1] not in ("cli", "clock.py"):
            return "/".join(words[:2])
        if words[0] in ("uvicorn", "starlette"):
            return words[0]
    return "event loop"


def _short(frame: str) -> str:
    """``gateway/vault/splice.py:open_values`` of ``open_values (/…/gateway/vault/splice.py:52)``."""
    function, _, place = frame.rpartition(" (")
    parts = Path(place.rpartition(":")[0]).parts
    known = [at for at, part in enumerate(parts) if part in ("site-packages", "gateway")]
    if known:
        parts = parts[known[-1] + (parts[known[-1]] == "site-packages") :]
    return f"{'/'.join(parts[-4:])}:{function}"
