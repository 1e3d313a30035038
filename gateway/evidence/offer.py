"""A file as it is offered, and what its headers may say."""

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import orjson

from gateway.catalogue.evidence import NAME_LENGTH
from gateway.errors import ContentTooLarge, Fault, MalformedRequest, UnsupportedFormat
from gateway.rights import formats
from gateway.rights.formats import Format

_KEY = re.compile(r'("?)[!#-+\--~]{1,255}\1\Z', re.ASCII).match  # as of mutations
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]").search  # characters that make a name look like another
_LONGEST_ID = 512


class Limits(NamedTuple):
    """What is taken. The size of a file is asked for; the other numbers are the product's, no source gives any."""

    size: int = 20 << 20  # bytes of a file
    files: int = 20  # of a case
    together: int = 100 << 20  # bytes of all files of a case
    seconds: float = 300.0  # from the first byte of a file to the last


class Offer(NamedTuple):
    """A file as it is offered: what its headers say, and its content as it comes."""

    authorization: str | None
    case: str  # opaque id
    media_type: str | None
    name: str | None  # free text
    length: int | None
    key: str | None  # Idempotency-Key
    content: AsyncIterator[bytes]


class Checked(NamedTuple):
    """What is left of the headers."""

    format: Format
    name: str | None
    key: str


def check(offer: Offer, limits: Limits) -> Checked:
    """Look at the headers. Raises UnsupportedFormat, ContentTooLarge, and MalformedRequest with all else."""
    format = formats.named(offer.media_type or "")
    if format is None:
        raise UnsupportedFormat(Fault(("Content-Type",), f"must be one of {', '.join(formats.MEDIA_TYPES)}"))
    if offer.length is not None and offer.length > limits.size:
        raise too_large(limits)
    name = unicodedata.normalize("NFC", offer.name or "").strip()
    faults = [*_name_faults(name)]
    if offer.key is not None and not _KEY(offer.key):
        faults.append(Fault(("Idempotency-Key",), "must be 1 to 255 printable ASCII characters, in quotes or without"))
    if faults:
        raise MalformedRequest(*faults)
    return Checked(format, name or None, (offer.key or "").strip('"'))


def too_large(limits: Limits) -> ContentTooLarge:
    """The refusal of a file that is too large, by its length or as it comes."""
    return ContentTooLarge(Fault((), f"a file has {limits.size} bytes at most"))


def sealable(offer: Offer) -> bytes:
    """What the log keeps sealed of the request."""
    return orjson.dumps({"case": _short(offer.case), "fileName": _short(offer.name or "")})


def _short(text: str) -> str:
    return text[:_LONGEST_ID].encode(errors="replace").decode()


def _name_faults(name: str) -> Iterator[Fault]:
    if len(name) > NAME_LENGTH:
        yield Fault(("filename",), f"is longer than {NAME_LENGTH} characters")
    if _TURNING(name) or any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
        yield Fault(("filename",), "holds control characters")
