"""A decision says of every row and field what the rules say, for any selection, ground and set of relations.

The reference takes no account of grounds, arms or shortcuts: a row is admitted when a grant of its class holds, a field
has the strongest level whose grant holds.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.fields import Kind, Owner
from gateway.catalogue.kinds import BY_NAME
from gateway.policy import compile, files, words
from gateway.policy.arms import Ground
from gateway.policy.compile import Policy, load
from gateway.policy.decide import decide
from gateway.policy.files import Rule, Sources
from gateway.policy.ladders import Ladders
from gateway.values import Decision, Grant, KindDecision, Level, Relation, Role, Root, RootName, Selected, Visibility

POLICIES = Path(__file__).parents[2] / "policies"
ROOTS = {RootName.ENTERPRISE: "enterprise", RootName.ORGANIZATION: "organization", RootName.PERSON: "person"}


@cache
def policy() -> Policy:
    """The shipped policy, compiled once."""
    return load(POLICIES)


@st.composite
def selections(draw: st.DrawFn, kind: Kind, depth: int = 2) -> tuple[Selected, ...]:
    """Some fields, parts and links of a kind, each under its own name."""
    made = []
    for field in draw(st.lists(st.sampled_from(kind.fields), max_size=5, unique=True)):
        made.append(Selected(field.name, field.name, kind.type_name))
    for part in kind.parts:
        inner = draw(st.lists(st.sampled_from(part.fields), max_size=3, unique=True))
        if inner:
            children = tuple(Selected(field.name, field.name, part.type_name(kind)) for field in inner)
            made.append(Selected(part.name, part.name, kind.type_name, children))
    for link in kind.links:
        if depth and draw(st.booleans()):
            below = draw(selections(BY_NAME[link.kind], depth - 1))
            children = (Selected("nodes", "nodes", "Connection", below),) if link.connection else below
            made.append(Selected(link.name, link.name, kind.type_name, children))
    return tuple(draw(st.permutations(made)))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Visibility, Root, Ground]:
    """A role, a root field it may ask for, and a ground."""
    role = draw(st.sampled_from(Role))
    name = draw(st.sampled_from(sorted(ROOTS)))
    matter = draw(st.booleans())
    ground = Ground(draw(st.booleans()), matter, matter and draw(st.booleans()), draw(st.booleans()))
    return policy().visibility(role), Root("x", name, draw(selections(BY_NAME[ROOTS[name]]))), ground


def possible(ground: Ground, drawn: Relation, protected: bool) -> Relation:
    """The relations that can hold of a row: those drawn, less what the ground excludes, plus what it settles."""
    held = drawn & ~Relation.STEP_UP
    if ground.step_up:
        held |= Relation.STEP_UP
    if not protected:
        excluded = {Relation.CONSENT: not ground.consent, Relation.MATTER: not ground.matter}
        held &= ~Relation(sum(relation for relation, gone in excluded.items() if gone))
        held = held | Relation.SERVICE if ground.service else held & ~Relation.SERVICE
    return held


def admitted(kind: KindDecision, row_class: str, held: Relation) -> bool:
    """Whether a row is shown, by the decision."""
    arms = (arm for arm in kind.arms if arm.row_class == row_class)
    return any(words.implies(held, words.relations(arm.condition)) for arm in arms)


def level(grants: tuple[Grant, ...], held: Relation) -> Level:
    """What is shown of a field, by the decision."""
    return words.level_under(grants, held)


relation_sets = st.builds(lambda number: Relation(number), st.integers(0, int(max(Relation)) * 2 - 1))


@settings(max_examples=400, deadline=None)
@given(questions(), relation_sets)
def test_decisions_say_what_the_rules_say(question: tuple[Visibility, Root, Ground], drawn: Relation) -> None:
    """Row by row and field by field, whatever the relations."""
    visibility, root, ground = question
    held = possible(ground, drawn, root.name is RootName.PERSON)
    for kind in decide(visibility, root, ground).kinds.values():
        for row_class in {arm.row_class for arm in kind.arms}:
            rows = visibility.cells[kind.kind][row_class].grants
            assert admitted(kind, row_class, held) == (level(rows, held) is Level.CLEAR)
            if admitted(kind, row_class, held):
                for field in kind.fields.values():
                    wanted = level(visibility.cells[field.coordinate][row_class].grants, held)
                    assert level(field.cells[row_class], held) is wanted, (field.coordinate, row_class, held)


@settings(max_examples=400, deadline=None)
@given(questions(), relation_sets)
def test_what_is_not_clear_is_told(question: tuple[Visibility, Root, Ground], drawn: Relation) -> None:
    """A row shown with a value that is not clear has its redaction; ALL means no row shows more."""
    visibility, root, ground = question
    decision = decide(visibility, root, ground)
    held = possible(ground, drawn, root.name is RootName.PERSON)
    told = {one.coordinate: one for one in decision.redactions}
    for kind in decision.kinds.values():
        for field in kind.fields.values():
            for row_class, grants in field.cells.items():
                if admitted(kind, row_class, held):
                    shown, redaction = level(grants, held), told.get(field.coordinate)
                    assert shown is Level.CLEAR or redaction is not None
                    if redaction is not None and redaction.rows == "ALL":
                        assert shown is redaction.level


@settings(max_examples=200, deadline=None)
@given(questions())
def test_a_person_is_decided_alike_on_every_ground(question: tuple[Visibility, Root, Ground]) -> None:
    """Whether a consent or matter was given does not show in the decision, redactions included."""
    visibility, root, ground = question
    if root.name is RootName.PERSON:
        assert decide(visibility, root, ground) == decide(visibility, root, Ground(step_up=ground.step_up))


@settings(max_examples=200, deadline=None)
@given(questions(), relation_sets)
def test_consent_only_widens(question: tuple[Visibility, Root, Ground], drawn: Relation) -> None:
    """With a consent in force, every row and value shown without it is still shown."""
    visibility, root, ground = question
    protected = root.name is RootName.PERSON
    more = Ground(True, ground.matter, ground.service, ground.step_up)
    before, after = decide(visibility, root, ground), decide(visibility, root, more)
    held = possible(ground, drawn, protected)
    widened = possible(more, drawn | Relation.CONSENT, protected)
    for key, kind in before.kinds.items():
        wide = after.kinds[key]
        for row_class in {arm.row_class for arm in kind.arms}:
            if admitted(kind, row_class, held):
                assert admitted(wide, row_class, widened)
                for path, field in kind.fields.items():
                    has = level(wide.fields[path].cells[row_class], widened)
                    assert words.RANK[has] >= words.RANK[level(field.cells[row_class], held)]


@settings(max_examples=200, deadline=None)
@given(questions())
def test_nothing_looked_at_is_forgotten(question: tuple[Visibility, Root, Ground]) -> None:
    """``relations`` covers every condition, paths are unique, administrators get no row."""
    visibility, root, ground = question
    decision: Decision = decide(visibility, root, ground)
    for kind in decision.kinds.values():
        grants = [grant for field in kind.fields.values() for cell in field.cells.values() for grant in cell]
        conditions = [arm.condition for arm in kind.arms] + [grant.condition for grant in grants]
        looked = [words.relations(one) for one in conditions]
        assert all(words.implies(kind.relations, one) for one in looked)
        assert not (visibility.role.value.endswith("-admin") and kind.arms)
        if BY_NAME[kind.kind].owner is not Owner.NONE and root.name is RootName.PERSON:
            assert all(arm.row_class.startswith("person/") for arm in kind.arms)
    places = [(one.path, one.coordinate) for one in decision.redactions]
    assert len(places) == len(set(places))


@cache
def shipped() -> Sources:
    """The shipped lines."""
    return files.read(POLICIES)


@st.composite
def lines(draw: st.DrawFn, role: str, effect: str) -> Rule:
    """A line that a role file may hold: about one cell or many, in a form that some of them have."""
    name = draw(st.sampled_from(sorted(words.MEMBERS)))
    row_class = draw(
        st.sampled_from(sorted({one for member in words.MEMBERS[name] for one in words.CLASSES_OF[member]}))
    )
    if draw(st.booleans()):
        row_class = row_class.partition("/")[0] + "/*"
    if effect == "deny":
        return Rule(role, row_class, name, "*", "*", effect, "drawn", 1)
    act, condition = draw(st.sampled_from(sorted(words.LEVEL_OF))), draw(st.sampled_from(sorted(words.CONDITIONS)))
    return Rule(role, row_class, name, act, condition, effect, "drawn", 1)


@st.composite
def policies(draw: st.DrawFn) -> tuple[Role, Sources]:
    """The lines of one role, some gone, some added, in any order: at most about 500 cells are decided anew."""
    role = draw(st.sampled_from([role for role in Role if not role.value.endswith("-admin")]))
    own = [rule for rule in shipped().rules if rule.role == role.value and rule.object not in words.ACTIONS]
    gone = draw(st.sets(st.sampled_from(range(len(own))), max_size=12))
    kept = [rule for at, rule in enumerate(own) if at not in gone]
    added = draw(st.lists(lines(role.value, draw(st.sampled_from(["allow", "deny"]))), max_size=6))
    return role, replace(shipped(), rules=tuple(draw(st.permutations([*kept[:40], *added])) + kept[40:]))


@settings(max_examples=40, deadline=None)
@given(policies(), st.data())
def test_any_policy_is_compiled_as_casbin_decides_it(made: tuple[Role, Sources], data: st.DataObject) -> None:
    """Casbin's own ``enforce``, put about cells that changed and cells anywhere, under any act and condition."""
    role, sources = made
    enforcer = compile.enforcer_of(sources, role)
    cells = compile.column(sources, role, enforcer).cells
    drawn = [rule for rule in sources.rules if rule.file == "drawn"]
    near = [(name, one) for rule in drawn for name in words.MEMBERS[rule.object] for one in words.CLASSES_OF[name]]
    for coordinate, row_class in data.draw(st.lists(st.sampled_from([*near, *words.CELLS]), max_size=12)):
        for act, level in words.LEVEL_OF.items():
            for word, condition in words.CONDITIONS.items():
                allowed = enforcer.allows(role.value, row_class, coordinate, act, word)
                assert compile.agrees(cells[coordinate][row_class], coordinate, level, condition, allowed)


@settings(max_examples=40, deadline=None)
@given(policies(), st.data())
def test_another_deny_never_shows_more(made: tuple[Role, Sources], data: st.DataObject) -> None:
    """In no cell, under no set of relations; and in no decision."""
    role, sources = made
    more = replace(sources, rules=(*sources.rules, data.draw(lines(role.value, "deny"))))
    before, after = (compile.column(one, role, compile.enforcer_of(one, role)) for one in (sources, more))
    ladders = Ladders()
    for cell in words.CELLS:
        pairs = zip(ladders.shown(after.cells, *cell), ladders.shown(before.cells, *cell), strict=True)
        assert all(less <= much for less, much in pairs), cell
    assert after.never >= before.never
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    root = Root("x", name, data.draw(selections(BY_NAME[ROOTS[name]])))
    ground, drawn = Ground(True, True, False, True), data.draw(relation_sets)
    wide, narrow = decide(before, root, ground), decide(after, root, ground)
    held = possible(ground, drawn, root.name is RootName.PERSON)
    for key, kind in narrow.kinds.items():
        for row_class in {arm.row_class for arm in kind.arms if admitted(kind, arm.row_class, held)}:
            assert admitted(wide.kinds[key], row_class, held)
            for path, field in kind.fields.items():
                has = level(wide.kinds[key].fields[path].cells[row_class], held)
                assert words.RANK[has] >= words.RANK[level(field.cells[row_class], held)]


@settings(max_examples=60, deadline=None)
@given(policies(), st.data())
def test_a_lost_tie_never_shows_more(made: tuple[Role, Sources], data: st.DataObject) -> None:
    """Under any policy: what is shown after a consent, a matter or any other tie is gone was shown before."""
    role, sources = made
    visibility = compile.column(sources, role, compile.enforcer_of(sources, role))
    name = data.draw(st.sampled_from(sorted(ROOTS)))
    root = Root("x", name, data.draw(selections(BY_NAME[ROOTS[name]])))
    consent, matter, step_up = (data.draw(st.booleans()) for _ in range(3))
    before = Ground(consent, matter, matter and data.draw(st.booleans()), step_up)
    kept = matter and data.draw(st.booleans())
    after = Ground(
        consent and data.draw(st.booleans()), kept, kept and before.service, step_up and data.draw(st.booleans())
    )
    drawn, gone = data.draw(relation_sets), data.draw(relation_sets)
    held = possible(before, drawn, name is RootName.PERSON)
    less = possible(after, drawn & ~gone, name is RootName.PERSON)
    assert words.implies(held, less)
    wide, narrow = decide(visibility, root, before), decide(visibility, root, after)
    for key, kind in narrow.kinds.items():
        for row_class in {arm.row_class for arm in kind.arms if admitted(kind, arm.row_class, less)}:
            assert admitted(wide.kinds[key], row_class, held)
            for path, field in kind.fields.items():
                had = level(wide.kinds[key].fields[path].cells[row_class], held)
                assert words.RANK[had] >= words.RANK[level(field.cells[row_class], less)]
