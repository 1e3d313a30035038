"""Canonical bytes equal RFC 8785, written out naively here, and what could differ is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.canonical import NotCanonical, canonical
from gateway.values import Outcome

LARGEST = 2**53 - 1
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def jcs(value: object) -> str:
    """RFC 8785, slowly: sections 3.2.2.2 (strings), 3.2.2.3 (numbers), 3.2.3 (sorting by UTF-16 code units)."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return '"' + "".join(SHORT.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
        case Mapping():
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return "{" + ",".join(f"{jcs(name)}:{jcs(value[name])}" for name in names) + "}"
        case list() | tuple():
            return "[" + ",".join(map(jcs, value)) + "]"
    raise AssertionError


keys = st.text(st.characters(max_codepoint=127), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | texts
bodies = st.dictionaries(
    keys,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)),
    max_size=6,
)


@given(bodies)
def test_equals_rfc_8785(body: dict[str, object]) -> None:
    assert canonical(body) == jcs(body).encode()


def test_example() -> None:
    body = MappingProxyType({"b": (1, True, None), "a": {"z": "\u20ac\x0f\n'", "y": -5}, "outcome": Outcome.EMPTY})
    assert canonical(body) == '{"a":{"y":-5,"z":"\u20ac\\u000f\\n\'"},"b":[1,true,null],"outcome":"EMPTY"}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        LARGEST + 1,
        -LARGEST - 1,
        [1, [2, [0.5]]],
        {"a": {"b": 0.5}},
        {"\u4e2d": 1},
        {1: 1},
        {"a": {"\u4e2d": 1}},
        "\ud800",
        b"bytes",
        {1, 2},
        datetime(1890, 1, 1, tzinfo=UTC),
        object(),
    ],
)
def test_refused(value: object) -> None:
    with pytest.raises(NotCanonical) as caught:
        canonical({"value": value})
    assert "0.5" not in str(caught.value)


def test_refused_at_the_top() -> None:
    with pytest.raises(NotCanonical):
        canonical({"\u4e2d": 1})


def test_depth_is_an_error_of_ours() -> None:
    deep: list[object] = []
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(NotCanonical):
        canonical({"deep": deep})
