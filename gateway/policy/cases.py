"""Cases: what each role must and must not see and do, written from the policy table and kept apart from the rules.

A case names a row of the table, a coordinate, a row class, the condition whose relations hold (all of them, nothing
else) and the level that must come out. ``condition: "*"`` says that the level comes out whatever holds. A case of an
action (``{row, action, condition, allowed}``) says whether the role may perform it under the condition.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from gateway.errors import Fault
from gateway.policy import ladders, words
from gateway.policy.files import PolicyRefused
from gateway.values import ActionName, Level, Role, RowClass, Visibility

_ACTION_KEYS = frozenset({"row", "action", "condition", "allowed"})
_KEYS = frozenset({"row", "coordinate", "class", "condition", "level"})


@dataclass(frozen=True, slots=True)
class Case:
    """One line of ``cases/<role>.yaml``."""

    role: Role
    row: int
    coordinate: str
    row_class: RowClass
    condition: str
    level: Level
    file: str
    line: int

    def held(self) -> Sequence[int]:
        """The sets of relations under which the level must come out."""
        if self.condition == words.ANY:
            return ladders.SETS
        return (int(words.relations(words.CONDITIONS[self.condition])),)


@dataclass(frozen=True, slots=True)
class ActionCase:
    """Whether a role may perform an action under a condition."""

    role: Role
    row: int
    action: ActionName
    condition: str
    allowed: bool
    file: str
    line: int

    def holds(self, visibility: Visibility) -> bool:
        """Whether it comes out as it must."""
        named = words.CONDITIONS if self.condition == words.ANY else (self.condition,)
        permits = visibility.permits.get(self.action, ())
        return all(
            any(words.implies(words.relations(held), words.relations(one.condition)) for one in permits) is self.allowed
            for held in map(words.CONDITIONS.__getitem__, named)
        )


def parse_actions(file: str, text: str) -> tuple[ActionCase, ...]:
    """The cases of one file that are about actions. Raises PolicyRefused with every malformed entry."""
    return _actions(file, tuple(entries(file, text)))


def _actions(file: str, read: Iterable[tuple[int, dict[str, str]]]) -> tuple[ActionCase, ...]:
    faults: list[Fault] = []
    found: list[ActionCase] = []
    for line, entry in read:
        if "action" not in entry:
            continue
        wrong = [*_action_faults(entry)]
        faults.extend(Fault((file, line), rule) for rule in wrong)
        if not wrong:
            role, action, allowed = Role(Path(file).stem), ActionName(entry["action"]), entry["allowed"] == "yes"
            found.append(ActionCase(role, int(entry["row"]), action, entry["condition"], allowed, file, line))
    if faults:
        raise PolicyRefused(*faults)
    return tuple(found)


def parse(file: str, text: str) -> tuple[Case, ...]:
    """The cases of one file that are about cells. Raises PolicyRefused with every malformed entry."""
    return _cells(file, tuple(entries(file, text)))


def _cells(file: str, read: Iterable[tuple[int, dict[str, str]]]) -> tuple[Case, ...]:
    faults: list[Fault] = []
    found: list[Case] = []
    for line, entry in read:
        if "action" in entry:
            continue
        wrong = [*_faults(entry)]
        faults.extend(Fault((file, line), rule) for rule in wrong)
        if not wrong:
            condition, level = entry["condition"], Level(entry["level"])
            role, row = Role(Path(file).stem), int(entry["row"])
            found.append(Case(role, row, entry["coordinate"], entry["class"], condition, level, file, line))
    if faults:
        raise PolicyRefused(*faults)
    if not found:
        raise PolicyRefused(Fault((file, 1), f"role {Path(file).stem!r} has no cases"))
    return tuple(found)


def check(sources: tuple[tuple[str, str], ...], visibilities: Mapping[Role, Visibility]) -> Iterator[Fault]:
    """Every case that the compiled policy does not meet."""
    for file, text in sources:
        try:
            read = tuple(entries(file, text))
            found, of_actions = _cells(file, read), _actions(file, read)
        except PolicyRefused as refused:
            yield from refused.faults
            continue
        yield from unmet(found, of_actions, visibilities)


def unmet(
    found: tuple[Case, ...], of_actions: tuple[ActionCase, ...], visibilities: Mapping[Role, Visibility]
) -> Iterator[Fault]:
    """Those of these cases that the compiled policy does not meet."""
    kept = ladders.Ladders()
    for case in found:
        rungs = kept.of(visibilities[case.role].cells[case.coordinate][case.row_class])
        wrong = next((held for held in case.held() if ladders.RUNGS[rungs[held]] is not case.level), None)
        if wrong is not None:
            level = ladders.RUNGS[rungs[wrong]]
            rule = f"{case.coordinate} in {case.row_class} under {words.named(wrong)} is {level}, must be {case.level}"
            yield Fault((case.file, case.line), f"row {case.row}: {rule}")
    for one in of_actions:
        if not one.holds(visibilities[one.role]):
            rule = f"{one.action.value} under {one.condition} must {'' if one.allowed else 'not '}be allowed"
            yield Fault((one.file, one.line), f"row {one.row}: {rule}")


def entries(file: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The mappings of a YAML sequence of flat mappings, each with its line. Raises PolicyRefused."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyRefused(Fault((file, line), "the file is not YAML")) from None
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise PolicyRefused(Fault((file, 1), "expected a list"))
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise PolicyRefused(Fault((file, line), "expected a mapping"))
        yield line, {str(key.value): str(value.value) for key, value in node.value}


def _action_faults(entry: dict[str, str]) -> Iterator[str]:
    if set(entry) != _ACTION_KEYS:
        yield f"a case of an action has exactly the keys {', '.join(sorted(_ACTION_KEYS))}"
        return
    if entry["action"] not in words.ACTIONS:
        yield f"unknown action {entry['action']!r}"
    if entry["condition"] not in words.CONDITIONS and entry["condition"] != words.ANY:
        yield f"unknown condition {entry['condition']!r}"
    if entry["allowed"] not in ("yes", "no"):
        yield f"allowed is yes or no, not {entry['allowed']!r}"
    if not entry["row"].isdigit():
        yield "row is the number of a row of the policy table"


def _faults(entry: dict[str, str]) -> Iterator[str]:
    if set(entry) != _KEYS:
        yield f"a case has exactly the keys {', '.join(sorted(_KEYS))}"
        return
    coordinate = entry["coordinate"]
    if coordinate not in words.CLASSES_OF:
        yield f"unknown coordinate {coordinate!r}"
    elif entry["class"] not in words.CLASSES_OF[coordinate]:
        yield f"{coordinate!r} has no row class {entry['class']!r}"
    if entry["condition"] not in words.CONDITIONS and entry["condition"] != words.ANY:
        yield f"unknown condition {entry['condition']!r}"
    if entry["level"] not in Level.__members__:
        yield f"unknown level {entry['level']!r}"
    if not entry["row"].isdigit():
        yield "row is the number of a row of the policy table"
