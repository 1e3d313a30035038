"""``gateway demo``, as a newcomer runs it: everything from nothing, stopped cleanly, started on what it left."""

import fcntl
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import orjson

from gateway.intake.sample_demo import DEMO
from tests.flow.documents import COMMON, INDIVIDUAL
from tests.harness import PATIENCE, Body, consented
from tests.processes import ROOT, Process

TOKEN = re.compile(r"\$\(\S+gateway token (\S+)\)")


def ask(process: Process, persona: str, **access: object) -> Body:
    response = process.post(persona, orjson.dumps({"query": COMMON, "variables": {**INDIVIDUAL, **access}}))
    assert response.status_code == 200
    found: Body = orjson.loads(response.content)
    return found


def answers(process: Process) -> int:
    """Ask as three people; where the log stands."""
    public, bank = ask(process, "public"), ask(process, "bank", access=consented(DEMO.consent_individual))
    assert public["data"]["enterprise"]["legalRepresentative"]["name"] == "甲**"
    assert bank["data"]["enterprise"]["legalRepresentative"]["name"] == DEMO.citizen_name
    assert ask(process, "citizen")["data"]["enterprise"]["address"].endswith("1门")
    index: int = bank["extensions"]["receipt"]["index"]
    return index


def database_runs(home: Path) -> bool:
    return (home / "postgres" / "data" / "postmaster.pid").exists()


def kill_the_database(home: Path) -> int:
    """As the kernel does when memory runs out; the process id it had."""
    pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    return pid


def printed_lines_work(process: Process) -> None:
    """What it says to try is run as it stands; one of the tokens comes from the command itself."""
    lines = [line for line in process.said.splitlines() if line.startswith("curl ")]
    assert len(lines) >= 5
    tokens: dict[str, str] = {}
    unknown = 0
    for line in lines:
        if named := TOKEN.search(line):
            persona = named[1]
            if not tokens:
                tokens[persona] = printed_token(process, persona)
            tokens.setdefault(persona, process.headers(persona)["authorization"].removeprefix("Bearer "))
            line = line.replace(named[0], tokens[persona])
        done = subprocess.run(shlex.split(line), capture_output=True, timeout=PATIENCE)
        said = orjson.loads(done.stdout)
        if "errors" in said:  # what does not exist for a role
            assert {error["extensions"]["code"] for error in said["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}, line
            unknown += 1
        else:
            assert said["data"], line
    assert unknown == 2


def printed_token(process: Process, persona: str) -> str:
    command = [sys.executable, "-m", "gateway.cli", "token", persona]
    environ = {"GATEWAY_HOME": str(process.home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE)
    return done.stdout.strip()


def test_demo(home: Path) -> None:
    with Process("demo", home) as process:
        process.ready()
        first = answers(process)
        assert f"http://127.0.0.1:{process.port}/graphql" in process.said
        printed_lines_work(process)
        assert process.terminate() == 0
    assert not database_runs(home)
    assert "Traceback" not in process.said
    with Process("demo", home) as process:
        second = answers(process.ready())
        process.kill()
    with Process("demo", home) as process:
        third = answers(process.ready())
        assert process.terminate() == 0
    assert first < second < third  # one log, from the first day
    assert not database_runs(home)
    assert "Traceback" not in process.said
    for name in ("domain.key", "log.key", "development.key"):
        assert (home / "keys" / name).stat().st_mode & 0o777 == 0o600


def refused(process: Process) -> str:
    """The code of the first refusal: a backend that has not noticed yet that its server died still writes, durably."""
    for _ in range(100):
        body = process.post("public", b'{"query": "{ viewer { role } }"}').json()
        if "errors" in body:
            return str(body["errors"][0]["extensions"]["code"])
    raise AssertionError("the database is dead, and everybody is answered")


def test_the_database_is_killed_while_the_demo_serves(home: Path) -> None:
    """Each time the gateway says that it is not ready, starts its PostgreSQL again, and goes on with the same log."""
    with Process("demo", home) as process:
        places = [answers(process.ready())]
        killed: list[int] = []
        for _ in range(2):
            with (home / "postgres" / "start.lock").open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # nobody starts anything before the outage was seen
                killed.append(kill_the_database(home))
                process.until_readiness(503)
                assert refused(process) == "LOG_UNAVAILABLE"
            places.append(answers(process.until_readiness(200)))
        assert process.terminate() == 0
    assert len(set(killed)) == 2
    assert places == sorted(set(places))
    assert not database_runs(home)
    assert "Traceback" not in process.said
