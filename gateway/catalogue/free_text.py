"""What a text holds that a free text should not: looked for when it comes in, and again before it is released.

At intake a finding is a flag, for the original stays sealed; in a text that is to be released it is a fault. Findings
are by form only: names of third persons have none, whoever releases a text reads it for those.

A number is found however it is written: in full width, in Chinese digits, parted by hyphens or spaces. Each form is
looked for in the text as it would be read: in compatibility form (NFKC); its digits joined over hyphens; over spaces
too. Days (2026-11-23) and amounts in groups of three (12 345 678 901 元) join nothing that follows or comes before.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

NEVER = "holds what may not be collected or may not enter the platform; report it"

# What no text may hold at all: control characters (tab and line ends may stand in texts), marks that turn the direction
# in which it is read, and lone surrogates.
unfit = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
).search
# What may not be collected of anybody (Reg. 631 art. 14), and what may not enter the platform at all (domain.md §7).
never = re.compile(r"宗教信仰|基因检测|指纹|血型|病史|艾滋|乙肝|精神病|癌症|[绝机秘]密★|★").search
_ID_SHAPED = re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])\d{2}\d{3}[\dXx](?![\dXx])", re.ASCII)
id_shaped = _ID_SHAPED.search
# Of before 1999, without century and check character. A registration number of a business has 15 digits too.
_OLD_ID = re.compile(
    r"(?<!\d)(?<!注册号)(?<!注册号:)(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{6}"
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![\dXx])",
    re.ASCII,
)
_PHONE = re.compile(r"(?<!\d)1\d{10}(?!\d)", re.ASCII)
_MOBILE = re.compile(r"(?<!\d)(?:(?:00)?86)?1[3-9]\d{9}(?!\d)", re.ASCII)  # where digits were joined: no less will do
_E_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}")
_ADDRESS = re.compile(r"(?:路|街|巷|小区|村)[^，。；,;]{0,12}\d+号")


class _Form(NamedTuple):
    """What is looked for: in the text as it is read, and where its digits were joined."""

    told: str
    plain: tuple[re.Pattern[str], ...]
    joined: tuple[re.Pattern[str], ...] = ()

    def patterns(self, *, joined: bool) -> tuple[re.Pattern[str], ...]:
        """Those for one of the two."""
        return self.joined if joined else self.plain


_FORMS: Mapping[str, _Form] = MappingProxyType(
    {
        "ID_NUMBER": _Form("an ID number", (_ID_SHAPED, _OLD_ID), (_ID_SHAPED, _OLD_ID)),
        "PHONE": _Form("a phone number", (_PHONE, _MOBILE), (_MOBILE,)),
        "E_MAIL": _Form("an e-mail address", (_E_MAIL,)),
        "PLATE": _Form("a number plate", (_PLATE,)),
        "ADDRESS": _Form("an address", (_ADDRESS,)),
    }
)
_CHINESE = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "00123456789" + "1" + "123456789")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－ー", "-"))
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
# So many digits as no finding has less of; most texts have not, and are looked at no further.
_MANY = re.compile(r"\d(?:[ \t]*-*[ \t]*\d){9}[ \t]*-*[ \t]*[\dXx]", re.ASCII).search
_HYPHENS = re.compile(r"(?<=\d)-+(?=\d)", re.ASCII)
_SPACES = re.compile(r"(?<=\d)(?:[ \t]*-+[ \t]*|[ \t]+)(?=[\dXx](?![A-Za-z]))", re.ASCII)
_DAY = re.compile(r"(?<!\d)(?:19|20)\d\d-\d{1,2}-\d{1,2}(?!\d)", re.ASCII)
_AMOUNT = re.compile(r"(?<!\d)\d{1,3}(?: \d{3})+(?:\.\d+)?(?=\s*[万亿]*元)", re.ASCII)


class _Read(NamedTuple):
    """A text as it is read, and the place in the original of each of its characters, if somebody asks for it."""

    text: str
    places: tuple[int, ...] | None

    def without(self, what: re.Pattern[str]) -> "_Read":
        """The same without what is found."""
        if self.places is None:
            return _Read(what.sub("", self.text), None)
        gone = {at for one in what.finditer(self.text) for at in range(*one.span())}
        kept = [at for at in range(len(self.text)) if at not in gone]
        return _Read("".join(self.text[at] for at in kept), tuple(self.places[at] for at in kept))

    def hidden(self, what: re.Pattern[str]) -> "_Read":
        """The same with something that is no digit in place of what is found."""
        return self._replace(text=what.sub(lambda one: "#" * len(one.group()), self.text))


def invisible(text: str) -> bool:
    """Whether a text holds format characters (Unicode Cf), by which two texts that look alike differ."""
    return not text.isascii() and any(unicodedata.category(one) == "Cf" for one in text)


def folded(text: str) -> str:
    """A text without what is only spelled otherwise: width, case, kinds of brackets and dashes, spaces, the invisible.

    By it a document is known by its number: 样例〔2026〕1号, 样例(2026)1号 and 样例［２０２６］ １号 are one.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_SPELLINGS)


def _spellings() -> Iterator[tuple[int, str]]:
    """What stands for a character that is only one of several spellings; the planes that hold such."""
    alike = {"Ps": "(", "Pe": ")", "Pd": "-"} | dict.fromkeys(("Zs", "Zl", "Zp", "Cc", "Cf", "Mn"), "")
    for code in (*range(0x10000), *range(0xE0000, 0xE0200)):
        other = alike.get(unicodedata.category(chr(code)))
        if other is not None:
            yield code, other


_SPELLINGS: Mapping[int, str] = MappingProxyType(dict(_spellings()))


def flags(text: str) -> list[str]:
    """Which of ID_NUMBER, PHONE, E_MAIL, PLATE and ADDRESS a text holds."""
    readings = list(_readings(_read(text)))
    return [
        what
        for what, form in _FORMS.items()
        if (len(readings) > 1 or not form.joined)
        and any(one.search(reading.text) for reading, joined in readings for one in form.patterns(joined=joined))
    ]


def unreleasable(text: str) -> Iterator[str]:
    """Why a text may not be released: every finding with its place, counted from 1, and never with what stands there."""
    found = never(text)
    if found:
        yield f"at character {found.start() + 1} {NEVER}"
    for what, place in _found(text):
        yield f"holds {_FORMS[what].told} at character {place + 1}: it may not be released"


def _found(text: str) -> Iterator[tuple[str, int]]:
    """Every finding and where it begins, in the order of the forms; one that is found in several readings once."""
    readings = list(_readings(_placed(text)))
    for what, form in _FORMS.items():
        spans = {
            (reading.places[one.start()], reading.places[one.end() - 1])
            for reading, joined in readings
            if reading.places is not None
            for pattern in form.patterns(joined=joined)
            for one in pattern.finditer(reading.text)
        }
        reached = -1
        for start, end in sorted(spans):
            if start > reached:
                yield what, start
            reached = max(reached, end)


def _readings(plain: _Read) -> Iterator[tuple[_Read, bool]]:
    """A text as it is, and with its digits joined."""
    yield plain, False
    chinese = plain._replace(text=plain.text.translate(_CHINESE))
    if _MANY(chinese.text) is None:
        return
    yield chinese, True
    bare = chinese.hidden(_AMOUNT)
    for one in (bare, bare.hidden(_DAY)):
        yield one.without(_HYPHENS), True
        yield one.without(_SPACES), True


def _read(text: str) -> _Read:
    """In compatibility form, with one sort of hyphen and nothing that cannot be seen."""
    read = unicodedata.normalize("NFKC", text.translate(_DASHES))
    return _Read(_INVISIBLE.sub("", read), None)


def _placed(text: str) -> _Read:
    """The same, character by character."""
    parts = [unicodedata.normalize("NFKC", one) for one in text.translate(_DASHES)]
    places = tuple(at for at, part in enumerate(parts) for _ in part)
    return _Read("".join(parts), places).without(_INVISIBLE)
