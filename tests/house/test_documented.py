"""README and the code say the same: every setting, every error code, every command."""

import re
import tomllib

from gateway import errors
from gateway.cli.main import COMMANDS
from gateway.errors import GatewayError
from gateway.identity.development import PERSONAS
from gateway.settings import SETTINGS
from tests.house.test_house import ROOT


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def error_classes() -> set[type[GatewayError]]:
    return {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, GatewayError)}


def test_every_setting_is_documented_with_its_default() -> None:
    text = readme()
    rows = {
        name: line for line in text.splitlines() for name in re.findall(r"`(GATEWAY_[A-Z_]+)`", line) if "|" in line
    }
    assert {setting.name for setting in SETTINGS} - rows.keys() == set()
    assert {
        setting.name for setting in SETTINGS if setting.default and setting.default not in rows[setting.name]
    } == set()


def test_no_setting_is_invented() -> None:
    assert set(re.findall(r"\bGATEWAY_[A-Z_]+\b", readme())) - {setting.name for setting in SETTINGS} == set()


def test_the_table_of_errors_is_that_of_the_code() -> None:
    table = readme().partition("## Errors")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (`[A-Z_`, ]+`) \| ([^|]+) \| [^|]*\w[^|]* \|$", table)
    told = {
        code: set(map(int, re.findall(r"\d{3}", status)))
        for codes, status in rows
        for code in codes[1:-1].split("`, `")
    }
    assert told.keys() == {one.code for one in error_classes()}
    assert {one.__name__ for one in error_classes() if one.status not in told[one.code]} == set()


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    words = re.findall(r"\w+", errors.__doc__ or "")
    assert {one.__name__ for one in error_classes()} - set(words) == set()


def test_every_command_and_persona_is_documented() -> None:
    spans = re.findall(r"```.*?```|`[^`]+`", readme(), re.DOTALL)
    words = {word for span in spans for word in re.findall(r"[\w-]+", span)}
    assert COMMANDS.keys() - words == set()
    assert {persona.name for persona in PERSONAS} - words == set()


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    lines = text.splitlines()
    for one in wanted:
        at = next(number for number, line in enumerate(lines) if f'"{one}"' in line)
        assert re.search(r'",\s+# \w', lines[at]) or lines[at - 1].strip().startswith("# "), one


def test_the_locks_hold_every_dependency_by_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    for lock, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", [*project["dependencies"], *extras]),
    ):
        text = (ROOT / lock).read_text("utf-8")
        pinned = {name.lower() for name in re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[[\w,]+\])?==", text)}
        names = {re.split(r"[\[<>=;!~ ]", one)[0].lower() for one in wanted}
        assert names - pinned == set(), lock
        assert "://" not in text and "index-url" not in text and "find-links" not in text, lock
        assert all("--hash=sha256:" in part for part in re.split(r"(?m)^(?=[A-Za-z])", text) if part.strip()), lock
