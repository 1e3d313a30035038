"""What can become of a case: one transition table for each kind. A step that is not in it does not happen.

The tables are printed into the README by ``tests/unit/test_states.py``, which also walks them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias


class CaseKind(StrEnum):
    """What somebody wants (domain.md §6.6)."""

    OBJECTION = "OBJECTION"  # 异议
    REVIEW = "REVIEW"  # 复核
    COMPLAINT = "COMPLAINT"  # 投诉
    REPORT = "REPORT"  # 举报
    REPAIR = "REPAIR"  # 信用修复
    ERASURE = "ERASURE"  # 删除
    COPY = "COPY"  # 查阅复制
    STATEMENT = "STATEMENT"  # 说明


class State(StrEnum):
    """Where a case stands."""

    FILED = "FILED"  # received; with nobody yet
    ROUTED = "ROUTED"  # with the department that must answer
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"  # the party must add something; the clock stands still
    ACCEPTED = "ACCEPTED"  # under examination
    ANSWERED = "ANSWERED"  # the department has said what it found; the party may add to it
    APPROVED = "APPROVED"  # of a repair: publication and sharing have stopped, measures are being lifted
    DECLINED = "DECLINED"  # not accepted; closed
    DECIDED = "DECIDED"  # closed, with an outcome
    EXECUTED = "EXECUTED"  # of a repair: measures are lifted too; closed
    WITHDRAWN = "WITHDRAWN"  # by its party; closed
    REVERSED = "REVERSED"  # of a repair that rested on false statements; closed


class WatchState(StrEnum):
    """Whether somebody is told of accesses."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


class ConsentState(StrEnum):
    """Where a consent stands; which of them is worked out by the database (``consent_standing``)."""

    WAITING = "WAITING"  # given, and counts later
    ACTIVE = "ACTIVE"
    USED_UP = "USED_UP"  # its one use was made
    SUSPENDED = "SUSPENDED"  # its institution was taken over by another one; or a scan of a person
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"  # with its subject: dead, without capacity, deregistered


class FreezeState(StrEnum):
    """Whether a file takes new consents."""

    FROZEN = "FROZEN"
    OPEN = "OPEN"


class ReleaseState(StrEnum):
    """What has become of a text that a department released."""

    RELEASED = "RELEASED"


class BindingState(StrEnum):
    """Whether a principal is bound to the person that was named."""

    BOUND = "BOUND"
    NOT_BOUND = "NOT_BOUND"  # for whatever reason: one answer


class MandateState(StrEnum):
    """Whether a mandate counts: only what is VERIFIED, from its ``validFrom`` on."""

    PROPOSED = "PROPOSED"
    VERIFIED = "VERIFIED"
    REVOKED = "REVOKED"
    ENDED = "ENDED"


class Step(StrEnum):
    """What moves a case; each is an event of its file."""

    FILE = "FILE"
    ROUTE = "ROUTE"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    REQUEST_SUPPLEMENT = "REQUEST_SUPPLEMENT"
    SUPPLEMENT = "SUPPLEMENT"
    ANSWER = "ANSWER"
    DECIDE = "DECIDE"
    APPROVE = "APPROVE"
    LIFT = "LIFT"
    REVERSE = "REVERSE"
    WITHDRAW = "WITHDRAW"


class Outcome(StrEnum):
    """With what a case was decided (domain.md §6.6)."""

    CORRECTED = "CORRECTED"
    SUPPLEMENTED = "SUPPLEMENTED"
    DISCLOSURE_ENDED = "DISCLOSURE_ENDED"
    REVOKED = "REVOKED"
    KEPT = "KEPT"
    UNVERIFIABLE = "UNVERIFIABLE"
    UPHELD = "UPHELD"
    NOT_UPHELD = "NOT_UPHELD"
    REFERRED = "REFERRED"
    SETTLED = "SETTLED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    REVERSED = "REVERSED"
    DELETED = "DELETED"
    RESTRICTED = "RESTRICTED"
    GIVEN = "GIVEN"
    ATTACHED = "ATTACHED"


CLOSED = frozenset({State.DECLINED, State.DECIDED, State.EXECUTED, State.WITHDRAWN, State.REVERSED})
# Beside the steps, what happens to a case without moving it; each is an event of its file too.
INCIDENTS = ("REMIND", "ESCALATE", "OVERDUE", "RECOMPUTE", "UPSTREAM_CHANGE")

Table: TypeAlias = Mapping[tuple[State | None, Step], State]

_S, _T = State, Step
_OPENED: Table = MappingProxyType({(None, _T.FILE): _S.FILED, (_S.FILED, _T.ROUTE): _S.ROUTED})
_HEARD: Table = MappingProxyType(
    {
        **_OPENED,
        (_S.ROUTED, _T.ROUTE): _S.ROUTED,
        (_S.ROUTED, _T.ACCEPT): _S.ACCEPTED,
        (_S.ROUTED, _T.DECLINE): _S.DECLINED,
        (_S.ROUTED, _T.REQUEST_SUPPLEMENT): _S.SUPPLEMENT_REQUESTED,
        (_S.ROUTED, _T.SUPPLEMENT): _S.ROUTED,
        (_S.SUPPLEMENT_REQUESTED, _T.SUPPLEMENT): _S.ROUTED,
        (_S.SUPPLEMENT_REQUESTED, _T.DECLINE): _S.DECLINED,
        (_S.ACCEPTED, _T.SUPPLEMENT): _S.ACCEPTED,
        (_S.ACCEPTED, _T.ANSWER): _S.ANSWERED,
        (_S.ANSWERED, _T.SUPPLEMENT): _S.ACCEPTED,
        **{
            (state, _T.WITHDRAW): _S.WITHDRAWN
            for state in (_S.ROUTED, _S.SUPPLEMENT_REQUESTED, _S.ACCEPTED, _S.ANSWERED)
        },
    }
)
_DECIDED: Table = MappingProxyType(
    {**_HEARD, (_S.ACCEPTED, _T.DECIDE): _S.DECIDED, (_S.ANSWERED, _T.DECIDE): _S.DECIDED}
)
_COMPLAINED: Table = MappingProxyType({**_DECIDED, (_S.ACCEPTED, _T.ROUTE): _S.ROUTED})  # 转办
_AT_ONCE: Table = MappingProxyType({(None, _T.FILE): _S.FILED, (_S.FILED, _T.DECIDE): _S.DECIDED})

TABLES: Mapping[CaseKind, Table] = MappingProxyType(
    {
        CaseKind.OBJECTION: {**_DECIDED, (_S.FILED, _T.DECLINE): _S.DECLINED},  # again, with nothing new
        CaseKind.REVIEW: _DECIDED,
        CaseKind.COMPLAINT: _COMPLAINED,
        CaseKind.REPORT: _COMPLAINED,
        CaseKind.REPAIR: {
            **_DECIDED,
            (_S.ACCEPTED, _T.APPROVE): _S.APPROVED,
            (_S.ANSWERED, _T.APPROVE): _S.APPROVED,
            (_S.APPROVED, _T.LIFT): _S.EXECUTED,
            (_S.APPROVED, _T.REVERSE): _S.REVERSED,
        },
        CaseKind.ERASURE: _DECIDED,
        CaseKind.COPY: _AT_ONCE,
        CaseKind.STATEMENT: _AT_ONCE,
    }
)

_CHANGING = (Outcome.CORRECTED, Outcome.SUPPLEMENTED, Outcome.DISCLOSURE_ENDED, Outcome.REVOKED)
_EXAMINED = (*_CHANGING, Outcome.KEPT, Outcome.UNVERIFIABLE)
_JUDGED = (Outcome.UPHELD, Outcome.NOT_UPHELD, Outcome.REFERRED, Outcome.SETTLED)
# What ``decideCase`` may find; a repair is decided by ``decideRepair``.
OUTCOMES: Mapping[CaseKind, tuple[Outcome, ...]] = MappingProxyType(
    {
        CaseKind.OBJECTION: _EXAMINED,
        CaseKind.REVIEW: _EXAMINED,
        CaseKind.COMPLAINT: _JUDGED,
        CaseKind.REPORT: _JUDGED,
        CaseKind.REPAIR: (),
        CaseKind.ERASURE: (Outcome.DELETED, Outcome.RESTRICTED, Outcome.REFUSED),
        CaseKind.COPY: (Outcome.GIVEN,),
        CaseKind.STATEMENT: (Outcome.ATTACHED,),
    }
)


def after(kind: CaseKind, state: State | None, step: Step) -> State | None:
    """The state after a step; None: the table does not have it."""
    return TABLES[kind].get((state, step))


def possible(kind: CaseKind, state: State) -> list[Step]:
    """The steps that a state allows, in the order of the table."""
    return [step for (at, step) in TABLES[kind] if at is state]
