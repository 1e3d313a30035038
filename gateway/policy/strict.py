"""All or nothing: a request that is refused whole where anything it asks for would be masked or withheld.

What no row can show on the ground that was given is known before any row is read. Whether a consent or matter that was
named covers a row, and of what class a row is, is known of the rows that came; then nothing of them is sent. Rows that
a named ground may not reach among others are told in the redactions, as ever; classes of rows that a role never sees
count for nothing.
"""

from collections.abc import Collection, Iterable
from itertools import chain

from gateway.catalogue.fields import Standing
from gateway.errors import Fault, RedactionRefused
from gateway.policy import words
from gateway.policy.arms import Ground, reduce
from gateway.policy.positions import Path
from gateway.policy.remedies import Reason
from gateway.values import Arm, Condition, Decision, KindDecision, Level, Redaction, RowClass, Visibility


def refuse(hidden: Iterable[Iterable[Redaction]]) -> None:
    """Raises RedactionRefused, naming all of it, unless there is nothing."""
    faults = [
        Fault(one.path, f"{one.coordinate} would be {one.level} ({one.reason})") for one in chain.from_iterable(hidden)
    ]
    if faults:
        raise RedactionRefused(*faults)


def hopeless(visibility: Visibility, decision: Decision, ground: Ground) -> list[Redaction]:
    """What no row can show in clear on this ground, whatever its ties.

    By the kind of the ground alone, also where it must not show whether a person has a file.
    """
    return [one for one in _counting(decision) if _shut(visibility, _kind_of(decision, one), one.coordinate, ground)]


def lacking(
    visibility: Visibility,
    decision: Decision,
    path: Path,
    value: object,
    classes: Collection[RowClass],
    dimmed: Collection[str],
) -> list[Redaction]:
    """What an answer does not show in clear: ``value`` is its JSON, ``classes`` are those of the rows it rests on.

    ``path`` is where the root stands, ``dimmed`` the coordinates that some of these rows show masked or not at all.
    Null where rows could have been counts: it is not told whether there are none.
    """
    subjects = frozenset(one.partition("/")[0] for one in classes)
    found: list[Redaction] = []
    for one in _counting(decision):
        kind = _kind_of(decision, one)
        of_rows = one.coordinate == kind.kind
        if (of_rows and (_null_at(value, one.path[len(path) :]) or _short(visibility, kind, kind.arms, subjects))) or (
            not of_rows and one.coordinate in dimmed
        ):
            found.append(one)
    return found


def _counting(decision: Decision) -> list[Redaction]:
    return [one for one in decision.redactions if one.reason != Reason.CLASS_NOT_FOR_ROLE]


def _kind_of(decision: Decision, one: Redaction) -> KindDecision:
    """The kind decision that a redaction is of: the nearest above its place."""
    above = [
        kind
        for (path, name), kind in decision.kinds.items()
        if name == words.kind_of(one.coordinate) and one.path[: len(path)] == path
    ]
    return max(above, key=lambda kind: len(kind.path))


def _shut(visibility: Visibility, kind: KindDecision, coordinate: str, ground: Ground) -> bool:
    arms = tuple(arm for arm in kind.arms if _possible(arm.condition, ground))
    if coordinate == kind.kind:
        return not arms or _short(visibility, kind, arms, {arm.row_class.partition("/")[0] for arm in arms})
    classes = {arm.row_class for arm in arms}
    fields = (one.cells for one in kind.fields.values() if one.coordinate == coordinate)
    clear = (
        grant.level is Level.CLEAR and _possible(grant.condition, ground)
        for cells in fields
        for row_class in classes
        for grant in cells.get(row_class, ())
    )
    return bool(classes) and not any(clear)


def _possible(condition: Condition, ground: Ground) -> bool:
    return reduce(condition, ground, protected=False) is not None


def _short(visibility: Visibility, kind: KindDecision, arms: Iterable[Arm], subjects: Collection[str]) -> bool:
    """Whether rows of these subjects are left out that some ground would show; what ended is left out in silence."""
    shown = {arm.row_class for arm in arms}
    return any(
        cell.grants and row_class not in shown and not row_class.endswith(f"/{Standing.ENDED.value}")
        for row_class, cell in visibility.cells[kind.kind].items()
        if row_class.partition("/")[0] in subjects
    )


def _null_at(value: object, path: Path) -> bool:
    """Whether something stands as null at the very end of a path; what is null above it has no such place."""
    if isinstance(value, list):
        return any(_null_at(one, path) for one in value)
    if not path:
        return value is None
    return isinstance(value, dict) and _null_at(value.get(path[0]), path[1:]) and path[0] in value
