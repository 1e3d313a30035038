"""What must hold whatever the rules say, checked by walking every role, cell and set of relations.

``invariants.yaml`` is a list of ``{name, check, …}``; each check is one function here. A violation comes with its
counterexample. Lists in the file are words parted by spaces; ``*`` in a role list means every role.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from types import MappingProxyType

from gateway.errors import Fault
from gateway.policy import cases, words
from gateway.policy.files import PolicyRefused
from gateway.policy.ladders import MASKED, RUNGS, SETS, Ladders
from gateway.values import ActionName, Level, Relation, Role, RowClass, Visibility

_FILE = "invariants.yaml"
_Columns = Mapping[Role, Visibility]
_Entry = dict[str, str]


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of one invariant: ``asked`` questions were put, and these are the answers that break it."""

    name: str
    line: int
    asked: int  # roles times cells, under each set of relations
    counterexamples: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether no question found a counterexample."""
        return not self.counterexamples


def check(text: str, columns: _Columns) -> Iterator[Fault]:
    """Every invariant that does not hold, with its first counterexample."""
    try:
        for proof in prove(text, columns, 1):
            yield from (Fault((_FILE, proof.line), f"{proof.name}: {wrong}") for wrong in proof.counterexamples)
    except PolicyRefused as refused:
        yield from refused.faults


def prove(text: str, columns: _Columns, most: int) -> Iterator[Proof]:
    """Every invariant with at most so many counterexamples. Raises PolicyRefused for a file that states none."""
    found = [*cases.entries(_FILE, text)]
    if not found:
        raise PolicyRefused(Fault((_FILE, 1), "no invariants are stated"))
    for line, entry in found:
        name = entry.get("name", "?")
        wrong = tuple(_entry_faults(entry))
        if wrong:
            yield Proof(name, line, 0, wrong[:most])
            continue
        checked, _, count = _CHECKS[entry["check"]]
        yield Proof(name, line, count(entry), tuple(islice(checked(entry, columns), most)))


def _entry_faults(entry: _Entry) -> Iterator[str]:
    known = _CHECKS.get(entry.get("check", ""))
    if known is None:
        yield f"unknown check {entry.get('check')!r}"
        return
    if set(entry) != known[1] | {"name", "check"}:
        yield f"this check takes exactly {', '.join(sorted(known[1]))}"
        return
    for key in {"roles", "role", "least"} & set(entry):
        yield from (f"unknown role {word!r}" for word in entry[key].split() if word not in words.ROLES | {words.ANY})
    for key in {"objects", "masked", "beside"} & set(entry):
        yield from (f"unknown object {word!r}" for word in entry[key].split() if word not in words.MEMBERS)
    if "classes" in entry:
        patterns = entry["classes"].split()
        yield from (f"unknown row class {word!r}" for word in patterns if not words.is_class_pattern(word))


def _roles(entry: _Entry) -> tuple[Role, ...]:
    named = entry["roles"].split()
    return tuple(role for role in Role if words.ANY in named or role.value in named)


def _cells(objects: str, classes: str) -> Iterator[tuple[str, RowClass]]:
    for name in objects.split():
        for coordinate in words.MEMBERS[name]:
            for row_class in words.CLASSES_OF[coordinate]:
                if any(words.class_match(row_class, pattern) for pattern in classes.split()):
                    yield coordinate, row_class


def _none_shown(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """The roles have no grant at all on these cells, not even one that no row could use."""
    for role in _roles(entry):
        for coordinate, row_class in _cells(entry["objects"], entry["classes"]):
            for grant in columns[role].cells[coordinate][row_class].grants:
                yield f"{role} sees {coordinate} in {row_class} as {grant.level} by {grant.rule}"


def _never_beside(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """Under no set of relations is one of ``masked`` masked while one of ``beside`` is shown, in these classes."""
    kept = Ladders()
    masked, beside = (tuple(_cells(entry[key], entry["classes"])) for key in ("masked", "beside"))
    for role in _roles(entry):
        cells = columns[role].cells
        first = {
            held: cell[0] for cell in masked for held, rung in enumerate(kept.shown(cells, *cell)) if rung == MASKED
        }
        for cell in beside:
            for held, rung in enumerate(kept.shown(cells, *cell)):
                if rung and held in first:
                    yield f"{role} under {words.named(held)} sees {first[held]} masked beside {cell[0]}"


def _sealed_listed(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """The roles see no sealed value in clear, except those listed as ``<object>@<class pattern>``."""
    allowed = {cell for item in entry["except"].split() for cell in _listed(item)}
    for role in _roles(entry):
        for coordinate, row_class in words.CELLS:
            grants = columns[role].cells[coordinate][row_class].grants
            clear = next((grant for grant in grants if grant.level is Level.CLEAR), None)
            if clear and words.is_sealed(coordinate) and (coordinate, row_class) not in allowed:
                yield f"{role} sees the sealed {coordinate} in {row_class} in clear by {clear.rule}"


def _listed(item: str) -> Iterator[tuple[str, RowClass]]:
    name, _, pattern = item.partition("@")
    return _cells(name, pattern) if name in words.MEMBERS and words.is_class_pattern(pattern) else iter(())


def _at_least(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """``role`` sees, under every set of relations, at least what ``least`` sees under the same."""
    kept, more, less = Ladders(), columns[Role(entry["role"])].cells, columns[Role(entry["least"])].cells
    for cell in words.CELLS:
        pairs = zip(kept.shown(more, *cell), kept.shown(less, *cell), strict=True)
        for held, (has, wants) in enumerate(pairs):
            if has < wants:
                told = f"{RUNGS[has]} for {entry['role']}, {RUNGS[wants]} for {entry['least']}"
                yield f"under {words.named(held)}, {cell[0]} in {cell[1]} is {told}"


def _only_widens(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """One more relation never shows less."""
    added = int(Relation.__members__.get(entry["relation"], 0))
    if not added:
        yield f"unknown relation {entry['relation']!r}"
        return
    kept = Ladders()
    for role in _roles(entry):
        distinct = {id(cell): (name, one, cell) for name, of in columns[role].cells.items() for one, cell in of.items()}
        seen: set[tuple[int, ...]] = set()
        for coordinate, row_class, cell in distinct.values():
            rungs = kept.of(cell)
            for held, rung in enumerate(() if rungs in seen else rungs):
                if rungs[held | added] < rung:
                    more = f"{RUNGS[rungs[held | added]]} with {words.named(added)}"
                    told = f"{RUNGS[rung]} under {words.named(held)}, {more}"
                    yield f"{role}: {coordinate} in {row_class} is {told}"
            seen.add(rungs)


def _acts_only(entry: _Entry, columns: _Columns) -> Iterator[str]:
    """The actions are granted to no other roles than these, and to them under nothing weaker than ``condition``."""
    if not set(entry["actions"].split()) <= words.ACTIONS or entry["condition"] not in words.PERFORMED_UNDER:
        yield "an unknown action, or a condition under which none is granted"
        return
    needed, roles = words.relations(words.CONDITIONS[entry["condition"]]), _roles(entry)
    for action, role in product(map(ActionName, entry["actions"].split()), Role):
        for permit in columns[role].permits.get(action, ()):
            if role not in roles or not words.implies(words.relations(permit.condition), needed):
                yield f"{role} may {action.value} under {permit.condition.name} by {permit.rule}"


def _asked(entry: _Entry) -> int:
    """Cells of the entry, for each of its roles under every set of relations."""
    roles = len(_roles(entry)) if "roles" in entry else 1
    if "objects" in entry:
        cells = len(set(_cells(entry["objects"], entry["classes"])))
    elif "masked" in entry:
        masked, beside = (len(set(_cells(entry[key], entry["classes"]))) for key in ("masked", "beside"))
        cells = masked * beside
    else:
        cells = len(words.CELLS)
    return roles * cells * len(SETS)


def _asked_of_actions(entry: _Entry) -> int:
    """Actions of the entry, for every role under each condition in which one may be granted."""
    return len(entry["actions"].split()) * len(Role) * len(words.PERFORMED_UNDER)


# Each check, the keys its entry takes, and how many questions it puts.
_CHECKS: Mapping[str, tuple[Callable[[_Entry, _Columns], Iterator[str]], frozenset[str], Callable[[_Entry], int]]] = (
    MappingProxyType(
        {
            "none_shown": (_none_shown, frozenset({"roles", "objects", "classes"}), _asked),
            "never_beside": (_never_beside, frozenset({"roles", "masked", "beside", "classes"}), _asked),
            "sealed_listed": (_sealed_listed, frozenset({"roles", "except"}), _asked),
            "at_least": (_at_least, frozenset({"role", "least"}), _asked),
            "acts_only": (_acts_only, frozenset({"roles", "actions", "condition"}), _asked_of_actions),
            "only_widens": (_only_widens, frozenset({"roles", "relation"}), _asked),
        }
    )
)
