"""The policy in force, and the candidate beside it: one reference each, swapped whole, never changed in place.

A request reads ``current`` once and keeps what it read: it ends on the version it began with, whatever comes meanwhile.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import GatewayError
from gateway.policy.arms import Ground
from gateway.policy.compile import Policy
from gateway.policy.decide import decide
from gateway.policy.ways import Way, told
from gateway.policy.words import relations
from gateway.values import Arm, Decision, Grant, Level, Role, Root, RowClass

REMEMBERED = 2048  # decisions whose differences are kept


class Difference(NamedTuple):
    """One cell that the candidate decides otherwise, as it was asked for; ways as the policy table writes them."""

    role: Role
    coordinate: str
    row_class: RowClass
    live: str
    candidate: str


@dataclass(slots=True)
class Shadow:
    """A candidate that decides beside the live policy and enforces nothing; counts what it would decide otherwise."""

    policy: Policy
    counts: dict[Difference, int] = field(default_factory=dict)  # since last taken
    _kept: OrderedDict[int, tuple[Decision, tuple[Difference, ...]]] = field(default_factory=OrderedDict)

    def note(self, decided: Decision, role: Role, root: Root, ground: Ground, filters: tuple[str, ...]) -> None:
        """Count one request for a root that the live policy decided like this: ``decided``, the one that is kept."""
        known = self._kept.get(id(decided))
        if known is None:
            known = decided, self._differences(decided, role, root, ground, filters)
            self._kept[id(decided)] = known
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        for one in known[1]:
            self.counts[one] = self.counts.get(one, 0) + 1

    def take(self) -> dict[Difference, int]:
        """What was counted since last time."""
        counted, self.counts = self.counts, {}
        return counted

    def _differences(
        self, decided: Decision, role: Role, root: Root, ground: Ground, filters: tuple[str, ...]
    ) -> tuple[Difference, ...]:
        try:
            other = decide(self.policy.visibility(role), root, ground, filters)
        except GatewayError:
            return ()
        was, would = _cells(decided), _cells(other)
        return tuple(
            Difference(role, coordinate, row_class, before, after)
            for coordinate, row_class in dict.fromkeys([*was, *would])
            if (before := was.get((coordinate, row_class), "W")) != (after := would.get((coordinate, row_class), "W"))
        )


@dataclass(slots=True)
class Live:
    """What decides now. ``trouble`` names a newer bundle that is not in force; why, the log says. Empty: none."""

    current: Policy
    shadow: Shadow | None = None
    trouble: str = ""


def _cells(decision: Decision) -> dict[tuple[str, RowClass], str]:
    found: dict[tuple[str, RowClass], str] = {}
    for kind in decision.kinds.values():
        of_class: dict[RowClass, list[Arm]] = {}
        for arm in kind.arms:
            of_class.setdefault(arm.row_class, []).append(arm)
        for row_class, arms in of_class.items():
            found[kind.kind, row_class] = told(Way(Level.CLEAR, relations(arm.condition)) for arm in arms)
        for decided in kind.fields.values():
            for row_class, grants in decided.cells.items():
                found[decided.coordinate, row_class] = told(map(_way, grants))
    return found


def _way(grant: Grant) -> Way:
    return Way(grant.level, relations(grant.condition))
