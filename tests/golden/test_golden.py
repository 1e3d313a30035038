"""Every golden case, exactly: decision, SQL, reply and log entry."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.database import Connections
from tests.golden.cases import GIVEN, MADE, Case, cases
from tests.golden.renew import main
from tests.harness import House, opened

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
async def test_golden(house: House, case: Case) -> None:
    for name, text in (await case.made(house)).items():
        assert text == (case.folder / name).read_text(), f"{case.folder.name}/{name}; see tests.golden.renew"


def test_every_case_has_six_files() -> None:
    assert len(cases()) >= 14
    for case in cases():
        assert {path.name for path in case.folder.iterdir()} == {*GIVEN, *MADE}, case.folder.name


def test_cases_are_never_renewed_in_a_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    assert main() == 1
    assert capsys.readouterr().err == "golden cases are not renewed in CI\n"
