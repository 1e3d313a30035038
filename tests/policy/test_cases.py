"""The cases of the policy table, put to the compiled policy and to Casbin itself; the two agree everywhere."""

import logging
from functools import cache
from pathlib import Path

import casbin
import pytest

from gateway.policy import cases, compile, files, words
from gateway.policy.compile import Policy
from gateway.policy.files import Sources
from gateway.values import Level, Role

POLICIES = Path(__file__).parents[2] / "policies"
# The rows of the policy table that the catalogue has fields for. Row 37 has none: of who reports nothing is kept that
# could be shown. What is left of it are actions; their cases are counted apart.
ROWS = frozenset({*range(1, 34), 35, 36, *range(38, 41)})
ROWS_OF_ACTIONS = frozenset({22, 32, *range(36, 40)})  # and those about which somebody may do something


@cache
def sources() -> Sources:
    """The shipped files."""
    return files.read(POLICIES)


@cache
def policy() -> Policy:
    """The shipped policy."""
    return compile.build(sources())


def of_role(role: Role) -> tuple[cases.Case, ...]:
    """The cases of one role."""
    return next(cases.parse(file, text) for file, text in sources().cases if Path(file).stem == role.value)


@pytest.mark.parametrize("role", Role)
def test_every_row_of_the_table_has_its_case(role: Role) -> None:
    """A row without a case is a cell nobody has thought about."""
    assert {case.row for case in of_role(role)} == ROWS
    assert {case.row for case in cases.parse_actions(*_file(role))} == ROWS_OF_ACTIONS


@pytest.mark.parametrize("role", Role)
def test_cases_hold_for_the_compiled_policy(role: Role) -> None:
    """Under exactly the relations of its condition, each case comes out at its level."""
    for case in of_role(role):
        cell = policy().visibility(role).cells[case.coordinate][case.row_class]
        for condition in words.CONDITIONS if case.condition == words.ANY else (case.condition,):
            held = words.relations(words.CONDITIONS[condition])
            assert words.level_under(cell.grants, held) is case.level, case


@pytest.mark.parametrize("role", Role)
def test_cases_hold_for_casbin(role: Role) -> None:
    """The same, asked of Casbin: the strongest act allowed under some condition that holds."""
    enforcer = compile.enforcer_of(sources(), role)
    for case in of_role(role):
        for condition in words.CONDITIONS if case.condition == words.ANY else (case.condition,):
            held = words.relations(words.CONDITIONS[condition])
            holding = [name for name, one in words.CONDITIONS.items() if words.implies(held, words.relations(one))]
            allowed = (
                level
                for act, level in words.LEVEL_OF.items()
                for one in holding
                if words.has_form(case.coordinate, level)
                and enforcer.allows(role.value, case.row_class, case.coordinate, act, one)
            )
            assert max(allowed, key=words.RANK.__getitem__, default=Level.WITHHELD) is case.level, case


@pytest.mark.parametrize("role", Role)
def test_compiled_equals_casbin_on_every_cell(role: Role) -> None:
    """Every coordinate, class, act and condition: the classes of equal cells lose nothing."""
    enforcer, cells = compile.enforcer_of(sources(), role), policy().visibility(role).cells
    for coordinate, row_class in words.CELLS:
        for act, level in words.LEVEL_OF.items():
            for word, condition in words.CONDITIONS.items():
                allowed = enforcer.decides(role.value, row_class, coordinate, act, word)
                assert compile.agrees(cells[coordinate][row_class], coordinate, level, condition, allowed)


def test_every_rule_is_looked_at_by_a_case() -> None:
    """The coverage is printed; test_mutations says more: that each line is not only looked at, but missed."""
    parsed = {role: (of_role(role), cases.parse_actions(*_file(role))) for role in Role}
    bare = []
    for rule in sources().rules:
        roles = [role for role in Role if rule in sources().rules_of(role.value)]
        looked = (
            any(any(rule.matches(case.coordinate, case.row_class) for case in parsed[role][0]) for role in roles)
            if rule.object not in words.ACTIONS
            else any(case.action.value == rule.object for role in roles for case in parsed[role][1])
        )
        if not looked:
            bare.append(rule.source)
    print(f"{len(sources().rules) - len(bare)} of {len(sources().rules)} rules are looked at by a case")
    assert bare == []


def _file(role: Role) -> tuple[str, str]:
    return next(one for one in sources().cases if Path(one[0]).stem == role.value)


def test_unchanged_casbin_over_all_roles_agrees() -> None:
    """Casbin as published, with the lines of all roles at once, on a spread of cells (slow: 20 ms a call)."""
    plain = casbin.Enforcer(casbin.Enforcer.new_model(text=sources().model))
    plain.add_function("classMatch", words.class_match)
    for rule in sources().rules:
        plain.add_policy(*rule.values)
    for member in sources().members:
        plain.add_grouping_policy(member.role, member.group)
    plain.add_named_grouping_policies("g2", [[one, group] for one, group in words.GROUP_OF.items() if one != group])
    plain.logger = logging.Logger("silent", logging.CRITICAL)
    asked, granted = words.CELLS[::23], 0
    for number, (coordinate, row_class) in enumerate(asked):
        role = tuple(Role)[number % len(Role)]
        cell = policy().visibility(role).cells[coordinate][row_class]
        wanted = {(grant.level, grant.condition) for grant in cell.grants} or {
            (Level.CLEAR, words.CONDITIONS["always"])
        }
        for act, level in words.LEVEL_OF.items():
            for word, condition in words.CONDITIONS.items():
                if (level, condition) in wanted or (number + len(word)) % 9 == 0:
                    allowed = bool(plain.enforce(role.value, row_class, coordinate, act, word))
                    granted += allowed
                    assert compile.agrees(cell, coordinate, level, condition, allowed), (role, coordinate, row_class)
    assert granted > 5


def test_casbin_names_nobody_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Even after a logging configuration has switched every logger on again."""
    enforcer = compile.enforcer_of(sources(), Role.PUBLIC)
    for name in ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role"):
        logging.getLogger(name).disabled = False
    with caplog.at_level(logging.DEBUG):
        assert not enforcer.allows("public", "person/ordinary", "person.name", "show", "always")
        compile.enforcer_of(sources(), Role.PUBLIC)
    assert caplog.text == ""
