"""What an access was, as the body of its entry: canonical types, subjects as pseudonyms, no value of any record."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from orjson import Fragment

from gateway.audit.canonical import part
from gateway.values import Access, ActionName, Caller, Entry, EventName, Outcome, RootName, Shape

VERSION = 1
PARTS = 1024  # kept of each sort


class Disclosed(NamedTuple):
    """What an answer held. ``rows`` maps a kind to ids and versions; a subject's id is the place of its pseudonym."""

    subjects: Sequence[str] = ()
    rows: Mapping[str, tuple[Sequence[int], Sequence[int]]] | None = None
    clear: tuple[str, ...] = ()  # coordinates, sorted
    masked: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    relations: int = 0  # bits of Relation
    mac: str = ""
    asked: Sequence[str] = ()  # pseudonyms of whom somebody asked for, where no row of them was read


class Accounts:
    """Makes the bodies of entries.

    What many of them have in common is encoded once and kept, a bounded number of parts: which document, which fields.
    """

    def __init__(self) -> None:
        self._operation = lru_cache(PARTS)(_operation)
        self._fields = lru_cache(PARTS)(_fields)

    def body(
        self,
        request: str,
        at: datetime,
        caller: Caller,
        shape: Shape | None,
        grounds: Iterable[Access | None],
        policy: str,
        outcome: Outcome,
        code: str,
        disclosed: Disclosed,
    ) -> dict[str, object]:
        """The body of one entry.

        ``request`` is the request id, ``at`` becomes milliseconds since 1970 UTC, ``code`` is the error code of a
        refusal. Purpose, consent and matter stand as asked for, whether or not they held; ``held`` says which
        relations did.
        """
        rows = disclosed.rows or {}
        roots: tuple[RootName | ActionName | EventName, ...] = (
            () if shape is None else tuple([root.name for root in shape.roots])
        )
        if shape is not None and shape.act is not None:
            roots = (shape.act.name,)
        if shape is not None and shape.event is not None:
            roots = (shape.event,)
        document, name = ("", "") if shape is None else (shape.document, shape.operation)
        return {
            "v": VERSION,
            "request": request,
            "at": int(at.timestamp() * 1000),
            "who": {
                "role": caller.role.value,
                "principal": caller.principal,
                "consumer": caller.consumer,
                "department": caller.department,
                "token": caller.token,
            },
            "why": [_why(access) for access in dict.fromkeys(grounds) if access is not None],
            "operation": self._operation(document, name, roots),
            "subjects": disclosed.subjects,
            "asked": disclosed.asked,
            "rows": {kind: {"ids": ids, "versions": versions} for kind, (ids, versions) in rows.items()},
            "fields": self._fields(disclosed.clear, disclosed.masked, disclosed.withheld),
            "held": disclosed.relations,
            "policy": policy,
            "outcome": outcome.value,
            "code": code,
            "mac": disclosed.mac,
        }


def undisclosed(body: Mapping[str, object], code: str, asked: Sequence[str] = ()) -> dict[str, object]:
    """The same access, had it been refused with ``code``: nothing of what was about to be disclosed is left.

    ``asked`` are the pseudonyms of everybody who was asked for.
    """
    nothing = Disclosed()
    return {
        **body,
        "subjects": [],
        "asked": asked,
        "rows": {},
        "fields": _fields((), (), ()),
        "held": nothing.relations,
        "outcome": Outcome.REFUSED.value,
        "code": code,
        "mac": nothing.mac,
    }


def housekeeping(at: datetime, **said: object) -> Entry:
    """The entry of what was done with the log itself; ``said`` has one name, what it was."""
    milliseconds = int(at.timestamp() * 1000)
    body: dict[str, object] = {"v": VERSION, "at": milliseconds, "outcome": Outcome.PERFORMED.value, **said}
    return Entry(body, body)


def _operation(document: str, name: str, roots: tuple[RootName | ActionName | EventName, ...]) -> Fragment:
    return part({"document": document, "name": name, "roots": [root.value for root in roots]})


def _fields(clear: tuple[str, ...], masked: tuple[str, ...], withheld: tuple[str, ...]) -> Fragment:
    return part({"clear": clear, "masked": masked, "withheld": withheld})


def _why(access: Access) -> dict[str, object]:
    matter = access.matter
    told: dict[str, object] = {
        "purpose": access.purpose.value,
        "consent": access.consent or "",
        "matter": {} if matter is None else {"number": matter.number, "kind": matter.kind.value, "basis": matter.basis},
    }
    return told if access.use is None else {**told, "use": access.use}
