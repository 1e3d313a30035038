"""Signed notes against the published example of the format, and against everything that is nearly right."""

import base64
import os
import pickle
from pathlib import Path

import pytest

from gateway.signing import NoteInvalid, NoteSigner, NoteVerifier, load_or_create, split

# The example of golang.org/x/mod/sumdb/note, whose format C2SP signed-note specifies.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n\u2014 PeterNeumann {SIGNATURE}\n"


def test_published_example() -> None:
    signer = NoteSigner("PeterNeumann", SEED)
    assert signer.vkey == VKEY
    assert signer.sign(TEXT) == NOTE
    assert NoteVerifier.parse(VKEY).verify(NOTE) == TEXT


def test_changed_notes_are_refused() -> None:
    verifier = NoteVerifier.parse(VKEY)
    for changed in (
        NOTE.replace("think", "thimk"),
        NOTE.replace("PeterNeumann", "EnochRoot"),
        NOTE.replace("x08go", "x08gp"),
        NOTE.replace("KE6R", "KE6S"),
        NOTE.replace("\u2014", "-"),
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        TEXT,
        "",
    ):
        with pytest.raises(NoteInvalid):
            verifier.verify(changed)


def test_signatures_of_others_are_passed_over_but_a_wrong_one_of_ours_is_not() -> None:
    other = NoteSigner("other.example/log", bytes(32)).sign(TEXT).rpartition("\n\n")[2]
    verifier = NoteVerifier.parse(VKEY)
    assert verifier.verify(NOTE + other) == TEXT
    forged = "\u2014 PeterNeumann " + base64.b64encode(bytes.fromhex("c74f20a3") + bytes(64)).decode() + "\n"
    with pytest.raises(NoteInvalid):
        verifier.verify(NOTE + forged)


def test_mangled_keys_are_refused() -> None:
    for start in range(len(VKEY)):
        for end in range(start + 1, len(VKEY) + 1):
            if (start, end) != (0, len(VKEY)):
                with pytest.raises(NoteInvalid):
                    NoteVerifier.parse(VKEY[start:end])
    for position, char in enumerate(VKEY):
        with pytest.raises(NoteInvalid):
            NoteVerifier.parse(VKEY[:position] + chr(ord(char) ^ 1) + VKEY[position + 1 :])


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "cr\r\n", "nul\0\n"])
def test_texts_that_are_no_notes(text: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteSigner("log.example", bytes(32)).sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_names_that_are_no_names(name: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteSigner(name, bytes(32))


def test_a_text_with_an_empty_line_keeps_it() -> None:
    text = "one\n\ntwo\n"
    signer = NoteSigner("log.example", bytes(32))
    assert NoteVerifier.parse(signer.vkey).verify(signer.sign(text)) == text
    assert split(signer.sign(text))[0] == text


def test_the_same_key_under_another_name_is_another_identity() -> None:
    signer = NoteSigner("log.example", bytes(32))
    named = signer.named("log.example/1")
    assert named.vkey.split("+")[1] != signer.vkey.split("+")[1]
    with pytest.raises(NoteInvalid):
        NoteVerifier.parse(signer.vkey).verify(named.sign(TEXT))


def test_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    first = load_or_create(path, "log.example", os.urandom)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["log.key"]
    assert load_or_create(path, "log.example", os.urandom).vkey == first.vkey
    path.chmod(0o640)
    with pytest.raises(NoteInvalid):
        load_or_create(path, "log.example", os.urandom)


def test_a_key_file_that_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    path.write_text("AAAA\n")
    path.chmod(0o600)
    with pytest.raises(NoteInvalid):
        load_or_create(path, "log.example", os.urandom)


def test_the_private_key_is_neither_printed_nor_pickled() -> None:
    signer = NoteSigner("PeterNeumann", SEED)
    assert repr(signer) == f"NoteSigner({VKEY})"
    with pytest.raises(TypeError):
        pickle.dumps(signer)
