"""Each house rule catches a bad sample and lets a good one pass."""

import ast
from collections.abc import Iterable

import pytest

from tests.house import rules


def lines(found: Iterable[str]) -> list[int]:
    return [int(one.split(":")[0]) for one in found]


@pytest.mark.parametrize(
    ("module", "source", "bad"),
    [
        ("gateway.store.tables", "from gateway.plan.make import make", True),
        ("gateway.catalogue.kinds", "import gateway.values", True),
        ("gateway.store.tables", "from gateway import pipeline", True),
        ("gateway.plan.make", "from gateway.policy.compile import load", True),
        ("gateway.errors", "from gateway import clock", True),
        ("gateway.policy.compile", "from .words import WORDS", True),
        ("gateway.web.app", "def f() -> None:\n    from gateway.cli import main", True),
        ("gateway.novelty", "", True),
        ("gateway.plan.make", "from gateway.novelty import x", True),
        ("gateway.store.lanes", "from gateway.store.tables import METADATA\nfrom gateway.errors import Fault", False),
        ("gateway.cli.main", "from gateway.assemble import assemble", False),
        ("gateway", "", False),
    ],
)
def test_imports_go_down(module: str, source: str, bad: bool) -> None:
    assert bool(list(rules.upward(module, ast.parse(source)))) is bad


@pytest.mark.parametrize(
    ("module", "source", "bad"),
    [
        ("gateway.plan.make", "import casbin", True),
        ("gateway.plan.make", "from graphql.language import parse", True),
        ("gateway.store.lanes", "from cryptography.hazmat import primitives", True),
        ("gateway.signing", "import joserfc", True),
        ("gateway.web.app", "import asyncpg", True),
        ("gateway.vault.vault", "import secrets", True),
        ("gateway.vault.vault", "from uuid import uuid4", True),
        ("gateway.vault.vault", "from os import urandom", True),
        ("gateway.vault.vault", "import os\nx = os.urandom(3)", True),
        ("gateway.web.app", "import os\nx = os.environ['A']", True),
        ("gateway.web.app", "from os import environ", True),
        ("gateway.web.app", "import os\nx = os.getenv('A')", True),
        ("gateway.web.app", "import datetime\nx = datetime.datetime.now()", True),
        ("gateway.web.app", "from datetime import date\nx = date.today()", True),
        ("gateway.web.app", "from time import time", True),
        ("gateway.web.app", "import time\nf = time.monotonic", True),
        ("gateway.policy.compile", "import casbin", False),
        ("gateway.settings", "import os\nx = os.environ", False),
        ("gateway.clock", "import os, time\nx = (os.urandom(1), time.monotonic())", False),
        ("gateway.web.app", "import os, time\nx = (os.path, clock.now(), time.sleep)", False),
    ],
)
def test_fences(module: str, source: str, bad: bool) -> None:
    assert bool(list(rules.over_fences(module, ast.parse(source)))) is bad


def test_hidden_imports() -> None:
    for bad in (
        "def f():\n    import os",
        "class A:\n    async def f(self):\n        if x:\n            from os import path",
        "from typing import TYPE_CHECKING",
        "import typing\nif typing.TYPE_CHECKING:\n    import os",
        "import importlib\nx = importlib.import_module('os')",
    ):
        assert list(rules.hidden_imports(ast.parse(bad))), bad
    assert not list(rules.hidden_imports(ast.parse("import os\ntry:\n    import y\nexcept ImportError:\n    y = None")))


@pytest.mark.parametrize(
    "bad",
    [
        "X = []",
        "X: dict[str, int] = {}",
        "X = {1, 2}",
        "X = [a for a in b]",
        "X = dict(a=1)",
        "X = collections.defaultdict(list)",
        "X = [1] * 3",
        "X = 3 * [1]",
        "X = {1} | Y",
        "if a:\n    X = []",
        "try:\n    pass\nfinally:\n    X = []",
        "class A:\n    seen = []",
        "import functools\n@functools.lru_cache(10)\ndef f(): ...",
        "@cache\ndef f(): ...",
        "def f():\n    global X",
    ],
)
def test_module_state(bad: str) -> None:
    assert list(rules.module_state(ast.parse(bad)))


def test_what_is_no_module_state() -> None:
    names = "__all__ = ['X']\nX = (1, 2)\nY = frozenset({1}) | {2}\nZ = MappingProxyType({1: 2})\n"
    good = names + "def f():\n    x = []\nclass A:\n    x: int = 1"
    assert not list(rules.module_state(ast.parse(good)))


@pytest.mark.parametrize(
    "bad",
    [
        "import sqlalchemy as sa\nsa.text('x')",
        "from sqlalchemy import text as t\nt('x')",
        "from sqlalchemy.sql import text\ntext('x')",
        "import sqlalchemy\nsqlalchemy.sql.text('x')",
        "connection.exec_driver_sql('x')",
    ],
)
def test_raw_sql(bad: str) -> None:
    assert list(rules.raw_sql(ast.parse(bad)))


def test_what_is_no_raw_sql() -> None:
    assert not list(rules.raw_sql(ast.parse("def text(x): ...\ntext('x')\nreply.text()\nsa.Text()")))


def test_untyped() -> None:
    for bad in ("def f(): ...", "def f(a) -> int: ...", "def f(*a) -> int: ...", "async def f(*, a=1) -> int: ..."):
        assert list(rules.untyped(ast.parse(bad))), bad
    good = "class A:\n    def __init__(self, a: int): ...\n    def f(self) -> int: ..."
    assert not list(rules.untyped(ast.parse(good)))


def test_empty_tests() -> None:
    source = """
def test_nothing(): f()
def test_true(): assert True
def test_assert(): assert f()
def test_raises():
    with pytest.raises(E): f()
def helper(): assert x
def further(): helper()
def test_by_helper(): further()
def test_pass(): pass
"""
    tree = ast.parse(source)
    assert lines(rules.empty_tests(tree, rules.asserting([tree]))) == [2, 3, 10]


def test_bare_waivers() -> None:
    """The sample is a text for the rule to judge: bare waivers it must find, and some with reasons."""
    source = """x = 1  # type: ignore[attr-defined]
y = 1  # noqa
z = 1  # noqa: E501, B018
a = 1  # type: ignore[attr-defined]  # the library has no types
b = 1  # noqa: B018 (reading it is the check)
c = "# noqa"
d = 1  # pragma: no cover
"""
    assert lines(rules.bare_waivers(source)) == [1, 2, 3, 7]


def test_only_docstring() -> None:
    assert not list(rules.only_docstring(ast.parse('"""A room."""')))
    for bad in ("", "import os", '"""A room."""\nimport os'):
        assert list(rules.only_docstring(ast.parse(bad)))


def test_own_codes() -> None:
    assert list(rules.own_codes(ast.parse("class A(GatewayError):\n    code = 'NEW'")))
    assert not list(rules.own_codes(ast.parse("class A(GatewayError):\n    status = 1\nclass B:\n    code = 'x'")))


def test_traces() -> None:
    hosts = ["https://py" + "pi.org/simple", "https://files.python" + "hosted.org", "http://deb." + "debian.org/x"]
    paths = ["cd /ro" + "ot/x", '"/ho' + 'me/someone/x"', "/Us" + "ers/someone/", "in /a/checkout/gateway"]
    for bad in (*hosts, *paths):
        assert lines(rules.traces(f"\n{bad}\n", "/a/checkout")) == [2], bad
    for good in ("http://127.0.0.1:8000/graphql", "pip install", "/var/lib/gateway/", "https://keepachangelog.com/"):
        assert not list(rules.traces(good, "/a/checkout")), good
