"""The house keeps its rules: imports, fences, sizes, state, tests that can fail, no trace of one machine."""

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from tests.house import rules

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
MEDIAN = 190
# What a build, a run or a tool leaves behind; it is not ours and not tracked.
NOT_OURS = frozenset({".git", ".venv", ".gateway", "build", "dist", "__pycache__", "node_modules"})
SQL_BY_TEXT = frozenset({"gateway/store/embedded.py"})  # talks to the server before there are tables


@cache
def python(*folders: str) -> tuple[tuple[str, str, ast.Module], ...]:
    """Path, text and syntax tree of every Python file below the folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    read = [(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths]
    return tuple((name, text, ast.parse(text)) for name, text in read)


def module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def ours() -> Iterator[Path]:
    """Every file of the project; hidden folders of tools are theirs."""
    stack = [ROOT]
    while stack:
        for path in stack.pop().iterdir():
            if path.name in NOT_OURS or path.name.endswith((".egg-info", "_cache")) or path.name == ".hypothesis":
                continue
            if path.is_dir():
                stack.append(path)
            elif path.is_file():
                yield path


def test_imports_go_down() -> None:
    found = [f"{path}:{one}" for path, _, tree in python("gateway") for one in rules.upward(module(path), tree)]
    assert found == []


def test_there_are_no_cycles() -> None:
    known = {module(path) for path, _, _ in python("gateway")}
    graph = {
        module(path): {name for _, name in rules.imports(tree) if name in known and name != module(path)}
        for path, _, tree in python("gateway")
    }
    packages = {name for name in known if any(other.startswith(f"{name}.") for other in known)}
    order = list(TopologicalSorter({name: needs - packages for name, needs in graph.items()}).static_order())
    assert set(order) == known


def test_fences_hold() -> None:
    found = [f"{path}:{one}" for path, _, tree in python("gateway") for one in rules.over_fences(module(path), tree)]
    assert found == []


def test_no_hidden_imports() -> None:
    files = python("gateway", "tests", "migrations")
    assert [f"{path}:{one}" for path, _, tree in files for one in rules.hidden_imports(tree)] == []


def test_no_module_state() -> None:
    assert [f"{path}:{one}" for path, _, tree in python("gateway") for one in rules.module_state(tree)] == []


def test_sql_is_built() -> None:
    files = [(path, tree) for path, _, tree in python("gateway") if path not in SQL_BY_TEXT]
    assert [f"{path}:{one}" for path, tree in files for one in rules.raw_sql(tree)] == []


def test_everything_is_typed() -> None:
    assert [f"{path}:{one}" for path, _, tree in python("gateway", "tests") for one in rules.untyped(tree)] == []


def test_every_test_can_fail() -> None:
    files = python("tests")
    known = rules.asserting(tree for _, _, tree in files)
    assert [f"{path}:{one}" for path, _, tree in files for one in rules.empty_tests(tree, known)] == []


def test_waivers_have_reasons() -> None:
    files = python("gateway", "tests", "migrations")
    assert [f"{path}:{one}" for path, text, _ in files for one in rules.bare_waivers(text)] == []


def test_a_room_is_named_by_its_docstring_only() -> None:
    files = [(path, tree) for path, _, tree in python("gateway") if path.endswith("__init__.py")]
    assert [f"{path}:{one}" for path, tree in files for one in rules.only_docstring(tree)] == []


def test_error_codes_are_one_closed_list() -> None:
    files = [(path, tree) for path, _, tree in python("gateway") if path != "gateway/errors.py"]
    assert [f"{path}:{one}" for path, tree in files for one in rules.own_codes(tree)] == []


def test_files_are_short() -> None:
    sizes = {path: text.count("\n") for path, text, _ in python("gateway", "tests", "migrations")}
    assert {path: size for path, size in sizes.items() if size > LONGEST} == {}
    rooms = [size for path, size in sizes.items() if path.startswith("gateway/") and not path.endswith("__init__.py")]
    assert statistics.median(rooms) <= MEDIAN


def test_nothing_belongs_to_one_machine() -> None:
    found = []
    for path in ours():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{one}" for one in rules.traces(text, str(ROOT))]
    assert found == []
