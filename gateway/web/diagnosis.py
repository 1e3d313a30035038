"""Why a body is not JSON that can be read, and where: a second, slow look, which only refused bodies get.

Bounded: past the first ``_MOST_TOKENS`` tokens a fault has a line and a column, but no path. Nothing of the body is
repeated but the names of members down to the fault, where they can be names.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import orjson

from gateway.errors import Fault
from gateway.operation.inputs import Path, named

MEMBERS = ("query", "operationName", "variables", "extensions")
TOO_DEEP = "is nested too deeply"

_NOT_JSON = "is not valid JSON"
_CUT_OFF = "ends before it is complete"
_MOST_TOKENS = 2_500  # enough for as many levels as orjson reads
_LONGEST_PATH = 8

# orjson's words → ours. What is not here is plainly not JSON.
_RULES: Mapping[str, str] = MappingProxyType(
    {
        "Input is a zero-length, empty document": "is empty",
        "input data is empty": "is empty",
        "unexpected end of data": _CUT_OFF,
        "unexpected content after document": "goes on after its end",
        "UTF-8 byte order mark (BOM) is not supported": "begins with a byte order mark",
        "depth limit exceeded": TOO_DEEP,
        "failed to allocate memory": TOO_DEEP,  # it reckons with the length, and so many brackets need more
        "number is infinity when parsed as double": "is a number beyond 64 bits",
        "unexpected control character in string": "contains a control character",
        "no low surrogate in string": "contains a lone surrogate",
        "invalid low surrogate in string": "contains a lone surrogate",
        "invalid high surrogate in string": "contains a lone surrogate",
    }
)

# A whole string, a mark, a number or word; or the quote of a string that does not end.
_TOKEN = re.compile(r'"(?P<string>(?:[^"\\]++|\\.)*+)"|(?P<mark>[][{},])|[^][{},:"\s]++|(?P<open>")', re.DOTALL)
_AFTER = re.compile(r",\s*[]}]|\Z")  # a comma too many, or the end: no fault of the value before it


def diagnose(body: bytes, error: orjson.JSONDecodeError) -> Fault:
    """What is wrong with a body that orjson refused with ``error``."""
    try:
        text = body.decode()
        at, rule = error.pos, _RULES.get(error.msg, _NOT_JSON)
        if text.startswith("\0", at):
            rule = "contains NUL"
        elif rule == _NOT_JSON and at >= len(text):
            rule = _CUT_OFF
    except UnicodeDecodeError as fault:
        text = body[: fault.start].decode()
        at, rule = len(text), "is not valid UTF-8"
    path = _path(text, at)[: 2 if rule == TOO_DEEP else None]  # what is too deep, not what stands innermost
    position = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return Fault(path, rule if path else f"the body {rule}", position=position)


def _path(text: str, at: int) -> Path:
    """The members and places in lists down to character ``at``; before it everything is JSON, or nearly."""
    inside: list[str | int | None] = []  # per open bracket: place in the list, or member, None before its name
    complete = False  # a value, so that what follows is a fault of what it stands in
    for count, token in enumerate(_TOKEN.finditer(text, 0, at)):
        if count == _MOST_TOKENS:
            return ()
        string, mark = token["string"], token["mark"]
        if token["open"]:
            complete = False
            break
        if mark:
            _enter(inside, mark)
            complete = mark in "]}"
        elif string is not None and inside and inside[-1] is None:
            inside[-1] = string
        else:  # a number or word may go on with what is wrong
            complete = string is not None or token.end() < at or _AFTER.match(text, at) is not None
    return _named(inside[:-1] if complete else inside)


def _enter(inside: list[str | int | None], mark: str) -> None:
    if mark in "{[":
        inside.append(None if mark == "{" else 0)
    elif inside and mark in "}]":
        inside.pop()
    elif inside:
        place = inside[-1]
        inside[-1] = place + 1 if isinstance(place, int) else None


def _named(places: list[str | int | None]) -> Path:
    """``places`` as far as they are those of a request and can be names."""
    if not places or places[0] not in MEMBERS:
        return ()
    path: Path = ()
    for place in places[:_LONGEST_PATH]:
        longer = (*path, place) if isinstance(place, int) else named(path, place)
        if longer == path:
            break
        path = longer
    return path
