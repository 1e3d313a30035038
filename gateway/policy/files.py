"""The policy directory, read: every line with its file and number, every fault found before any is reported.

``model.conf`` · ``roles/<role>.csv`` (``p`` and ``g`` lines) · ``cases/<role>.yaml`` · ``invariants.yaml``. A file in
``roles`` that is not named after a role is a group; roles join it by a ``g`` line in their own file.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gateway.errors import Fault, InternalError
from gateway.policy import words

_MODEL = "model.conf"
_NOT_UTF8 = "the file is not UTF-8"
_INVARIANTS = "invariants.yaml"


class PolicyRefused(InternalError):
    """The policy cannot be used. ``faults`` hold everything wrong with it; a path is (file, line)."""

    en = "The policy cannot be used."
    zh = "策略无法使用。"

    def __str__(self) -> str:
        """One fault a line, as ``file:line: what is wrong``."""
        return "\n".join(f"{':'.join(map(str, fault.path))}: {fault.rule}" for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Rule:
    """A ``p`` line: role, row class pattern, group or coordinate, act, condition, ``allow`` or ``deny``."""

    role: str
    row_class: str
    object: str
    act: str
    condition: str
    effect: str
    file: str
    line: int

    @property
    def source(self) -> str:
        """``file:line``, as redactions and explanations name the rule."""
        return f"{self.file}:{self.line}"

    @property
    def values(self) -> tuple[str, str, str, str, str, str]:
        """The six values as Casbin takes them."""
        return (self.role, self.row_class, self.object, self.act, self.condition, self.effect)

    def matches(self, coordinate: str, row_class: str) -> bool:
        """Whether the rule speaks of this cell at all, whatever act and condition."""
        return coordinate in words.MEMBERS[self.object] and words.class_match(row_class, self.row_class)


@dataclass(frozen=True, slots=True)
class Member:
    """A ``g`` line: a role joins a group."""

    role: str
    group: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Sources:
    """A policy directory as read: not yet compiled, already well formed."""

    version: str  # 12 hex digits over the canonical content of all files
    model: str
    rules: tuple[Rule, ...]
    members: tuple[Member, ...]
    cases: tuple[tuple[str, str], ...]  # (file, text)
    invariants: str

    def rules_of(self, role: str) -> tuple[Rule, ...]:
        """The lines that speak of a role: its own and those of the groups it joined."""
        names = {role} | {member.group for member in self.members if member.role == role}
        return tuple(rule for rule in self.rules if rule.role in names)


def read(directory: Path) -> Sources:
    """Read a policy directory. Raises PolicyRefused with every malformed line and unknown name."""
    return parse(texts_of(directory))


def parse(texts: Mapping[str, str]) -> Sources:
    """The policy that these files hold (path → text). Raises PolicyRefused with every malformed line."""
    sources, faults = well_formed(texts)
    if faults:
        raise PolicyRefused(*faults)
    return sources


def texts_of(directory: Path) -> Mapping[str, str]:
    """The files of a policy directory, by their path in it, in canonical form. Raises PolicyRefused."""
    if not directory.is_dir():
        raise PolicyRefused(Fault((directory.name,), "the folder of the policy is missing"))
    faults: list[Fault] = []
    found = {path.relative_to(directory).as_posix(): _canonical(path, directory, faults) for path in _paths(directory)}
    if faults:
        raise PolicyRefused(*faults)
    return MappingProxyType(found)


def well_formed(texts: Mapping[str, str]) -> tuple[Sources, tuple[Fault, ...]]:
    """What is well formed in these files, and what is not."""
    faults = [Fault((name, 1), "the file is missing") for name in (_MODEL, _INVARIANTS) if name not in texts]
    rules: list[Rule] = []
    members: list[Member] = []
    for file, text in texts.items():
        if file.startswith("roles/"):
            for line, cells in _lines(text):
                _line(file, line, cells, rules, members, faults)
    faults.extend(_loose_ends(texts, rules, members))
    cases = tuple((file, text) for file, text in texts.items() if file.startswith("cases/"))
    model, invariants = texts.get(_MODEL, ""), texts.get(_INVARIANTS, "")
    return Sources(version_of(texts), model, tuple(rules), tuple(members), cases, invariants), tuple(faults)


def text_of(path: Path) -> str:
    """The text of one file beside the policy. Raises PolicyRefused if it is not there or not UTF-8."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise PolicyRefused(Fault((path.name, 1), "the file is missing")) from None
    except UnicodeDecodeError:
        raise PolicyRefused(Fault((path.name, 1), _NOT_UTF8)) from None


def version_of(texts: Mapping[str, str]) -> str:
    """12 hex digits over the canonical content of all files: the version of the policy."""
    return digest(texts)[:12]


def digest(texts: Mapping[str, str]) -> str:
    """The whole hex SHA-256 over path and content of every file."""
    found = hashlib.sha256()
    for file, text in sorted(texts.items()):
        found.update(f"{file}\0{text}\0".encode())
    return found.hexdigest()


def _paths(directory: Path) -> list[Path]:
    patterns = (_MODEL, _INVARIANTS, "roles/*.csv", "cases/*.yaml")
    return sorted(path for pattern in patterns for path in directory.glob(pattern))


def _canonical(path: Path, directory: Path, faults: list[Fault]) -> str:
    """Text without what an editor or a checkout may change: line ends and trailing space."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        faults.append(Fault((path.relative_to(directory).as_posix(), 1), _NOT_UTF8))
        return ""
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _lines(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.lstrip().startswith("#"):
            yield number, tuple(cell.strip() for cell in next(csv.reader([line])))


def _line(
    file: str, line: int, cells: tuple[str, ...], rules: list[Rule], members: list[Member], faults: list[Fault]
) -> None:
    owner = Path(file).stem
    if cells[0] == "g" and len(cells) == 3:
        members.append(Member(cells[1], cells[2], file, line))
        if cells[1] != owner or owner not in words.ROLES:
            faults.append(Fault((file, line), f"a role joins groups only in its own file, not {cells[1]!r} here"))
    elif cells[0] == "p" and len(cells) == 7:
        rule = Rule(*cells[1:], file=file, line=line)
        wrong = [*_rule_faults(rule, owner)]
        faults.extend(Fault((file, line), text) for text in wrong)
        if not wrong and any(rule.values == other.values for other in rules):
            faults.append(Fault((file, line), "the same rule stands above"))
        if not wrong:
            rules.append(rule)
    else:
        faults.append(Fault((file, line), "expected `p, role, class, object, act, condition, eft` or `g, role, group`"))


def _rule_faults(rule: Rule, owner: str) -> Iterator[str]:
    if rule.role != owner:
        yield f"unknown role {rule.role!r}: this file speaks only of {owner!r}"
    if rule.effect not in ("allow", "deny"):
        yield f"eft is allow or deny, not {rule.effect!r}"
    if rule.object in words.ACTIONS:
        yield from _action_faults(rule)
        return
    known_class, known_object = words.is_class_pattern(rule.row_class), rule.object in words.MEMBERS
    if not known_class:
        yield f"unknown row class {rule.row_class!r}"
    if not known_object:
        yield f"unknown coordinate or group {rule.object!r}"
    known_act = rule.act in words.LEVEL_OF
    if not known_act and rule.act != words.ANY:
        yield f"unknown act {rule.act!r}"
    if rule.condition not in words.CONDITIONS and rule.condition != words.ANY:
        yield f"unknown condition {rule.condition!r}"
    # A grant says exactly what it gives; a deny under a condition would mean "unless", which no consent may mean.
    if rule.effect == "allow" and words.ANY in (rule.act, rule.condition):
        yield "a grant names one act and one condition"
    if rule.effect == "deny" and rule.condition != words.ANY:
        yield "a deny holds under every condition: write *"
    if known_class and known_object:
        members = words.MEMBERS[rule.object]
        cells = [name for name in members for one in words.CLASSES_OF[name] if words.class_match(one, rule.row_class)]
        if not cells:
            yield f"no {rule.object!r} exists in class {rule.row_class!r}"
        elif known_act and not any(words.has_form(name, words.LEVEL_OF[rule.act]) for name in cells):
            yield f"nothing of {rule.object!r} has the form that {rule.act!r} needs"


def _action_faults(rule: Rule) -> Iterator[str]:
    if rule.row_class != words.EVERY_CLASS:
        yield f"an action has no row class: write {words.EVERY_CLASS}"
    granted = (rule.act, rule.effect) == (words.PERFORM, "allow") and rule.condition in words.PERFORMED_UNDER
    denied = rule.act in (words.PERFORM, words.ANY) and (rule.effect, rule.condition) == ("deny", words.ANY)
    if not granted and not denied:
        conditions = ", ".join(words.PERFORMED_UNDER)
        yield f"an action is granted by `{words.PERFORM}` under one of {conditions}, or denied under *"


def _loose_ends(texts: Mapping[str, str], rules: list[Rule], members: list[Member]) -> Iterator[Fault]:
    """Files that belong to no role, groups without file, roles without rules or cases."""
    groups = {member.group for member in members}
    stems = {Path(file).stem for file in texts if file.startswith("roles/")}
    cased = {Path(file).stem for file in texts if file.startswith("cases/")}
    for stem in sorted(stems - words.ROLES - groups):
        yield Fault((f"roles/{stem}.csv", 1), f"unknown role {stem!r}, and no role joins such a group")
    for member in members:
        if member.group not in stems or member.group in words.ROLES:
            yield Fault((member.file, member.line), f"unknown group {member.group!r}")
    for role in sorted(words.ROLES - stems):
        yield Fault((f"roles/{role}.csv", 1), "the file is missing")
    for role in sorted(words.ROLES - cased):
        yield Fault((f"cases/{role}.yaml", 1), f"role {role!r} has no cases")
    for stem in sorted(cased - words.ROLES):
        yield Fault((f"cases/{stem}.yaml", 1), f"unknown role {stem!r}")
