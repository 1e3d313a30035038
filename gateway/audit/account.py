"""What an access was, as the body of its entry: canonical types, subjects as pseudonyms, no value of any record."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from gateway.values import Access, Caller, Outcome, Shape

VERSION = 1


class Disclosed(NamedTuple):
    """What an answer held. ``rows`` maps a kind to ids and versions; a subject's id is the place of its pseudonym."""

    subjects: Sequence[str] = ()
    rows: Mapping[str, tuple[Sequence[int], Sequence[int]]] | None = None
    clear: Sequence[str] = ()  # coordinates, sorted
    masked: Sequence[str] = ()
    withheld: Sequence[str] = ()
    relations: int = 0  # bits of Relation
    mac: str = ""


def account(
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

    ``request`` is the request id, ``at`` becomes milliseconds since 1970 UTC, ``code`` is the error code of a refusal.
    Purpose, consent and matter stand as asked for, whether or not they held; ``held`` says which relations did.
    """
    rows = disclosed.rows or {}
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
        "operation": {
            "document": "" if shape is None else shape.document,
            "name": "" if shape is None else shape.operation,
            "roots": [] if shape is None else [root.name.value for root in shape.roots],
        },
        "subjects": list(disclosed.subjects),
        "rows": {kind: {"ids": list(ids), "versions": list(versions)} for kind, (ids, versions) in rows.items()},
        "fields": {
            "clear": list(disclosed.clear),
            "masked": list(disclosed.masked),
            "withheld": list(disclosed.withheld),
        },
        "held": disclosed.relations,
        "policy": policy,
        "outcome": outcome.value,
        "code": code,
        "mac": disclosed.mac,
    }


def undisclosed(body: Mapping[str, object], code: str) -> dict[str, object]:
    """The same access, had it been refused with ``code``: nothing of what was about to be disclosed is left."""
    nothing = Disclosed()
    return {
        **body,
        "subjects": [],
        "rows": {},
        "fields": {"clear": [], "masked": [], "withheld": []},
        "held": nothing.relations,
        "outcome": Outcome.REFUSED.value,
        "code": code,
        "mac": nothing.mac,
    }


def _why(access: Access) -> dict[str, object]:
    matter = access.matter
    return {
        "purpose": access.purpose.value,
        "consent": access.consent or "",
        "matter": {} if matter is None else {"number": matter.number, "kind": matter.kind.value, "basis": matter.basis},
    }
