"""Policies come into force in every process without a restart; bad ones change nothing; candidates only count."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.bundles import Bundles
from gateway.cli.main import main
from gateway.cli.traffic import touched
from gateway.clock import SystemClock
from gateway.intake.sample_demo import DEMO
from gateway.policy.bundle import Bundle, sign
from gateway.policy.compile import build
from gateway.policy.diff import diff, remembered
from gateway.policy.files import PolicyRefused, parse
from gateway.signing import NoteSigner, NoteVerifier
from gateway.store.database import Connections
from gateway.store.sessions import Sessions
from tests.harness import House, consented, opened, shipped, sql, until
from tests.policies import broken, narrowed, remarked, widened, written
from tests.policies import shipped as shipped_bundle

pytestmark = pytest.mark.anyio

PHONE = """query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { name phone } }"""
ENTERPRISE = {"uscc": DEMO.enterprise_uscc, "access": consented(DEMO.consent_enterprise)}


@pytest.fixture(scope="module")
async def pair(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, House]]:
    """Two gateways on one database."""
    homes = tmp_path_factory.mktemp("homes")
    async with opened(database, homes / "one") as one, opened(database, homes / "two", seeded=False) as two:
        yield one, two


@pytest.fixture
async def houses(pair: tuple[House, House]) -> tuple[House, House]:
    """The same, with the shipped policy in force and no candidate beside it."""
    await add(pair[0], shipped_bundle())
    policies = [house.gateway.policies for house in pair]
    await until(
        "both stand where they began",
        lambda: all(
            one.current.version == shipped().version and one.shadow is None and not one.trouble for one in policies
        ),
    )
    return pair


@pytest.fixture
def settings(database: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line on the database of this module."""
    for name in ("database", "reader", "writer", "log"):
        conninfo = database.owner if name == "database" else getattr(database, name)
        monkeypatch.setenv(f"GATEWAY_{name.upper()}_URL", conninfo)
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path / "cli"))
    yield


def here(house: House) -> str:
    return house.gateway.policies.current.version


async def last_entry(house: House) -> dict[str, Any]:
    """The newest entry in the shard of one gateway."""
    newest = "SELECT body FROM log_entry WHERE shard = %s ORDER BY index DESC LIMIT 1"
    ((body,),) = await house.sql(newest, house.gateway.log.health.shard)
    found: dict[str, Any] = json.loads(body)
    return found


async def add(house: House, bundle: Bundle, *, shadow: bool = False) -> None:
    """A row of the table, as whoever can write there can add one."""
    content = json.dumps({"files": dict(bundle.texts), "note": bundle.note})
    await house.sql(
        "INSERT INTO policy_bundle (version, content, shadow, published_at) VALUES (%s, %s, %s, now())",
        *(bundle.version, content, shadow),
    )


async def command(*arguments: str) -> int:
    """The command line, beside the gateways that answer meanwhile."""
    return await asyncio.to_thread(main, list(arguments))


async def test_every_process_follows(
    houses: tuple[House, House], settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published once, a policy decides everywhere: answers, schemas, explanations and the version in each entry."""
    one, two = houses
    assert (await one.data("bank", PHONE, ENTERPRISE))["enterprise"]["phone"] is not None
    assert await command("policy", "publish", str(written(narrowed(), tmp_path / "new"))) == 0
    assert f"policy {narrowed().version} is in force" in capsys.readouterr().out
    await until("the new policy decides", lambda: here(one) == here(two) == narrowed().version)
    for house in (one, two):
        status, body = await house.ask("bank", PHONE, ENTERPRISE)
        assert status == 200 and "phone" in body["errors"][0]["message"]  # for a bank there is no phone any more
        assert (await last_entry(house))["policy"] == narrowed().version
        ready = (await house.http.get(f"http://127.0.0.1:{house.port}/readyz")).json()
        assert (ready["policy"], ready["policyVersion"]) == ("ok", narrowed().version)
    assert await command("policy", "status") == 0
    assert f"policy {narrowed().version} is in force" in capsys.readouterr().out


async def test_a_request_ends_on_the_version_it_began_with(houses: tuple[House, House]) -> None:
    house, _ = houses

    async def publish() -> None:
        house.lanes.after = None
        await add(house, narrowed())
        await until("the new policy decides", lambda: here(house) == narrowed().version)

    house.lanes.after = publish
    assert (await house.data("bank", PHONE, ENTERPRISE))["enterprise"]["phone"] is not None
    assert (await last_entry(house))["policy"] == shipped().version != here(house)


async def test_polling_finds_what_no_notice_told(houses: tuple[House, House]) -> None:
    """The connection that listens is killed: the next look, or the next connection, finds the bundle."""
    house, _ = houses
    await house.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
    await house.sql("ALTER TABLE policy_bundle DISABLE TRIGGER policy_published")
    try:
        await add(house, remarked("found by looking"))
        await until("it is found", lambda: here(house) == remarked("found by looking").version)
    finally:
        await house.sql("ALTER TABLE policy_bundle ENABLE TRIGGER policy_published")


async def test_a_bad_bundle_keeps_the_last_good_one(
    houses: tuple[House, House], caplog: pytest.LogCaptureFixture
) -> None:
    house, other = houses
    await add(house, broken())
    await until("it was looked at", lambda: bool(house.gateway.policies.trouble and other.gateway.policies.trouble))
    assert here(house) == here(other) == shipped().version
    assert (await house.data("bank", PHONE, ENTERPRISE))["enterprise"]["phone"] is not None
    response = await house.http.get(f"http://127.0.0.1:{house.port}/readyz")
    assert response.status_code == 200  # the one before it answers
    assert response.json()["policy"] == f"{broken().version} is not in force"  # everybody may read it: not why
    line = len(broken().texts["roles/public.csv"].splitlines())
    assert f"roles/public.csv:{line}: unknown coordinate or group 'fax'" in caplog.text
    await add(house, remarked())
    await until("the next one decides", lambda: here(house) == remarked().version)
    assert house.gateway.policies.trouble == ""


async def test_a_good_one_behind_a_bad_one_is_not_passed_over(houses: tuple[House, House]) -> None:
    """Both came while a process was looking elsewhere: it sees the bad one first."""
    house, other = houses
    rows = [(one.version, json.dumps({"files": dict(one.texts), "note": one.note})) for one in (remarked(), broken())]
    await house.sql(
        "INSERT INTO policy_bundle (version, content, shadow, published_at) "
        "VALUES (%s, %s, false, now()), (%s, %s, false, now())",
        *rows[0], *rows[1],
    )  # fmt: skip
    await until("the good one decides", lambda: here(house) == here(other) == remarked().version)
    bad = f"{broken().version} is not in force"
    assert house.gateway.policies.trouble == other.gateway.policies.trouble == bad


async def test_what_is_no_bundle_at_all_ends_no_watch(houses: tuple[House, House]) -> None:
    house, _ = houses
    for content in ('"nothing"', '{"files": [1]}', '{"files": {"model.conf": 3}, "note": 4}'):
        added = (
            "INSERT INTO policy_bundle (version, content, shadow, published_at) VALUES (%s, %s::jsonb, false, now())"
        )
        await sql(house.connections.writer, added, "malformed", content)
    await until("they were looked at", lambda: house.gateway.policies.trouble == "malformed is not in force")
    assert here(house) == shipped().version and not any(task.done() for task in house.running.tasks)
    await add(house, remarked())
    await until("the next one decides", lambda: here(house) == remarked().version)


async def test_nothing_personal_is_widened_by_publishing_unsigned(
    houses: tuple[House, House], settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, _ = houses
    before = await house.sql("SELECT max(number) FROM policy_bundle")
    assert await command("policy", "publish", str(written(widened(), tmp_path / "new"))) == 1
    assert "personal data would be widened" in capsys.readouterr().err
    assert await house.sql("SELECT max(number) FROM policy_bundle") == before


async def test_two_administrators_sign(
    houses: tuple[House, House],
    settings: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From keys to force, by the command line alone."""
    house, _ = houses
    old, new = written(shipped_bundle(), tmp_path / "old"), written(widened(), tmp_path / "new")
    vkeys = []
    for name in ("anna", "boris"):
        signed = ("policy", "sign", str(new), "--name", name, "--key", str(tmp_path / name), "--replaces", str(old))
        assert await command(*signed) == 0
        said = capsys.readouterr().out
        assert "desk: widens PERSONAL: W -> C: enterprise.phone" in said
        vkeys.append(said.split()[-1])
        (tmp_path / "signers").write_text("\n".join(["eve+a1b1ccca+x", *vkeys][1:]) + "\n")
        monkeypatch.setenv("GATEWAY_POLICY_SIGNERS", str(tmp_path / "signers"))
        if name == "anna":
            assert await command("policy", "publish", str(new)) == 1
            assert "at least two administrators must be listed" in capsys.readouterr().err
    assert await command("policy", "publish", str(new)) == 0
    await until("it decides", lambda: here(house) == widened().version)
    data = await house.data("desk", PHONE, {"uscc": DEMO.enterprise_uscc})
    assert data["enterprise"]["phone"] is not None


async def test_who_can_write_rows_cannot_sign(clean: Connections, caplog: pytest.LogCaptureFixture) -> None:
    """A process that knows the signers takes no unsigned row, at the start or later."""
    keys = [NoteSigner(name, name[:1].encode() * 32) for name in ("anna", "boris")]
    signers = tuple(NoteVerifier.parse(key.vkey) for key in keys)
    sessions = await Sessions.open(clean.writer)
    try:
        bundles = Bundles(sessions, clean.log, signers, SystemClock())
        with pytest.raises(PolicyRefused, match="no listed administrator has signed this, as the first one"):
            await bundles.start(shipped_bundle(), shipped())
        signed = shipped_bundle()
        for key in keys:
            signed = replace(signed, note=sign(signed, None, key))
        live = await bundles.start(signed, shipped())
        await publish_row(clean, remarked())
        await bundles.look(live)
        assert live.current.version == shipped().version
        assert live.trouble == f"{remarked().version} is not in force"
        assert "no listed administrator has signed this, in place of" in caplog.text
        await publish_row(clean, replace(remarked(), note=sign(remarked(), remarked(), keys[0])))
        await bundles.look(live)
        assert (live.current.version, live.trouble) == (remarked().version, "")
    finally:
        await sessions.close()


async def publish_row(connections: Connections, bundle: Bundle) -> None:
    content = json.dumps({"files": dict(bundle.texts), "note": bundle.note})
    added = "INSERT INTO policy_bundle (version, content, shadow, published_at) VALUES (%s, %s, false, now())"
    await sql(connections.writer, added, bundle.version, content)


@pytest.fixture
def clean(new_database: Callable[[], Connections]) -> Connections:
    """A database in which no policy was ever in force."""
    return new_database()


async def test_a_candidate_counts_and_enforces_nothing(
    houses: tuple[House, House], settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, _ = houses
    assert await command("policy", "publish", "--shadow", str(written(narrowed(), tmp_path / "candidate"))) == 0
    assert "stands beside the one in force" in capsys.readouterr().out
    await until("it stands beside", lambda: house.gateway.policies.shadow is not None)
    for _ in range(3):
        assert (await house.data("bank", PHONE, ENTERPRISE))["enterprise"]["phone"] is not None
    await house.data("desk", PHONE.replace(" phone", ""), {"uscc": DEMO.enterprise_uscc})  # differs in nothing
    shadow = house.gateway.policies.shadow
    assert shadow is not None and here(house) == shipped().version
    assert [
        (one.coordinate, one.row_class, one.live, one.candidate, count) for one, count in shadow.counts.items()
    ] == [("enterprise.phone", "legal/ordinary", "C a", "W", 3)]
    bundles = Bundles(house.gateway.sessions, house.connections.log, (), SystemClock())
    await bundles.write(house.gateway.policies)
    assert shadow.counts == {}
    assert await command("policy", "status") == 0
    said = capsys.readouterr().out
    assert f"candidate {narrowed().version} stands beside it" in said
    assert "3  financial: enterprise.phone in legal/ordinary: C a -> W" in said
    await add(house, shipped_bundle())
    await until("it is over", lambda: house.gateway.policies.shadow is None)


async def test_whose_requests_a_change_touches(
    houses: tuple[House, House], settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By consumer and document, from the log; what asks for nothing that changes is not told."""
    house, _ = houses
    for _ in range(2):
        await house.data("bank", PHONE, ENTERPRISE)
    await house.data("bank", PHONE.replace(" phone", ""), ENTERPRISE)
    new = written(narrowed(), tmp_path / "new")
    found = diff(shipped(), remembered(narrowed().texts))
    (one, *others) = touched(house.connections.log, found, house.clock.now(), 1)
    assert (one.role, one.consumer, one.coordinates, others) == ("financial", "bank-demo", ("enterprise.phone",), [])
    assert one.requests >= 2 and one.document == hashlib.sha256(PHONE.encode()).hexdigest()
    assert touched(house.connections.log, found, house.clock.now() + timedelta(days=3), 1) == ()
    assert (
        await command("policy", "diff", str(written(shipped_bundle(), tmp_path / "old")), str(new), "--traffic", "3650")
        == 0
    )
    assert f"  financial bank-demo: {one.document[:12]}: enterprise.phone" in capsys.readouterr().out


async def test_the_writer_changes_no_bundle(houses: tuple[House, House]) -> None:
    _, house = houses
    with psycopg.connect(house.connections.writer, autocommit=True) as writer:
        for statement in ("UPDATE policy_bundle SET version = ''", "DELETE FROM policy_bundle"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute(statement.encode())


@asynccontextmanager
async def started(
    connections: Connections, folder: Bundle, signers: tuple[NoteVerifier, ...] = ()
) -> AsyncIterator[tuple[str, str]]:
    """Version in force and trouble of a process that starts with a folder."""
    sessions = await Sessions.open(connections.writer)
    try:
        live = await Bundles(sessions, connections.log, signers, SystemClock(), demonstration=not signers).start(
            folder, build(parse(folder.texts))
        )
        yield live.current.version, live.trouble
    finally:
        await sessions.close()


async def test_a_process_that_starts_puts_its_folder_in_force_if_it_may(clean: Connections) -> None:
    async with started(clean, shipped_bundle()) as found:
        assert found == (shipped().version, "")
    async with started(clean, remarked()) as found:
        assert found == (remarked().version, "")
    with psycopg.connect(clean.reader) as reader:
        rows = reader.execute("SELECT version FROM policy_bundle ORDER BY number").fetchall()
    assert rows == [(shipped().version,), (remarked().version,)]
    async with started(clean, remarked()):
        pass
    with psycopg.connect(clean.reader) as reader:
        assert reader.execute("SELECT count(*) FROM policy_bundle").fetchone() == (2,)
