"""What is wrong or pointless in a policy, all at once, each with file and line.

Beside everything that refuses a policy at load: lines that change nothing (*dead*: what they speak of is decided by
others, or no row of it is ever shown; *shadowed*: a deny or a wider grant always wins), and sensitive fields (PIPL art.
28) that a role decides only by a line about everything.
"""

from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import Fault
from gateway.policy import compile, files, words
from gateway.policy.files import PolicyRefused, Rule, Sources
from gateway.values import Role, RowClass

_Touching = dict[tuple[str, RowClass], list[Rule]]


def lint(texts: Mapping[str, str]) -> tuple[Fault, ...]:
    """Every finding in the files of a policy (path → text), by file and line; none: the policy loads and is tidy."""
    sources, malformed = files.well_formed(texts)
    found = [*malformed, *(fault for role in Role for fault in compile.undecided(sources, role))]
    if not found:
        try:
            compile.build(sources)
        except PolicyRefused as refused:
            found.extend(refused.faults)
    found.extend(pointless(sources))
    found.extend(implicit(sources))
    return tuple(sorted(set(found), key=lambda fault: (str(fault.path[0]), _line(fault), fault.rule)))


def pointless(sources: Sources) -> Iterator[Fault]:
    """Lines without which no role would see, or may do, anything else."""
    matters: set[Rule] = set()
    shadows: dict[Rule, Rule] = {}
    for role in Role:
        of_cell = _touching(sources, role)
        for (coordinate, row_class), rules in of_cell.items():
            seen = _effect(of_cell.get((words.kind_of(coordinate), row_class), []))
            for rule in rules:
                rest = [other for other in rules if other is not rule]
                shown = seen or rule.effect == "deny"  # a grant in rows that nobody sees gives nothing
                if shown and (not rest or _forms(coordinate, _effect(rest)) != _forms(coordinate, _effect(rules))):
                    matters.add(rule)
                elif (other := _shadow(rule, rest)) is not None:
                    shadows.setdefault(rule, other)
        matters.update(_acting(sources.rules_of(role)))
    for rule in sources.rules:
        if rule not in matters:
            other = shadows.get(rule)
            why = f"shadowed by {other.source}" if other else "what it speaks of is never shown, whatever it says"
            yield Fault((rule.file, rule.line), f"the rule changes nothing: {why}")


def implicit(sources: Sources) -> Iterator[Fault]:
    """Sensitive fields that a role grants without a line that names them or their group."""
    sensitive = [(name, one) for name, one in words.CELLS if name in words.FIELDS and words.FIELDS[name].sensitive]
    for role in Role:
        of_cell = _touching(sources, role)
        told: dict[Rule, list[str]] = {}
        for cell in sensitive:
            rules = of_cell.get(cell, [])
            # A line that denies everything could not be more explicit; one that grants everything could not be less.
            if rules and all(rule.object == words.ANY for rule in rules) and _effect(rules):
                told.setdefault(rules[0], []).append(cell[0])
        for rule, names in told.items():
            listed = ", ".join(dict.fromkeys(names))
            text = f"sensitive fields have no line of their own for role {role.value!r}: {listed}"
            yield Fault((rule.file, rule.line), text)


def _touching(sources: Sources, role: Role) -> _Touching:
    """The lines that speak of each cell of a role."""
    found: _Touching = {}
    for rule in sources.rules_of(role.value):
        for coordinate in words.MEMBERS.get(rule.object, ()):
            for row_class in words.CLASSES_OF[coordinate]:
                if words.class_match(row_class, rule.row_class):
                    found.setdefault((coordinate, row_class), []).append(rule)
    return found


def _effect(rules: Sequence[Rule]) -> frozenset[tuple[str, str]]:
    """The (act, condition) pairs that lines about one cell give together, without those that others imply."""
    denied = {rule.act for rule in rules if rule.effect == "deny"}
    given = {(rule.act, rule.condition) for rule in rules if rule.effect == "allow"}
    open_ = {pair for pair in given if not denied & {words.ANY, pair[0]}}
    return frozenset(pair for pair in open_ if not any(_implied(pair, other) for other in open_ if other != pair))


def _forms(coordinate: str, effect: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in effect if words.has_form(coordinate, words.LEVEL_OF[pair[0]]))


def _implied(pair: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether ``other`` shows at least as much, whenever ``pair`` shows anything."""
    act, condition = pair
    stronger = words.RANK[words.LEVEL_OF[other[0]]] >= words.RANK[words.LEVEL_OF[act]]
    needed, wider = words.CONDITIONS[condition], words.CONDITIONS[other[1]]
    return stronger and words.implies(words.relations(needed), words.relations(wider))


def _shadow(rule: Rule, rest: Sequence[Rule]) -> Rule | None:
    """The line that makes ``rule`` pointless in a cell where all of these stand."""
    if rule.effect == "deny":
        return next((other for other in rest if other.effect == "deny" and other.act in (words.ANY, rule.act)), None)
    for other in rest:
        if other.effect == "deny" and other.act in (words.ANY, rule.act):
            return other
        if other.effect == "allow" and _implied((rule.act, rule.condition), (other.act, other.condition)):
            return other
    return None


def _acting(rules: Sequence[Rule]) -> Iterator[Rule]:
    """The lines about actions without which something else would be allowed."""
    for action in words.ACTIONS:
        own = [rule for rule in rules if rule.object in (action, words.ANY) and rule.row_class == words.EVERY_CLASS]
        for rule in own:
            if _performed(own) != _performed([other for other in own if other is not rule]):
                yield rule


def _performed(rules: Sequence[Rule]) -> frozenset[str]:
    if any(rule.effect == "deny" for rule in rules):
        return frozenset()
    given = {rule.condition for rule in rules if rule.act == words.PERFORM}
    needs = {name: words.relations(words.CONDITIONS[name]) for name in given}
    return frozenset(
        name for name in given if not any(words.implies(needs[name], needs[other]) for other in given if other != name)
    )


def _line(fault: Fault) -> int:
    return int(fault.path[1]) if len(fault.path) > 1 else 0
