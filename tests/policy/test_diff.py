"""`gateway policy diff` and `prove`: the cells that a change touches, and the counterexample of what it breaks."""

import re
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.policy import files
from gateway.policy.diff import Diff, diff, is_personal, remembered
from gateway.policy.invariants import prove
from gateway.values import Role
from tests.harness import shipped

POLICIES = Path(__file__).parents[2] / "policies"


def changed(file: str, old: str, new: str) -> dict[str, str]:
    """The shipped files with one piece of text replaced."""
    texts = dict(files.texts_of(POLICIES))
    assert texts[file].count(old) == 1
    return {**texts, file: texts[file].replace(old, new)}


def compared(file: str, old: str, new: str) -> Diff:
    return diff(shipped(), remembered(changed(file, old, new)))


def test_the_same_policy_differs_in_nothing() -> None:
    found = diff(shipped(), remembered(files.texts_of(POLICIES)))
    assert (found.changes, found.actions) == ((), ())


def test_a_widened_personal_field_is_told_and_marked() -> None:
    found = compared(
        "roles/public.csv",
        "individual/*, representative.name, mask, always, allow",
        "individual/*, representative.name, show, always, allow",
    )
    (change,) = found.changes
    assert (change.role, change.widens, change.narrows) == (Role.PUBLIC, True, False)
    assert found.personal == (change,)
    assert str(change) == (
        "public: widens PERSONAL: M -> C: enterprise.legalRepresentative.name, license.representativeName, "
        "penalty.representativeName in individual/ordinary"
    )


def test_a_narrowed_field_needs_no_signature() -> None:
    found = compared(
        "roles/financial.csv", "legal/*, subject.contact, show, consent, allow", "legal/*, subject.contact, *, *, deny"
    )
    assert [(change.role, change.widens, change.narrows) for change in found.changes] == [(Role.FINANCIAL, False, True)]
    assert found.personal == ()
    assert "narrows: C a -> W: enterprise.phone" in str(found.changes[0])


def test_closing_a_row_closes_its_fields() -> None:
    """What is really shown is compared: no field of a row that is not admitted, whatever its own cell says."""
    found = compared(
        "roles/desk.csv", "legal/ordinary, license, show, always, allow", "legal/ordinary, license, *, *, deny"
    )
    touched = {coordinate for change in found.changes for coordinate, _ in change.cells}
    assert {"license", "license.organ", "license.subjectName"} <= touched
    assert {name.partition(".")[0] for name in touched} == {"license"}
    assert all(change.narrows and not change.widens for change in found.changes)


def test_what_widens_here_and_narrows_there_is_told_as_both() -> None:
    found = compared(
        "roles/government.csv",
        "legal/*, subject.contact, show, matter, allow",
        "legal/*, subject.contact, show, source, allow",
    )
    (change,) = found.changes
    assert (
        change.widens
        and change.narrows
        and str(change).startswith("government: widens and narrows PERSONAL: C m -> C src: ")
    )


def test_an_action_given_or_taken_is_told() -> None:
    found = compared("roles/agency.csv", "p, agency, */*, fileComplaint, perform, always, allow\n", "")
    assert found.actions == ("agency: fileComplaint: always -> not allowed",)


def test_what_counts_as_personal() -> None:
    assert is_personal("person.sex", "person/ordinary") and is_personal("penalty.fine", "person/ordinary")
    assert is_personal("license.representativeIdNumber", "legal/ordinary") and is_personal(
        "penalty.facts", "legal/minor"
    )
    assert not is_personal("penalty.fine", "legal/ordinary") and not is_personal("department.name", "person/ordinary")


def test_an_older_policy_is_compared_as_far_as_its_words_are_known() -> None:
    """Words that the catalogue has no more are passed over; what it did not decide showed nothing."""
    texts = changed("roles/public.csv", "p, public, legal/*, identifier, show, always, allow\n", "")
    texts["roles/public.csv"] += "p, public, legal/*, fax, show, always, allow\n"
    found = diff(remembered(texts), shipped())
    assert {change.role for change in found.changes} == {Role.PUBLIC}
    assert {name.partition(".")[0] for change in found.changes for name, _ in change.cells} == {"identifier"}


def written(texts: dict[str, str], folder: Path) -> str:
    for file, text in texts.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return str(folder)


def test_the_command_prints_what_a_person_can_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = written(
        changed(
            "roles/public.csv", "individual/*, representative.name, mask", "individual/*, representative.name, show"
        ),
        tmp_path,
    )
    assert main(["policy", "diff", str(POLICIES), new]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("public: widens PERSONAL: M -> C: ")
    assert re.fullmatch(
        r"policy \w{12} -> \w{12}: 1 changes of what is seen, 0 of what may be done; "
        r"it widens personal data and needs two signatures",
        last,
    )


def test_every_invariant_is_proven_on_every_cell() -> None:
    proofs = tuple(prove(files.read(POLICIES).invariants, shipped().visibilities, 5))
    assert len(proofs) >= 15 and all(proof.holds and proof.asked > 0 for proof in proofs)
    assert sum(proof.asked for proof in proofs) > 5_000_000


def test_a_broken_invariant_prints_its_counterexamples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(
        changed(
            "roles/public.csv", "individual/*, representative.name, mask", "individual/*, representative.name, show"
        ),
        tmp_path,
    )
    assert main(["policy", "prove", folder]) == 1
    text = capsys.readouterr().out
    assert re.search(r"(?m)^BROKEN +[\d,]+  the public sees sealed values in clear only where", text)
    assert (
        "sees the sealed enterprise.legalRepresentative.name in individual/ordinary in clear by roles/public.csv:"
        in text
    )
    for role in ("subject", "counter"):
        masked = "under nothing, enterprise.legalRepresentative.name in individual/ordinary is MASKED for"
        assert f"{masked} {role}, " in text
    assert text.splitlines()[-1].endswith("3 are broken")
    assert main(["policy", "prove", str(POLICIES)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("all hold")
