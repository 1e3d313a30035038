"""The gateway answers as the reference model does: generated data, callers, grounds and documents.

Every example is a whole operation through the real pipeline (lanes, vault, log). Compared are the data, what is
redacted, the rows and fields the log was told of, how many values were opened and how many statements were run.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from hypothesis import HealthCheck, currently_in_test_context, event, given, note, settings
from hypothesis import strategies as st

from gateway.catalogue.fields import Owner, Type
from gateway.catalogue.kinds import BY_NAME
from gateway.intake.sample_dice import Dice
from gateway.policy import files, words
from gateway.policy.compile import Policy, compile_role
from gateway.policy.files import Rule
from gateway.policy.live import Live
from gateway.store.database import Connections
from gateway.values import Access, Caller, Relation, Role
from tests.reference import Reference
from tests.reference_document import Document
from tests.reference_documents import Chance
from tests.reference_gateway import POLICIES, Answer, Side, is_subject, opened
from tests.reference_hidden import changes, otherwise
from tests.reference_load import granted, loaded
from tests.reference_policy import CLEAR, CONDITIONS, Line, Lines
from tests.reference_questions import Question, by_of, questions, who, whole
from tests.reference_rows import Consent, Eyes, Row, World, is_sealed
from tests.reference_worlds import CONSUMERS, KINDS, MOMENT, NOW, PURPOSES, families

WORLDS, SUBJECTS = 8, 8
EXAMPLES = 500
POLICY_COUNT = 3

QUIET = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Both:
    """The two sides of the comparison, and what must not be said. No dataclass: hypothesis would print all of it."""

    def __init__(self, side: Side, world: World, policies: dict[str, Lines], secrets: frozenset[str]) -> None:
        self.side = side
        self.world = world
        self.policies = policies
        self.secrets = secrets

    def expected(self, question: Question, variables: Any) -> tuple[dict[str, object], Reference]:
        """What the model answers."""
        caller = question.caller
        document = Document(parse(question.text), variables, self.side.schema(caller))
        model = Reference(self.world, caller, partial(self.eyes, caller), partial(self.side.opaque, caller), document)
        return model.data(), model

    def eyes(self, caller: Caller, access: Access | None) -> Eyes:
        """A caller's view on a ground."""
        return Eyes(self.world, self.policies[caller.role.value], caller, access, NOW)


@pytest.fixture(scope="module")
def both(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home: Path = tmp_path_factory.mktemp("reference")
    with opened(database, home) as side:
        world = loaded(side, [*chain.from_iterable(families(seed, SUBJECTS) for seed in range(WORLDS))])
        policies = {path.stem: Lines.of(POLICIES, path.stem) for path in sorted(POLICIES.glob("roles/*.csv"))}
        yield Both(side, world, policies, frozenset(chain.from_iterable(map(secrets_of, world.rows))))


@pytest.fixture(scope="module")
def strange(both: Both) -> tuple[Both, ...]:
    """The same rows under policies whose grants were given other conditions, and more of them."""
    return tuple(_under(both, seed) for seed in range(POLICY_COUNT))


def _under(both: Both, seed: int) -> Both:
    dice, sources = Dice("policies", seed), files.read(POLICIES)
    rules: list[Rule] = []
    for rule in sources.rules:
        tied = (
            rule.object not in ("department", "scheme") and rule.object not in words.ACTIONS
        )  # reference data are tied to nobody
        grant = rule.effect == "allow" and tied
        changed = replace(rule, condition=dice.pick(sorted(CONDITIONS))) if grant and dice.chance(35) else rule
        rules.append(changed)
        if grant and rule.object in ("license", "penalty") and dice.chance(50):
            more = replace(rule, condition=dice.pick(("self", "matter", "case", "consent")))
            rules += [] if more == changed else [more]
    made = replace(sources, rules=tuple(rules), version=f"strange {seed}")
    policy = Policy(made.version, {role: compile_role(made, role) for role in Role})
    side = replace(both.side, gateway=replace(both.side.gateway, policies=Live(policy)))
    lines = {role.value: Lines(tuple(Line(*rule.values) for rule in made.rules_of(role.value))) for role in Role}
    return Both(side, both.world, lines, both.secrets)


def secrets_of(row: Row) -> Iterator[str]:
    """The beginnings of a row's sealed values; each is found nowhere else in the world, or in the same subject."""
    kind = BY_NAME[row.kind]
    named = [(item.name, item) for item in kind.fields]
    named += [(f"{part.name}.{item.name}", item) for part in kind.parts for item in part.fields]
    for name, item in named:
        value = row.item.get(name)
        if value is not None and item.type is not Type.CODE and is_sealed(row, item):
            yield str(value)[:9] if item.free_text else str(value)


def in_order(text: bytes) -> Any:
    """A JSON value in which the order of members counts and none may stand twice."""

    def members(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        assert len({name for name, _ in pairs}) == len(pairs), "a member stands twice"
        return pairs

    return json.loads(text, object_pairs_hook=members)


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@QUIET
@given(data=st.data())
def test_the_gateway_answers_as_the_model(both: Both, data: st.DataObject) -> None:
    question = data.draw(questions(both.side, both.world))
    event(question.caller.role.value)
    compare(both, question)


@settings(QUIET, max_examples=80)
@given(seed=st.integers(0, POLICY_COUNT - 1), data=st.data())
def test_it_does_under_any_policy(both: Both, strange: tuple[Both, ...], seed: int, data: st.DataObject) -> None:
    """Policies nobody would write: what the shipped one never combines is compared too."""
    compare(strange[seed], data.draw(questions(strange[seed].side, both.world)))


def compare(both: Both, question: Question) -> None:
    """Ask both sides; everything must be the same."""
    answer = both.side.ask(question.caller, question.text, question.variables)
    assert answer.status == 200, answer.body
    expected, model = both.expected(question, question.variables)
    if currently_in_test_context():
        note(f"gateway: {answer.body.decode()}\nmodel: {written(expected).decode()}")
        event("something" if any(value is not None for value in expected.values()) else "nothing")
    assert dict(in_order(answer.body))["data"] == in_order(written(expected))
    _check_redactions(answer, model)
    _check_log(both, answer, model, expected)
    _check_secrets(both, answer, expected)


def _check_redactions(answer: Answer, model: Reference) -> None:
    """Whatever is less than clear is told; what is said of all rows is true of all."""
    said = {(tuple(one["path"]), one["coordinate"]): one for one in answer.parsed["extensions"]["redactions"]}
    for place, levels in model.told.levels.items():
        assert levels == {CLEAR} or place in said
        if place in said and said[place]["rows"] == "ALL":
            assert levels == {said[place]["level"]}


def _check_log(both: Both, answer: Answer, model: Reference, expected: dict[str, object]) -> None:
    """The entry says which rows of whom were shown, in which version, what of them, and on what that rested."""
    told, entry = model.told, answer.entry
    shown = {"clear": sorted(told.clear), "masked": sorted(told.masked), "withheld": sorted(told.withheld)}
    assert entry["fields"] == shown
    assert entry["outcome"] == ("EMPTY" if all(value is None for value in expected.values()) else "DISCLOSED")
    for name in ("self", "consent"):  # what may be lost before the entry is written, and is looked at again then
        assert name not in told.rests or entry["held"] & Relation[name.upper()]
    assert answer.openings == told.openings
    roots = [nodes[0].name.value for nodes in model.document.roots().values()]
    assert answer.statements == sum(name not in ("viewer", "__typename") for name in roots)
    logged = logged_rows(both, entry)
    known = {(row.kind, row.id): row for row in both.world.rows}
    assert all(version == known[place].version for place, version in logged.items())
    objects = {(kind, row) for kind, rows in told.rows.items() for row in rows}
    assert objects <= logged.keys() <= objects | told.paged  # of a page whose rows are only counted, they may be told


def logged_rows(both: Both, entry: dict[str, Any]) -> dict[tuple[str, int], int]:
    """Kind and id of every row of an entry, with its version. A subject stands there by the place of its pseudonym."""
    subjects = [row.subject for row in both.world.rows]
    named = dict(zip(both.side.gateway.vault.pseudonyms(subjects), subjects, strict=True))
    found: dict[tuple[str, int], int] = {}
    for kind, rows in entry["rows"].items():
        for number, version in zip(rows["ids"], rows["versions"], strict=True):
            own = BY_NAME[kind].owner is Owner.SUBJECT
            found[kind, named[entry["subjects"][number]] if own else number] = version
    owners = {(row.kind, row.id): row.subject for row in both.world.rows}
    assert {owners[place] for place in found} == {named[one] for one in entry["subjects"]}
    return found


def _check_secrets(both: Both, answer: Answer, expected: dict[str, object]) -> None:
    """No sealed value stands anywhere in the bytes sent but where the model shows it."""
    sent, right = answer.body.decode(), written(expected).decode()
    assert [secret for secret in both.secrets if secret in sent and secret not in right] == []


@settings(QUIET, max_examples=80)
@given(data=st.data())
def test_redactions_do_not_depend_on_whom_one_asks_about(both: Both, data: st.DataObject) -> None:
    question = data.draw(questions(both.side, both.world))
    one = both.side.ask(question.caller, question.text, question.variables)
    two = both.side.ask(question.caller, question.text, question.others)
    assert one.status == two.status == 200
    assert one.parsed["extensions"]["redactions"] == two.parsed["extensions"]["redactions"]
    assert one.statements == two.statements


@settings(QUIET, max_examples=80)
@given(seed=st.integers(-1, POLICY_COUNT - 1), data=st.data())
def test_what_is_not_seen_changes_nothing(
    both: Both, strange: tuple[Both, ...], seed: int, data: st.DataObject
) -> None:
    """Two worlds that differ only in what the caller may not see, under any policy: not a byte, not an opening more."""
    under = both if seed < 0 else strange[seed]
    question = data.draw(questions(under.side, both.world))
    looks, near = seen_by(under, question)
    subjects = sorted({row.subject for row in both.world.rows})
    chosen = near | set(data.draw(st.lists(st.sampled_from(subjects), max_size=12)))
    made = [*changes((row for row in both.world.rows if row.subject in chosen), looks)]
    one = under.side.ask(question.caller, question.text, question.variables)
    with otherwise(under.side, made) as count:
        two = under.side.ask(question.caller, question.text, question.variables)
    event("something changed" if count else "nothing changed")
    assert without_receipt(one) == without_receipt(two)
    assert (one.status, one.statements, one.openings) == (two.status, two.statements, two.openings)
    assert one.entry["outcome"] == two.entry["outcome"] and one.entry["fields"] == two.entry["fields"]


def seen_by(both: Both, question: Question) -> tuple[list[Eyes], set[int]]:
    """How the caller looks at rows, without a ground and on each that is named; and whose rows the answer holds."""
    looks = [both.eyes(question.caller, None)]

    def noted(access: Access | None) -> Eyes:
        looks.append(both.eyes(question.caller, access))
        return looks[-1]

    document = Document(parse(question.text), question.variables, both.side.schema(question.caller))
    model = Reference(both.world, question.caller, noted, partial(both.side.opaque, question.caller), document)
    model.data()
    return looks, model.told.subjects


def without_receipt(answer: Answer) -> bytes:
    """The bytes sent, but for the place in the log."""
    text, count = re.subn(rb'"receipt":\{[^}]*\}', b"", answer.body)
    assert count == 1
    return text


# They tie callers here, or no row is under another one; what is seen of them: tests/flow/test_mandates.py,
# test_consents.py, test_notices.py, test_service_figures.py.
ELSEWHERE = ("mandate", "consent", "notice", "rights_figure")


def test_the_worlds_hold_everything(both: Both) -> None:
    """A generator that stops making something would make the comparison empty without anybody noticing."""
    eyes = both.eyes(Caller(next(iter(both.side.gateway.policies.current.visibilities))), None)
    found = {(row.kind, eyes.row_class(row)) for row in both.world.rows}
    wanted = {
        (kind.name, f"{one.value}/{standing.value}")
        for kind in BY_NAME.values()
        for one in kind.classes
        for standing in kind.standings
        if kind.owner is not Owner.NONE and not kind.logged and not kind.archived and kind.name not in ELSEWHERE
    }
    assert found == wanted
    assert any(is_subject(row) for row in both.world.rows)


# --- what chance meets too seldom ---


def test_a_page_of_cursors_rests_on_what_its_rows_rest_on(both: Both) -> None:
    """A mandate revoked before the entry is written must be noticed, though no row is shown in full."""
    found = 0
    for mandate in both.world.mandates:
        eyes = both.eyes(Caller(Role.SUBJECT, mandate.principal), None)
        own = [row for row in both.world.rows if (row.kind, row.subject) == ("penalty", mandate.subject)]
        subject = next(row for row in both.world.rows if is_subject(row) and row.subject == mandate.subject)
        if subject.kind == "person" or not any("self" in eyes.rests(row) for row in own if eyes.shows(row)):
            continue
        found += 1
        for asked in ("edges { cursor }", "pageInfo { endCursor }", "pageInfo { hasNextPage }"):
            text = f"query ($by: SubjectBy!) {{ {subject.kind}(by: $by) {{ penalties(first: 50) {{ {asked} }} }} }}"
            compare(both, Question(eyes.caller, text, {"by": by_of(subject, both.world)}, {}))
    assert found


@pytest.mark.parametrize(
    "text",
    [
        "query ($id: ID!) { node(id: $id) { ... on Penalty { fine @include(if: false) } } }",
        "query ($id: ID!) { node(id: $id) { ... on Enterprise { name @skip(if: true) } } }",
        "query ($id: ID!) { node(id: $id) { id @skip(if: true) } }",
        "query ($id: ID!) { node(id: $id) { ... on Penalty { fine } } }",
    ],
)
def test_a_node_of_which_nothing_is_left(both: Both, text: str) -> None:
    for row in both.world.of("enterprise"):
        opaque = both.side.opaque(Caller(Role.PUBLIC), "id", row.kind, row.id, False)
        compare(both, Question(Caller(Role.PUBLIC), text, {"id": opaque}, {}))


def test_the_log_tells_fields_of_the_type_that_was_there(both: Both) -> None:
    """Two types under ``node`` may have a list at the same place; only one of them is answered."""
    text = """query ($id: ID!) { node(id: $id) {
        ... on Enterprise { identifiers { historical } penalties { nodes { fine } } }
        ... on Organization { identifiers { kind } penalties { nodes { conduct } } }
    } }"""
    for row in both.world.rows:
        if row.kind in ("enterprise", "organization"):
            opaque = both.side.opaque(Caller(Role.PUBLIC), "id", row.kind, row.id, False)
            compare(both, Question(Caller(Role.PUBLIC), text, {"id": opaque}, {}))


# --- what a consent changes ---


@settings(QUIET, max_examples=60)
@given(data=st.data())
def test_a_consent_only_widens(both: Both, data: st.DataObject) -> None:
    """With a consent an answer never shows less than without it, and once it is withdrawn what it showed before."""
    chance = Chance(lambda strategy: data.draw(strategy))
    caller = replace(who(chance), consumer=chance.pick(CONSUMERS))
    row = chance.pick([row for row in both.world.rows if is_subject(row)])
    text, by = whole(both.side.schema(caller), row, both.world)
    if not text:
        return  # the role knows no such kind
    consent = Consent(
        "C-new",
        row.subject,
        chance.pick((caller.consumer, *CONSUMERS)),
        chance.pick(PURPOSES),
        tuple(kind for kind in KINDS if chance.likely(80)),
        chance.pick("ABC"),
        NOW,
        NOW + MOMENT,
    )
    variables = {"by": by, "access": {"purpose": chance.pick((consent.purpose, *PURPOSES)), "consent": consent.number}}
    without = both.side.ask(caller, text, variables).parsed["data"]
    with granted(both.side, consent):
        within = both.side.ask(caller, text, variables).parsed["data"]
        both.side.owner.execute("UPDATE consent SET withdrawn_at = %s WHERE number = 'C-new'", (NOW,))
        withdrawn = both.side.ask(caller, text, variables).parsed["data"]
    assert no_less(without, within)
    assert withdrawn == without
    event("more" if within != without else "the same")


def no_less(one: object, two: object) -> bool:
    """Whether ``two`` shows everything that ``one`` does: values, masked ones perhaps in clear, and rows."""
    if one is None or one == two:
        return True
    if isinstance(one, dict):
        return isinstance(two, dict) and all(no_less(value, two[key]) for key, value in one.items())
    if isinstance(one, list):
        return isinstance(two, list) and all(any(no_less(item, other) for other in two) for item in one)
    return isinstance(one, str) and "*" in one and isinstance(two, str)


@pytest.mark.parametrize(
    ("one", "two", "right"),
    [
        (None, "x", True),
        ("x", None, False),
        ("张**", "张三丰", True),
        ("张三丰", "张**", False),
        ([{"id": "1"}], [{"id": "2"}, {"id": "1"}], True),
        ([{"id": "1"}, {"id": "2"}], [{"id": "1"}], False),
        ({"a": None}, {"a": []}, True),
        ({"a": []}, {"a": None}, False),
    ],
)
def test_no_less_tells_more_from_less(one: object, two: object, right: bool) -> None:
    assert no_less(one, two) is right
