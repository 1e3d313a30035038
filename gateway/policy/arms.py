"""Which conditions can still hold once the access is known: the arms of a row, and the grants of a field under them."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.catalogue.fields import Standing
from gateway.catalogue.kinds import BY_NAME
from gateway.policy import words
from gateway.values import (
    Access,
    Arm,
    Condition,
    Grant,
    Level,
    MatterKind,
    Relation,
    RowClass,
    Visibility,
)


class Ground(NamedTuple):
    """What a caller brings, by kind and not by value: the part of the access that a decision may look at."""

    consent: bool = False  # a consent number is given
    matter: bool = False  # a matter is given
    service: bool = False  # the matter is the service of documents
    step_up: bool = False  # assurance 3: proven anew for this session
    idle_matter: bool = False  # a matter is given for a purpose that no matter serves: no ground, but worth telling


def ground_of(access: Access | None, assurance: int) -> Ground:
    """The ground of one root field; ``assurance`` as in Caller."""
    step_up = assurance >= 3
    if access is None:
        return Ground(step_up=step_up)
    matter = access.served
    service = matter is not None and matter.kind is MatterKind.SERVICE_OF_DOCUMENTS
    idle = access.matter is not None and matter is None
    return Ground(bool(access.consent), matter is not None, service, step_up, idle)


def rests_on_access(visibility: Visibility) -> bool:
    """Whether some grant of the role needs ``access``: a consent or a matter. Without it they just do not hold."""
    grants = (grant for of_class in visibility.cells.values() for cell in of_class.values() for grant in cell.grants)
    return any(words.relations(grant.condition) & (Relation.CONSENT | Relation.MATTER) for grant in grants)


def reduce(condition: Condition, ground: Ground, protected: bool) -> Condition | None:
    """What is left to ask of the row; None: it can never hold.

    ``protected``: whether a person has a file must not show, so consent and matter stay questions even when none was
    given: a missing ground, an unknown one and one for somebody else then take the same path to the same answer.
    """
    needed = words.relations(condition)
    settled = {Relation.STEP_UP: ground.step_up}
    if not protected:
        settled[Relation.SERVICE] = ground.matter and ground.service
        given = {Relation.CONSENT: ground.consent, Relation.MATTER: ground.matter}
        if any(needed & relation and not there for relation, there in given.items()):
            return None
    for relation, holds in settled.items():
        if needed & relation:
            if not holds:
                return None
            needed &= ~relation
    return Condition(needed)


@dataclass(frozen=True, slots=True)
class Lens:
    """A role's visibility seen from one ground."""

    visibility: Visibility
    ground: Ground
    protected: bool
    feed: bool = False  # a public feed holds what its reader sees without any tie, and nothing beyond

    def arms(self, kind: str, row_class: RowClass) -> tuple[Arm, ...]:
        """The ways a row of this class may be shown, simplest first; none is implied by another."""
        cell = self.visibility.cells[kind].get(row_class)
        found: list[Arm] = []
        for grant in sorted(cell.grants if cell else (), key=_size):
            condition = reduce(grant.condition, self.ground, self.protected)
            if grant.level is Level.CLEAR and condition is not None:
                needed = words.relations(condition)
                if not any(words.implies(needed, words.relations(arm.condition)) for arm in found):
                    found.append(Arm(row_class, condition, grant.rule))
        if self.feed:
            return tuple(arm for arm in found if arm.condition is Condition.ALWAYS)
        if Standing.ENDED in BY_NAME[kind].standings and any(arm.condition is Condition.ALWAYS for arm in found):
            found += [Arm(row_class, one, found[0].rule) for one in self._reaching(kind)]
        return tuple(found)

    def _reaching(self, kind: str) -> tuple[Condition, ...]:
        """Grounds on which the role sees rows of this kind: each also reaches its own levels of disclosure."""
        grants = (grant for cell in self.visibility.cells[kind].values() for grant in cell.grants)
        reduced = {reduce(grant.condition, self.ground, self.protected) for grant in grants} - {None, Condition.ALWAYS}
        return tuple(sorted((one for one in reduced if one is not None), key=lambda one: one.value))

    def grants(self, coordinate: str, arms: tuple[Arm, ...]) -> tuple[Grant, ...]:
        """What rows of one class, admitted by ``arms``, may show of a field: strongest first, nothing redundant."""
        cell = self.visibility.cells[coordinate].get(arms[0].row_class)
        kept: list[Grant] = []
        for grant in sorted(cell.grants if cell else (), key=lambda one: (-words.RANK[one.level], _size(one))):
            condition = reduce(grant.condition, self.ground, self.protected)
            if condition is None:
                continue
            needed = words.relations(condition)
            if all(words.implies(words.relations(arm.condition), needed) for arm in arms):
                condition, needed = Condition.ALWAYS, Relation.NONE
            if not any(words.implies(needed, words.relations(other.condition)) for other in kept):
                kept.append(Grant(grant.level, condition, grant.rule))
        return tuple(kept)


def _size(grant: Grant) -> int:
    return words.relations(grant.condition).bit_count()
