"""Inclusion and consistency proofs (RFC 6962 §2.1.1 and §2.1.2): which hashes they hold, and how they are verified.

Building and verifying share nothing but the hash functions: the one walks the tree down, the other follows RFC 9162
§2.1.3.2 and §2.1.4.2 up.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.audit.tree import node_hash


class ProofInvalid(ValueError):
    """The proof does not lead where it says. Carries nothing of what was to be proved."""


class Span(NamedTuple):
    """The leaves ``start`` up to but without ``end``: a subtree, complete or at the right edge."""

    start: int
    end: int


class Subtree(NamedTuple):
    """A complete subtree: its first leaf, and its height (it has ``2**height`` leaves)."""

    start: int
    height: int


def inclusion(index: int, size: int) -> list[Span]:
    """Whose hashes prove that a leaf is in a tree of ``size`` leaves, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    spans: list[Span] = []
    whole = Span(0, size)
    while whole.end - whole.start > 1:
        middle = _middle(whole)
        left, right = Span(whole.start, middle), Span(middle, whole.end)
        whole, other = (left, right) if index < middle else (right, left)
        spans.append(other)
    return spans[::-1]


def consistency(old: int, new: int) -> list[Span]:
    """Whose hashes prove that a tree of ``new`` leaves began as the one of ``old``; none if ``old`` is 0 or ``new``."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is the larger one")
    if old in (0, new):
        return []
    spans: list[Span] = []
    whole, complete = Span(0, new), True  # complete: the old tree up to here is one that the verifier knows
    while old != whole.end:
        middle = _middle(whole)
        left, right = Span(whole.start, middle), Span(middle, whole.end)
        if old <= middle:
            whole, other = left, right
        else:
            whole, other, complete = right, left, False
        spans.append(other)
    if not complete:
        spans.append(whole)
    return spans[::-1]


def subtrees(span: Span) -> list[Subtree]:
    """The complete subtrees of which a span consists, largest first; folded from the right they give its hash."""
    found: list[Subtree] = []
    start, left = span.start, span.end - span.start
    while left:
        height = left.bit_length() - 1
        found.append(Subtree(start, height))
        start += 1 << height
        left -= 1 << height
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of a span from those of its subtrees, largest first."""
    *rest, whole = hashes
    for left in reversed(rest):
        whole = node_hash(left, whole)
    return whole


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root to which a leaf hash and its proof lead (RFC 9162 §2.1.3.2). Raises ProofInvalid."""
    if not 0 <= index < size:
        raise ProofInvalid("the index is not in the tree")
    place, last, root = index, size - 1, leaf
    for one in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if place & 1 or place == last:
            root = node_hash(one, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, one)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")
    return root


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Whether a proof leads from the one root to the other (RFC 9162 §2.1.4.2). Raises ProofInvalid."""
    if not 0 <= old <= new:
        raise ProofInvalid("the older tree is the larger one")
    if old in (0, new):
        if proof or (old == new and old_root != new_root):
            raise ProofInvalid("the roots differ at one size" if not proof else "the proof is too long")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofInvalid("the proof is too short")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(one, first), node_hash(one, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, one)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")
    if (first, second) != (old_root, new_root):
        raise ProofInvalid("the proof does not lead from the one root to the other")


def _middle(span: Span) -> int:
    """Where a tree parts: after the largest power of two smaller than its size."""
    return span.start + (1 << (span.end - span.start - 1).bit_length() - 1)
