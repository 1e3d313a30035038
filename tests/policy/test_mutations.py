"""Rule lines matter: dropped or turned around, some case, invariant or load check must notice.

Each tenth line of every file; ``every_mutant.py`` tries them all, and takes minutes.
"""

import pytest

from tests.policy.mutants import FILES, survivors


@pytest.mark.parametrize("name", FILES)
def test_lines_matter(name: str) -> None:
    assert survivors(name, every=10) == []
