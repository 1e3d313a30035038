"""The log as everybody may read it: its addresses, restarts, witnesses, `gateway audit`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from gateway.audit import checkpoint, witness
from gateway.audit.proof import check_consistency
from gateway.audit.tree import leaf_hash
from gateway.audit.witness import WitnessesRefused, witnesses_of
from gateway.cli.main import main
from gateway.signing import NoteVerifier, load_or_create
from gateway.store.database import Connections
from tests.flow.log_bench import entry
from tests.flow.witnesses import NOW, TestWitness
from tests.harness import ORIGIN, House, opened, until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
async def house(database: Connections, home: Path) -> AsyncIterator[House]:
    async with opened(database, home) as made:
        yield made


async def get(house: House, path: str) -> httpx.Response:
    return await house.http.get(f"http://127.0.0.1:{house.port}/log{path}")


async def grow(house: House, count: int) -> str:
    """So many entries more, and the checkpoint then."""
    name = await house.entry_count()
    await asyncio.gather(*(house.gateway.log.append(entry(f"{name}-{one}")) for one in range(count)))
    return await house.gateway.log.checkpoint()


def shard_of(house: House) -> int:
    shard = house.gateway.log.health.shard
    assert shard is not None
    return shard


async def test_addresses_and_their_headers(house: House) -> None:
    shard = shard_of(house)
    note = await grow(house, 300)
    size = int(note.split("\n")[1])
    (listed,) = [one for one in (await get(house, "")).json()["shards"] if one["shard"] == shard]
    verifier = NoteVerifier.parse(listed["vkey"])
    assert (listed["prefix"], listed["origin"]) == (f"/log/{shard}", verifier.name)
    shown = await get(house, f"/{shard}/checkpoint")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert shown.headers["cache-control"] == "no-cache"
    signed = checkpoint.verify(shown.text, verifier)
    assert (signed.origin, signed.size) == (listed["origin"], size)
    for path, length in (
        ("tile/0/000", 8192), (f"tile/0/001.p/{size - 256}", 32 * (size - 256)), ("tile/0/001.p/1", 32),
        ("tile/1/000.p/1", 32), ("tile/entries/000", 256 * 34), ("tile/entries/001.p/2", 68),
    ):  # fmt: skip
        found = await get(house, f"/{shard}/{path}")
        assert (found.status_code, len(found.content)) == (200, length), path
        assert found.headers["content-type"] == "application/octet-stream"
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    bundle = (await get(house, f"/{shard}/tile/entries/000")).content
    leaves = b"".join(leaf_hash(bundle[at + 2 : at + 34]) for at in range(0, len(bundle), 34))
    assert leaves == (await get(house, f"/{shard}/tile/0/000")).content
    stored = await house.sql('SELECT salt, body FROM log_entry WHERE shard = %s AND "index" = 0', shard)
    assert bundle[2:34] == sha256(b"".join(stored[0])).digest()


async def test_beyond_the_checkpoint_there_is_nothing(house: House) -> None:
    shard = shard_of(house)
    size = int((await grow(house, 1)).split("\n")[1])
    assert 256 < size < 512
    await house.gateway.log.append(entry("not signed for yet"))
    for path in (
        f"/{shard}/tile/0/001", f"/{shard}/tile/0/001.p/{size - 255}", f"/{shard}/tile/0/002.p/1",
        f"/{shard}/tile/1/000", f"/{shard}/tile/1/000.p/2", f"/{shard}/tile/2/000.p/1", f"/{shard}/tile/63/000",
        f"/{shard}/tile/entries/001", f"/{shard}/tile/entries/001.p/{size - 255}", f"/{shard}/tile/0/1",
        f"/{shard}/tile/0/000.p/256", f"/{shard}/tile/0/x000/000", f"/{shard}/tile/", f"/{shard}", f"/{shard}/",
        f"/{shard}/tile/0/x999/x999/999", "/99999/checkpoint", "/099/checkpoint", "/x/checkpoint", "/-1/checkpoint",
        "/123456789/checkpoint", "/99999/tile/0/000", f"/{shard}/tile/0/%00", f"/{shard}/checkpoint/",
    ):  # fmt: skip
        found = await get(house, path)
        assert found.status_code == 404, path
        assert found.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await house.http.post(f"http://127.0.0.1:{house.port}/log/{shard}/checkpoint")).status_code == 405


async def test_the_tree_goes_on_after_a_restart(database: Connections, home: Path) -> None:
    seen = []
    for count in (5, 260, 1):
        async with opened(database, home) as house:
            await grow(house, count)
            shard, history = shard_of(house), house.gateway.history
            text = (await get(house, f"/{shard}/checkpoint")).text
            seen.append(checkpoint.verify(text, NoteVerifier.parse(history.vkey(shard))))
            for old in seen:
                new = seen[-1]
                proof = await history.consistency(shard, old.size, new.size)
                check_consistency(old.size, old.root, new.size, new.root, proof)
                assert await history.root(shard, old.size) == old.root
    assert seen[0].size < seen[1].size < seen[2].size and len({one.origin for one in seen}) == 1


# --- witnesses ---


@asynccontextmanager
async def witnessed(
    database: Connections, home: Path, *names: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[House, list[TestWitness]]]:
    """A house whose checkpoints are shown to witnesses; the last one is never there."""
    keys: dict[str, NoteVerifier] = {}
    made = [TestWitness(name, keys.get) for name in names]
    serving = [asyncio.create_task(one.serve()) for one in made[:-1]]
    await until("they listen", lambda: all(one.server.started for one in made[:-1]))
    file = home / "witnesses"
    file.write_text("# who watches\n\n" + "".join(f"{one.vkey} {one.url}/\n" for one in made))
    monkeypatch.setattr(witness, "PERIOD", 0.05)
    try:
        async with opened(database, home, settings={"GATEWAY_WITNESSES": str(file)}) as house:
            shard = shard_of(house)
            verifier = NoteVerifier.parse(house.gateway.history.vkey(shard))
            keys[verifier.name] = verifier
            yield house, made
    finally:
        for one in made:
            one.server.should_exit = True
        await asyncio.gather(*serving)
        for one in made:
            one.close()


async def test_witnesses_sign_what_is_published(
    database: Connections, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One signs, one answers nonsense at first, one is never there: published it is, with what came."""
    async with witnessed(database, home, "w.example/1", "w.example/2", "w.example/3", monkeypatch=monkeypatch) as all:
        house, (good, bad, _) = all
        shard = shard_of(house)
        bad.spoil = lambda line: line.replace("A", "B")
        signers = [one.cosigner for one in witnesses_of(home / "witnesses")]

        async def shown(size: int) -> str:
            async def there() -> bool:
                answer = await get(house, f"/{shard}/checkpoint")
                return answer.status_code == 200 and int(answer.text.split("\n")[1]) >= size

            await until("it is published", there)
            return (await get(house, f"/{shard}/checkpoint")).text

        note = await shown(int((await grow(house, 20)).split("\n")[1]))
        assert signers[0].cosigned(note)[0] == NOW
        for missing in signers[1:]:
            with pytest.raises(ValueError, match="not cosigned"):
                missing.cosigned(note)
        checkpoint.verify(note, NoteVerifier.parse(house.gateway.history.vkey(shard)))

        bad.spoil = lambda line: f"\u2014 stranger AAAAAAAA\n{line}"  # who is not known is passed over
        note = await shown(int((await grow(house, 300)).split("\n")[1]))
        assert [one.cosigned(note)[0] for one in signers[:2]] == [NOW, NOW]
        assert "stranger" not in note
        answered = [status for _, status in good.asked]
        assert set(answered[answered.index(200) :]) == {200}  # before that it did not know this log
        assert 409 in {status for _, status in bad.asked}  # it had signed a size that we were not told of


async def test_a_witness_that_has_seen_more_than_there_is_signs_nothing(
    database: Connections, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A log that lost entries after it had shown them: the witness refuses, and it is said as an error."""
    async with witnessed(database, home, "w.example/1", "w.example/3", monkeypatch=monkeypatch) as all:
        house, (good, _) = all
        shard = shard_of(house)
        good.seen[house.gateway.history.origin(shard)] = 1_000_000, bytes(32)
        await grow(house, 1)
        await until("it is said", lambda: "has seen 1000000 entries" in caplog.text)


def test_a_list_of_witnesses_is_checked_line_by_line(tmp_path: Path) -> None:
    one, two = TestWitness("w.example/1", lambda _: None), TestWitness("w.example/2", lambda _: None)
    one.close()
    two.close()
    file = tmp_path / "witnesses"
    file.write_text(
        f"{one.vkey} https://w.example\n{one.vkey} https://w.example\n{two.vkey}\n{two.vkey} ftp://w.example\n"
        f"{two.vkey[:-4]}AAAA https://w.example\nnonsense https://w.example\n{two.vkey} https://u:p@w.example\n"
    )
    with pytest.raises(WitnessesRefused) as refused:
        witnesses_of(file)
    assert [fault.path for fault in refused.value.faults] == [("witnesses", line) for line in range(2, 8)]
    for text in ("", "# nobody\n"):
        file.write_text(text)
        with pytest.raises(WitnessesRefused):
            witnesses_of(file)
    file.unlink()
    with pytest.raises(WitnessesRefused):
        witnesses_of(file)
    assert witnesses_of(None) == ()


# --- the command line ---


@pytest.fixture
def settings(database: Connections, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(home))
    for role in ("owner", "reader", "writer", "log"):
        name = "GATEWAY_DATABASE_URL" if role == "owner" else f"GATEWAY_{role.upper()}_URL"
        monkeypatch.setenv(name, getattr(database, role))


async def command(*words: str) -> int:
    return await asyncio.to_thread(main, ["audit", *words])


async def test_status_says_where_the_log_is_and_how_it_is_verified(
    house: House, settings: None, capsys: pytest.CaptureFixture[str]
) -> None:
    size = int((await grow(house, 1)).split("\n")[1])
    assert await command("status") == 0
    said = capsys.readouterr().out
    shard = shard_of(house)
    for line in (
        f"shard    {shard}", f"url      http://127.0.0.1:8000/log/{shard}",
        f"origin   credit-gateway.example/log/{shard}", f"vkey     {house.gateway.history.vkey(shard)}",
        f"size     {size}, 0 witnesses have signed it",
    ):  # fmt: skip
        assert line in said.splitlines()


async def test_verify_and_monitor_and_destroy(
    house: House, settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shard, note = shard_of(house), await grow(house, 1)
    kept = tmp_path / "kept"
    kept.write_text(note)
    assert await command("verify", "--known", str(kept)) == 0
    assert f"shard {shard}: " in capsys.readouterr().out
    for wrong in (note.replace("\n", "\n9", 1), "nonsense", note.replace("/log/", "/gol/")):
        kept.write_text(wrong)
        assert await command("verify", "--known", str(kept)) == 1
        assert str(kept) in capsys.readouterr().err
    assert await command("monitor", "--once", "--state", str(tmp_path / "state")) == 0
    assert "all that is new is sound" in capsys.readouterr().out
    people = ("--by", "anna", "--by", "boris")
    assert await command("destroy", str(shard), "3", "--basis", "PIPL art. 47", "--by", "anna") == 1
    assert "two different people must decide it" in capsys.readouterr().err
    assert await command("destroy", str(shard), "3", "--basis", "PIPL art. 47", *people) == 0
    assert "PIPL art. 47\nby anna\nby boris\n" in capsys.readouterr().out
    assert await house.sql('SELECT body, sealed, salt FROM log_entry WHERE shard = %s AND "index" = 3', shard) == [
        (None, None, b"")
    ]
    assert await command("verify") == 0
    assert "1 bodies lawfully destroyed: sound" in capsys.readouterr().out
    await house.sql("UPDATE log_entry SET body = %s WHERE shard = %s AND index = 4", b"{}", shard)
    assert await command("verify") == 1
    assert f"shard {shard}: entry 4: CHANGED: " in capsys.readouterr().out
    assert await command("verify", "--vkey", "nonsense") == 1
    assert "--vkey: a vkey has three parts" in capsys.readouterr().err
    assert await command("verify", "--vkey", house.gateway.history.vkey(77)) == 1
    assert f"--vkey: there is none for credit-gateway.example/log/{shard}" in capsys.readouterr().err


async def test_after_a_restore_a_shard_that_lost_entries_is_closed(
    database: Connections, home: Path, settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody holds a checkpoint for more entries than there are; the gateway goes on in another shard."""
    async with opened(database, home) as house:
        note, shard = await grow(house, 1), shard_of(house)
        signer = load_or_create(home / "keys" / "log.key", ORIGIN, lambda count: bytes(count)).named(
            f"{ORIGIN}/{shard}"
        )
        size = int(note.split("\n")[1])
    kept = tmp_path / "kept"
    kept.write_text(signer.sign(checkpoint.Checkpoint(signer.name, size + 5, bytes(32)).text()))
    assert await command("verify", "--known", str(kept)) == 1
    assert "FORK: a checkpoint was signed for more entries than there are" in capsys.readouterr().out
    await command("verify", "--known", str(kept), "--restored")
    assert "5 lost, hence closed" in capsys.readouterr().out
    async with opened(database, home) as house:
        assert shard_of(house) != shard
        await grow(house, 1)
