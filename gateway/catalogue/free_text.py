"""What a text holds that a free text should not: looked for when it comes in, and again before it is released.

At intake a finding is a flag, for the original stays sealed; in a text that is to be released it is a fault. Findings
are by form only: names of third persons have none, whoever releases a text reads it for those.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

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
_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "ID_NUMBER": _ID_SHAPED,
        "PHONE": re.compile(r"(?<!\d)1\d{10}(?!\d)", re.ASCII),
        "PLATE": re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}"),
        "ADDRESS": re.compile(r"(?:路|街|巷|小区|村)[^，。；]{0,12}\d+号"),
    }
)
_TOLD: Mapping[str, str] = MappingProxyType(
    {
        "ID_NUMBER": "an ID number",
        "PHONE": "a phone number",
        "PLATE": "a number plate",
        "ADDRESS": "an address",
    }
)


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
    """Which of ID_NUMBER, PHONE, PLATE and ADDRESS a text holds."""
    return [what for what, form in _FORMS.items() if form.search(text)]


def unreleasable(text: str) -> Iterator[str]:
    """Why a text may not be released: every finding with its place, counted from 1, and never with what stands there."""
    found = never(text)
    if found:
        yield f"at character {found.start() + 1} {NEVER}"
    for what, form in _FORMS.items():
        for one in form.finditer(text):
            yield f"holds {_TOLD[what]} at character {one.start() + 1}: it may not be released"
