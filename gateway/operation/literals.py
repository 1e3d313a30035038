"""Text and numbers as they come from outside: what no value may contain, and literals as plain values."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from gateway.errors import Fault

MAX_INT = 2_147_483_647
MIN_INT = -2_147_483_648
_INT_LENGTH = len(str(MIN_INT))
_FLOAT_LENGTH = 64
_NESTING = 15

CONTROL = "contains a control character"
NOT_UNICODE = "is not valid Unicode"
BEYOND = "is beyond 32 bits"

_SURROGATE = re.compile("[\ud800-\udfff]")
_BAD = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BAD_IN_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Missing:
    """The type of MISSING: nothing was given, which is not the same as null."""


MISSING = Missing()
Reader: TypeAlias = Callable[[Mapping[str, object]], object]


def text_fault(text: str) -> str | None:
    """What is wrong with a text that came from outside, or None."""
    if text.isprintable() or not _BAD.search(text):
        return None
    return NOT_UNICODE if _SURROGATE.search(text) else CONTROL


def prose_fault(text: str) -> str | None:
    """The same of what a person writes: tabs and line ends may stand in it."""
    if not _BAD_IN_PROSE.search(text):
        return None
    return NOT_UNICODE if _SURROGATE.search(text) else CONTROL


def literal_faults(node: ValueNode, of_text: Callable[[str], str | None] = text_fault) -> Iterator[Fault]:
    """Literals that fit no type: control characters, integers beyond 32 bits, endless floats, deep nesting.

    ``of_text`` says what a text may hold.
    """
    stack: list[tuple[ValueNode, int]] = [(node, 1)]
    while stack:
        item, level = stack.pop()
        rule = _leaf_fault(item, of_text) if level <= _NESTING else "is nested too deeply"
        if rule:
            token = item.loc.start_token if item.loc else None
            yield Fault((), rule, ((token.line, token.column),) if token else ())
        elif isinstance(item, ListValueNode):
            stack.extend((inner, level + 1) for inner in item.values)
        elif isinstance(item, ObjectValueNode):
            stack.extend((field.value, level + 1) for field in item.fields)


def _leaf_fault(node: ValueNode, of_text: Callable[[str], str | None]) -> str | None:
    if isinstance(node, StringValueNode):
        return of_text(node.value)
    if isinstance(node, IntValueNode):
        fits = len(node.value) <= _INT_LENGTH and MIN_INT <= int(node.value) <= MAX_INT
        return None if fits else BEYOND
    if isinstance(node, FloatValueNode) and len(node.value) > _FLOAT_LENGTH:
        return "is too long a number"
    return None


def is_constant(node: ValueNode) -> bool:
    """Whether no variable occurs in this literal."""
    if isinstance(node, ListValueNode):
        return all(is_constant(item) for item in node.values)
    if isinstance(node, ObjectValueNode):
        return all(is_constant(field.value) for field in node.fields)
    return not isinstance(node, VariableNode)


def reader(node: ValueNode) -> Reader:
    """How to make the plain value of a literal, given the coerced variables.

    A variable that was not given reads as MISSING: its key is left out of an object, and in a list it is null.
    """
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda values: values.get(name, MISSING)
    if isinstance(node, ObjectValueNode):
        fields = tuple((field.name.value, reader(field.value)) for field in node.fields)
        return lambda values: {key: value for key, read in fields if (value := read(values)) is not MISSING}
    if isinstance(node, ListValueNode):
        items = tuple(reader(item) for item in node.values)
        return lambda values: [None if (value := read(values)) is MISSING else value for read in items]
    plain = _plain(node)
    return lambda _: plain


def _plain(node: ValueNode) -> object:
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, StringValueNode | EnumValueNode | BooleanValueNode):
        return node.value
    if isinstance(node, NullValueNode):
        return None
    raise TypeError(node.kind)
