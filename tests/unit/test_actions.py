"""Every action is in the tuple, granted to somebody, tried by a case of each role."""

from pathlib import Path

import pytest

from gateway.actions.all import ACTIONS
from gateway.errors import OperationError
from gateway.policy import cases, compile, files
from gateway.policy.acts import permit
from gateway.policy.files import PolicyRefused
from gateway.values import ELSEWHERE, ActionName, Caller, Condition, Permit, Role, Visibility

POLICIES = Path(__file__).parents[2] / "policies"
# Who may do what: role, action, under what.
MAY = """
subject fileObjection SELF
subject fileComplaint ALWAYS
financial fileComplaint ALWAYS
agency fileComplaint ALWAYS
government fileComplaint ALWAYS
subject watchAccesses SELF
subject unwatchAccesses SELF
counter supplementCase SELF
counter withdrawCase SELF
counter requestReview SELF
counter requestRepair SELF
counter requestErasure SELF
counter requestCopy SELF
counter addStatement SELF
handler acceptCase CASE
handler declineCase CASE
handler requestSupplement CASE
handler answerCase CASE
handler decideCase CASE
handler decideRepair CASE
handler routeCase CASE
desk acceptCase CASE
desk declineCase CASE
desk requestSupplement CASE
desk answerCase CASE
desk decideCase CASE
desk decideRepair CASE
desk routeCase ALWAYS
subject supplementCase ALWAYS
subject withdrawCase ALWAYS
subject requestReview SELF
subject requestRepair SELF
subject requestErasure SELF
subject requestCopy SELF
subject addStatement SELF
public fileReport ALWAYS
public followReport ALWAYS
financial supplementCase ALWAYS
financial withdrawCase ALWAYS
agency supplementCase ALWAYS
agency withdrawCase ALWAYS
government supplementCase ALWAYS
government withdrawCase ALWAYS
subject addEvidence ALWAYS
financial addEvidence ALWAYS
agency addEvidence ALWAYS
government addEvidence ALWAYS
handler addEvidence ALWAYS
desk addEvidence ALWAYS
financial acknowledgeNotice ALWAYS
financial watchNotices ALWAYS
financial unwatchNotices ALWAYS
agency acknowledgeNotice ALWAYS
agency watchNotices ALWAYS
agency unwatchNotices ALWAYS
government acknowledgeNotice ALWAYS
government watchNotices ALWAYS
government unwatchNotices ALWAYS
subject acknowledgeNotice SELF
subject giveConsent SELF_STEP_UP
financial registerConsent ALWAYS
agency registerConsent ALWAYS
subject withdrawConsent SELF
financial withdrawConsent ALWAYS
agency withdrawConsent ALWAYS
subject freezeFile SELF_STEP_UP
subject unfreezeFile SELF_STEP_UP
steward releaseText SOURCE
subject bindPerson SELF_STEP_UP
subject recordMandate SELF_STEP_UP
subject verifyMandate SELF_STEP_UP
subject revokeMandate SELF_STEP_UP
desk recordMandate STEP_UP
desk verifyMandate STEP_UP
desk revokeMandate STEP_UP
counter fileObjection SELF
counter fileComplaint SELF
counter bindPerson STEP_UP
counter recordMandate STEP_UP
counter revokeMandate ALWAYS
"""


def test_every_action_has_its_file_and_its_name() -> None:
    assert [action.name for action in ACTIONS] == [name for name in ActionName if name not in ELSEWHERE]


def test_every_role_has_a_case_of_every_action() -> None:
    tried = {
        (case.role, case.action)
        for file, text in files.read(POLICIES).cases
        for case in cases.parse_actions(file, text)
    }
    assert tried == {(role, action) for role in Role for action in ActionName}


def test_compiled_permits_are_those_of_casbin() -> None:
    """The column of each role says under what it may; what it may not is not in it at all."""
    policy = compile.load(POLICIES)
    may = {
        (role.value, action.value, one.condition.name)
        for role in Role
        for action, permits in policy.visibility(role).permits.items()
        for one in permits
    }
    assert may == {tuple(line.split()) for line in MAY.split("\n") if line}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("p, handler, legal/*, fileObjection, perform, self, allow", "has no row class"),
        ("p, handler, */*, fileObjection, show, self, allow", "an action is granted by `perform`"),
        ("p, handler, */*, fileObjection, perform, consent, allow", "an action is granted by `perform`"),
        ("p, handler, */*, fileObjection, *, self, deny", "an action is granted by `perform`"),
        ("p, handler, */*, filePetition, perform, self, allow", "unknown coordinate or group"),
        ("p, handler, */*, penalty, perform, self, allow", "unknown act"),
        ("p, handler, */*, fileObjection, perform, self, allow", ""),
        ("p, handler, */*, fileObjection, *, *, deny", ""),
    ],
)
def test_lines_about_actions_are_checked(tmp_path: Path, line: str, told: str) -> None:
    for path in POLICIES.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(POLICIES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text("utf-8") + (f"{line}\n" if path.name == "handler.csv" else ""), "utf-8")
    if told:
        with pytest.raises(PolicyRefused) as refused:
            files.read(tmp_path)
        assert any(told in fault.rule for fault in refused.value.faults)
    else:
        assert files.read(tmp_path).rules_of("handler")[-1].object == "fileObjection"


def test_a_grant_beyond_the_invariant_does_not_load(tmp_path: Path) -> None:
    """Neither the cases nor the invariants let an objection be somebody else's."""
    for path in POLICIES.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(POLICIES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            line = "p, handler, */*, fileObjection, perform, self, allow\n" if path.name == "handler.csv" else ""
            copy.write_text(path.read_text("utf-8") + line, "utf-8")
    with pytest.raises(PolicyRefused) as refused:
        compile.load(tmp_path)
    assert {fault.path[0] for fault in refused.value.faults} == {"cases/handler.yaml", "invariants.yaml"}


def test_a_permit_that_asks_for_step_up_is_given_only_with_it() -> None:
    permits = (Permit(Condition.SELF_STEP_UP, "a:1"),)
    visibility = Visibility(Role.SUBJECT, "v", {}, frozenset(), {ActionName.FILE_OBJECTION: permits})
    asked = (visibility, ActionName.FILE_OBJECTION)
    assert permit(*asked, Caller(Role.SUBJECT, assurance=3), ("a",)) is permits[0]
    with pytest.raises(OperationError) as refused:
        permit(*asked, Caller(Role.SUBJECT, assurance=2), ("a",))
    assert refused.value.faults[0].path == ("a",)
    either = (*permits, Permit(Condition.SELF, "a:2"))
    visibility = Visibility(Role.SUBJECT, "v", {}, frozenset(), {ActionName.FILE_OBJECTION: either})
    assert permit(visibility, ActionName.FILE_OBJECTION, Caller(Role.SUBJECT), ()) is either[1]
