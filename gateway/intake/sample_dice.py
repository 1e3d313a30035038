"""Chance from a seed: the same seed and labels always give the same draws, on every machine and version.

SplitMix64 (Steele, Lea, Flood 2014) started from SHA-256 of the labels. Never a source of keys or nonces.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

_GAMMA = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


class Dice:
    """A stream of draws; owned by whoever made it, never shared."""

    __slots__ = ("_state",)

    def __init__(self, *labels: str | int) -> None:
        """``labels`` name the stream: a seed, and what the draws are for."""
        text = "\x00".join(map(str, labels))
        self._state = int.from_bytes(sha256(text.encode()).digest()[:8], "big")

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound - 1``; the bias for small bounds is of no account here."""
        self._state = state = (self._state + _GAMMA) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return (state ^ (state >> 31)) % bound

    def chance(self, percent: int) -> bool:
        """True in ``percent`` of 100 draws."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``, each as likely."""
        return choices[self.below(len(choices))]

    def before(self, day: date, least: int, most: int) -> date:
        """A day ``least`` to ``most`` days before ``day``."""
        return day - timedelta(days=least + self.below(most - least + 1))
