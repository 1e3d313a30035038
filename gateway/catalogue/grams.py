"""How a name is searched: its spelling for comparison, and the pairs of characters (bigrams) that an index finds it by.

Trigrams, the usual index, hold nothing for one or two Chinese characters, and most words have two.
"""

import unicodedata

LEAST = 2  # characters that a search must have


def searchable(text: str) -> str:
    """Compatibility forms composed (NFKC), case folded, no space: （ａ）Ｂ and (A) b are found alike."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(text: str) -> tuple[str, ...]:
    """The distinct bigrams of a text that is ``searchable`` already, in order of appearance."""
    return tuple(dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1)))
