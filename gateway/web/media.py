"""What the headers say of the body that came and of the one that is wanted (RFC 9110, 8.3, 8.4 and 12.5.1)."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gateway.errors import Fault, NotAcceptable, UnsupportedCoding, UnsupportedMediaType

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"

_UTF_8 = frozenset({"utf-8", "utf8"})  # the second is no registered name, but widely sent and never anything else
_WEIGHT = re.compile(r"[01](\.\d*)?|\.\d+", re.ASCII)  # Java sends `q=.2` and `*`, which HTTP does not know
_MOST_RANGES = 32  # of an Accept header; no client has more to say

# Media range → how precise it is, and what it matches.
_RANGES: Mapping[str, tuple[int, tuple[str, ...]]] = MappingProxyType(
    {
        "*": (0, (JSON, GRAPHQL)),
        "*/*": (0, (JSON, GRAPHQL)),
        "application/*": (1, (JSON, GRAPHQL)),
        JSON: (2, (JSON,)),
        GRAPHQL: (2, (GRAPHQL,)),
    }
)


def wanted(accept: str | None) -> str:
    """The media type to answer in: of the two, what ``Accept`` gives most weight, then names, then names first.

    JSON when it says nothing (GraphQL over HTTP would have the other since 2025; JSON is what such clients read).
    Raises NotAcceptable.
    """
    if accept is None:
        return JSON
    return _USUAL.get(accept) or _negotiated(accept)


def takes_events(accept: str | None) -> bool:
    """Whether ``Accept`` names event streams, wherever: a subscription is answered in no other way."""
    if accept is None or EVENTS not in accept.lower():
        return False
    weighed = map(_weighed, accept.split(",", _MOST_RANGES)[:_MOST_RANGES])
    return any(name == EVENTS and weight > 0 for name, weight in weighed)


def check_body(content_type: str | None, content_encoding: str | None) -> None:
    """Refuse a body that is not JSON in UTF-8 as its headers tell. Raises UnsupportedMediaType."""
    if content_type not in _USUAL_TYPES:
        _check_type(content_type or "")
    if content_encoding is not None and content_encoding.strip().lower() not in ("", "identity"):
        raise UnsupportedCoding(Fault((), "Content-Encoding must be identity: the body is not unpacked"))


def _check_type(given: str) -> None:
    name, parameters = _parsed(given)
    if name != JSON:
        raise UnsupportedMediaType(Fault((), f"Content-Type must be {JSON}"))
    if not all(value in _UTF_8 for key, value in parameters if key == "charset"):
        raise UnsupportedMediaType(Fault((), "the charset of Content-Type must be utf-8"))


def _negotiated(accept: str) -> str:
    parts = [part for part in accept.split(",", _MOST_RANGES)[:_MOST_RANGES] if part.strip()]
    if not parts:
        return JSON
    found: dict[str, tuple[int, float, int]] = {}  # the most precise range decides on its media type
    for place, part in enumerate(parts):
        name, weight = _weighed(part)
        precision, matched = _RANGES.get(name, (0, ()))
        for media in matched:
            known = found.get(media)
            found[media] = max(known or (precision, weight, -place), (precision, weight, -place))
    offered = [(weight, precision, place, media) for media, (precision, weight, place) in found.items() if weight > 0]
    if not offered:
        raise NotAcceptable(Fault((), f"Accept must allow {JSON} or {GRAPHQL}"))
    return max(offered, key=lambda one: one[:3])[3]


def _weighed(part: str) -> tuple[str, float]:
    """A media range and its weight; no name if what it asks for cannot be: a malformed weight, another charset."""
    name, parameters = _parsed(part)
    weight = 1.0
    for key, value in parameters:
        if key == "q":
            if not _WEIGHT.fullmatch(value):
                return "", 0.0
            weight = min(float(value), 1.0)
        elif key == "charset" and value not in _UTF_8:
            return "", 0.0
    return name, weight


def _parsed(text: str) -> tuple[str, Iterator[tuple[str, str]]]:
    """``type/subtype; key=value; …`` in small letters, quotes taken off."""
    name, *parameters = text.lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return name.strip(), ((key.strip(), value.strip().strip('"')) for key, _, value in pairs)


# What the clients that are about send, so that reading it costs one look-up.
_USUAL_TYPES = frozenset({JSON, *(f"{JSON};{gap}charset={name}" for gap in ("", " ") for name in ("utf-8", "UTF-8"))})
_USUAL: Mapping[str, str] = MappingProxyType(
    {
        accept: _negotiated(accept)
        for accept in (
            "*/*",
            JSON,
            GRAPHQL,
            "application/json, text/plain, */*",
            "application/json, multipart/mixed",
            "multipart/mixed;deferSpec=20220824,application/json",
            "application/graphql-response+json, application/json",
            "application/graphql-response+json,application/json;q=0.9",
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
            "application/graphql-response+json, application/graphql+json, application/json",
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
            "multipart/mixed",
        )
    }
)
