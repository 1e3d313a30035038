"""Every rule line matters: dropped or turned around, some case, invariant or load check must notice."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gateway.policy import cases, compile, files, invariants
from gateway.policy.compile import Policy
from gateway.policy.files import PolicyRefused, Rule, Sources
from gateway.values import Role

POLICIES = Path(__file__).parents[2] / "policies"
FILES = sorted(path.stem for path in (POLICIES / "roles").glob("*.csv") if "p," in path.read_text())
SURVIVORS: frozenset[str] = frozenset()  # "drop roles/x.csv:1"; each with its reason


@cache
def shipped() -> Policy:
    """The shipped policy."""
    return compile.load(POLICIES)


@cache
def sources() -> Sources:
    """Its files."""
    return files.read(POLICIES)


def mutants(rule: Rule) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """The line gone; the line turned around (a deny becomes the widest grant)."""
    rest = tuple(one for one in sources().rules if one is not rule)
    yield f"drop {rule.source}", rest
    turned = replace(rule, effect="deny", act="*", condition="*")
    if rule.effect == "deny":
        turned = replace(rule, effect="allow", act="show", condition="always")
    yield f"flip {rule.source}", (*rest, turned)


def killed(rules: tuple[Rule, ...], roles: tuple[Role, ...]) -> bool:
    """Whether loading these rules would be refused; only the roles concerned are compiled and their cases run."""
    changed = replace(sources(), rules=rules)
    try:
        compiled = {role: compile.column(changed, role, compile.enforcer_of(changed, role)) for role in roles}
    except PolicyRefused:
        return True
    own = tuple((file, text) for file, text in changed.cases if Path(file).stem in {role.value for role in roles})
    if next(cases.check(own, {**shipped().visibilities, **compiled}), None) is not None:
        return True
    return next(invariants.check(changed.invariants, {**shipped().visibilities, **compiled}), None) is not None


@pytest.mark.parametrize("name", FILES)
def test_every_line_matters(name: str) -> None:
    """The score is printed; whoever survives must be listed above."""
    own = [rule for rule in sources().rules if rule.role == name]
    roles = tuple(role for role in Role if any(rule.role == name for rule in sources().rules_of(role)))
    made = [mutant for rule in own for mutant in mutants(rule)]
    survivors = []
    for label, rules in made:
        undecided = any([*compile.undecided(replace(sources(), rules=rules), role)] for role in roles)
        if not undecided and not killed(rules, roles):
            survivors.append(label)
    print(f"{name}: {len(made) - len(survivors)} of {len(made)} mutants killed")
    assert frozenset(survivors) <= SURVIVORS, survivors
