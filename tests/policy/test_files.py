"""Bad policies are refused, all faults at once, each with its file and line."""

import shutil
from pathlib import Path

import pytest

from gateway.policy import invariants
from gateway.policy.compile import load
from gateway.policy.files import PolicyRefused, read
from gateway.values import Role

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the shipped policy to break."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def append(path: Path, *lines: str) -> int:
    """Append lines; the number of the first."""
    text = path.read_text()
    path.write_text(text + "\n".join(lines) + "\n")
    return len(text.splitlines()) + 1


def replace(path: Path, old: str, new: str) -> int:
    """Replace one piece of text that must be there; the line it began on."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def refusal(directory: Path) -> dict[tuple[str | int, ...], str]:
    """The faults of a policy that must be refused, by (file, line)."""
    with pytest.raises(PolicyRefused) as caught:
        load(directory)
    assert all(len(fault.path) == 2 for fault in caught.value.faults)
    for fault in caught.value.faults:
        assert f"{fault.path[0]}:{fault.path[1]}: " in str(caught.value)
    return {fault.path: fault.rule for fault in caught.value.faults}


def test_every_bad_line_is_named_at_once(directory: Path) -> None:
    """Unknown coordinate, role, class, act, condition, effect; wrong counts; all in one refusal."""
    public = directory / "roles" / "public.csv"
    bad = (
        ("p, public, legal/*, penalty.score, show, always, allow", "unknown coordinate or group 'penalty.score'"),
        ("p, financial, legal/*, remark, show, always, allow", "unknown role 'financial'"),
        ("p, public, lawful/*, remark, show, always, allow", "unknown row class 'lawful/*'"),
        ("p, public, legal/*, remark, reveal, always, allow", "unknown act 'reveal'"),
        ("p, public, legal/*, remark, show, friday, allow", "unknown condition 'friday'"),
        ("p, public, legal/*, remark, show, always, maybe", "eft is allow or deny"),
        ("p, public, legal/*, remark, show, always", "expected `p, role"),
        ("p, public, legal/*, remark, *, always, allow", "a grant names one act"),
        ("p, public, legal/*, remark, *, consent, deny", "a deny holds under every condition"),
        ("p, public, person/*, subject.contact, *, *, deny", "no 'subject.contact' exists in class"),
        ("p, public, legal/*, penalty.fine, mask, always, allow", "nothing of 'penalty.fine' has the form"),
        ("p, public, */*, remark, *, *, deny", "the same rule stands above"),
        ("g, public, administrators", "unknown group 'administrators'"),
        ("g, handler, administrator", "a role joins groups only in its own file"),
    )
    first = append(public, *(line for line, _ in bad))
    other = append(directory / "roles" / "agency.csv", "p, agency, legal/*, persn.name, show, always, allow")
    (directory / "roles" / "stranger.csv").write_text("p, stranger, */*, *, *, *, deny\n")
    faults = refusal(directory)
    for number, (_, rule) in enumerate(bad):
        assert rule in faults["roles/public.csv", first + number]
    assert "unknown coordinate" in faults["roles/agency.csv", other]
    assert "unknown role 'stranger'" in faults["roles/stranger.csv", 1]
    assert len(faults) == len(bad) + 2


def test_undecided_fields_are_named_together(directory: Path) -> None:
    """A cell no rule matches is refused, not taken for withheld; every role's at once."""
    replace(directory / "roles" / "public.csv", "p, public, */*, remark, *, *, deny\n", "")
    replace(directory / "roles" / "auditor.csv", "p, auditor, person/*, person.sex, *, *, deny\n", "")
    faults = " ".join(refusal_rules(directory))
    assert "fields no rule decides: remark in legal/ordinary (license.remark, penalty.remark, listing.remark" in faults
    assert "fields no rule decides: person.sex in person/ordinary (person.sex)" in faults


def refusal_rules(directory: Path) -> tuple[str, ...]:
    """The rules broken, in order; several may stand at one line."""
    with pytest.raises(PolicyRefused) as caught:
        load(directory)
    return tuple(fault.rule for fault in caught.value.faults)


def test_roles_need_rules_and_cases(directory: Path) -> None:
    """Missing files are faults like any other."""
    (directory / "cases" / "handler.yaml").unlink()
    (directory / "roles" / "financial.csv").unlink()
    (directory / "cases" / "stranger.yaml").write_text("[]\n")
    faults = refusal(directory)
    assert faults["cases/handler.yaml", 1] == "role 'handler' has no cases"
    assert faults["roles/financial.csv", 1] == "the file is missing"
    assert "unknown role" in faults["cases/stranger.yaml", 1]


def test_a_missing_directory_is_one_fault(tmp_path: Path) -> None:
    """And not one for each file that is not in it."""
    with pytest.raises(PolicyRefused) as caught:
        load(tmp_path / "none")
    assert str(caught.value) == "none: the folder of the policy is missing"


def test_bad_cases_are_refused(directory: Path) -> None:
    """Unknown words in a case, a case that fails, an empty file, broken YAML."""
    line = append(
        directory / "cases" / "public.yaml",
        "- {row: 1, coordinate: enterprise.rank, class: legal/ordinary, condition: always, level: CLEAR}",
        "- {row: 1, coordinate: enterprise.name, class: person/ordinary, condition: always, level: CLEAR}",
        "- {row: 1, coordinate: enterprise.name, class: legal/ordinary, condition: friday, level: CLEAR}",
        "- {row: x, coordinate: enterprise.name, class: legal/ordinary, condition: always, level: CLEAN}",
        "- {row: 1}",
    )
    wrong = append(
        directory / "cases" / "agency.yaml",
        "- {row: 12, coordinate: person.name, class: person/ordinary, condition: consent, level: CLEAR}",
    )
    (directory / "cases" / "auditor.yaml").write_text("# nothing\n")
    (directory / "cases" / "handler.yaml").write_text("- {row: 1\n")
    faults = refusal(directory)
    expected = (
        "unknown coordinate",
        "has no row class",
        "unknown condition",
        "row is the number",
        "a case has exactly",
    )
    for number, rule in enumerate(expected):
        assert rule in faults["cases/public.yaml", line + number]
    assert "row 12: person.name in person/ordinary" in faults["cases/agency.yaml", wrong]
    assert faults["cases/auditor.yaml", 1] == "role 'auditor' has no cases"
    assert any(path[0] == "cases/handler.yaml" and rule == "the file is not YAML" for path, rule in faults.items())


MODELS = (
    ("classMatch(r.class, p.class)", "classMatch(r.class[0], p.class)", "matcher may not hold Subscript"),
    ("classMatch(r.class, p.class)", "classMatch(r.class.upper(), p.class)", "matcher calls what is not a function"),
    ("classMatch(r.class, p.class)", "open(r.class)", "matcher calls what is not a function"),
    ("classMatch(r.class, p.class)", "r.rank == p.class", "matcher names the unknown"),
    (" && !some(where (p.eft == deny))", "", "a deny must always win"),
    ("r = role, class, object, act, condition", "r = role, object, act, condition", "request, policy line or effect"),
    ("(p.act ==", "p.act ==", "Casbin cannot use the model"),
)


@pytest.mark.parametrize(("old", "new", "rule"), MODELS)
def test_the_model_may_only_compare_and_a_deny_wins(directory: Path, old: str, new: str, rule: str) -> None:
    """A policy file is data; it cannot run code, nor weaken what a deny means."""
    replace(directory / "model.conf", old, new)
    faults = refusal(directory)
    assert rule in faults["model.conf", 1]


INVARIANTS = (
    (
        "public",
        "person/*, person.sex, *, *, deny",
        "person/*, person.sex, show, self, allow",
        "the public sees no person",
    ),
    ("auditor", "person/*, person, *, *, deny", "person/*, person, show, case, allow", "the auditor sees no row"),
    (
        "government",
        "person/*, person.sex, *, *, deny",
        "person/*, person.sex, show, matter, allow",
        "nobody sees a masked ID number",
    ),
    (
        "public",
        "individual/*, representative.name, mask, always, allow",
        "individual/*, representative.name, show, always, allow",
        "the public sees sealed values in clear only",
    ),
    (
        "financial",
        "*/minor, penalty, *, *, deny",
        "*/minor, penalty, show, always, allow",
        "rows that are minor or ended",
    ),
    (
        "subject",
        "legal/*, license.fields, show, always, allow",
        "legal/*, license.fields, show, self, allow",
        "a subject sees at least what the public sees",
    ),
)


@pytest.mark.parametrize(("file", "old", "new", "name"), INVARIANTS)
def test_each_invariant_finds_its_counterexample(directory: Path, file: str, old: str, new: str, name: str) -> None:
    """Broken on purpose, each invariant refuses and says who would see what."""
    replace(directory / "roles" / f"{file}.csv", f"p, {file}, {old}", f"p, {file}, {new}")
    found = [rule for rule in refusal_rules(directory) if rule.startswith(name)]
    assert found and (" in " in found[0] or " beside " in found[0])


def test_an_administrator_who_sees_anything_is_found(directory: Path) -> None:
    """The deny is given to a group: what replaces it is decided for all three."""
    auditor = (POLICIES / "roles" / "auditor.csv").read_text().replace("p, auditor,", "p, administrator,")
    (directory / "roles" / "administrator.csv").write_text(auditor)
    found = [rule for rule in refusal_rules(directory) if rule.startswith("administrators see no business data")]
    assert found and "system-admin sees" in found[0]


def test_bad_invariants_are_refused() -> None:
    """A typo must not turn a check off."""
    text = (
        "- {name: a, check: none_show, roles: public}\n"
        "- {name: b, check: none_shown, roles: publik, objects: '*', classes: '*/*'}\n"
        "- {name: c, check: none_shown, roles: public, objects: persons, classes: '*/*'}\n"
        "- {name: d, check: none_shown, roles: public, objects: person, classes: 'people/*'}\n"
        "- {name: e, check: none_shown, roles: public, objects: person}\n"
        "- {name: f, check: only_widens, roles: public, relation: FRIEND}\n"
    )
    columns = load(POLICIES).visibilities
    assert [fault.path[1] for fault in invariants.check(text, columns)] == [1, 2, 3, 4, 5, 6]
    assert [*invariants.check("", columns)] != []


def test_version_is_of_the_content(directory: Path) -> None:
    """Line ends and trailing space do not count; everything else does."""
    before = read(directory).version
    path = directory / "roles" / "public.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"  \r\n"))
    assert read(directory).version == before
    append(path, "# a word")
    assert read(directory).version != before
    assert len(before) == 12


def test_never_is_what_no_row_can_show() -> None:
    """A kind whose rows are never admitted takes its fields along; a field without form is never shown."""
    policy = load(POLICIES)
    public, auditor = policy.visibility(Role.PUBLIC).never, policy.visibility(Role.AUDITOR).never
    assert {"person", "person.name", "license.remark", "enterprise.phone"} <= public
    assert not {"penalty", "penalty.facts", "department.name"} & public
    assert {"license", "license.organ", "license.provider", "enterprise.legalRepresentative.name"} <= auditor
    assert "license.subjectIdType" in policy.visibility(Role.GOVERNMENT).never
    assert "license.subjectIdNumber" not in policy.visibility(Role.GOVERNMENT).never
    assert "department.name" in policy.visibility(Role.SYSTEM_ADMIN).never
