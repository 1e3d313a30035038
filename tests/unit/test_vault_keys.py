"""The key file: made once, private, whole, checked at start."""

import os
import threading
from pathlib import Path

import pytest

from gateway.clock import SystemRandom
from gateway.errors import InternalError, KeysRefused
from gateway.vault.keys import ENTRY_SIZE, MAGIC, FileProvider, Use, new_keys, parse

RANDOM = SystemRandom()


def provider(path: Path, create: bool = True) -> FileProvider:
    return FileProvider(path, RANDOM, create=create)


def test_made_on_the_first_run_and_read_on_the_second(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "domain.keys"
    first = provider(path).unwrap()
    second = provider(path, create=False).unwrap()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["domain.keys"]
    for use in Use:
        assert first.newest(use).derive("word") == second.newest(use).derive("word")


def test_never_made_when_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused, match="INTERNAL") as refused:
        provider(tmp_path / "domain.keys", create=False).unwrap()
    assert isinstance(refused.value, InternalError)
    assert not (tmp_path / "domain.keys").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_refused_when_others_may_touch_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "domain.keys"
    provider(path).unwrap()
    path.chmod(mode)
    with pytest.raises(KeysRefused) as refused:
        provider(path).unwrap()
    assert "mode 0600" in refused.value.reason


def test_refused_when_it_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(KeysRefused):
        provider(tmp_path).unwrap()


def test_a_file_in_the_way_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"")
    with pytest.raises(KeysRefused):
        provider(tmp_path / "keys" / "domain.keys").unwrap()


def test_two_first_runs_at_once_end_with_one_set_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "domain.keys"
    barrier = threading.Barrier(8, timeout=60)
    derived: list[bytes] = []

    def start() -> None:
        barrier.wait()
        derived.append(provider(path).unwrap().newest(Use.WRAPPING).derive("wrap"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(derived) == 8
    assert len(set(derived)) == 1
    assert os.listdir(tmp_path) == ["domain.keys"]


GOOD = new_keys(RANDOM)
ENTRIES = GOOD[len(MAGIC) :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin"),
        (b"X" + GOOD[1:], "does not begin"),
        (MAGIC, "wrong length"),
        (GOOD[:-1], "wrong length"),
        (GOOD + b"\n", "wrong length"),
        (GOOD[:-ENTRY_SIZE], "missing"),
        (GOOD + ENTRIES[:ENTRY_SIZE], "same id"),
        (GOOD[:-1] + bytes((GOOD[-1] ^ 1,)), "damaged"),
        (MAGIC + b"\x09" + ENTRIES[1:], "unknown use"),
        (MAGIC + b"\x02" + ENTRIES[1:], "damaged"),
    ],
)
def test_a_file_that_is_not_right_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(KeysRefused) as refused:
        parse(data)
    assert reason in refused.value.reason


def test_derived_keys_differ_by_use_word_and_context() -> None:
    keys = parse(GOOD)
    derived = [keys.newest(use).derive("a") for use in Use]
    derived += [keys.newest(Use.IDS).derive(*words) for words in (("b",), ("a", b"x"), ("a", b"y"), ("a/x",))]
    assert len(set(derived)) == len(derived)
    assert {len(one) for one in derived} == {32}
