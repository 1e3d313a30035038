"""Decisions on the shipped policy, asked by hand-written selections."""

from functools import cache
from pathlib import Path

import pytest

from gateway.errors import InternalError, InvalidOperation
from gateway.policy.arms import Ground, ground_of, rests_on_access
from gateway.policy.compile import Policy, load
from gateway.policy.decide import decide
from gateway.policy.remedies import Reason
from gateway.values import (
    Access,
    Condition,
    Decision,
    Grant,
    Level,
    Matter,
    MatterKind,
    Purpose,
    Redaction,
    Role,
    Root,
    RootName,
    Selected,
)

POLICIES = Path(__file__).parents[2] / "policies"
NOTHING = Ground()
EVERYTHING = Ground(consent=True, matter=True, service=True, step_up=True)


@cache
def policy() -> Policy:
    """The shipped policy, compiled once."""
    return load(POLICIES)


def pick(on: str, *fields: "str | Selected") -> tuple[Selected, ...]:
    """Selected children of one type; a string is a leaf, ``alias:name`` an aliased one."""
    made = []
    for one in fields:
        if isinstance(one, Selected):
            made.append(one)
        else:
            key, _, name = one.rpartition(":")
            made.append(Selected(key or name, name, on))
    return tuple(made)


def nodes(name: str, on: str, target: str, *fields: "str | Selected") -> Selected:
    """A connection asked for its ``nodes``."""
    inner = Selected("nodes", "nodes", f"{target}Connection", pick(target, *fields))
    return Selected(name, name, on, (inner,), 0)


def ask(role: Role, name: RootName, children: tuple[Selected, ...], ground: Ground = NOTHING) -> Decision:
    """The decision for one root field under the key ``x``."""
    return decide(policy().visibility(role), Root("x", name, children), ground)


def told(decision: Decision) -> list[tuple[str, Level, str, str]]:
    """The redactions without paths and rules."""
    return [(one.coordinate, one.level, one.rows, one.reason) for one in decision.redactions]


REPRESENTATIVE = Selected(
    "legalRepresentative",
    "legalRepresentative",
    "Enterprise",
    pick("EnterpriseLegalRepresentative", "name", "idNumber"),
)


def test_public_sees_legal_names_clear_and_operators_masked() -> None:
    """Rows 3 and 9 meet in one position: the class decides."""
    decision = ask(Role.PUBLIC, RootName.ENTERPRISE, pick("Enterprise", "id", "uscc", REPRESENTATIVE))
    kind = decision.kinds[("x",), "enterprise"]
    assert [(arm.row_class, arm.condition) for arm in kind.arms] == [
        ("legal/ordinary", Condition.ALWAYS),
        ("individual/ordinary", Condition.ALWAYS),
    ]
    cells = kind.fields["legalRepresentative", "name"].cells
    assert [grant.level for grant in cells["legal/ordinary"]] == [Level.CLEAR]
    assert [grant.level for grant in cells["individual/ordinary"]] == [Level.MASKED]
    assert ("id",) not in kind.fields
    assert told(decision) == [
        ("enterprise.legalRepresentative.name", Level.MASKED, "SOME", Reason.NOT_FOR_ROLE),
        ("enterprise.legalRepresentative.idNumber", Level.WITHHELD, "ALL", Reason.NOT_FOR_ROLE),
    ]
    assert decision.redactions[0].path == ("x", "legalRepresentative", "name")
    assert decision.redactions[0].rule.startswith("roles/public.csv:")


def test_contact_of_a_legal_person_waits_for_consent() -> None:
    """Without a number the column does not occur; with one it stands under the relation."""
    without = ask(Role.FINANCIAL, RootName.ENTERPRISE, pick("Enterprise", "phone"))
    assert without.kinds[("x",), "enterprise"].fields["phone",].cells["legal/ordinary"] == ()
    assert told(without) == [("enterprise.phone", Level.WITHHELD, "ALL", Reason.CONSENT_REQUIRED)]
    given = ask(Role.FINANCIAL, RootName.ENTERPRISE, pick("Enterprise", "phone"), Ground(consent=True))
    cells = given.kinds[("x",), "enterprise"].fields["phone",].cells
    assert [(one.level, one.condition) for one in cells["legal/ordinary"]] == [(Level.CLEAR, Condition.CONSENT)]
    assert cells["individual/ordinary"] == ()
    assert told(given) == [("enterprise.phone", Level.WITHHELD, "SOME", Reason.CONSENT_MUST_COVER)]


@pytest.mark.parametrize("role", [Role.FINANCIAL, Role.AGENCY, Role.GOVERNMENT, Role.HANDLER])
def test_a_person_is_decided_alike_on_every_ground(role: Role) -> None:
    """A missing basis must not show: the decision is the same whatever was given."""
    children = pick(
        "Person",
        "name",
        "idNumber",
        "phone",
        nodes("licenses", "Person", "License", "organ", "content", "subjectIdNumber"),
    )
    grounds = [
        Ground(consent, matter, service)
        for consent in (False, True)
        for matter in (False, True)
        for service in (False, True)
    ]
    decisions = [ask(role, RootName.PERSON, children, ground) for ground in grounds]
    assert all(one == decisions[0] for one in decisions)
    assert told(decisions[0])[0][:3] == ("person", Level.WITHHELD, "SOME")


def test_a_grant_implied_by_the_row_is_unconditional() -> None:
    """Who sees the person at all by consent sees the name by the same consent."""
    decision = ask(Role.FINANCIAL, RootName.PERSON, pick("Person", "name", "idNumber"))
    kind = decision.kinds[("x",), "person"]
    assert [arm.condition for arm in kind.arms] == [Condition.CONSENT]
    name, number = kind.fields["name",].cells["person/ordinary"], kind.fields["idNumber",].cells["person/ordinary"]
    assert [(one.level, one.condition) for one in name] == [(Level.CLEAR, Condition.ALWAYS)]
    assert [(one.level, one.condition) for one in number] == [(Level.MASKED, Condition.ALWAYS)]
    assert told(decision) == [
        ("person", Level.WITHHELD, "SOME", Reason.CONSENT_REQUIRED),
        ("person.idNumber", Level.MASKED, "ALL", Reason.NOT_FOR_ROLE),
    ]


def test_an_agency_needs_consent_and_license() -> None:
    """The license is a fact of the registry: never decided before the row."""
    decision = ask(Role.AGENCY, RootName.PERSON, pick("Person", "name"), Ground(consent=True))
    assert [arm.condition for arm in decision.kinds[("x",), "person"].arms] == [Condition.CONSENT_LICENSED]


def test_own_number_only_after_step_up() -> None:
    """Step-up is known from the token, hence settled before any row."""
    before = ask(Role.SUBJECT, RootName.PERSON, pick("Person", "idNumber", "birthDate"))
    assert before.kinds[("x",), "person"].fields["idNumber",].cells["person/ordinary"] == ()
    assert told(before)[1:] == [("person.idNumber", Level.WITHHELD, "ALL", Reason.STEP_UP_REQUIRED)]
    after = ask(Role.SUBJECT, RootName.PERSON, pick("Person", "idNumber", "birthDate"), Ground(step_up=True))
    assert [one.condition for one in after.kinds[("x",), "person"].fields["idNumber",].cells["person/ordinary"]] == [
        Condition.ALWAYS
    ]
    assert told(after) == [("person", Level.WITHHELD, "SOME", Reason.SELF_ONLY)]


def test_service_of_documents_opens_the_address() -> None:
    """Row 16: the kind of the matter is the reason, and stays a question about the row."""
    decision = ask(Role.GOVERNMENT, RootName.PERSON, pick("Person", "address"), Ground(matter=True))
    assert told(decision)[1] == ("person.address", Level.WITHHELD, "SOME", Reason.MATTER_KIND_REQUIRED)


def test_ended_rows_are_absent_in_silence_and_minor_ones_are_not() -> None:
    """Row 33 against row 20."""
    asked = pick("Enterprise", nodes("penalties", "Enterprise", "Penalty", "fine"))
    public = ask(Role.PUBLIC, RootName.ENTERPRISE, asked)
    assert told(public) == [("penalty", Level.WITHHELD, "SOME", Reason.CLASS_NOT_FOR_ROLE)]
    assert public.redactions[0].remedy is not None
    assert public.redactions[0].remedy.en.endswith(": legal/minor, individual/minor.")
    assert told(ask(Role.GOVERNMENT, RootName.ENTERPRISE, asked)) == [
        ("penalty", Level.WITHHELD, "SOME", Reason.MATTER_REQUIRED)
    ]
    only_licenses = pick("Enterprise", nodes("licenses", "Enterprise", "License", "organ"))
    decision = ask(Role.SUBJECT, RootName.ENTERPRISE, only_licenses)
    assert told(decision) == []
    arms = decision.kinds[("x", "licenses"), "license"].arms
    assert ("legal/ended", Condition.SELF) in [(arm.row_class, arm.condition) for arm in arms]


def test_records_have_only_the_classes_of_their_root() -> None:
    """A record under a person is a person's."""
    decision = ask(Role.SUBJECT, RootName.PERSON, pick("Person", nodes("penalties", "Person", "Penalty", "fine")))
    arms = decision.kinds[("x", "penalties"), "penalty"].arms
    assert {arm.row_class for arm in arms} == {"person/ordinary", "person/minor", "person/ended"}


def test_free_text_is_released_or_absent() -> None:
    """Row 22."""
    decision = ask(
        Role.PUBLIC, RootName.ENTERPRISE, pick("Enterprise", nodes("penalties", "Enterprise", "Penalty", "facts"))
    )
    cells = decision.kinds[("x", "penalties"), "penalty"].fields["facts",].cells
    assert [grant.level for grant in cells["legal/ordinary"]] == [Level.RELEASED]
    assert told(decision)[1:] == [("penalty.facts", Level.WITHHELD, "SOME", Reason.NOT_YET_RELEASED)]
    assert decision.redactions[1].path == ("x", "penalties", "nodes", "facts")


def test_a_provider_is_a_link_and_a_kind() -> None:
    """The coordinate of the reference and the department's own fields are decided each."""
    provider = Selected("from", "provider", "License", pick("Department", "name"))
    edge = Selected("node", "node", "LicenseEdge", (provider,))
    edges = Selected("edges", "edges", "LicenseConnection", (edge,))
    decision = ask(Role.PUBLIC, RootName.ENTERPRISE, (Selected("licenses", "licenses", "Enterprise", (edges,), 0),))
    assert decision.kinds[("x", "licenses"), "license"].fields["from",].coordinate == "license.provider"
    department = decision.kinds[("x", "licenses", "edges", "node", "from"), "department"]
    assert [arm.row_class for arm in department.arms] == ["legal/ordinary"]
    assert department.fields["name",].coordinate == "department.name"
    assert decision.redactions == ()


def test_a_kind_without_any_ground_is_withheld_whole() -> None:
    """No arm, no fields, one redaction: null, never an empty list."""
    decision = ask(
        Role.AUDITOR, RootName.ENTERPRISE, pick("Enterprise", nodes("licenses", "Enterprise", "License", "organ"))
    )
    kind = decision.kinds[("x", "licenses"), "license"]
    assert (kind.arms, dict(kind.fields)) == ((), {})
    assert told(decision) == [
        ("enterprise", Level.WITHHELD, "SOME", Reason.CLASS_NOT_FOR_ROLE),
        ("license", Level.WITHHELD, "ALL", Reason.NOT_FOR_ROLE),
    ]


def test_node_decides_each_selected_type_and_hides_what_never_is() -> None:
    """A field of ``Node`` selects every kind the role may ever see."""
    public = ask(Role.PUBLIC, RootName.NODE, (Selected("id", "id", "Node"),))
    assert {kind for _, kind in public.kinds} == {
        "enterprise",
        "organization",
        "license",
        "penalty",
        "listing",
        "irregularity",
        "rating",
        "commitment",
        "honor",
        "judgment",
    }
    both = (*pick("Person", "name"), *pick("Enterprise", "phone"))
    decision = ask(Role.FINANCIAL, RootName.NODE, both)
    assert set(decision.kinds) == {(("x",), "enterprise"), (("x",), "person")}
    assert decision == ask(Role.FINANCIAL, RootName.NODE, both, EVERYTHING)
    assert [one[0] for one in told(decision)] == ["enterprise.phone", "person"]


def test_node_merges_lists_of_equal_path_and_refuses_double_meanings() -> None:
    """License lists of an enterprise and an organization under one key are one decision."""
    one = nodes("licenses", "Enterprise", "License", "a:organ")
    other = nodes("licenses", "Person", "License", "a:organ")
    decision = ask(Role.FINANCIAL, RootName.NODE, (one, other))
    assert set(decision.kinds[("x", "licenses"), "license"].fields["a",].cells) == {
        "legal/ordinary",
        "individual/ordinary",
        "person/ordinary",
    }
    with pytest.raises(InvalidOperation):
        ask(Role.HANDLER, RootName.NODE, (one, nodes("licenses", "Person", "License", "a:remark")))


def test_nodes_and_edges_may_not_give_one_key_two_meanings() -> None:
    """Otherwise the decision on one could be used for the other."""
    first = Selected("nodes", "nodes", "C", pick("Penalty", "a:organ"))
    second = Selected("edges", "edges", "C", (Selected("node", "node", "E", pick("Penalty", "a:remark")),))
    with pytest.raises(InvalidOperation) as caught:
        ask(Role.HANDLER, RootName.ENTERPRISE, (Selected("penalties", "penalties", "Enterprise", (first, second), 0),))
    assert caught.value.faults[0].path == ("x", "penalties", "edges", "node", "a")


def test_relations_are_those_looked_at() -> None:
    """What the plan has to compute for each row."""
    penalties = pick("Enterprise", nodes("penalties", "Enterprise", "Penalty", "fine", "remark"))
    kind = ask(Role.HANDLER, RootName.ENTERPRISE, penalties).kinds[("x", "penalties"), "penalty"]
    assert kind.relations == Condition.CASE_SOURCE.value
    assert kind.fields["remark",].cells["legal/ordinary"] == (
        Grant(Level.CLEAR, Condition.CASE_SOURCE, kind.fields["remark",].cells["legal/ordinary"][0].rule),
    )


def test_viewer_decides_nothing_and_unknown_fields_are_our_fault() -> None:
    """Fail closed: a field without coordinate is never passed through."""
    assert ask(Role.PUBLIC, RootName.VIEWER, pick("Viewer", "role")).kinds == {}
    with pytest.raises(InternalError):
        ask(Role.PUBLIC, RootName.ENTERPRISE, pick("Enterprise", "score"))


def test_redactions_come_in_document_order_once() -> None:
    """The same position named by two fragments is one redaction."""
    asked = pick("Enterprise", "phone", nodes("penalties", "Enterprise", "Penalty", "facts"), "email")
    paths = [one.path for one in ask(Role.FINANCIAL, RootName.ENTERPRISE, asked).redactions]
    assert paths == [("x", "phone"), ("x", "penalties"), ("x", "penalties", "nodes", "facts"), ("x", "email")]


def test_ground_is_what_was_given() -> None:
    """Only kinds of ground, no values."""
    matter = Matter("1", MatterKind.SERVICE_OF_DOCUMENTS, "b")
    assert ground_of(None, 3) == Ground(step_up=True)
    assert ground_of(Access(Purpose.PUBLIC_DUTY, None, matter), 1) == Ground(matter=True, service=True)
    assert ground_of(Access(Purpose.LOAN_APPROVAL, "C-1"), 2) == Ground(consent=True)
    assert ground_of(Access(Purpose.LOAN_APPROVAL, None, matter), 1) == Ground(idle_matter=True)


def test_which_roles_rest_on_access() -> None:
    """Everybody else never needs a purpose."""
    resting = {role for role in Role if rests_on_access(policy().visibility(role))}
    assert resting == {Role.GOVERNMENT, Role.FINANCIAL, Role.AGENCY, Role.AUDITOR, Role.ARCHIVE}


REASONS = (
    # role, field, what was brought, why it is not shown, what else may lack
    (Role.FINANCIAL, "phone", NOTHING, Reason.CONSENT_REQUIRED, ""),
    (Role.FINANCIAL, "phone", Ground(consent=True), Reason.CONSENT_MUST_COVER, ""),
    (Role.FINANCIAL, "phone", Ground(matter=True), Reason.CONSENT_REQUIRED, ""),
    (Role.GOVERNMENT, "phone", NOTHING, Reason.MATTER_REQUIRED, "PUBLIC_DUTY"),
    (Role.GOVERNMENT, "phone", Ground(idle_matter=True), Reason.MATTER_PURPOSE_REQUIRED, "PUBLIC_DUTY"),
    (Role.GOVERNMENT, "phone", Ground(matter=True), Reason.MATTER_MUST_COVER, "legal basis"),
    (Role.HANDLER, "phone", EVERYTHING, Reason.CASE_REQUIRED, ""),
    (Role.SUBJECT, "phone", EVERYTHING, Reason.SELF_ONLY, ""),
)


@pytest.mark.parametrize(("role", "name", "ground", "reason", "also"), REASONS)
def test_the_reason_is_what_lacks_given_what_was_brought(
    role: Role, name: str, ground: Ground, reason: Reason, also: str
) -> None:
    (*_, redaction) = ask(role, RootName.ENTERPRISE, pick("Enterprise", name), ground).redactions
    assert redaction.reason is reason
    assert redaction.remedy is not None
    assert also in redaction.remedy.en


def test_everything_that_may_lack_is_told_together() -> None:
    """The operator's own number: it must be the operator, and proven anew."""
    part = Selected(
        "legalRepresentative", "legalRepresentative", "Enterprise", pick("EnterpriseLegalRepresentative", "idNumber")
    )
    found = {}
    for step_up in (False, True):
        (redaction,) = ask(Role.SUBJECT, RootName.ENTERPRISE, (part,), Ground(step_up=step_up)).redactions
        assert (redaction.level, redaction.rows, redaction.reason) == (Level.WITHHELD, "SOME", Reason.SELF_ONLY)
        assert redaction.remedy is not None
        found[step_up] = redaction.remedy
    assert "anew" in found[False].en and "再次核验" in found[False].zh
    assert "anew" not in found[True].en and "再次核验" not in found[True].zh


def test_individual_businesses_are_listed_by_name_only() -> None:
    """Row 7: without the name no row of theirs can stand in the list, whoever asks."""
    for role in (Role.PUBLIC, Role.GOVERNMENT, Role.FINANCIAL, Role.SUBJECT):
        children = (Selected("nodes", "nodes", "EnterpriseConnection", pick("Enterprise", "address")),)
        root = Root("x", RootName.ENTERPRISES, children, 0)
        found = {
            filters: decide(policy().visibility(role), root, EVERYTHING, filters)
            for filters in ((), ("region",), ("name",))
        }
        classes = {
            filters: {arm.row_class for arm in one.kinds[("x",), "enterprise"].arms} for filters, one in found.items()
        }
        assert classes[()] == classes["region",] == {"legal/ordinary"}
        assert classes["name",] == {"legal/ordinary", "individual/ordinary"}
        assert found[()].redactions == ()  # addresses of legal persons are clear
        assert [one.coordinate for one in found["name",].redactions] == ["enterprise.address"]


def test_redactions_are_complete_sentences() -> None:
    """Each says the rule; all but NOT_FOR_ROLE say a remedy."""
    every: list[Redaction] = []
    for role in Role:
        if "person" not in policy().visibility(role).never:
            every.extend(ask(role, RootName.PERSON, pick("Person", "name", "phone", "sex")).redactions)
    assert every
    assert all(one.rule and bool(one.remedy) == (one.reason is not Reason.NOT_FOR_ROLE) for one in every)
