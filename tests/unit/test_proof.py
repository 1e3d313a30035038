"""Proofs and tiles, against a tree that is made in the plainest way: as RFC 6962 §2.1 defines it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.proof import ProofInvalid, Span, check_consistency, consistency, inclusion, root_of_inclusion
from gateway.audit.tiles import WIDTH, Tile, holding, parse, span_hash, width
from gateway.audit.tree import leaf_hash, node_hash

LEAVES = [leaf_hash(number.to_bytes(4)) for number in range(1_100)]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word; of leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(mth(leaves[:half]), mth(leaves[half:]))


def tile(level: int, index: int, size: int) -> bytes:
    """C2SP tlog-tiles, word for word."""
    span = WIDTH**level
    firsts = [(index * WIDTH + at) * span for at in range(width(level, index, size))]
    return b"".join(mth(LEAVES[first : first + span]) for first in firsts)


def hashes(spans: list[Span], size: int) -> list[bytes]:
    """Of spans, from no other tiles than those they say they need."""
    tiles = {(level, index): tile(level, index, size) for level, index in holding(spans)}
    return [span_hash(span, tiles) for span in spans]


sizes = st.one_of(st.integers(1, 40), st.integers(250, 260), st.integers(510, 520), st.integers(1, len(LEAVES)))


@given(data=st.data(), size=sizes)
def test_every_leaf_is_proved_and_no_other(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = hashes(inclusion(index, size), size)
    root = mth(LEAVES[:size])
    assert root_of_inclusion(LEAVES[index], index, size, proof) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert root_of_inclusion(LEAVES[other], index, size, proof) != root
        with contextlib.suppress(ProofInvalid):
            assert root_of_inclusion(LEAVES[index], other, size, proof) != root
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert root_of_inclusion(LEAVES[index], index, size, changed) != root
        with pytest.raises(ProofInvalid):
            root_of_inclusion(LEAVES[index], index, size, proof[:-1])
    with pytest.raises(ProofInvalid):
        root_of_inclusion(LEAVES[index], index, size, [*proof, bytes(32)])


@given(data=st.data(), new=sizes)
def test_every_prefix_is_proved_and_no_other(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    proof = hashes(consistency(old, new), new)
    roots = mth(LEAVES[:old]), mth(LEAVES[:new])
    check_consistency(old, roots[0], new, roots[1], proof)
    for wrong in ((bytes(32), roots[1]), (roots[0], bytes(32))):
        with pytest.raises(ProofInvalid):
            check_consistency(old, wrong[0], new, wrong[1], proof)
    with pytest.raises(ProofInvalid):
        check_consistency(old, roots[0], new, roots[1], [*proof, bytes(32)])
    for at in range(len(proof)):
        with pytest.raises(ProofInvalid):
            check_consistency(old, roots[0], new, roots[1], proof[:at] + proof[at + 1 :])
    if old < new:  # a tree that was rewritten before it grew is no continuation
        rewritten = [bytes(32), *LEAVES[1:new]]
        with pytest.raises(ProofInvalid):
            check_consistency(old, roots[0], new, mth(rewritten), proof)


def test_nothing_is_the_beginning_of_everything() -> None:
    check_consistency(0, bytes(32), 7, mth(LEAVES[:7]), [])
    with pytest.raises(ProofInvalid):
        check_consistency(0, bytes(32), 7, mth(LEAVES[:7]), [bytes(32)])
    with pytest.raises(ProofInvalid):
        check_consistency(8, bytes(32), 7, mth(LEAVES[:7]), [])


@pytest.mark.parametrize("size, widths", [(70_000, {0: [256] * 273 + [112], 1: [256, 17], 2: [1]})])
def test_the_example_of_the_specification(size: int, widths: dict[int, list[int]]) -> None:
    """C2SP tlog-tiles, "Partial Tiles"."""
    for level, expected in widths.items():
        assert [width(level, index, size) for index in range(len(expected) + 1)] == [*expected, 0]
    assert (width(0, 0, 256), width(1, 0, 256), width(0, 1, 256), width(63, 0, 1 << 60)) == (256, 1, 0, 0)


@given(level=st.one_of(st.none(), st.integers(0, 63)), index=st.integers(0, 10**12), wide=st.integers(1, WIDTH))
def test_every_place_has_one_spelling(level: int | None, index: int, wide: int) -> None:
    one = Tile(level, index, wide)
    assert parse(one.path.removeprefix("tile/")) == one


def test_places_as_the_specification_spells_them() -> None:
    assert Tile(2, 1_234_067).path == "tile/2/x001/x234/067"
    assert Tile(None, 0, 7).path == "tile/entries/000.p/7"
    for wrong in (
        "0/1", "0/0001", "00/001", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/07", "0/000.p", "64/000",
        "-1/000", "0/001/234", "0/x001", "entries", "0/000/", "e/000", "0/٠٠٠", "0/000.p/", "", "0/x001/x067",
    ):  # fmt: skip
        assert parse(wrong) is None, wrong
