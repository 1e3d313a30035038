"""What a decision does not show: `extensions.redactions`. From rules alone, hence the same for every subject.

Rows that ended (repaired, withdrawn, publication over) and classes that a role never sees are absent in silence; what
else is withheld or masked is named with the reason, the rule, and what would change it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gateway.catalogue.fields import Standing
from gateway.policy import words
from gateway.policy.arms import Ground, Lens
from gateway.policy.positions import Path
from gateway.values import Arm, Cell, Condition, Grant, Level, Reason, Redaction, Relation, RowClass

# The first missing relation gives the reason; in this order.
_REASONS: Mapping[Relation, Reason] = MappingProxyType(
    {
        Relation.SELF: Reason.SELF_ONLY,
        Relation.STEP_UP: Reason.STEP_UP_REQUIRED,
        Relation.CONSENT: Reason.CONSENT_REQUIRED,
        Relation.LICENSED: Reason.LICENSE_REQUIRED,
        Relation.MATTER: Reason.MATTER_REQUIRED,
        Relation.SERVICE: Reason.MATTER_KIND_REQUIRED,
        Relation.CASE: Reason.CASE_REQUIRED,
        Relation.SOURCE: Reason.CASE_REQUIRED,
    }
)
REMEDIES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NOT_FOR_ROLE: "",
        Reason.CONSENT_REQUIRED: "Give in access.consent the number of a consent in force for this purpose and kind.",
        Reason.LICENSE_REQUIRED: "Only agencies licensed for personal credit by the central bank may see this.",
        Reason.MATTER_REQUIRED: "Give a matter for which the providing department shares this in access.matter.",
        Reason.MATTER_KIND_REQUIRED: "Ask with a matter of the kind SERVICE_OF_DOCUMENTS.",
        Reason.SELF_ONLY: "Only the subject, its representative or the holder of its mandate may see this.",
        Reason.STEP_UP_REQUIRED: "Prove who you are anew in this session.",
        Reason.CASE_REQUIRED: "Only the handler of an open case about this record, in its department, may see this.",
        Reason.NOT_YET_RELEASED: "Free text is shown once its department has released it.",
    }
)
_Arms = Mapping[RowClass, tuple[Arm, ...]]


def rows(lens: Lens, path: Path, kind: str, arms: _Arms) -> Redaction | None:
    """The redaction of a kind's rows: all withheld, or those whose arms may not hold."""
    cells = lens.visibility.cells[kind]
    seen = {one: cells[one] for one in arms if one in cells}
    nobody = not any(arms.values())
    open_to_some = [
        one for one in seen if seen[one].grants and (nobody or not one.endswith(f"/{Standing.ENDED.value}"))
    ]
    wanting = [one for one in open_to_some if not _always(arms[one])]
    if wanting:
        grant = min(seen[wanting[0]].grants, key=lambda one: words.relations(one.condition).bit_count())
        reason = _reason(grant.condition, Relation.NONE, lens)
        return _redaction(path, kind, Level.WITHHELD, nobody, reason, grant.rule)
    if nobody:
        rule = next((cell.rule for cell in seen.values()), "")
        return _redaction(path, kind, Level.WITHHELD, True, Reason.NOT_FOR_ROLE, rule)
    return None


def field(lens: Lens, path: Path, coordinate: str, arms: _Arms) -> Redaction | None:
    """The redaction of a field: the least that some admitted row shows of it, unless every row shows it in clear."""
    admitted = {one: arms[one] for one in arms if arms[one]}
    given = {one: lens.grants(coordinate, admitted[one]) for one in admitted}
    floor = {one: _floor(given[one]) for one in given}
    least = min(floor.values(), key=words.RANK.__getitem__)
    if least is Level.CLEAR:
        return None
    cells = lens.visibility.cells[coordinate]
    lowest = [one for one in floor if floor[one] is least]
    more = [found for one in lowest for found in _more(cells[one], least, admitted[one], lens)]
    reason, conditional = more[0] if more else (Reason.NOT_FOR_ROLE, "")
    standing = next((grant.rule for one in lowest for grant in given[one] if _holds(grant)), None)
    if least is Level.RELEASED:
        return _redaction(path, coordinate, Level.WITHHELD, False, Reason.NOT_YET_RELEASED, standing or "")
    everywhere = all(words.level_under(given[one], _ALL) is least for one in given)
    rule = standing or conditional or cells[lowest[0]].rule
    return _redaction(path, coordinate, least, everywhere, reason, rule)


_ALL = Relation(sum(Relation))


def _always(arms: tuple[Arm, ...]) -> bool:
    return any(arm.condition is Condition.ALWAYS for arm in arms)


def _holds(grant: Grant) -> bool:
    return grant.condition is Condition.ALWAYS


def _floor(grants: tuple[Grant, ...]) -> Level:
    return words.level_under(grants, Relation.NONE)


def _more(cell: Cell, least: Level, arms: tuple[Arm, ...], lens: Lens) -> Iterator[tuple[Reason, str]]:
    """What would show more than ``least``: the reason and rule of each grant, whatever the ground has excluded."""
    sure = words.relations(arms[0].condition)
    for arm in arms[1:]:
        sure &= words.relations(arm.condition)
    for grant in cell.grants:
        if words.RANK[grant.level] > words.RANK[least]:
            yield _reason(grant.condition, sure, lens), grant.rule


def _reason(condition: Condition, sure: Relation, lens: Lens) -> Reason:
    """The first relation that is not sure. A ground that was named but may not hold is still the reason."""
    missing = words.relations(condition) & ~sure
    if missing & Relation.SERVICE and not lens.protected and _wrong_kind(lens.ground):
        return Reason.MATTER_KIND_REQUIRED
    return next((reason for relation, reason in _REASONS.items() if missing & relation), Reason.NOT_FOR_ROLE)


def _wrong_kind(ground: Ground) -> bool:
    return ground.matter and not ground.service


def _redaction(path: Path, coordinate: str, level: Level, everywhere: bool, reason: Reason, rule: str) -> Redaction:
    return Redaction(path, coordinate, level, "ALL" if everywhere else "SOME", reason, rule, REMEDIES[reason])
