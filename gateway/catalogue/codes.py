"""Codes of subjects: how each is written, and what its check digits say (domain.md §1).

``normalize`` gives the one spelling by which a code is stored in indexes and looked up, ``check`` every rule it breaks,
``status`` the word for the ``codeStatus`` fields. Rules name the position, what stands there and what must stand there.
Of a personal number they say no more than the position and the digit that failed. A broken code is kept, never dropped:
wrong ones circulate.
"""

from collections.abc import Callable, Mapping
from datetime import date
from operator import mul
from types import MappingProxyType
from typing import Literal, TypeAlias

CodeStatus: TypeAlias = Literal["VALID", "BAD_CHECK_DIGIT", "BAD_LENGTH", "MISSING"]
Faults: TypeAlias = tuple[str, ...]

CITIZEN_ID = "CITIZEN_ID"  # a kind of code like those of IDENTIFIER_KINDS, but of persons
CERTIFICATE_LENGTH = 50

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
ORGANIZATION_ALPHABET = DIGITS + LETTERS  # GB 11714-1997
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_CHECKS = "10X98765432"


def _values(alphabet: str) -> bytes:
    """Character → its value in an alphabet, as a table for ``bytes.translate``."""
    table = bytearray(256)
    for value, letter in enumerate(alphabet):
        table[ord(letter)] = value
    return bytes(table)


_VALUES: Mapping[str, bytes] = MappingProxyType(
    {alphabet: _values(alphabet) for alphabet in (USCC_ALPHABET, ORGANIZATION_ALPHABET, DIGITS)}
)


def _plain() -> Mapping[int, str | None]:
    """Full-width forms to half width, every dash to a hyphen, small letters to capitals; spaces and invisibles go.

    Not NFKC, which would also turn ① into 1 and make two different texts equal.
    """
    half_width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    capitals = {ord(letter.lower()) + shift: letter for letter in LETTERS for shift in (0, 0xFEE0)}
    dashes = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-")
    spaces = (
        *range(0x09, 0x0E),
        0x20,
        0x85,
        0xA0,
        0x1680,
        *range(0x2000, 0x200B),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
    )
    gone = dict.fromkeys((*spaces, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF))
    return MappingProxyType({**half_width, **capitals, **dashes, **gone})


_PLAIN = _plain()


def normalize(kind: str, text: str) -> str:
    """The one spelling of a code; never longer than 18 characters for a 15-digit citizen number, else than ``text``.

    Takes any text and never raises; normalizing twice changes nothing.
    """
    plain = text.upper() if text.isascii() and text.isalnum() else text.translate(_PLAIN)  # the same, and quick
    if kind == "CERTIFICATE_NUMBER":
        return plain
    plain = plain.replace("-", "")
    if kind == CITIZEN_ID and len(plain) == 15 and _all(plain, DIGITS):
        body = plain[:6] + "19" + plain[6:]
        return body + citizen_check(body)
    return plain


def check(kind: str, normalized: str) -> Faults:
    """Every rule that a normalized code breaks, in words safe to show; empty: none. KeyError for an unknown kind."""
    return _CHECKS[kind](normalized)


def status(kind: str, raw: str | None) -> CodeStatus:
    """The ``codeStatus`` word of a code as received; a character that the standard does not know is BAD_CHECK_DIGIT."""
    code = normalize(kind, raw or "")
    if not code:
        return "MISSING"
    if not _fits_length(kind, code):
        return "BAD_LENGTH"
    return "BAD_CHECK_DIGIT" if check(kind, code) else "VALID"


def holds_citizen_number(kind: str, normalized: str) -> bool:
    """Whether a code of a subject is made of somebody's ID number, as tax numbers of individual businesses once were.

    Such a code is personal (domain.md §1.5; PIPL art. 28) and no identifier that anybody may see or look up.
    """
    return (kind == "TAX_NUMBER" and len(normalized) in (17, 20)) or not _citizen(normalized[:18])


# --- check characters ---


def uscc_check(body: str) -> str:
    """Character 18 for the first 17 (GB 32100-2015): weights 3**(i-1) mod 31."""
    return USCC_ALPHABET[-_weighted(body, USCC_ALPHABET, USCC_WEIGHTS) % 31]


def organization_check(body: str) -> str:
    """Character 9 for the first 8 (GB 11714-1997)."""
    return "0123456789X"[-_weighted(body, ORGANIZATION_ALPHABET, ORGANIZATION_WEIGHTS) % 11]


def registration_check(body: str) -> str:
    """Digit 15 for the first 14 (GS 15-2006: ISO 7064 MOD 11,10)."""
    carry = 10
    for digit in body:
        carry = ((carry + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - carry) % 10)


def citizen_check(body: str) -> str:
    """Character 18 for the first 17 digits (GB 11643-1999)."""
    return CITIZEN_CHECKS[_weighted(body, DIGITS, CITIZEN_WEIGHTS) % 11]


def _weighted(body: str, alphabet: str, weights: tuple[int, ...]) -> int:
    return sum(map(mul, body.encode("ascii").translate(_VALUES[alphabet]), weights))


# --- rules ---


def _uscc(code: str) -> Faults:
    if len(code) != 18:
        return _length(code, "18 characters")
    faults = (
        _strangers(code[:2], USCC_ALPHABET) + _strangers(code[2:8], DIGITS, 3) + _strangers(code[8:], USCC_ALPHABET, 9)
    )
    inner, outer = code[8:17], code[:17]
    if _all(inner, USCC_ALPHABET):
        faults += _digit(17, inner[8], organization_check(inner[:8]), "GB 11714, over positions 9 to 16")
    if _all(code, USCC_ALPHABET):
        faults += _digit(18, code[17], uscc_check(outer), "GB 32100, over positions 1 to 17")
    return faults


def _organization(code: str, first: int = 1) -> Faults:
    if len(code) != 9:
        return _length(code, "9 characters")
    faults = _strangers(code, ORGANIZATION_ALPHABET, first)
    return faults or _digit(first + 8, code[8], organization_check(code[:8]), "GB 11714")


def _registration(code: str) -> Faults:
    if len(code) not in (13, 15):
        return _length(code, "15 digits (13 in old files)")
    faults = _strangers(code, DIGITS)
    if faults or len(code) == 13:  # the older form has no check digit
        return faults
    return _digit(15, code[14], registration_check(code[:14]), "ISO 7064 MOD 11,10")


def _tax(code: str) -> Faults:
    match len(code):
        case 15:
            return _strangers(code[:6], DIGITS) + _organization(code[6:], 7)
        case 17:
            return _personal_strangers(code[:15], DIGITS) + _serial(code, 15)
        case 18:
            return _uscc(code)
        case 20:
            return _citizen(code[:18]) + _serial(code, 18)
        case _:
            return _length(code, "15, 17, 18 or 20 characters")


def _serial(code: str, start: int) -> Faults:
    return _strangers(code[start:], ORGANIZATION_ALPHABET, start + 1)


def _certificate(code: str) -> Faults:
    if not 1 <= len(code) <= CERTIFICATE_LENGTH:
        return _length(code, f"1 to {CERTIFICATE_LENGTH} characters")
    return tuple(
        f"position {at} is not a printable character" for at, one in enumerate(code, 1) if not one.isprintable()
    )


def _citizen(code: str) -> Faults:
    if len(code) != 18:
        return _length(code, "18 characters (15 in old files)")
    faults = _personal_strangers(code[:17], DIGITS) + _personal_strangers(code[17], DIGITS + "X", 18)
    if _all(code[6:14], DIGITS) and not _is_date(code[6:14]):
        faults += ("positions 7 to 14 are not a date of birth",)
    if _all(code[:17], DIGITS) and _all(code[17], DIGITS + "X") and code[17] != citizen_check(code[:17]):
        faults += (f"position 18 is {code[17]}, which is not the check digit of the others (GB 11643)",)
    return faults


def _is_date(digits: str) -> bool:
    """A calendar day of the years 1800 to 2099; whether it is still to come needs a clock and is asked elsewhere."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1800 <= year < 2100


def _all(text: str, alphabet: str) -> bool:
    return not text.strip(alphabet)


def _length(code: str, wanted: str) -> Faults:
    return (f"must have {wanted}, has {len(code)}",)


def _digit(position: int, found: str, wanted: str, rule: str) -> Faults:
    return () if found == wanted else (f"position {position} is {found}, must be {wanted} ({rule})",)


def _strangers(text: str, alphabet: str, first: int = 1) -> Faults:
    """Characters outside an alphabet; only printable ASCII is repeated."""
    if _all(text, alphabet):
        return ()
    wanted = "a digit" if alphabet == DIGITS else f"one of {alphabet}"
    return tuple(
        f"position {at} is {one if '!' <= one <= '~' else 'another character'}, must be {wanted}"
        for at, one in enumerate(text, first)
        if one not in alphabet
    )


def _personal_strangers(text: str, alphabet: str, first: int = 1) -> Faults:
    """The same without repeating a character: it is somebody's ID number."""
    if _all(text, alphabet):
        return ()
    wanted = "a digit" if alphabet == DIGITS else "a digit or X"
    return tuple(f"position {at} must be {wanted}" for at, one in enumerate(text, first) if one not in alphabet)


def _fits_length(kind: str, code: str) -> bool:
    low, high, *others = _LENGTHS[kind]
    return low <= len(code) <= high or len(code) in others


_CHECKS: Mapping[str, Callable[[str], Faults]] = MappingProxyType(
    {
        "USCC": _uscc,
        "REGISTRATION_NUMBER": _registration,
        "ORGANIZATION_CODE": _organization,
        "TAX_NUMBER": _tax,
        "CERTIFICATE_NUMBER": _certificate,
        CITIZEN_ID: _citizen,
    }
)

_LENGTHS: Mapping[str, tuple[int, ...]] = MappingProxyType(  # from, to, and others
    {
        "USCC": (18, 18),
        "REGISTRATION_NUMBER": (13, 13, 15),
        "ORGANIZATION_CODE": (9, 9),
        "TAX_NUMBER": (15, 15, 17, 18, 20),
        "CERTIFICATE_NUMBER": (1, CERTIFICATE_LENGTH),
        CITIZEN_ID: (18, 18),
    }
)
