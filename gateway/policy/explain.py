"""Why each place of an operation is shown or not: level, rule, reason, and the smallest change that would show more.

A change is one of ground (purpose, consent, matter), of tie (being the subject, handling its case, a licence) or, where
none of those would do, of role. Worked out on every class of rows that can stand there, from rules alone: it says
nothing of any row.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from gateway.policy import positions, remedies, words
from gateway.policy.arms import Ground, Lens
from gateway.policy.compile import Policy
from gateway.policy.decide import Draft, Walk, told, walked
from gateway.policy.positions import Leaf, Path, Spot
from gateway.policy.remedies import Reason
from gateway.policy.ways import in_words
from gateway.values import Act, Level, Relation, Remedy, Role, Root, RowClass, Visibility

NEVER = "NEVER"
_ZH: Mapping[Level, str] = MappingProxyType({Level.CLEAR: "明文", Level.RELEASED: "发布文本", Level.MASKED: "脱敏"})


class Change(NamedTuple):
    """The smallest change that would show more: another role (if given), and what must hold."""

    role: Role | None
    needs: Relation
    level: Level
    classes: tuple[RowClass, ...]  # of which rows; all that can stand there if empty
    text: Remedy


class Explanation(NamedTuple):
    """One place of an operation."""

    path: Path
    coordinate: str
    level: str  # a word of Level, or NEVER: for this role it does not exist
    rows: str  # "ALL" or "SOME"
    reason: str | None  # a word of policy.remedies.Reason; None: shown in clear
    rule: str  # file:line
    remedy: Remedy | None
    change: Change | None  # None: shown in clear, or nothing would


def explain(
    policy: Policy, role: Role, root: Root, ground: Ground, filters: tuple[str, ...] = ()
) -> tuple[Explanation, ...]:
    """Every place of one root, in document order; also below what is withheld whole."""
    asked = _Asked(policy, role, ground)
    walk = walked(policy.visibility(role), root, ground, filters)
    closed: dict[Path, list[Draft]] = {}
    for draft in walk.drafts.values():
        if not any(draft.arms.values()):
            closed.setdefault(draft.spot.path, []).append(draft)
    made: dict[tuple[Path, str], Explanation] = {}
    for path, coordinate, redaction in told(walk):
        draft, classes = walk.trail[path, coordinate]
        if redaction is None:
            rule = _clear(walk, draft, coordinate)
            made[path, coordinate] = Explanation(path, coordinate, Level.CLEAR, "ALL", None, rule, None, None)
            continue
        level = NEVER if asked.never(coordinate) else redaction.level
        change = asked.change(coordinate, _within(classes, redaction.reason, draft))
        about = redaction.reason, redaction.rule, redaction.remedy
        above = made[path, coordinate] = Explanation(path, coordinate, level, redaction.rows, *about, change)
        for shut in closed.pop(path, ()):
            for leaf, of_leaf in _below(shut.spot, tuple(shut.arms)):
                made.setdefault((leaf.path, leaf.coordinate), asked.hidden(leaf, of_leaf, above))
    return tuple(made.values())


def explain_act(visibility: Visibility, act: Act, ground: Ground) -> Explanation:
    """A mutation: under which condition it may be performed, or that it does not exist for the role."""
    permits = visibility.permits.get(act.name, ())
    if not permits:
        return Explanation((act.key,), act.name.value, NEVER, "ALL", Reason.NOT_FOR_ROLE, "", None, None)
    permit = permits[0]
    needed = words.relations(permit.condition)
    reasons = remedies.lacking(permit.condition, Relation.NONE, Lens(visibility, ground, protected=False, feed=False))
    about = permit.rule, remedies.remedy(reasons)
    if not reasons:
        return Explanation((act.key,), act.name.value, Level.CLEAR, "ALL", None, *about, None)
    change = Change(None, needed, Level.CLEAR, (), Remedy(in_words(needed), in_words(needed, chinese=True)))
    return Explanation((act.key,), act.name.value, Level.CLEAR, "SOME", reasons[0], *about, change)


class _Asked:
    """What one question looks at again and again."""

    def __init__(self, policy: Policy, role: Role, ground: Ground) -> None:
        self._policy = policy
        self._role = role
        brought = (
            (Relation.CONSENT, ground.consent),
            (Relation.MATTER, ground.matter),
            (Relation.SERVICE, ground.service),
            (Relation.STEP_UP, ground.step_up),
        )
        self._brought = Relation(sum(relation for relation, given in brought if given))

    def never(self, coordinate: str) -> bool:
        """Whether it does not exist for the role."""
        never = self._policy.visibility(self._role).never
        return coordinate in never or words.kind_of(coordinate) in never

    def hidden(self, leaf: Leaf, classes: tuple[RowClass, ...], above: Explanation) -> Explanation:
        """A place below rows that are withheld whole."""
        level = NEVER if self.never(leaf.coordinate) else Level.WITHHELD
        change = self.change(leaf.coordinate, classes)
        about = above.reason, above.rule, above.remedy
        return Explanation(leaf.path, leaf.coordinate, level, "ALL", *about, change)

    def change(self, coordinate: str, classes: Iterable[RowClass]) -> Change | None:
        """The smallest change after which more is shown of some class; of equal ones that which shows most."""
        known = [one for one in classes if one in words.CLASSES_OF[coordinate]]
        others = tuple(role for role in Role if role is not self._role)
        for roles in ((self._role,), others):  # another role only where one's own never sees more
            found = min(self._candidates(coordinate, known, roles), default=None)
            if found is not None:
                (_, _, _, needs), chosen, level = found
                needed, other = Relation(needs), None if chosen is self._role else chosen
                less = [one for one in known if self._sure(coordinate, one) < words.RANK[level]]
                alike = tuple(one for one in less if self._shows(chosen, coordinate, one, needed, level))
                fewer = () if len(alike) == len(known) else alike
                missing = needed if other else needed & ~self._brought
                return Change(other, needed, level, fewer, self._said(other, missing, level, fewer))
        return None

    def _sure(self, coordinate: str, row_class: RowClass) -> int:
        """The rank of what rows of the class show now, whatever their ties."""
        held = self._brought & Relation.STEP_UP
        return self._policy.sights.ladder(self._policy.visibility(self._role), coordinate, row_class)[held]

    def _candidates(
        self, coordinate: str, classes: list[RowClass], roles: tuple[Role, ...]
    ) -> Iterator[tuple[tuple[int, int, int, int], Role, Level]]:
        for (at, role), row_class in product(enumerate(roles), classes):
            for way in self._policy.sights.of(self._policy.visibility(role), coordinate, row_class):
                if words.RANK[way.level] > self._sure(coordinate, row_class):
                    missing = way.held & ~(self._brought if role is self._role else Relation.NONE)
                    yield (missing.bit_count(), -words.RANK[way.level], at, int(way.held)), role, way.level

    def _shows(self, role: Role, coordinate: str, row_class: RowClass, needs: Relation, level: Level) -> bool:
        ways = self._policy.sights.of(self._policy.visibility(role), coordinate, row_class)
        return any(words.RANK[way.level] >= words.RANK[level] and words.implies(needs, way.held) for way in ways)

    def _said(self, role: Role | None, missing: Relation, level: Level, classes: tuple[RowClass, ...]) -> Remedy:
        who = (f"as {role.value}", f"以 {role.value} 角色") if role else ("", "")
        what = (in_words(missing), in_words(missing, chinese=True))
        if not missing and not role:
            what = ("what was named covers the row", "所填依据覆盖该记录")
        rows = (f" (rows: {', '.join(classes)})", f"（记录：{'、'.join(classes)}）") if classes else ("", "")
        english = ", ".join(part for part in (who[0], what[0] and f"if {what[0]}") if part)
        chinese = "，".join(part for part in (who[1], what[1]) if part)
        return Remedy(f"{level.value.lower()} {english}{rows[0]}", f"{chinese}：{_ZH[level]}{rows[1]}")


def _within(classes: frozenset[RowClass], reason: str, draft: Draft) -> list[RowClass]:
    """Classes a change is looked for in: of a field those whose rows may stand there, unless none may."""
    if reason == Reason.CLASS_NOT_FOR_ROLE:  # only those that are never shown; what the others show is not the matter
        return sorted(one for one in classes if not draft.arms.get(one))
    return sorted(classes)


def _clear(walk: Walk, draft: Draft, coordinate: str) -> str:
    """The rule that shows it, of the first class of rows."""
    arms = next(arms for _, arms in sorted(draft.arms.items()) if arms)
    return arms[0].rule if coordinate == draft.spot.kind.name else walk.lens.grants(coordinate, arms)[0].rule


def _below(spot: Spot, classes: tuple[RowClass, ...]) -> Iterator[tuple[Leaf, tuple[RowClass, ...]]]:
    for item in positions.items(spot):
        if isinstance(item, Leaf):
            yield item, classes or words.CLASSES_OF[item.coordinate]
        else:
            inner = words.CLASSES_OF[item.kind.name]
            subjects = {one.partition("/")[0] for one in classes}
            reachable = tuple(one for one in inner if not subjects or one.partition("/")[0] in subjects)
            yield Leaf(item.path, (), item.kind.name), reachable
            yield from _below(item, reachable)
