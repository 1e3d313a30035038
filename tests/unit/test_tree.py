"""The edge against the vectors of RFC 6962 implementations and a tree written as the RFC writes it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import checkpoint
from gateway.audit.tree import Edge, Node, extend, leaf_hash, node_hash
from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier

# Leaves and roots of sizes 0 to 8, as tested by the Certificate Transparency implementations.
LEAVES = tuple(
    map(
        bytes.fromhex,
        ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_nodes(before: int, leaves: list[bytes]) -> set[Node]:
    """Every complete tile that ends behind ``before``."""
    found, width, level = set(), 256, 1
    while width <= len(leaves):
        for index in range(len(leaves) // width):
            if (index + 1) * width > before:
                found.add(Node(level, index, naive_root(leaves[index * width : (index + 1) * width])))
        width, level = width * 256, level + 1
    return found


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    edge, nodes = extend(Edge(), map(leaf_hash, LEAVES[:size]))
    assert edge.root().hex() == ROOTS[size]
    assert nodes == []


def test_every_size_up_to_three_tiles() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(800)]
    edge = Edge()
    for size, leaf in enumerate(leaves, 1):
        edge, nodes = extend(edge, [leaf])
        assert edge.root() == naive_root(leaves[:size])
        assert set(nodes) == naive_nodes(size - 1, leaves[:size])


def test_second_level_of_tiles() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(65_536)]
    edge, nodes = extend(Edge(), leaves)
    assert len(edge.hashes) == 1
    assert len(nodes) == 257 and nodes[-1] == Node(2, 0, edge.root())
    assert set(nodes) == naive_nodes(0, leaves)


@given(st.lists(st.integers(0, 300), max_size=5))
def test_groups_of_any_size_give_the_same_tree(groups: list[int]) -> None:
    edge, leaves = Edge(), list[bytes]()
    for group in groups:
        before = len(leaves)
        new = [leaf_hash(b"%d" % number) for number in range(before, before + group)]
        leaves += new
        edge, nodes = extend(edge, new)
        assert edge.root() == naive_root(leaves)
        assert set(nodes) == naive_nodes(before, leaves)
        assert Edge.parse(edge.size, b"".join(edge.hashes)) == edge


@pytest.mark.parametrize(("size", "hashes"), [(1, 0), (2, 2), (3, 1), (0, 1), (-1, 64)])
def test_an_edge_that_does_not_fit_its_size(size: int, hashes: int) -> None:
    with pytest.raises(ValueError):
        Edge.parse(size, bytes(32 * hashes))


def test_checkpoint() -> None:
    signer = NoteSigner("log.example/0", bytes(range(32)))
    edge, _ = extend(Edge(), map(leaf_hash, LEAVES))
    note = checkpoint.sign(edge, signer)
    assert note.startswith("log.example/0\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\u2014 log.example/0 ")
    found = checkpoint.verify(note, NoteVerifier.parse(signer.vkey))
    assert (found.origin, found.size, found.root.hex()) == ("log.example/0", 8, ROOTS[8])


@pytest.mark.parametrize(
    "text",
    [
        "other.example\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "log.example/0\n08\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "log.example/0\n-1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "log.example/0\n\u0668\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "log.example/0\n8\nXcna\n",
        "log.example/0\n8\n*\n",
        "log.example/0\n8\n",
    ],
)
def test_notes_that_are_no_checkpoints(text: str) -> None:
    signer = NoteSigner("log.example/0", bytes(32))
    with pytest.raises(NoteInvalid):
        checkpoint.verify(signer.sign(text), NoteVerifier.parse(signer.vkey))
