"""What is written down of an access, before it has a place in the log and after: the values of step 8.

``gateway.values`` hands them on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Check(NamedTuple):
    """A consent or mandate the answer rests on; it must still hold at the moment of disclosure.

    ``use``: what this access uses of a consent: the caller's key, or ``@`` and the request. A key is good for one
    ``document`` (its hash). The kind "use" is a consent on which nothing rested, and only its key is looked at:
    ``subject`` is then whom the answer is about, 0 nobody.
    """

    kind: str  # "consent", "use" or "mandate"
    number: str  # consent number; for mandates who acts (``Caller.acts_as``)
    subject: int
    consumer: str = ""
    purpose: str = ""  # for mandates the word of the scope that is needed; empty: that there is one
    use: str = ""
    document: str = ""


class Entry(NamedTuple):
    """What one access was, before it has a place in the log. No clear personal value, no search term.

    ``body`` is everything but position and salt, ready for canonical encoding: ASCII keys, strings, integers, lists.
    ``checks`` are re-checked in the statement that appends it; if one is lost, ``refusal`` is appended instead; if the
    key of a use stands for another one, ``conflict``, without which that counts as lost.
    """

    body: Mapping[str, object]
    refusal: Mapping[str, object]
    checks: tuple[Check, ...] = ()
    conflict: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the entry stands: `extensions.receipt`. ``leaf`` is the base64 RFC 6962 leaf hash."""

    origin: str
    index: int
    leaf: str


class Outcome(StrEnum):
    """How an access ended; part of each entry."""

    DISCLOSED = "DISCLOSED"  # data were sent (possibly redacted)
    PERFORMED = "PERFORMED"  # an action was performed, in the transaction of this entry
    EMPTY = "EMPTY"  # nothing found or nothing admitted
    REFUSED = "REFUSED"  # an error instead of data; ``code`` says which
