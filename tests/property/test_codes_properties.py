"""Codes, for any text: nothing raises, check digits catch what they promise, personal numbers are not echoed."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.catalogue.codes import (
    CITIZEN_ID,
    DIGITS,
    ORGANIZATION_ALPHABET,
    USCC_ALPHABET,
    check,
    citizen_check,
    normalize,
    organization_check,
    registration_check,
    status,
    uscc_check,
)
from gateway.catalogue.reference import IDENTIFIER_KINDS

KINDS = st.sampled_from((*IDENTIFIER_KINDS, CITIZEN_ID))


def text_of(alphabet: str, size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=size, max_size=size)


@st.composite
def usccs(draw: st.DrawFn) -> str:
    """A code that both standards accept."""
    inner = draw(text_of(USCC_ALPHABET, 8).filter(lambda body: organization_check(body) in USCC_ALPHABET))
    body = draw(text_of(USCC_ALPHABET, 2)) + draw(text_of(DIGITS, 6)) + inner + organization_check(inner)
    return body + uscc_check(body)


@st.composite
def citizen_ids(draw: st.DrawFn) -> str:
    """An invented number, born 1880-1899."""
    day = draw(st.integers(1, 28))
    body = f"{draw(text_of(DIGITS, 6))}{draw(st.integers(1880, 1899))}{draw(st.integers(1, 12)):02}{day:02}"
    body += draw(text_of(DIGITS, 3))
    return body + citizen_check(body)


@given(KINDS, st.text())
def test_any_text_has_a_status(kind: str, text: str) -> None:
    normal = normalize(kind, text)
    assert normalize(kind, normal) == normal
    assert len(normal) <= max(len(text), 18)
    assert (status(kind, text) == "VALID") == (bool(normal) and check(kind, normal) == ())
    for rule in check(kind, normal):
        assert rule.isprintable()
        assert rule.isascii()


@given(usccs(), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_of_a_uscc_is_noticed(code: str, at: int, wrong: str) -> None:
    assume(code[at] != wrong)
    assert check("USCC", code) == ()
    assert check("USCC", code[:at] + wrong + code[at + 1 :]) != ()


@given(usccs(), st.sampled_from(USCC_ALPHABET))
def test_the_rule_says_what_must_stand_there(code: str, wrong: str) -> None:
    assume(code[17] != wrong)
    (rule,) = check("USCC", code[:17] + wrong)
    assert f"position 18 is {wrong}, must be {code[17]}" in rule


@given(text_of(ORGANIZATION_ALPHABET, 8), st.integers(0, 7), st.sampled_from(ORGANIZATION_ALPHABET))
def test_organization_code(body: str, at: int, wrong: str) -> None:
    code = body + organization_check(body)
    assert check("ORGANIZATION_CODE", code) == ()
    distance = abs(ORGANIZATION_ALPHABET.index(wrong) - ORGANIZATION_ALPHABET.index(code[at]))
    assume(distance % 11)  # 36 characters over 11 remainders: GB 11714 cannot tell characters 11 apart
    assert check("ORGANIZATION_CODE", code[:at] + wrong + code[at + 1 :]) != ()


@given(text_of(DIGITS, 14), st.integers(0, 14), st.sampled_from(DIGITS))
def test_registration_number(body: str, at: int, wrong: str) -> None:
    code = body + registration_check(body)
    assert check("REGISTRATION_NUMBER", code) == ()
    assume(code[at] != wrong)
    assert check("REGISTRATION_NUMBER", code[:at] + wrong + code[at + 1 :]) != ()


@given(citizen_ids(), st.integers(0, 17), st.sampled_from(DIGITS + "X?"))
def test_a_citizen_number_is_checked_and_not_echoed(code: str, at: int, wrong: str) -> None:
    assert check(CITIZEN_ID, code) == ()
    assume(code[at] != wrong)
    faults = check(CITIZEN_ID, code[:at] + wrong + code[at + 1 :])
    assert faults != ()
    for rule in faults:
        said = re.sub(r"positions? \d+( to \d+)?|GB 11643|\(|\)", "", rule)
        assert len(re.findall(r"\d|\bX\b(?!$)", said.replace("a digit or X", ""))) <= 1


@given(citizen_ids(), text_of(DIGITS + "X", 2))
def test_a_personal_tax_number_is_checked_like_a_citizen_number(code: str, serial: str) -> None:
    assert check("TAX_NUMBER", code + serial) == ()
    broken = code[:17] + ("0" if code[17] != "0" else "1")
    assert check("TAX_NUMBER", broken + serial) == check(CITIZEN_ID, broken)
