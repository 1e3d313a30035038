"""Invented identifiers that pass every check, and that a reader can tell to be invented.

Made here from the standards' text and not with ``catalogue.codes``, so that each is a test of the other. Organization
codes of invented subjects start with ``YL`` (样例), those of the demonstration with ``DEM0``, those standing in for
departments whose real code is not known with ``BM``.
"""

from datetime import date, timedelta

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"

FIRST_BIRTH = date(1880, 1, 1)
BIRTH_DAYS = (date(1900, 1, 1) - FIRST_BIRTH).days


def serial(prefix: str, number: int) -> str:
    """Eight characters for an organization code: ``prefix`` and ``number`` in the alphabet of GB 32100."""
    digits = ""
    for _ in range(8 - len(prefix)):
        number, rest = divmod(number, 31)
        digits = USCC_ALPHABET[rest] + digits
    return prefix + digits


def organization_code(body: str) -> str:
    """``body`` of 8 characters and its check character (GB 11714-1997)."""
    total = sum(weight * int(char, 36) for weight, char in zip(_ORGANIZATION_WEIGHTS, body, strict=True))
    return body + "0123456789X0"[11 - total % 11]


def uscc(authority: str, region: str, body: str) -> str:
    """A unified social credit code: 2 characters, 6 digits of region, code of ``body``, check character."""
    code = authority + region + organization_code(body)
    total = sum(weight * USCC_ALPHABET.index(char) for weight, char in zip(_USCC_WEIGHTS, code, strict=True))
    return code + USCC_ALPHABET[-total % 31]


def registration_number(region: str, number: int) -> str:
    """A 15-digit business registration number (GS 15-2006, check digit by ISO 7064 MOD 11,10)."""
    digits = f"{region}{number:08d}"
    check = 10
    for digit in digits:
        check = (check + int(digit)) % 10 or 10
        check = check * 2 % 11
    return digits + str((11 - check) % 10)


def citizen_number(region: str, number: int, sequence: int) -> str:
    """A citizen ID number (GB 11643-1999) born 1880–1899; different ``(number, sequence)`` give different numbers.

    At 7,305 numbers a cycle begins that moves the sequence by one, so sequences of groups of people are kept apart.
    """
    cycle, day = divmod(number, BIRTH_DAYS)
    birth = FIRST_BIRTH + timedelta(days=day)
    digits = f"{region}{birth:%Y%m%d}{(cycle + sequence) % 1000:03d}"
    total = sum(weight * int(digit) for weight, digit in zip(_CITIZEN_WEIGHTS, digits, strict=True))
    return digits + _CITIZEN_CHECKS[total % 11]


def birth_of(number: str) -> date:
    """The birth date inside a citizen ID number."""
    return date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")


def sex_of(number: str) -> str:
    """``MALE`` or ``FEMALE``, by the parity of the sequence."""
    return "MALE" if int(number[16]) % 2 else "FEMALE"
