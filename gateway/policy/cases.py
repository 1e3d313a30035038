"""Cases: what each role must and must not see, written from the policy table and kept apart from the rules.

A case names a row of the table, a coordinate, a row class, the condition whose relations hold (all of them, nothing
else) and the level that must come out. ``condition: "*"`` says that the level comes out whatever holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from gateway.errors import Fault
from gateway.policy import ladders, words
from gateway.policy.files import PolicyRefused
from gateway.values import Level, Relation, Role, RowClass, Visibility

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


def parse(file: str, text: str) -> tuple[Case, ...]:
    """The cases of one file. Raises PolicyRefused with every malformed entry."""
    faults: list[Fault] = []
    found: list[Case] = []
    for line, entry in entries(file, text):
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
    kept = ladders.Ladders()
    for file, text in sources:
        try:
            found = parse(file, text)
        except PolicyRefused as refused:
            yield from refused.faults
            continue
        for case in found:
            rungs = kept.of(visibilities[case.role].cells[case.coordinate][case.row_class])
            wrong = next((held for held in case.held() if ladders.RUNGS[rungs[held]] is not case.level), None)
            if wrong is not None:
                level = ladders.RUNGS[rungs[wrong]]
                rule = (
                    f"{case.coordinate} in {case.row_class} under {Relation(wrong)!r} is {level}, must be {case.level}"
                )
                yield Fault((file, case.line), f"row {case.row}: {rule}")


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
