"""Masked forms, by example."""

import pytest

from gateway.catalogue.fields import Mask
from gateway.vault.masks import email, masked, phone


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三", "张*"), ("张三丰", "张**"), (" 欧阳某某 ", "欧**"), ("买买提·某某", "买**"), ("张", "*"), ("", "*"),
        ("John Smith", "J**"),
    ],
)  # fmt: skip
def test_names(text: str, shown: str) -> None:
    assert masked(Mask.NAME, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("11010519491231002X", "11**************2X"), ("110105491231002", "11***********02"),
        ("G12345678", "G1*****78"),
        ("H1234567", "H1****67"), ("1234567", "1****67"), ("123456", "1***56"), ("12345", "*****"), ("", ""),
    ],
)  # fmt: skip
def test_id_numbers(text: str, shown: str) -> None:
    assert masked(Mask.ID_NUMBER, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("吉林省白城市洮北区海明东路12号3单元502室", "吉林省白城市洮北区海明东路****"),
        ("吉林省白城市洮北区海明街道幸福委3组", "吉林省白城市洮北区海明街道****"),
        ("白城市镇赉县镇赉镇团结村4屯", "白城市镇赉县镇赉镇****"),
        ("吉林省大安市慧阳街道长白路7-2号", "吉林省大安市慧阳街道长白路****"),
        ("通榆县开通镇", "通榆县开通镇****"),
        ("吉林省白城市幸福小区3号楼", "吉林省白城市****"),
        ("洮北区阳光社区12号", "洮北区****"),
        ("内蒙古自治区兴安盟乌兰浩特市兴安北大街5号", "内蒙古自治区兴安盟乌兰浩特市兴安北大街****"),
        ("吉林省", "吉林省****"),
        ("3号楼502", "****"),
        ("某某家", "****"),
        ("", "****"),
    ],
)
def test_streets(text: str, shown: str) -> None:
    assert masked(Mask.STREET, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13800005678", "138****5678"), ("+86 138-0000-5678", "138****5678"), ("0436-3220044", "0436-****44"),
        ("(010)62000012", "010-****12"), ("12345", "****"), ("", "****"), ("138000056789", "****"),
    ],
)  # fmt: skip
def test_phones(text: str, shown: str) -> None:
    assert phone(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc@qq.com", "a***@qq.com"),
        ("a@qq.com", "***@qq.com"),
        ("a@b@c", "****"),
        ("nobody", "****"),
        ("a b@c.d", "****"),
    ],
)
def test_emails(text: str, shown: str) -> None:
    assert email(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("甲子一", "甲**"),
        ("甲子一、乙丑", "甲**、乙*"),
        ("甲子一（董事长），乙丑二；丙 丁卯四/戊辰", "甲**、乙**、*、丁**、戊*"),
        ("甲子一(法定代表人", "甲**"),
        ("", "*"),
        ("、，；", "*"),
    ],
)
def test_several_names_are_masked_each_for_itself(text: str, shown: str) -> None:
    """Whatever parts them, and without what stands in brackets behind them."""
    assert masked(Mask.NAMES, text) == shown
