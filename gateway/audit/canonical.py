"""Canonical bytes of an entry: what is hashed is the same on every machine and in every language.

For ASCII keys, strings, integers within ±(2^53-1), booleans, null, lists and objects, ``orjson`` with sorted keys
writes exactly RFC 8785 (JSON Canonicalization Scheme). Everything for which the two could differ is refused.
"""

from collections.abc import Collection, Mapping
from enum import Enum
from itertools import chain
from typing import Any

import orjson

from gateway.errors import InternalError

# orjson would write datetimes, dataclasses and UUIDs in a form of its own; the first two are passed to no one, hence
# refused, and our own check refuses the rest.
OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)
SCALARS = frozenset({str, int, bool, type(None), orjson.Fragment})  # a fragment comes from `part`, nowhere else
LISTS = frozenset({list, tuple})


class NotCanonical(InternalError):
    """An entry holds something that has no canonical form; a fault of the gateway, not of the caller."""


def canonical(body: Mapping[str, object]) -> bytes:
    """RFC 8785 bytes of ``body``. Raises NotCanonical for floats, non-ASCII keys, large integers, other types."""
    whole = dict(body)
    try:
        _check_keys(whole)
        _check(whole.values())
        return orjson.dumps(whole, option=OPTIONS)
    except (TypeError, RecursionError):  # orjson's own errors are TypeErrors; their text may quote a value
        raise NotCanonical from None


def part(body: Mapping[str, object]) -> orjson.Fragment:
    """A member of many bodies, encoded and checked once; errors as of :func:`canonical`."""
    return orjson.Fragment(canonical(body))


def _check_keys(body: Mapping[str, object]) -> None:
    if not "".join(body).isascii():
        raise NotCanonical


def _check(values: Collection[Any]) -> None:
    """Look at types container by container: one set per list, or list of lists, keeps this cheap for arrays of ids."""
    kinds = set(map(type, values))
    if kinds <= SCALARS:
        return
    if kinds <= LISTS:
        _check(list(chain.from_iterable(values)))
        return
    for value in values:
        kind = type(value)
        if kind in SCALARS:
            continue
        if kind is dict:
            _check_keys(value)
            _check(value.values())
        elif kind in LISTS:
            _check(value)
        elif not (isinstance(value, Enum) and isinstance(value, str | int)):  # StrEnum is written as its value
            raise NotCanonical
