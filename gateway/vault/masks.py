"""Masked forms (domain.md §9.3): made once, when a value is written, so that showing one needs no key.

Every mask errs towards hiding: what it does not recognize it stars.
"""

import re

from gateway.catalogue.fields import Mask

STAR = "*"
REST = "****"

# Parts of an address, widest first. Digits and the words of a building never belong to a part, nor does 小区 end one:
# where an address is unusual, the mask stops early and shows less.
_PLAIN = r"[^\W\d_号栋楼幢室单元层院村组屯户弄小]"
_ADDRESS = re.compile(
    rf"(?:{_PLAIN}{{2,5}}?(?:省|自治区|特别行政区))?"
    rf"(?:{_PLAIN}{{1,7}}?(?:市|自治州|地区|盟))?"
    rf"(?:{_PLAIN}{{1,9}}?(?:(?<![社园])区|自治县|县|自治旗|旗|市))?"
    rf"(?:{_PLAIN}{{1,6}}?(?:街道|镇|乡|苏木))?"
    rf"(?:{_PLAIN}{{1,6}}?(?:大街|大道|胡同|路|街|巷))?"
)
_MOBILE = re.compile(r"(?:\+?86)?(1\d{10})", re.ASCII).fullmatch
_LANDLINE = re.compile(r"(010|02\d|0[3-9]\d\d)-?(\d{7,8})", re.ASCII).fullmatch
_EMAIL = re.compile(r"([^@\s]+)@([^@\s]+)").fullmatch


def masked(mask: Mask, text: str) -> str:
    """The masked form of a value that the catalogue gives this mask."""
    match mask:
        case Mask.NAME:
            return name(text)
        case Mask.NAMES:
            return names(text)
        case Mask.ID_NUMBER:
            return id_number(text)
        case Mask.STREET:
            return street(text)


def name(text: str) -> str:
    """张*, 张**; longer names, compound surnames and names with · keep their first character, and not their length."""
    text = text.strip()
    return (text[0] + STAR * min(len(text) - 1, 2)) if len(text) > 1 else STAR


def names(text: str) -> str:
    """Each name for itself, parted by 、 whatever parted them: 张**、李*. What is in brackets behind a name goes."""
    found = [one.strip() for one in re.split(r"[、,，;；/\s]+", re.sub(r"[(（][^)）]*[)）]?", "", text)) if one.strip()]
    return "、".join(map(name, found)) or STAR


def id_number(text: str) -> str:
    """First two and last two, stars between, length kept; below 8 characters one and two, below 6 nothing."""
    text = text.strip()
    if len(text) < 6:
        return STAR * len(text)
    head = 2 if len(text) >= 8 else 1
    return text[:head] + STAR * (len(text) - head - 2) + text[-2:]


def street(text: str) -> str:
    """An address down to its county, township or street; the rest is ****, whether or not there is any."""
    found = _ADDRESS.match(text.strip())
    return (found.group() if found else "") + REST


def phone(text: str) -> str:
    """138****5678; a landline keeps its area code and last two digits; anything else is hidden."""
    digits = re.sub(r"[\s()-]", "", text)
    if mobile := _MOBILE(digits):
        return f"{mobile[1][:3]}{REST}{mobile[1][-4:]}"
    if landline := _LANDLINE(digits):
        return f"{landline[1]}-{REST}{landline[2][-2:]}"
    return REST


def email(text: str) -> str:
    """a***@qq.com; a name of one letter is hidden too."""
    found = _EMAIL(text.strip())
    if found is None:
        return REST
    local, domain = found.groups()
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"
