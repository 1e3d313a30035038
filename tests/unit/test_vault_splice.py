"""Markers, one by one: what each prints, and that a wrong one ends the answer."""

import itertools

import pytest

from gateway.clock import SystemRandom
from gateway.errors import InternalError, SealBroken
from gateway.values import Relation, Rows, Sight
from gateway.vault.keys import new_keys, parse
from gateway.vault.splice import open_values
from gateway.vault.vault import Vault

RANDOM = SystemRandom()
VAULT = Vault(parse(new_keys(RANDOM)), RANDOM)
OPENABLE = (("person", "name"), ("penalty", "facts"))
WRAPPED = VAULT.new_subject_key(7)
KEY = VAULT.unwrap(WRAPPED, 7)
NAME = VAULT.seal(KEY, "person", "name", 7, '某"某\u0001')
FACTS = VAULT.seal(KEY, "penalty", "facts", 981, "事实")
K = b"\x01k7,%b\x01" % WRAPPED.hex().encode()


def value(index: int, subject: int, row: int, sealed: bytes) -> bytes:
    return b"\x01v%d,%d,%d,%b\x01" % (index, subject, row, sealed.hex().encode())


def test_without_markers_the_very_bytes_come_back() -> None:
    data = b'{"name":"\\u0001v0,7,7,00\\u0001"}'
    opened = open_values(data, OPENABLE, VAULT, "bank")
    assert opened.data is data
    assert (opened.rows, opened.openings) == (Rows(), 0)


def test_every_marker_prints_what_it_should() -> None:
    rows = b"\x020/person/ordinary/3,7,0,2\x02", b"\x022/person/minor/0,7,981,1\x02"
    data = rows[0] + K + b'{"id":\x01i2,7,1\x01,"name":' + value(0, 7, 7, NAME) + b',"p":[' + rows[1]
    data += b'{"cursor":\x01c4,981,0\x01,"facts":' + value(1, 7, 981, FACTS) + b',"sex":null}]}'
    before = VAULT.openings
    opened = open_values(data, OPENABLE, VAULT, "bank")
    node, cursor = VAULT.node_id(2, 7, True, "bank"), VAULT.cursor(4, 981, False, "bank")
    assert opened.data.decode() == (
        f'{{"id":"{node}","name":"某\\"某\\u0001","p":[{{"cursor":"{cursor}","facts":"事实","sex":null}}]}}'
    )
    sights = [Sight(0, "person/ordinary", Relation.SELF | Relation.CONSENT), Sight(2, "person/minor", Relation.NONE)]
    assert opened.rows == Rows(sights, [b"7", b"7"], [b"0", b"981"], [b"2", b"1"])
    assert opened.openings == VAULT.openings - before == 2


def test_a_key_without_a_value_is_not_even_unwrapped() -> None:
    other = VAULT.new_subject_key(8)
    opened = open_values(b"\x01k7,%b\x01{}" % other.hex().encode(), OPENABLE, VAULT, "bank")
    assert (opened.data, opened.openings) == (b"{}", 0)


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        b"{}\x01i0,1,0",
        b"\x01\x01",
        b"\x01x1\x01",
        b"\x021/legal/ordinary/3,7,981\x02",
        b"\x021/legal/ordinary/3,7,981,1,\x02",
        b"\x021/legal/ordinary/3,7,981,1\x02\x021/legal/ordinary/3,7,981,-1\x02",
        b"\x021/legal/ordinary/512,7,981,1\x02",
        b"\x021/legal/ordinary/3,07,981,1\x02",
        b"\x021/LEGAL/3,7,981,1\x02",
        b"\x021/legal/ordinary/ 3,7,981,1\x02",
        b"\x01i0,1\x01",
        b"\x01i0,1,2\x01",
        b"\x01i256,1,0\x01",
        b"\x01c0,99999999999999999,0\x01",
        b"\x01c0,+1,0\x01",
        b"\x01k7,xyz\x01",
        b"\x01k7,abc\x01",
        b"\x01k7,\x01",
        K + b"\x01k7,00\x01",
        value(0, 7, 7, NAME),
        value(0, 7, 7, NAME) + K,
        K + value(2, 7, 7, NAME),
        K + value(0, 8, 7, NAME),
        K + b"\x01v0,7,7,\x01",
        K + b"\x01v-1,7,7,00\x01",
        K + b"\x01v0,7,7," + NAME.hex().upper().encode() + b"\x01",
    ],
    ids=itertools.count(),
)
def test_a_marker_that_does_not_fit_is_a_fault_of_ours(data: bytes) -> None:
    before = VAULT.openings
    with pytest.raises(InternalError) as fault:
        open_values(data, OPENABLE, VAULT, "bank")
    assert fault.value.faults
    assert VAULT.openings == before


@pytest.mark.parametrize(
    "data",
    [
        K + value(1, 7, 7, NAME),
        K + value(0, 7, 8, NAME),
        K + value(0, 7, 7, NAME[:-1]),
        K + value(0, 7, 7, b"\x00"),
        b"\x01k8,%b\x01" % WRAPPED.hex().encode() + value(0, 8, 7, NAME),
        b"\x01k7,00\x01" + value(0, 7, 7, NAME),
    ],
    ids=itertools.count(),
)
def test_what_does_not_open_ends_the_answer(data: bytes) -> None:
    with pytest.raises(SealBroken):
        open_values(data, OPENABLE, VAULT, "bank")


def test_ids_of_persons_need_a_consumer() -> None:
    with pytest.raises(InternalError):
        open_values(b"\x01i2,7,1\x01", OPENABLE, VAULT, "")
