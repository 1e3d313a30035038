"""Every rule line matters; part of ``make test-all``, since a file of two hundred lines takes half a minute."""

import pytest

from tests.policy.mutants import FILES, survivors


@pytest.mark.parametrize("name", FILES)
def test_every_line_matters(name: str) -> None:
    """The score is printed."""
    assert survivors(name) == []
