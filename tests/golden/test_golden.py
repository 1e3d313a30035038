"""Every golden case, exactly: decision, SQL, reply and log entry."""

from collections.abc import AsyncIterator, Callable, Iterator

import psycopg
import pytest
from psycopg.rows import tuple_row

from gateway.store.database import Connections
from tests.golden.cases import EXPLAINED, GIVEN, MADE, Case, cases
from tests.golden.explain import Readers, fill, read_whole, shape
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


@pytest.fixture(scope="module")
def readers(house: House, new_database: Callable[[], Connections]) -> Iterator[Readers]:
    """The readers of a database whose tables are large: of the catalogue, and of the log."""
    connections = new_database()
    fill(connections, house.vault)
    with (
        psycopg.connect(connections.reader, row_factory=tuple_row) as reader,
        psycopg.connect(connections.log, row_factory=tuple_row) as log,
    ):
        yield reader, log


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.folder.name)
async def test_explain(house: House, readers: Readers, case: Case) -> None:
    """The plan is the one that was looked at, and no large table is read from end to end."""
    found = shape(readers, case.plans(house))
    assert read_whole(found) == []
    written = case.folder / EXPLAINED
    assert found == (written.read_text() if written.exists() else ""), f"{case.folder.name}; see tests.golden.renew"


def test_every_case_has_its_files() -> None:
    assert len(cases()) >= 14
    explained = 0
    for case in cases():
        names = {path.name for path in case.folder.iterdir()}
        explained += EXPLAINED in names
        assert names - {EXPLAINED} == {*GIVEN, *MADE}, case.folder.name
    assert explained > len(cases()) * 2 // 3


def test_a_plan_that_reads_a_table_from_end_to_end_is_found(readers: Readers) -> None:
    """The check can fail."""
    asked = b"EXPLAIN (COSTS OFF) SELECT count(*) FROM penalty WHERE conduct LIKE '%a%'"
    assert read_whole("\n".join(line for (line,) in readers[0].execute(asked).fetchall())) == ["penalty"]


def test_cases_are_never_renewed_in_a_build(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    assert main() == 1
    assert capsys.readouterr().err == "golden cases are not renewed in CI\n"
