"""What must be signed before a bundle may come into force, and by whom."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gateway.policy import bundle, compile, files
from gateway.policy.bundle import Bundle, check, sign, signed_by, signers_of
from gateway.policy.compile import Policy
from gateway.policy.files import PolicyRefused
from gateway.signing import NoteSigner, NoteVerifier
from tests.policies import narrowed, remarked, shipped, widened, written

ANNA, BORIS, EVE = (NoteSigner(name, name[:1].encode() * 32) for name in ("anna", "boris", "eve"))
SIGNERS = tuple(NoteVerifier.parse(one.vkey) for one in (ANNA, BORIS))


def signed(made: Bundle, replaces: Bundle | None, *signers: NoteSigner) -> Bundle:
    for one in signers:
        made = replace(made, note=sign(made, replaces, one))
    return made


@cache
def compiled(*texts: tuple[str, str]) -> Policy:
    """Each policy once: that takes a second."""
    return compile.build(files.parse(dict(texts)))


def refusal(made: Bundle, replaces: Bundle | None, signers: tuple[NoteVerifier, ...] = SIGNERS) -> str:
    with pytest.raises(PolicyRefused) as caught:
        check(compiled(*made.texts.items()), made, replaces, signers)
    return str(caught.value)


def accepted(made: Bundle, replaces: Bundle | None, signers: tuple[NoteVerifier, ...] = SIGNERS) -> None:
    check(compiled(*made.texts.items()), made, replaces, signers)


def test_every_bundle_is_signed_by_somebody_who_is_listed() -> None:
    assert "no listed administrator has signed this" in refusal(narrowed(), shipped())
    assert "no listed administrator has signed this" in refusal(signed(narrowed(), shipped(), EVE), shipped())
    accepted(signed(narrowed(), shipped(), ANNA), shipped())


def test_what_widens_personal_data_takes_two() -> None:
    once = signed(widened(), shipped(), ANNA)
    text = refusal(once, shipped())
    assert "personal data would be widened: two signatures are needed and 1 is there" in text
    assert "desk: widens PERSONAL: W -> C: enterprise.phone" in text
    assert "1 is there" in refusal(signed(once, shipped(), ANNA, EVE), shipped())  # one person, however often
    both = signed(once, shipped(), BORIS)
    assert signed_by(both, shipped(), SIGNERS) == ("anna", "boris")
    accepted(both, shipped())


def test_a_signature_is_for_one_replacement() -> None:
    """What was right in place of one policy cannot be put back over another."""
    both = signed(widened(), shipped(), ANNA, BORIS)
    assert "no listed administrator" in refusal(both, narrowed())
    assert "no listed administrator" in refusal(both, None)


def test_a_signature_is_for_these_files() -> None:
    moved = replace(widened(), note=signed(narrowed(), shipped(), ANNA, BORIS).note)
    assert "no listed administrator" in refusal(moved, shipped())
    note = signed(remarked(), shipped(), ANNA).note
    assert note is not None
    forged = replace(remarked(), note=note.replace("replaces", "instead of"))
    assert "no listed administrator" in refusal(forged, shipped())


def test_the_first_bundle_shows_what_was_never_shown() -> None:
    assert "two signatures are needed" in refusal(signed(shipped(), None, ANNA), None)
    accepted(signed(shipped(), None, ANNA, BORIS), None)


def test_without_a_list_nothing_personal_is_widened() -> None:
    assert "none are listed (GATEWAY_POLICY_SIGNERS)" in refusal(widened(), shipped(), ())
    accepted(narrowed(), shipped(), ())


def test_signatures_gather_in_the_folder(tmp_path: Path) -> None:
    folder = written(widened(), tmp_path)
    for one in (ANNA, BORIS, ANNA):
        (folder / bundle.NOTE).write_text(sign(bundle.read(folder), shipped(), one))
    assert signed_by(bundle.read(folder), shipped(), SIGNERS) == ("anna", "boris")
    (folder / bundle.NOTE).write_text(sign(bundle.read(folder), narrowed(), ANNA))  # for another replacement: anew
    assert signed_by(bundle.read(folder), narrowed(), SIGNERS) == ("anna",)


def test_the_list_of_signers_names_two_people(tmp_path: Path) -> None:
    path = tmp_path / "signers"
    path.write_text(f"# who may sign\n{ANNA.vkey}  # security\n{BORIS.vkey}\n")
    assert signers_of(path) == SIGNERS and signers_of(None) == ()
    for text, fault in (
        (f"{ANNA.vkey}\n", "signers:1: at least two administrators must be listed"),
        (f"{ANNA.vkey}\n{ANNA.named('other').vkey}\n", "signers:2: a name and a key stand here once"),
        (f"{ANNA.vkey}\nboris+00000000+x\n", "signers:2: is no vkey"),
    ):
        path.write_text(text)
        with pytest.raises(PolicyRefused) as caught:
            signers_of(path)
        assert fault in str(caught.value)
    with pytest.raises(PolicyRefused):
        signers_of(tmp_path / "none")
