"""The values of a plan's parameters, as text for the wire. Nothing here is cached: these are personal."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from gateway.catalogue.grams import grams
from gateway.catalogue.lists import CONTAINS
from gateway.clock import statutory_day
from gateway.plan.model import Plan
from gateway.values import Access, By, ByPlace, Caller, Matter, MatterKind, Own, RootArguments

NO_OWN = Own()


class Ambient(NamedTuple):
    """What every statement of a request may look at: who asks, on what ground, when."""

    caller: Caller
    access: Access | None
    now: datetime
    own: Own = NO_OWN


def bind(
    plan: Plan,
    ambient: Ambient,
    arguments: RootArguments,
    node: int | None,
    blind: tuple[bytes, bytes] | None,
    pages: Mapping[int, tuple[int, int | None]],
) -> list[bytes | None]:
    """The parameters in order.

    ``node`` is the row an opaque id names (None: unreadable, finds nothing); ``blind`` the indexes of ID number and
    name; ``pages`` maps a slot to (first, row after which).
    """
    return [
        _AMBIENT[name](ambient) if name in _AMBIENT else _own(name, arguments, node, blind, pages)
        for name in plan.parameters
    ]


def _own(
    name: str,
    arguments: RootArguments,
    node: int | None,
    blind: tuple[bytes, bytes] | None,
    pages: Mapping[int, tuple[int, int | None]],
) -> bytes | None:
    what, _, rest = name.rpartition("_")
    match what:
        case "first":
            return str(pages[int(rest)][0]).encode()
        case "after":
            after = pages[int(rest)][1]
            return None if after is None else str(after).encode()
    by = arguments.by
    match name:
        case "by_kind" if isinstance(by, By):
            return by.kind.encode()
        case "by_value" if isinstance(by, By):
            return by.value.encode()
        case "by_origin" if isinstance(by, ByPlace):
            return by.origin.encode()
        case "by_index" if isinstance(by, ByPlace):
            return by.index.encode()
        case "node":
            return None if node is None else str(node).encode()
        case "id_index" if blind is not None:
            return _bytea(blind[0])
        case "name_index" if blind is not None:
            return _bytea(blind[1])
        case "grams":
            return _array(grams(dict(arguments.filter)[CONTAINS]))
    return dict(arguments.filter)[name.removeprefix("filter.")].encode()


def _text(value: str) -> bytes | None:
    """Empty is null: a null never equals anything, so a missing ground never holds."""
    return value.encode() if value else None


def _bytea(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


def _array(texts: tuple[str, ...]) -> bytes:
    """A PostgreSQL array of texts."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return ("{" + ",".join(f'"{text}"' for text in quoted) + "}").encode()


def _matter(ambient: Ambient) -> Matter | None:
    """The matter, if it is one for the purpose."""
    return None if ambient.access is None else ambient.access.served


def _shared(ambient: Ambient) -> Matter | None:
    """The matter, if departments share for such: an engagement is none of theirs."""
    matter = _matter(ambient)
    return None if matter is None or matter.kind is MatterKind.AUDIT else matter


def _engaged(ambient: Ambient) -> bytes | None:
    """The number of the engagement."""
    matter = _matter(ambient)
    return matter.number.encode() if matter is not None and matter.kind is MatterKind.AUDIT else None


def _service(ambient: Ambient) -> bytes:
    matter = _matter(ambient)
    return b"t" if matter is not None and matter.kind is MatterKind.SERVICE_OF_DOCUMENTS else b"f"


_AMBIENT: Mapping[str, Callable[[Ambient], bytes | None]] = MappingProxyType(
    {
        "now": lambda of: of.now.isoformat().encode(),
        "today": lambda of: statutory_day(of.now).isoformat().encode(),
        "principal": lambda of: _text(of.caller.acts_as),
        "consumer": lambda of: _text(of.caller.consumer),
        "department": lambda of: _text(of.caller.department),
        "step_up": lambda of: b"t" if of.caller.assurance >= 3 else b"f",
        "purpose": lambda of: _text(of.access.purpose.value if of.access is not None else ""),
        "consent": lambda of: _text(of.access.consent or "" if of.access is not None else ""),
        "use": lambda of: _text(of.access.use or "" if of.access is not None else ""),
        "matter_kind": lambda of: None if (matter := _shared(of)) is None else matter.kind.value.encode(),
        "matter_basis": lambda of: None if (matter := _shared(of)) is None else matter.basis.encode(),
        "matter_number": lambda of: None if (matter := _shared(of)) is None else matter.number.encode(),
        "service": _service,
        "engagement": _engaged,
        "own_keys": lambda of: b"{%b}" % b",".join(b"%d" % key for key in of.own.keys),
        "own_pseudonyms": lambda of: _array(tuple(of.own.subjects)),
    }
)
