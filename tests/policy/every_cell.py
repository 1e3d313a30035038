"""Casbin's own ``enforce`` on every cell under every act and condition: minutes, hence by ``make test-all`` only."""

import pytest

from gateway.policy import compile, files, words
from gateway.settings import SHIPPED_POLICIES
from gateway.values import Role
from tests.harness import shipped


@pytest.mark.parametrize("role", Role)
def test_compiled_equals_enforce(role: Role) -> None:
    """The classes of equal cells lose nothing, nor does the loop that stands in for Casbin's."""
    sources = files.read(SHIPPED_POLICIES)
    enforcer, cells = compile.enforcer_of(sources, role), shipped().visibility(role).cells
    asked = 0
    for coordinate, row_class in words.CELLS:
        for act, level in words.LEVEL_OF.items():
            for word, condition in words.CONDITIONS.items():
                allowed = enforcer.allows(role.value, row_class, coordinate, act, word)
                assert compile.agrees(cells[coordinate][row_class], coordinate, level, condition, allowed)
                asked += 1
    print(f"{role.value}: {asked:,} questions")
    assert asked == len(words.CELLS) * len(words.LEVEL_OF) * len(words.CONDITIONS)
