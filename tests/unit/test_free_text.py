"""What a free text holds, however it is written; and what only looks like it."""

import pytest

from gateway.catalogue.free_text import flags, unreleasable
from gateway.intake.sample_codes import citizen_number

NUMBER = citizen_number("220802", 3_000, 12)
OLD = NUMBER[:6] + NUMBER[8:17]
WIDE = str.maketrans("0123456789X-", "０１２３４５６７８９Ｘ－")
CHINESE = str.maketrans("0123456789", "〇一二三四五六七八九")

PHONES = (
    "13800138000",
    "138-0013-8000",
    "138 0013 8000",
    "1 3 8 0 0 1 3 8 0 0 0",
    "1-3-8-0-0-1-3-8-0-0-0",
    "138 - 0013 - 8000",
    "138—0013—8000",
    "138\u200b0013\u200b8000",
    "+86 138-0013-8000",
    "2026-11-23 138 0013 8000",
)
IDS = (
    NUMBER,
    OLD,
    f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
    f"{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}",
    f"{NUMBER[:6]} {NUMBER[6:10]}-{NUMBER[10:12]}-{NUMBER[12:14]} {NUMBER[14:]}",
    " ".join(NUMBER),
    " ".join(OLD),
)


@pytest.mark.parametrize("form", ["as it is", "in full width", "in Chinese digits"])
@pytest.mark.parametrize("what", ["PHONE", "ID_NUMBER"])
def test_numbers_are_found_however_they_are_written(what: str, form: str) -> None:
    digits = {"as it is": {}, "in full width": WIDE, "in Chinese digits": CHINESE}[form]
    for one in PHONES if what == "PHONE" else IDS:
        text = f"电话或证号：{one.translate(digits)}。"
        assert flags(text) == [what], text
        (told,) = unreleasable(text)
        assert one[:3] not in told


def test_the_place_is_that_in_the_text_as_it_was_written() -> None:
    text = "㈠ 在Ａ地：１３８ ００１３ ８０００，a.b＠example．com。"
    assert list(unreleasable(text)) == [
        "holds a phone number at character 7: it may not be released",
        "holds an e-mail address at character 21: it may not be released",
    ]
    two = "13800138000、139-0013-8000"
    assert [one.split()[6] for one in unreleasable(two)] == ["1:", "13:"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 2026-12-24",
        "2026-1-15 2026-10-1 15:00",
        "1998-12-01 100元",
        "2016-11-15至2017-11-15",
        "二〇二六年十一月二十三日",
        "罚款12 345 678 901元",
        "合计1 380 013 800.00元",
        "金额1,380,013,800.00元",
        "壹拾叁万捌仟元",
        "京市监罚〔2026〕12号",
        "沪市监浦处〔2025〕152025003816号",
        "编号1520-2500-3816",
        "（2026）京0105民初1380号",
        "注册号：110108012345678",
        "统一社会信用代码 9111 0108 5513 8551 5X",
        "第138号、第0013号、第8000号",
        "138元@每件",
    ],
)
def test_days_amounts_and_document_numbers_are_none(text: str) -> None:
    assert flags(text) == []
    assert list(unreleasable(text)) == []
