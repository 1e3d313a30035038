"""What a text holds that a free text should not: looked for when it comes in, and again before it is released.

At intake a finding is a flag, for the original stays sealed; in a text that is to be released it is a fault. Findings
are by form only: names of third persons have none, whoever releases a text reads it for those.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

NEVER = "holds what may not be collected or may not enter the platform; report it"

# What no text may hold at all: control characters (tab and line ends may stand in texts) and lone surrogates.
unfit = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]").search
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
