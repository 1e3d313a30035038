"""Diagnosis of any refused body: the path of a fault put anywhere, and no failure of its own."""

import json
from typing import TypeAlias

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotAcceptable
from gateway.web.diagnosis import diagnose
from gateway.web.media import GRAPHQL, JSON, wanted

Path: TypeAlias = tuple[str | int, ...]

NAME = st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,10}", fullmatch=True)
LEAF = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4), max_leaves=12
)
HERE = "@HERE@"
FAULTS = ('"\\ud800"', '"x\\udfff"', '"\x01"', "1e999", "9" * 400, "NaN", "nul", "'", "01", '"\\q"', "-x", "1.")


@st.composite
def marked(draw: st.DrawFn) -> tuple[object, Path]:
    """Variables with one place marked, at most five levels down, and its path."""
    path: list[str | int] = []
    value: object = HERE
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            before, after = draw(st.lists(VALUE, max_size=2)), draw(st.lists(VALUE, max_size=2))
            path.insert(0, len(before))
            value = [*before, value, *after]
        else:
            name, others = draw(NAME), draw(st.dictionaries(NAME, VALUE, max_size=3))
            path.insert(0, name)
            value = {**{key: other for key, other in others.items() if key != name}, name: value}
    name = draw(NAME)
    return {"before": draw(VALUE), name: value}, ("variables", name, *path)


@given(marked(), st.sampled_from(FAULTS), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_the_path_is_where_the_fault_is(
    made: tuple[object, Path], fault: str, indent: int | str | None, ascii_only: bool
) -> None:
    variables, path = made
    text = json.dumps({"query": "{ a }", "variables": variables}, indent=indent, ensure_ascii=ascii_only)
    before, _, after = text.partition(json.dumps(HERE))
    body = (before + fault + after).encode()
    try:
        orjson.loads(body)
        raise AssertionError("it can be read")
    except orjson.JSONDecodeError as error:
        found = diagnose(body, error)
    assert found.path == path
    assert found.position is not None
    line, column = found.position
    written = (before + fault).split("\n")
    assert (line, column) >= (len(before.split("\n")), len(before.split("\n")[-1]) + 1)
    assert (line, column) <= (len(written), len(written[-1]) + 1)


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0d8 \n1eé', max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_diagnosed(body: bytes) -> None:
    for whole in (body, b'{"variables":' + body):
        try:
            orjson.loads(whole)
        except orjson.JSONDecodeError as error:
            found = diagnose(whole, error)
            assert found.rule and found.position is not None and min(found.position) >= 1
            assert not found.path or found.path[0] in ("query", "operationName", "variables", "extensions")


@given(st.text(f'{JSON}*;q=01.,+graphql-response \t"', max_size=80) | st.text(max_size=40))
def test_any_accept_is_read(accept: str) -> None:
    try:
        assert wanted(accept) in (JSON, GRAPHQL)
    except NotAcceptable as error:
        assert error.faults
