"""Which files may be evidence, and whether one is what it says, found out while it passes by.

A file must begin as its format begins, and a PDF or PNG must end as it ends, so that one that was cut, or that carries
another file behind it, is noticed. A JPEG may be followed by anything: phones append to their photographs. A PDF that
names a script, a program to start or a player (``/JavaScript``, ``/Launch``, ``/RichMedia``) is refused.

Not checked: whether the rest can be read; names that a PDF hides in compressed or encrypted streams or by ``#``
escapes; viruses. Files are handed out as attachments that no browser shows in place.

The list is three formats long, hence no library: those at hand look at the beginning only, and guess among hundreds
(``filetype`` has had no release since 2022, ``puremagic`` 2 needs Python 3.12).
"""

import re
from enum import Enum

_TAIL = 1024  # bytes at the end of a PDF in which its end mark may stand; readers look no further either
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch|RichMedia)\b")
_LONGEST_NAME = 16  # bytes that may be the beginning of one of these names
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB\x60\x82"


class Format(Enum):
    """A format that is allowed: its media type and how its files begin."""

    PDF = ("application/pdf", b"%PDF-")
    PNG = ("image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    JPEG = ("image/jpeg", b"\xff\xd8\xff")

    @property
    def media_type(self) -> str:
        """As headers say it."""
        return self.value[0]

    @property
    def beginning(self) -> bytes:
        """The first bytes of every file of the format."""
        return self.value[1]

    @property
    def suffix(self) -> str:
        """How names of such files end."""
        return f".{self.name.lower()}"


MEDIA_TYPES = tuple(one.media_type for one in Format)


def named(media_type: str) -> Format | None:
    """The format of a media type, parameters left aside; None: it is not allowed."""
    name = media_type.partition(";")[0].strip().lower()
    return next((one for one in Format if one.media_type == name), None)


class Look:
    """One file, looked at piece by piece. Each look says which rule is broken, None: none so far."""

    def __init__(self, format: Format) -> None:
        """As what the file is offered."""
        self._format = format
        self._head = b""
        self._tail = b""

    def at(self, chunk: bytes) -> str | None:
        """Look at what comes next."""
        wanted = self._format.beginning
        if len(self._head) < len(wanted):
            self._head += chunk[: len(wanted) - len(self._head)]
            if not wanted.startswith(self._head):
                return self._other()
        seen = self._tail[-_LONGEST_NAME:] + chunk
        self._tail = (self._tail + chunk)[-_TAIL:]
        if self._format is Format.PDF and _ACTIVE.search(seen):
            return "the PDF holds a script, a program to start or a player"
        return None

    def end(self) -> str | None:
        """Look at it as a whole: nothing more comes."""
        if self._head != self._format.beginning:
            return self._other()
        whole = {
            Format.PDF: b"%%EOF" in self._tail,
            Format.PNG: self._tail.endswith(_PNG_END),
            Format.JPEG: True,
        }[self._format]
        return None if whole else f"the {self._format.name} does not end as one"

    def _other(self) -> str:
        return f"the content is not {self._format.media_type}"
