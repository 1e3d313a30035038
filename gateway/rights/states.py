"""What can become of a case: one transition table. A step that is not in it does not happen."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.errors import InternalError


class CaseKind(StrEnum):
    """What somebody wants (domain: 异议, 投诉)."""

    OBJECTION = "OBJECTION"
    COMPLAINT = "COMPLAINT"


class State(StrEnum):
    """Where a case stands."""

    FILED = "FILED"  # received; with nobody yet
    ROUTED = "ROUTED"  # with the department that must answer


class WatchState(StrEnum):
    """Whether somebody is told of accesses."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


class Step(StrEnum):
    """What moves a case; each is an event of its file."""

    FILE = "FILE"
    ROUTE = "ROUTE"


TRANSITIONS: Mapping[tuple[CaseKind, State | None, Step], State] = MappingProxyType(
    {
        (CaseKind.OBJECTION, None, Step.FILE): State.FILED,
        (CaseKind.OBJECTION, State.FILED, Step.ROUTE): State.ROUTED,
        (CaseKind.COMPLAINT, None, Step.FILE): State.FILED,
        (CaseKind.COMPLAINT, State.FILED, Step.ROUTE): State.ROUTED,
    }
)


def after(kind: CaseKind, state: State | None, step: Step) -> State:
    """The state after a step. Raises InternalError for a step that the table does not have."""
    found = TRANSITIONS.get((kind, state, step))
    if found is None:
        raise InternalError
    return found
