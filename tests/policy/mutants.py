"""Policies with one rule line dropped or turned around, and which of them nothing notices."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from gateway.policy import cases, compile, files, invariants
from gateway.policy.compile import Policy
from gateway.policy.files import PolicyRefused, Rule, Sources
from gateway.values import Role

POLICIES = Path(__file__).parents[2] / "policies"
FILES = sorted(path.stem for path in (POLICIES / "roles").glob("*.csv") if "p," in path.read_text())


@cache
def shipped() -> Policy:
    """The shipped policy."""
    return compile.load(POLICIES)


@cache
def sources() -> Sources:
    """Its files."""
    return files.read(POLICIES)


@cache
def of_role(role: Role) -> tuple[tuple[cases.Case, ...], tuple[cases.ActionCase, ...]]:
    """The cases of a role."""
    file, text = next(one for one in sources().cases if Path(one[0]).stem == role.value)
    return cases.parse(file, text), cases.parse_actions(file, text)


def mutants(rule: Rule) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """The line gone; the line turned around (a deny becomes the widest grant)."""
    rest = tuple(one for one in sources().rules if one is not rule)
    yield f"drop {rule.source}", rest
    turned = replace(rule, effect="deny", act="*", condition="*")
    if rule.effect == "deny":
        turned = replace(rule, effect="allow", act="show", condition="always")
    yield f"flip {rule.source}", (*rest, turned)


def killed(rules: tuple[Rule, ...], roles: tuple[Role, ...], asked: Mapping[Role, compile.Answers]) -> bool:
    """Whether loading these rules would be refused; only the roles concerned are compiled and their cases run."""
    changed = replace(sources(), rules=rules)
    try:
        compiled = {
            role: compile.column(changed, role, compile.enforcer_of(changed, role), asked[role]) for role in roles
        }
    except PolicyRefused:
        return True
    every = {**shipped().visibilities, **compiled}
    if any(next(cases.unmet(*of_role(role), every), None) is not None for role in roles):
        return True
    return next(invariants.check(changed.invariants, every), None) is not None


def survivors(name: str, every: int = 1) -> list[str]:
    """The mutants of a file that load as if nothing were wrong; each ``every``-th line is tried. Prints a score."""
    own = [rule for rule in sources().rules if rule.role == name]
    roles = tuple(role for role in Role if any(rule.role == name for rule in sources().rules_of(role)))
    made = [mutant for rule in own[FILES.index(name) % every :: every] for mutant in mutants(rule)]
    found = []
    asked: dict[Role, compile.Answers] = {role: {} for role in roles}  # most cells are as in the mutant before
    for label, rules in made:
        undecided = any([*compile.undecided(replace(sources(), rules=rules), role)] for role in roles)
        if not undecided and not killed(rules, roles, asked):
            found.append(label)
    print(f"{name}: {len(made) - len(found)} of {len(made)} mutants killed")
    return found
