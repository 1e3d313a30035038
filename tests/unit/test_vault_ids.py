"""Opaque ids: deterministic, not sequential, authenticated; of persons, different for each consumer."""

import pytest

from gateway.clock import SystemRandom
from gateway.errors import InternalError
from gateway.vault.keys import new_keys, parse
from gateway.vault.vault import Vault

VAULT = Vault(parse(new_keys(SystemRandom())), SystemRandom())
TAIL = "AQgw"


def test_ids_of_other_rows_are_the_same_for_all() -> None:
    text = VAULT.node_id(3, 981, False, "bank-a")
    assert text == VAULT.node_id(3, 981, False, "") == VAULT.node_id(3, 981, False, "bank-b")
    assert VAULT.read_node_id(text, "") == VAULT.read_node_id(text, "bank-b") == (3, 981, False)


def test_ids_of_persons_belong_to_one_consumer() -> None:
    mine, yours = (VAULT.node_id(2, 1200, True, consumer) for consumer in ("bank-a", "bank-b"))
    assert len({mine, yours, VAULT.node_id(2, 1200, False, "bank-a")}) == 3
    assert VAULT.read_node_id(mine, "bank-a") == (2, 1200, True)
    assert VAULT.read_node_id(mine, "bank-b") is None
    assert VAULT.read_node_id(mine, "") is None
    with pytest.raises(InternalError):
        VAULT.node_id(2, 1200, True, "")


def test_cursors_and_ids_do_not_read_as_each_other() -> None:
    for personal in (False, True):
        node, cursor = VAULT.node_id(3, 981, personal, "bank"), VAULT.cursor(3, 981, personal, "bank")
        assert VAULT.read_cursor(cursor, "bank") == (3, 981, personal)
        assert VAULT.read_cursor(node, "bank") is None
        assert VAULT.read_node_id(cursor, "bank") is None


def test_an_id_has_one_spelling() -> None:
    text = VAULT.node_id(3, 981, False, "")
    twins = [text[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    assert [twin for twin in twins if VAULT.read_node_id(twin, "")] == [text]
    assert text[-1] in TAIL


@pytest.mark.parametrize(
    "text",
    ["", "A", "A" * 21, "A" * 22, "A" * 23, "\x00" * 22, "é" * 22, "\ud800" * 22, "A" * 21 + "\n", "+" * 22, "9" * 5000]
)  # fmt: skip
def test_hostile_text_is_no_id(text: str) -> None:
    assert VAULT.read_node_id(text, "bank") is None
    assert VAULT.read_cursor(text, "\ud800") is None


def test_rows_and_kinds_out_of_range_are_refused() -> None:
    assert VAULT.read_node_id(VAULT.node_id(255, 2**56 - 1, False, ""), "") == (255, 2**56 - 1, False)
    for kind, row in ((0, 2**56), (0, -1), (256, 0), (-1, 0)):
        with pytest.raises(InternalError):
            VAULT.node_id(kind, row, False, "")


def test_more_consumers_than_are_kept_still_read_their_ids() -> None:
    ids = {f"c{n}": VAULT.node_id(2, 5, True, f"c{n}") for n in range(600)}
    assert len(set(ids.values())) == 600
    assert all(VAULT.read_node_id(text, consumer) == (2, 5, True) for consumer, text in ids.items())
