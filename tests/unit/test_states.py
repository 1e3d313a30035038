"""The state machines of cases: what they say, that nothing leads out of them, and that the README prints them."""

from itertools import product
from pathlib import Path

import pytest

from gateway.catalogue.case import CASE
from gateway.rights.states import CLOSED, OUTCOMES, TABLES, CaseKind, Outcome, State, Step, after, possible

README = Path(__file__).parents[2] / "README.md"
KINDS = tuple(CaseKind)


def printed(kind: CaseKind) -> list[str]:
    """The table of a kind as lines of the README: from a state, by its steps, to states."""
    lines = []
    for state in (None, *State):
        steps = [(step, to) for (at, step), to in TABLES[kind].items() if at is state]
        if steps:
            told = ", ".join(f"{step} → {to}" for step, to in steps)
            lines.append(f"| {kind} | {state or '–'} | {told} |")
    return lines


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_prints_the_table(kind: CaseKind) -> None:
    text = README.read_text("utf-8").splitlines()
    missing = [line for line in printed(kind) if line not in text]
    assert missing == []
    assert sum(line.startswith(f"| {kind} |") for line in text) == len(printed(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_is_not_in_the_table_does_not_happen(kind: CaseKind) -> None:
    for state, step in product((None, *State), Step):
        assert (after(kind, state, step) is None) is ((state, step) not in TABLES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_is_reached_and_every_open_one_is_left(kind: CaseKind) -> None:
    reached, open_ = set[State](), [after(kind, None, Step.FILE)]
    while open_:
        state = open_.pop()
        assert state is not None
        if state not in reached:
            reached.add(state)
            open_ += [after(kind, state, step) for step in possible(kind, state)]
    assert reached == {*TABLES[kind].values()}
    assert {state for state in reached if not possible(kind, state)} == reached & CLOSED


def test_outcomes_are_those_of_the_catalogue_and_each_has_its_kind() -> None:
    words = {item.name: item.values for item in CASE.fields}
    assert (words["kind"], words["state"], words["outcome"]) == (tuple(CaseKind), tuple(State), tuple(Outcome))
    repair = {Outcome.APPROVED, Outcome.REFUSED, Outcome.REVERSED}
    assert {one for all_ in OUTCOMES.values() for one in all_} | repair == set(Outcome)
