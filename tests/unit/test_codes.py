"""Codes against real, non-personal examples and the two citizen numbers printed in GB 11643-1999 itself."""

from pathlib import Path
from typing import get_args

import pytest

from gateway.catalogue.codes import CodeStatus, check, citizen_check, holds_citizen_number, normalize, status
from gateway.catalogue.common import CODE_STATUSES
from gateway.catalogue.reference import IDENTIFIER_KINDS

DATA = Path(__file__).parent.parent / "data"
OFFICE = "112208007267471629"  # 白城市人民政府办公室, the code of its own documents
PERSON = "11010519491231002X"


def test_the_words_are_those_of_the_catalogue() -> None:
    assert get_args(CodeStatus) == CODE_STATUSES
    for kind in (*IDENTIFIER_KINDS, "CITIZEN_ID"):
        assert status(kind, " ") == "MISSING"
    with pytest.raises(KeyError):
        check("SHOE_SIZE", "42")


def test_real_codes_pass() -> None:
    codes = (DATA / "valid_uscc.txt").read_text().split()
    assert len(codes) == 201
    assert {code: check("USCC", code) for code in codes if check("USCC", code)} == {}
    assert all(check("ORGANIZATION_CODE", code[8:17]) == () for code in codes)


def test_wrong_real_codes_name_each_digit_that_failed() -> None:
    first, second = (DATA / "invalid_uscc.txt").read_text().split()
    assert check("USCC", first) == (
        "position 17 is 8, must be X (GB 11714, over positions 9 to 16)",
        "position 18 is N, must be 0 (GB 32100, over positions 1 to 17)",
    )
    assert check("USCC", second) == ("position 18 is 7, must be 3 (GB 32100, over positions 1 to 17)",)
    assert status("USCC", first) == status("USCC", second) == "BAD_CHECK_DIGIT"


def test_all_faults_of_a_uscc_at_once() -> None:
    faults = check("USCC", "IO22A8007267471629")
    assert [fault.split(",")[0] for fault in faults] == ["position 1 is I", "position 2 is O", "position 5 is A"]
    assert check("USCC", "11220800726747163\x01")[0].startswith("position 18 is another character")
    assert check("USCC", OFFICE[:17]) == ("must have 18 characters, has 17",)


@pytest.mark.parametrize(
    ("kind", "raw", "normal"),
    [
        ("USCC", " 9122 0800-makjy1ab2k\u3000", "91220800MAKJY1AB2K"),
        ("USCC", "１１２２０８００７２６７４７１６２９", OFFICE),
        ("ORGANIZATION_CODE", "72674716-2", "726747162"),
        ("ORGANIZATION_CODE", "14232085－x", "14232085X"),
        ("TAX_NUMBER", "220800-726747162", "220800726747162"),
        ("CERTIFICATE_NUMBER", "事证第122080000123号", "事证第122080000123号"),
        ("CERTIFICATE_NUMBER", "民证字第–00１２号", "民证字第-0012号"),
        ("CITIZEN_ID", "11010519491231002ｘ", PERSON),
        ("CITIZEN_ID", "110105491231002", PERSON),
        ("CITIZEN_ID", "①", "①"),
    ],
)  # fmt: skip
def test_normal_spelling(kind: str, raw: str, normal: str) -> None:
    assert normalize(kind, raw) == normal


@pytest.mark.parametrize(
    ("kind", "raw", "word"),
    [
        ("USCC", OFFICE, "VALID"),
        ("USCC", "91220800MAKJY1AB2K", "VALID"),
        ("USCC", OFFICE + "1", "BAD_LENGTH"),
        ("USCC", None, "MISSING"),
        ("ORGANIZATION_CODE", "72674716-2", "VALID"),
        ("ORGANIZATION_CODE", "72674716-3", "BAD_CHECK_DIGIT"),
        ("ORGANIZATION_CODE", "7267471", "BAD_LENGTH"),
        ("REGISTRATION_NUMBER", "110108002734659", "VALID"),
        ("REGISTRATION_NUMBER", "440301103448669", "VALID"),
        ("REGISTRATION_NUMBER", "440301103097413", "VALID"),
        ("REGISTRATION_NUMBER", "440301103097414", "BAD_CHECK_DIGIT"),
        ("REGISTRATION_NUMBER", "2208001000123", "VALID"),
        ("REGISTRATION_NUMBER", "22080010001234", "BAD_LENGTH"),
        ("TAX_NUMBER", "220800726747162", "VALID"),
        ("TAX_NUMBER", "220800726747163", "BAD_CHECK_DIGIT"),
        ("TAX_NUMBER", OFFICE, "VALID"),
        ("TAX_NUMBER", PERSON + "01", "VALID"),
        ("TAX_NUMBER", "11010549123100201", "VALID"),
        ("TAX_NUMBER", "1101051949123100", "BAD_LENGTH"),
        ("CERTIFICATE_NUMBER", "社证字第0012号", "VALID"),
        ("CERTIFICATE_NUMBER", "第" * 51, "BAD_LENGTH"),
        ("CITIZEN_ID", PERSON, "VALID"),
        ("CITIZEN_ID", "440524188001010014", "VALID"),
        ("CITIZEN_ID", "440524188001010015", "BAD_CHECK_DIGIT"),
        ("CITIZEN_ID", "4405241880010100", "BAD_LENGTH"),
    ],
)
def test_status(kind: str, raw: str | None, word: str) -> None:
    assert status(kind, raw) == word


def test_rules_of_a_citizen_number() -> None:
    assert check("CITIZEN_ID", "440524188001010015") == (
        "position 18 is 5, which is not the check digit of the others (GB 11643)",
    )
    for century in ("17", "21"):
        body = f"440524{century}990101001"
        assert check("CITIZEN_ID", body + citizen_check(body)) == ("positions 7 to 14 are not a date of birth",)
    faults = check("CITIZEN_ID", "440524188002300011")
    assert faults[0] == "positions 7 to 14 are not a date of birth"
    assert check("CITIZEN_ID", "44A52418800101001Q") == (
        "position 3 must be a digit",
        "position 18 must be a digit or X",
    )
    assert check("TAX_NUMBER", "440524188001010015" + "01") == check("CITIZEN_ID", "440524188001010015")


@pytest.mark.parametrize(
    ("kind", "code", "personal"),
    [
        ("TAX_NUMBER", "44052418800101001400", True),
        ("TAX_NUMBER", "44052480010100100", True),
        ("TAX_NUMBER", "440524188001010014", True),
        ("CERTIFICATE_NUMBER", "440524188001010014", True),
        ("TAX_NUMBER", "220800726747162", False),
        ("TAX_NUMBER", "112208007267471629", False),
        ("USCC", "112208007267471629", False),
    ],
)
def test_a_code_made_of_an_id_number_is_known_as_such(kind: str, code: str, personal: bool) -> None:
    """The ID number is the example of GB 11643 itself."""
    assert holds_citizen_number(kind, code) is personal
