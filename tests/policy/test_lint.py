"""`gateway policy lint`: everything wrong or pointless at once, by file and line; nothing in the shipped one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.policy import files
from gateway.policy.lint import lint

POLICIES = Path(__file__).parents[2] / "policies"


def shipped_texts() -> dict[str, str]:
    return dict(files.texts_of(POLICIES))


def with_lines(texts: Mapping[str, str], file: str, *lines: str) -> tuple[dict[str, str], int]:
    """The files with lines at the end of one; the number of the first."""
    return {**texts, file: texts[file] + "".join(f"{line}\n" for line in lines)}, texts[file].count("\n") + 1


def told(texts: Mapping[str, str]) -> dict[tuple[str | int, ...], str]:
    return {fault.path: fault.rule for fault in lint(texts)}


def line_of(texts: Mapping[str, str], file: str, text: str) -> int:
    return texts[file].splitlines().index(text) + 1


def test_the_shipped_policy_is_tidy() -> None:
    assert lint(shipped_texts()) == ()


POINTLESS = (
    ("p, public, legal/ordinary, subject.identity, show, always, allow", "public", "legal/*, subject.identity, show"),
    ("p, public, legal/*, subject.identity, show, consent, allow", "public", "legal/*, subject.identity, show"),
    ("p, public, person/*, person.name, mask, always, allow", "public", "person/*, person.name, *, *, deny"),
    ("p, public, legal/ordinary, remark, *, *, deny", "public", "*/*, remark, *, *, deny"),
    ("p, public, legal/*, subject.contact, show, *, deny", "public", "legal/*, subject.contact, *, *, deny"),
)


@pytest.mark.parametrize(("line", "role", "by"), POINTLESS)
def test_a_line_that_others_decide_is_named_with_the_one_that_does(line: str, role: str, by: str) -> None:
    texts, at = with_lines(shipped_texts(), f"roles/{role}.csv", line)
    above = next(n for n, one in enumerate(texts[f"roles/{role}.csv"].splitlines(), 1) if f"p, {role}, {by}" in one)
    rule = told(texts)[f"roles/{role}.csv", at]
    assert rule == f"the rule changes nothing: shadowed by roles/{role}.csv:{above}"


def test_a_grant_in_rows_that_nobody_is_shown_is_dead() -> None:
    """The public is shown no ended penalty at all, so nothing of one either."""
    texts, at = with_lines(
        shipped_texts(), "roles/public.csv", "p, public, legal/ended, penalty.fine, show, self, allow"
    )
    assert told(texts)["roles/public.csv", at].startswith("the rule changes nothing")


def test_a_wider_grant_makes_the_narrower_one_pointless() -> None:
    texts = shipped_texts()
    narrow = "p, agency, individual/*, representative.name, mask, consent, allow"
    at = line_of(texts, "roles/agency.csv", narrow)
    texts, wide = with_lines(texts, "roles/agency.csv", narrow.replace("mask", "show"))
    assert told(texts)["roles/agency.csv", at] == f"the rule changes nothing: shadowed by roles/agency.csv:{wide}"


def test_sensitive_fields_need_a_line_of_their_own() -> None:
    """`*` may deny everything; what it grants must name the sensitive ones."""
    texts = shipped_texts()
    texts["roles/auditor.csv"] = "p, auditor, */*, *, show, case, allow\n"
    rule = told(texts)["roles/auditor.csv", 1]
    assert rule.startswith("sensitive fields have no line of their own for role 'auditor': ")
    assert "person.idNumber" in rule and "penalty.subjectIdNumber" in rule and "person.sex" not in rule


def test_everything_wrong_is_told_at_once() -> None:
    """Malformed lines do not hide what else there is: undecided cells, unknown names, pointless lines."""
    texts, first = with_lines(
        shipped_texts(),
        "roles/public.csv",
        "p, public, legal/*, penalty.score, show, always, allow",
        "p, public, legal/ordinary, remark, *, *, deny",
        "p, public, lawful/*, remark, show, friday, allow",
    )
    gone = "p, auditor, person/*, person.sex, *, *, deny\n"
    texts["roles/auditor.csv"] = texts["roles/auditor.csv"].replace(gone, "")
    found = lint(texts)
    rules = {(fault.path[0], fault.rule.split(":")[0].split(" '")[0]) for fault in found}
    assert ("roles/public.csv", "unknown coordinate or group") in rules
    assert ("roles/public.csv", "the rule changes nothing") in rules
    assert ("roles/public.csv", "unknown row class") in rules
    assert ("roles/public.csv", "unknown condition") in rules
    assert ("roles/auditor.csv", "fields no rule decides") in rules
    assert {fault.path[1] for fault in found if fault.path[0] == "roles/public.csv"} == {first, first + 1, first + 2}
    assert [fault.path for fault in found] == sorted((fault.path for fault in found), key=str)


def test_the_command_prints_the_findings_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "lint", str(POLICIES)]) == 0
    assert "nothing to complain of" in capsys.readouterr().out
    for file, text in shipped_texts().items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    with (tmp_path / "roles" / "desk.csv").open("a") as lines_of:
        lines_of.write("p, desk, legal/ordinary, remark, *, *, deny\n")
    assert main(["policy", "lint", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("roles/desk.csv:") and ": the rule changes nothing: shadowed by roles/desk.csv:" in lines[0]
    )
    assert lines[1] == f"1 findings in {len(shipped_texts())} files"
