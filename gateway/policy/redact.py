"""What a decision does not show: `extensions.redactions`. From rules alone, hence the same for every subject.

Rows that ended (repaired, withdrawn, publication over) are absent in silence. Classes of rows that a role never sees
are absent too, but it is told that they would be, whether there are any or not. What else is withheld or masked is
named with the reason, the rule, and what would change it.
"""

from collections.abc import Iterator, Mapping

from gateway.catalogue.fields import Standing
from gateway.policy import words
from gateway.policy.arms import Lens
from gateway.policy.positions import Path
from gateway.policy.remedies import Reason, lacking, remedy
from gateway.values import Arm, Cell, Condition, Grant, Level, Redaction, Relation, RowClass

_Arms = Mapping[RowClass, tuple[Arm, ...]]


def rows(lens: Lens, path: Path, kind: str, arms: _Arms) -> Redaction | None:
    """The redaction of a kind's rows: all withheld; or those whose arms may not hold, and those that have none."""
    cells = lens.visibility.cells[kind]
    seen = {one: cells[one] for one in arms if one in cells}
    nobody = not any(arms.values())
    told = [one for one in seen if nobody or not one.endswith(f"/{Standing.ENDED.value}")]
    wanting = [one for one in told if seen[one].grants and not _always(arms[one])]
    closed = () if nobody else tuple(one for one in told if not seen[one].grants)
    if wanting:
        grant = min(seen[wanting[0]].grants, key=lambda one: words.relations(one.condition).bit_count())
        reasons = lacking(grant.condition, Relation.NONE, lens)
        return _redaction(path, kind, nobody, reasons, grant.rule, closed=closed)
    if nobody:
        return _redaction(path, kind, True, (), next((cell.rule for cell in seen.values()), ""))
    if closed:
        return _redaction(path, kind, False, (Reason.CLASS_NOT_FOR_ROLE,), seen[closed[0]].rule, closed=closed)
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
    _, reasons, conditional = max(more, key=lambda one: one[0], default=(0, (), ""))
    standing = next((grant.rule for one in lowest for grant in given[one] if _holds(grant)), None)
    if least is Level.RELEASED:
        return _redaction(path, coordinate, False, (Reason.NOT_YET_RELEASED, *reasons), standing or "")
    everywhere = all(words.level_under(given[one], _ALL) is least for one in given)
    rule = standing or conditional or cells[lowest[0]].rule
    return _redaction(path, coordinate, everywhere, reasons, rule, level=least)


_ALL = Relation(sum(Relation))


def _always(arms: tuple[Arm, ...]) -> bool:
    return any(arm.condition is Condition.ALWAYS for arm in arms)


def _holds(grant: Grant) -> bool:
    return grant.condition is Condition.ALWAYS


def _floor(grants: tuple[Grant, ...]) -> Level:
    return words.level_under(grants, Relation.NONE)


def _more(cell: Cell, least: Level, arms: tuple[Arm, ...], lens: Lens) -> Iterator[tuple[int, tuple[Reason, ...], str]]:
    """Each grant that would show more than ``least``, whatever the ground has excluded: rank, what may lack, rule."""
    sure = words.relations(arms[0].condition)
    for arm in arms[1:]:
        sure &= words.relations(arm.condition)
    for grant in cell.grants:
        if words.RANK[grant.level] > words.RANK[least]:
            yield words.RANK[grant.level], lacking(grant.condition, sure, lens), grant.rule


def _redaction(
    path: Path,
    coordinate: str,
    everywhere: bool,
    reasons: tuple[Reason, ...],
    rule: str,
    *,
    level: Level = Level.WITHHELD,
    closed: tuple[RowClass, ...] = (),
) -> Redaction:
    reason = reasons[0] if reasons else Reason.NOT_FOR_ROLE
    return Redaction(path, coordinate, level, "ALL" if everywhere else "SOME", reason, rule, remedy(reasons, closed))
