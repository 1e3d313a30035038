"""The vault for any input: round trips, refusals, masks that hide, and a plain twin that must agree with the splice."""

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.catalogue.fields import Mask
from gateway.clock import SystemRandom
from gateway.errors import SealBroken
from gateway.values import Opened, Relation, Rows, Sight
from gateway.vault.keys import new_keys, parse
from gateway.vault.masks import email, masked, phone
from gateway.vault.seal import Suite
from gateway.vault.splice import open_values
from gateway.vault.vault import Vault

RANDOM = SystemRandom()
KEYS = parse(new_keys(RANDOM))
VAULTS = tuple(Vault(KEYS, RANDOM, suite=suite) for suite in Suite)
VAULT = VAULTS[0]
OPENABLE = (("person", "name"), ("penalty", "facts"), ("enterprise", "phone"))
WRAPPED = {subject: VAULT.new_subject_key(subject) for subject in (7, 77, 1200)}
CONSUMER = "bank"

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ROW = st.integers(0, 2**56 - 1)
WORD = st.text("abcdefgh_", min_size=1, max_size=8)


# --- seals, ids ---


@given(st.sampled_from(VAULTS), WORD, WORD, st.integers(0, 2**63 - 1), TEXT, st.data())
def test_sealed_text_opens_whole_or_not_at_all(
    box: Vault, kind: str, column: str, row: int, text: str, data: st.DataObject
) -> None:
    key = box.unwrap(WRAPPED[7], 7)
    sealed = box.seal(key, kind, column, row, text)
    assert VAULT.open(key, kind, column, row, sealed) == text
    place = data.draw(st.tuples(WORD, WORD, st.integers(0, 2**63 - 1)))
    assume(place != (kind, column, row))
    with pytest.raises(SealBroken):
        VAULT.open(key, *place, sealed)
    at, flip = data.draw(st.integers(0, len(sealed) - 1)), data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        VAULT.open(key, kind, column, row, sealed[:at] + bytes((sealed[at] ^ flip,)) + sealed[at + 1 :])


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_hostile_bytes_are_refused(wrapped: bytes, sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        VAULT.unwrap(wrapped, 7)
    with pytest.raises(SealBroken):
        VAULT.open(VAULT.unwrap(WRAPPED[7], 7), "person", "name", 7, b"\x01\x01" + sealed)
    with pytest.raises(SealBroken):
        VAULT.open_audit(sealed)


@given(st.binary())
def test_the_audit_seal_opens(clear: bytes) -> None:
    assert VAULT.open_audit(VAULT.seal_audit(clear)) == clear


@given(st.integers(0, 255), ROW, st.booleans(), st.text(min_size=1), st.text())
def test_ids_come_back_for_their_consumer(kind: int, row: int, personal: bool, consumer: str, other: str) -> None:
    assume(consumer != other)
    for write, read in ((VAULT.node_id, VAULT.read_node_id), (VAULT.cursor, VAULT.read_cursor)):
        text = write(kind, row, personal, consumer)
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", text)
        assert read(text, consumer) == (kind, row, personal)
        assert read(text, other) == (None if personal else (kind, row, False))


@given(st.one_of(st.text(), st.text("ABCabc019-_", min_size=22, max_size=22)), st.text())
def test_other_text_is_no_id(text: str, consumer: str) -> None:
    assert VAULT.read_node_id(text, consumer) is None


@given(TEXT, TEXT)
def test_blind_indexes_are_equal_just_when_texts_are(one: str, other: str) -> None:
    assert (VAULT.blind_index("person", "name", one) == VAULT.blind_index("person", "name", other)) == (one == other)


# --- masks ---


@given(TEXT.filter(lambda text: "*" not in text))
def test_a_masked_name_shows_one_character(text: str) -> None:
    shown = masked(Mask.NAME, text)
    assert shown.rstrip("*") == (text.strip()[:1] if len(text.strip()) > 1 else "")
    assert 1 <= len(shown) <= 3


@given(TEXT.filter(lambda text: "*" not in text))
def test_a_masked_number_shows_four_characters_at_most(text: str) -> None:
    shown = masked(Mask.ID_NUMBER, text)
    kept = [one for one in shown if one != "*"]
    assert len(kept) <= 4
    assert len(kept) <= len(shown) / 2 or len(shown) == 0
    assert len(shown) == len(text.strip())


ADDRESS = st.lists(
    st.one_of(st.sampled_from("吉林省白城市洮北区县镇乡街道路号楼栋室小幸福中心东西12３-A张三"), TEXT), max_size=30
).map("".join)


@given(ADDRESS)
def test_a_masked_address_is_a_beginning_without_numbers_or_buildings(text: str) -> None:
    shown = masked(Mask.STREET, text)
    assert shown.endswith("****")
    kept = shown.removesuffix("****")
    assert text.strip().startswith(kept)
    assert not re.search(r"[\d号栋楼幢室单元层户]|小区", kept)
    assert kept == "" or kept[-1] in "省区市州盟县旗道镇乡木街路巷同"


@given(st.one_of(TEXT, st.from_regex(r"1\d{10}|0\d{9,11}", fullmatch=True)))
def test_a_masked_phone_hides_its_middle(text: str) -> None:
    shown = phone(text)
    assert "****" in shown
    assert sum(one.isdigit() for one in shown) <= 7
    if text.isascii() and re.fullmatch(r"1\d{10}", text):
        assert text[3:7] not in shown or text[3:7] in text[:3] + text[-4:]


@given(st.emails())
def test_a_masked_mail_address_shows_one_letter(text: str) -> None:
    local, domain = text.rsplit("@", 1)
    assert email(text) in (f"{local[0]}***@{domain}", f"***@{domain}", "****")


# --- the splice and its plain twin ---


@dataclass(frozen=True)
class Sealed:
    subject: int
    openable: int
    row: int
    text: str


@dataclass(frozen=True)
class Opaque:
    mark: str
    kind: int
    row: int
    personal: bool


@dataclass(frozen=True)
class Row:
    sight: Sight
    numbers: tuple[int, int, int]
    inside: "Tree"


Tree: TypeAlias = "bool | int | str | Sealed | Opaque | Row | list[Tree] | dict[str, Tree] | None"

SUBJECTS = st.sampled_from(tuple(WRAPPED))
SIGHTS = st.builds(
    Sight,
    st.integers(0, 99),
    st.sampled_from(("legal/ordinary", "person/minor", "individual/ended")),
    st.integers(0, sum(Relation)),
)
NUMBERS = st.tuples(SUBJECTS, st.integers(0, 10**12), st.integers(1, 10**6))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    TEXT,
    st.builds(Sealed, SUBJECTS, st.integers(0, len(OPENABLE) - 1), ROW, TEXT),
    st.builds(Opaque, st.sampled_from("ic"), st.integers(0, 6), ROW, st.booleans()),
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4), st.builds(Row, SIGHTS, NUMBERS, inner)
    ),
    max_leaves=20,
)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def emit(tree: Tree, announced: set[int]) -> str:
    """As the plan makes PostgreSQL write it."""
    match tree:
        case Sealed(subject, openable, row, text):
            key = VAULT.unwrap(WRAPPED[subject], subject)
            value = VAULTS[row % 2].seal(key, *OPENABLE[openable], row, text).hex()
            first = "" if subject in announced else f"\x01k{subject},{WRAPPED[subject].hex()}\x01"
            announced.add(subject)
            return f"{first}\x01v{openable},{subject},{row},{value}\x01"
        case Opaque(mark, kind, row, personal):
            return f"\x01{mark}{kind},{row},{int(personal)}\x01"
        case Row(sight, (subject, id, version), inside):
            head = f"{sight.node}/{sight.row_class}/{sight.relations}"
            return f"\x02{head},{subject},{id},{version}\x02{emit(inside, announced)}"
        case list():
            return "[" + ",".join(emit(one, announced) for one in tree) + "]"
        case dict():
            return "{" + ",".join(f"{compact(key)}:{emit(one, announced)}" for key, one in tree.items()) + "}"
        case _:
            return compact(tree)


def open_plainly(data: bytes) -> Opened:
    """The twin: every printing marker becomes a JSON string, the JSON is read, walked and written again."""
    sights: list[Sight] = []
    numbers: list[list[bytes]] = [[], [], []]
    wrapped: dict[int, bytes] = {}
    printing: dict[str, str] = {}

    def note(found: re.Match[str]) -> str:
        head, *rest = found[1].split(",")
        node, subject, standing, relations = head.split("/")
        sights.append(Sight(int(node), f"{subject}/{standing}", int(relations)))
        for column, number in zip(numbers, rest, strict=True):
            column.append(number.encode())
        return ""

    def replace(found: re.Match[str]) -> str:
        mark, fields = found[1][0], found[1][1:].split(",")
        if mark == "k":
            wrapped[int(fields[0])] = bytes.fromhex(fields[1])
            return ""
        if mark == "v":
            openable, subject, row = map(int, fields[:3])
            key = VAULT.unwrap(wrapped[subject], subject)
            text = VAULT.open(key, *OPENABLE[openable], row, bytes.fromhex(fields[3]))
        else:
            write = VAULT.node_id if mark == "i" else VAULT.cursor
            text = write(int(fields[0]), int(fields[1]), fields[2] == "1", CONSUMER)
        name = f"\ue000{len(printing)}\ue001" + ("v" if mark == "v" else "i")
        printing[name] = text
        return json.dumps(name)

    def walk(value: object) -> object:
        match value:
            case dict():
                return {key: walk(one) for key, one in value.items()}
            case list():
                return [walk(one) for one in value]
            case str():
                return printing.get(value, value)
            case _:
                return value

    marked = re.sub("\x01([^\x01]*)\x01", replace, re.sub("\x02([^\x02]*)\x02", note, data.decode()))
    openings = sum(name.endswith("v") for name in printing)
    return Opened(compact(walk(json.loads(marked))).encode(), Rows(sights, *numbers) if sights else Rows(), openings)


@given(TREES)
def test_the_splice_agrees_with_its_plain_twin(tree: Tree) -> None:
    data = emit(tree, set()).encode()
    assume("\ue000" not in data.decode())  # the twin's own brackets
    before = VAULT.openings
    opened = open_values(data, OPENABLE, VAULT, CONSUMER)
    assert opened.openings == VAULT.openings - before
    assert opened == open_plainly(data)
