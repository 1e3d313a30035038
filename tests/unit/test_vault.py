"""The vault: what opens, what does not, and that no secret gets out of it by accident."""

import copy
import hashlib
import hmac
import logging
import pickle
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.clock import SystemRandom
from gateway.errors import InternalError, SealBroken
from gateway.vault.keys import MAGIC, DomainKeys, Use, new_keys, parse
from gateway.vault.seal import Suite
from gateway.vault.vault import Vault
from gateway.vault.xaes import Xaes

RANDOM = SystemRandom()
OLD = new_keys(RANDOM)
KEYS = parse(OLD)
NAME = '阿·某 \u0001"\\'


def vault(keys: DomainKeys = KEYS, suite: Suite = Suite.AES_256_GCM) -> Vault:
    return Vault(keys, RANDOM, suite=suite)


@pytest.mark.parametrize("suite", Suite)
def test_a_value_opens_where_it_belongs_and_nowhere_else(suite: Suite) -> None:
    box = vault(suite=suite)
    key = box.unwrap(box.new_subject_key(7), 7)
    sealed = box.seal(key, "person", "name", 7, NAME)
    assert sealed[:6] == bytes((1, suite)) + key.id
    assert len(sealed) == 6 + 12 + len(NAME.encode()) + 16
    assert vault().open(key, "person", "name", 7, sealed) == NAME  # whatever suite the vault seals with
    assert sealed != box.seal(key, "person", "name", 7, NAME)
    for place in (("persons", "name", 7), ("person", "nam", 7), ("person", "name", 8), ("perso", "nname", 7)):
        with pytest.raises(SealBroken):
            box.open(key, *place, sealed)
    other = box.unwrap(box.new_subject_key(7), 7)
    with pytest.raises(SealBroken):
        box.open(other, "person", "name", 7, sealed)
    with pytest.raises(SealBroken):  # the right key id, pasted on
        box.open(other, "person", "name", 7, sealed[:2] + other.id + sealed[6:])


@pytest.mark.parametrize("suite", Suite)
def test_a_piece_opens_at_its_number_and_nowhere_else(suite: Suite) -> None:
    box = vault(suite=suite)
    key = box.unwrap(box.new_subject_key(7), 7)
    sealed = box.seal_piece(key, ("evidence", 9), 1, False, b"\xff\x00 no text")
    assert vault().open_piece(key, ("evidence", 9), 1, False, sealed) == b"\xff\x00 no text"
    places = (
        (("evidence", 9), 1, True),
        (("evidence", 9), 0, False),
        (("evidence", 8), 1, False),
        (("case", 9), 1, False),
    )
    for row, number, last in places:
        with pytest.raises(SealBroken):
            box.open_piece(key, row, number, last, sealed)
    with pytest.raises(SealBroken):
        box.open(key, "evidence", "piece", 9, sealed)
    with pytest.raises(SealBroken):
        box.open_piece(key, ("evidence", 9), 1, False, box.seal(key, "evidence", "piece", 9, "1,"))
    assert box.openings == 6


@pytest.mark.parametrize("suite", Suite)
def test_every_changed_byte_and_every_cut_is_noticed(suite: Suite) -> None:
    box = vault(suite=suite)
    key = box.unwrap(box.new_subject_key(7), 7)
    sealed = box.seal(key, "person", "name", 7, NAME)
    for at in range(len(sealed)):
        with pytest.raises(SealBroken):
            box.open(key, "person", "name", 7, sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :])
        with pytest.raises(SealBroken):
            box.open(key, "person", "name", 7, sealed[:at])


@pytest.mark.parametrize("header", [b"\x00\x01", b"\x02\x01", b"\x01\x00", b"\x01\x03", b"\x01\xff"])
def test_unknown_versions_and_suites_are_refused(header: bytes) -> None:
    box = vault()
    key = box.unwrap(box.new_subject_key(7), 7)
    with pytest.raises(SealBroken):
        box.open(key, "person", "name", 7, header + box.seal(key, "person", "name", 7, NAME)[2:])


def test_the_error_tells_nothing() -> None:
    box = vault()
    key = box.unwrap(box.new_subject_key(7), 7)
    with pytest.raises(SealBroken) as broken:
        box.open(key, "person", "name", 8, box.seal(key, "person", "name", 7, NAME))
    assert (str(broken.value), broken.value.faults, broken.value.__cause__) == ("INTERNAL", (), None)
    assert isinstance(broken.value, InternalError)


def test_text_that_is_not_unicode_is_not_sealed_and_not_repeated() -> None:
    box = vault()
    key = box.unwrap(box.new_subject_key(7), 7)
    with pytest.raises(InternalError) as refused:
        box.seal(key, "person", "name", 7, "secret\ud800")
    assert "secret" not in repr(refused.value.faults)
    assert refused.value.__cause__ is None


def test_a_wrapped_key_opens_for_its_subject_only() -> None:
    box = vault()
    wrapped = box.new_subject_key(7)
    assert len(wrapped) == 69
    assert box.unwrap(wrapped, 7) is box.unwrap(wrapped, 7)
    for broken, subject in ((wrapped, 8), (wrapped, 77), (wrapped[:-1], 7), (wrapped + b"\x00", 7), (b"", 7)):
        with pytest.raises(SealBroken):
            box.unwrap(broken, subject)
    for at in range(len(wrapped)):
        with pytest.raises(SealBroken):
            box.unwrap(wrapped[:at] + bytes((wrapped[at] ^ 1,)) + wrapped[at + 1 :], 7)
    with pytest.raises(SealBroken):
        vault(parse(new_keys(RANDOM))).unwrap(wrapped, 7)


def test_after_rotation_the_old_still_opens_and_the_new_wraps() -> None:
    old = vault()
    rotated = parse(OLD + new_keys(RANDOM)[len(MAGIC) :])
    new = vault(rotated)
    wrapped = old.new_subject_key(7)
    sealed = old.seal(old.unwrap(wrapped, 7), "person", "name", 7, NAME)
    assert new.open(new.unwrap(wrapped, 7), "person", "name", 7, sealed) == NAME
    assert new.new_subject_key(7)[1:5] == rotated.newest(Use.WRAPPING).id != wrapped[1:5]
    assert new.open_audit(old.seal_audit(b"variables")) == b"variables"
    assert new.pseudonyms([7]) == old.pseudonyms([7])
    assert (old.blind_index("person", "name", NAME)[0], new.blind_index("person", "name", NAME)[0]) == (1, 2)
    assert old.blind_index("person", "name", NAME)[1:] != new.blind_index("person", "name", NAME)[1:]


def test_openings_are_counted_failed_ones_too() -> None:
    box = vault()
    key = box.unwrap(box.new_subject_key(7), 7)
    sealed = box.seal(key, "person", "name", 7, NAME)
    box.blind_index("person", "name", NAME)
    assert box.openings == 0
    box.open(key, "person", "name", 7, sealed)
    with pytest.raises(SealBroken):
        box.open(key, "person", "name", 8, sealed)
    assert box.openings == 2


def test_blind_indexes_are_equal_for_equal_texts_of_one_column_only() -> None:
    box = vault()
    found = box.blind_index("person", "id_number", "11010519491231002X")
    assert found == vault().blind_index("person", "id_number", "11010519491231002X")
    assert len(found) == 17
    others = [("person", "name", "x"), ("perso", "nname", "x"), ("person", "name", "\ud800"), ("person", "name", "")]
    assert len({box.blind_index(*other) for other in others} | {found}) == 5
    mac = hmac.digest(KEYS.newest(Use.INDEX).derive("index", b"\x01"), b"person\0name\0x", hashlib.sha256)
    assert box.blind_index("person", "name", "x") == b"\x01" + mac[:16]


def test_pseudonyms_and_response_macs_are_stable_and_keyed() -> None:
    seven, other, again = vault().pseudonyms([7, 77, 7])
    assert [seven] == vault().pseudonyms([7]) == [again]
    assert seven != other
    assert vault(parse(new_keys(RANDOM))).pseudonyms([7]) != [seven]
    assert len(bytes.fromhex(seven)) == 16
    assert vault().pseudonyms([]) == []
    assert vault().response_mac(b"{}") == vault().response_mac(b"{}") != vault().response_mac(b"{ }")
    assert len(vault().response_mac(b"")) == 22


def test_the_audit_seal() -> None:
    sealed = vault().seal_audit(b"variables")
    assert vault().open_audit(sealed) == b"variables"
    assert sealed != vault().seal_audit(b"variables")
    for at in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault().open_audit(sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :])
        with pytest.raises(SealBroken):
            vault().open_audit(sealed[:at])


class Fixed:
    """The nonce of the published vector, in two halves."""

    drawn = 0

    def bytes(self, count: int) -> bytes:
        assert count == 12
        self.drawn += count
        return b"ABCDEFGHIJKLMNOPQRSTUVWX"[self.drawn - count : self.drawn]


@pytest.mark.parametrize(
    ("key", "clear", "bound", "sealed"),
    [
        (b"\x01", b"XAES-256-GCM", b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (b"\x03", b"XAES-256-GCM", b"c2sp.org/XAES-256-GCM",
         "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ],
)  # fmt: skip
def test_the_published_vectors_of_xaes(key: bytes, clear: bytes, bound: bytes, sealed: str) -> None:
    assert Xaes(key * 32).encrypt(Fixed(), clear, bound)[24:].hex() == sealed


def test_the_sm4_of_the_library_is_that_of_the_standard() -> None:
    """RFC 8998 appendix A.1 (SM4-GCM)."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    clear = bytes.fromhex("a" * 16 + "b" * 16 + "c" * 16 + "d" * 16 + "e" * 16 + "f" * 16 + "e" * 16 + "a" * 16)
    context = Cipher(algorithms.SM4(key), modes.GCM(bytes.fromhex("00001234567800000000abcd"))).encryptor()
    context.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    assert context.update(clear)[:16].hex() == "17f399f08c67d5ee19d0dc9969c4bb7d"
    context.finalize()
    assert context.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


BOX = vault()
SECRETS = (BOX, BOX.unwrap(BOX.new_subject_key(7), 7), KEYS, KEYS.newest(Use.AUDIT), Xaes(bytes(32)))


@pytest.mark.parametrize("secret", SECRETS, ids=lambda one: type(one).__name__)
def test_secrets_do_not_print_log_pickle_copy_or_compare(secret: object, caplog: pytest.LogCaptureFixture) -> None:
    shown = f"<{type(secret).__name__}>"
    logging.getLogger("test").warning("%s %r", secret, [secret])
    assert caplog.messages == [f"{shown} [{shown}]"]
    assert f"{secret}" == str(secret) == repr(secret) == shown
    same: object = secret
    uses: tuple[Callable[[], object], ...] = (
        lambda: pickle.dumps(secret),
        lambda: copy.copy(secret),
        lambda: copy.deepcopy(secret),
        lambda: secret == same,
        lambda: secret != same,
        lambda: hash(secret),
        lambda: vars(secret),
    )
    for use in uses:
        with pytest.raises(TypeError):
            use()
