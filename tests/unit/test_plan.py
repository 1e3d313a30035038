"""The statements that decisions become: what occurs in them, where, and what cannot."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.intake.sample_demo import DEMO
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.plan.fragment import joined, json_text, literal
from gateway.plan.make import make
from gateway.plan.model import Plan
from gateway.policy.arms import Ground
from gateway.policy.compile import Policy, load
from gateway.policy.decide import decide
from gateway.prepared import prepare
from gateway.schema.build import build
from gateway.store.core import NAMED
from gateway.store.database import Connections
from gateway.values import Level, Role
from tests.reference_documents import everything

POLICIES = Path(__file__).parents[2] / "policies"
NOTHING = Ground()
CONSENT = Ground(consent=True)
EVERYTHING = Ground(consent=True, matter=True, service=True, step_up=True)
USCC = f'(by: {{uscc: "{DEMO.enterprise_uscc}"}})'
PERSON = f'(by: {{idNumber: "{DEMO.citizen_id_number}", name: "{DEMO.citizen_name}"}})'

# Columns that decide which rows there are and in what order, whatever is shown of them.
STRUCTURE = frozenset({"decided_on", "valid_from", "valid_until", "disputed_on", "published_until", "provider", "code"})
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
AWKWARD = (
    "'",
    "''",
    "a'b",
    "\\",
    "\\'",
    "%",
    "%s",
    "%(x)s",
    ":name",
    "$1",
    '"',
    "\n",
    "样例 🙂",
    "; DROP TABLE consent; --",
)


@cache
def policy() -> Policy:
    return load(POLICIES)


@cache
def schema(role: Role) -> GraphQLSchema:
    return build(policy().visibility(role).never)


def plan(
    role: Role,
    document: str,
    ground: Ground = NOTHING,
    *,
    target: Kind | None = None,
    paged: frozenset[int] = frozenset(),
    filters: tuple[str, ...] = (),
) -> Plan:
    """The plan of the first root of a document."""
    shape = Operations(Limits(), 1).read(document, None, None, role.value, schema(role)).shape
    return prepare(shape.roots[0], policy().visibility(role), ground, target, paged, filters).plan


def whole(role: Role) -> Iterator[str]:
    """For each root with an identifier: the document that asks for all there is."""
    query = schema(role).query_type
    assert query is not None
    for name in ("enterprise", "organization", "person"):
        if name in query.fields:
            kind = get_named_type(query.fields[name].type)
            assert isinstance(kind, GraphQLObjectType)
            by = PERSON if name == "person" else USCC
            yield f"{{ {name}{by} {everything(schema(role), kind)} }}"


def outside(sql: str) -> str:
    """The statement without its string literals."""
    return re.sub(r"'(?:[^']|'')*'", "''", sql)


def cased(sql: str) -> Iterator[tuple[str, int]]:
    """Every name in the statement, and how many CASEs stand around it."""
    depth = 0
    for word in NAME.findall(outside(sql)):
        depth += (word == "CASE") - (word == "END")
        yield word, depth


def run(database: Connections, *columns: sa.ColumnElement[str]) -> tuple[object, ...]:
    """What PostgreSQL makes of some expressions."""
    compiled = sa.select(*columns).compile(dialect=NAMED)
    with psycopg.connect(database.reader) as connection:
        found = connection.execute(compiled.string.encode(), compiled.params).fetchone()
    assert found is not None
    return found


# --- fragments ---


@pytest.mark.parametrize("count", [1, 2, 89, 90, 91, 180, 181, 8_101, 9_000])
def test_any_number_of_pieces_is_joined_in_order(database: Connections, count: int) -> None:
    """PostgreSQL takes a hundred arguments; a literal and an expression take turns, so that nothing is merged."""
    pieces = [str(at) if at % 2 else sa.literal_column(f"'<{at}>'", sa.Text()) for at in range(count)]
    wanted = "".join(str(at) if at % 2 else f"<{at}>" for at in range(count))
    expression = joined(pieces)
    assert run(database, expression) == (wanted,)
    for call in re.findall(r"concat\(((?:'[^']*'(?:, )?)+)\)", str(expression)):
        assert call.count("', '") < 100


def test_neighboring_literals_are_merged() -> None:
    assert str(joined(["a", "", "b", "c"])) == "'abc'"


def test_null_is_no_text_and_spoils_nothing(database: Connections) -> None:
    assert run(database, joined(["[", json_text(sa.cast(sa.null(), sa.Text())), "]"])) == ("[null]",)


@pytest.mark.parametrize("text", AWKWARD)
def test_a_literal_is_the_text_it_was_made_of(database: Connections, text: str) -> None:
    assert run(database, literal(text)) == (text,)


# --- one statement ---


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("ground", [NOTHING, CONSENT, EVERYTHING])
def test_all_of_a_root_is_one_statement(role: Role, ground: Ground) -> None:
    for document in whole(role):
        made = plan(role, document, ground)
        sql = outside(made.statement.sql)
        assert sql.startswith("SELECT ")
        assert ";" not in sql
        assert "--" not in sql
        assert not {"INSERT", "UPDATE", "DELETE", "INTO", "FOR"} & {word.upper() for word in NAME.findall(sql)}
        numbers = {int(one) for one in re.findall(r"\$(\d+)", sql)}
        assert numbers == set(range(1, len(made.parameters) + 1))
        assert len(set(made.parameters)) == len(made.parameters)


def test_the_same_question_makes_the_same_statement() -> None:
    (document, *_) = whole(Role.FINANCIAL)
    one, two = plan(Role.FINANCIAL, document, CONSENT), plan(Role.FINANCIAL, document, CONSENT)
    assert one.statement == two.statement
    assert one.statement.name != plan(Role.FINANCIAL, document).statement.name


def test_no_value_of_a_request_stands_in_the_statement() -> None:
    made = plan(
        Role.PUBLIC, '{ enterprises(first: 77, filter: {name: "SECRET"}) { nodes { name } } }', filters=("name",)
    )
    assert "SECRET" not in made.statement.sql
    assert "77" not in made.statement.sql
    assert {"filter.name", "first_0"} <= set(made.parameters)
    assert made.statement.slow


# --- names and order ---


def test_aliases_may_be_of_any_length() -> None:
    alias = "a" * 300
    sql = plan(Role.PUBLIC, f"{{ {alias}: enterprise{USCC} {{ {alias}: name {alias}b: uscc }} }}").statement.sql
    assert f'"{alias}":' in sql
    assert f'"{alias}b":' in sql
    assert max(len(word) for word in NAME.findall(outside(sql))) <= 63


def test_members_stand_in_the_order_they_were_asked_in() -> None:
    keys = ("status", "x", "legalRepresentative", "name", "penalties", "uscc", "y")
    asked = "status x: __typename legalRepresentative { name } name penalties { __typename } uscc y: id"
    sql = plan(Role.PUBLIC, f"{{ enterprise{USCC} {{ {asked} }} }}").statement.sql
    places = [sql.index(f'"{key}":') for key in keys]
    assert places[3] < places[4]
    assert sorted(places[:2] + places[4:]) == places[:2] + places[4:]


# --- what may not occur ---


def columns_of(coordinate: str) -> set[str]:
    """The names under which a value could be read."""
    kind, *rest = coordinate.split(".")
    known = BY_NAME[kind]
    found = [
        (part.column(item), item) for part in known.parts for item in part.fields if [part.name, item.name] == rest
    ]
    found += [(item.column, item) for item in known.fields if [item.name] == rest and not item.derived]
    return {f"{name}{form}" for name, _ in found for form in ("", "_sealed", "_masked", "_released")}


@pytest.mark.parametrize("role", Role)
def test_no_column_of_a_field_that_a_role_never_sees_occurs(role: Role) -> None:
    never = policy().visibility(role).never
    for document in whole(role):
        found = set(re.findall(r"\b([a-z]+)_\d+\.([a-z_]+)", plan(role, document, EVERYTHING).statement.sql))
        for kind in KINDS:
            for coordinate, _ in kind.coordinates():
                if coordinate in never:
                    hidden = columns_of(coordinate) - STRUCTURE
                    assert not {(kind.name, column) for column in hidden} & found


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("ground", [NOTHING, CONSENT, EVERYTHING])
def test_only_what_may_be_opened_is_read_sealed(role: Role, ground: Ground) -> None:
    for document in whole(role):
        made = plan(role, document, ground)
        sealed = set(re.findall(r"\b([a-z]+)_\d+\.([a-z_]+)_sealed", made.statement.sql))
        assert sealed == set(made.openable)
        clear = {
            one.coordinate
            for node in made.nodes
            for one in node.decision.fields.values()
            if any(grant.level is Level.CLEAR for grants in one.cells.values() for grant in grants)
        }
        readable = {(name.partition(".")[0], column) for name in clear for column in columns_of(name)}
        assert {(kind, f"{column}_sealed") for kind, column in made.openable} <= readable


REPRESENTATIVE_ID = "legalRepresentative { idNumber }"
CONDITIONAL = [
    (Role.FINANCIAL, "enterprise", "phone", "phone_sealed", CONSENT),
    (Role.AGENCY, "enterprise", "email", "email_sealed", CONSENT),
    (Role.GOVERNMENT, "enterprise", "phone", "phone_sealed", EVERYTHING),
    (Role.GOVERNMENT, "organization", REPRESENTATIVE_ID, "legal_representative_id_number_masked", EVERYTHING),
    (Role.SUBJECT, "organization", "phone", "phone_sealed", NOTHING),
    (Role.HANDLER, "organization", "legalRepresentative { name }", "legal_representative_name_sealed", NOTHING),
    (Role.HANDLER, "organization", "penalties { nodes { remark } }", "remark", NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("role", "root", "asked", "column", "ground"), CONDITIONAL)
def test_what_some_rows_show_stands_in_a_case(role: Role, root: str, asked: str, column: str, ground: Ground) -> None:
    depths = {depth for word, depth in cased(plan(role, f"{{ {root}{USCC} {{ {asked} }} }}", ground).statement.sql)
              if word == column}  # fmt: skip
    assert depths
    assert min(depths) >= 1


def test_what_every_row_shows_stands_in_none() -> None:
    sql = plan(Role.PUBLIC, f"{{ enterprise{USCC} {{ uscc }} }}").statement.sql
    assert {depth for word, depth in cased(sql) if word == "uscc"} == {0}


@pytest.mark.parametrize("column", ["phone_sealed", "email_sealed"])
def test_what_no_row_can_show_on_this_ground_does_not_occur(column: str) -> None:
    document = f"{{ enterprise{USCC} {{ name phone email }} }}"
    assert column not in plan(Role.FINANCIAL, document).statement.sql
    assert "consent" not in outside(plan(Role.FINANCIAL, document).statement.sql)
    assert column in plan(Role.FINANCIAL, document, CONSENT).statement.sql


def test_a_root_that_asks_about_persons_looks_the_same_without_a_ground() -> None:
    """Whether somebody has a file must not show: a missing consent takes the path of a wrong one."""
    document = next(text for text in whole(Role.FINANCIAL) if "person(" in text)
    assert plan(Role.FINANCIAL, document).statement == plan(Role.FINANCIAL, document, CONSENT).statement


# --- pages ---

PAGE = f"{{ enterprise{USCC} {{ penalties(first: 2) {{ nodes {{ fine }} pageInfo {{ hasNextPage endCursor }} }} }} }}"


def test_a_page_reads_one_row_more_in_the_order_of_the_list() -> None:
    sql = plan(Role.PUBLIC, PAGE).statement.sql
    assert re.search(r"ORDER BY penalty_2\.decided_on DESC, penalty_2\.id DESC\s+LIMIT \$\d+(::INTEGER)? \+ 1", sql)
    assert "first_0" in plan(Role.PUBLIC, PAGE).parameters


def test_a_page_after_a_cursor_starts_behind_its_row_in_the_same_list() -> None:
    made = plan(Role.PUBLIC, PAGE, paged=frozenset({0}))
    sql = " ".join(made.statement.sql.split())
    assert "after_0" in made.parameters
    assert "after_0" not in plan(Role.PUBLIC, PAGE).parameters
    assert "OFFSET $" not in sql
    found = re.search(
        r"\(penalty_2\.decided_on, penalty_2\.id\) < \(SELECT (\w+)\.decided_on, \1\.id FROM penalty AS \1"
        r" WHERE \1\.id = \$\d+(::BIGINT)? AND \1\.subject_id = penalty_2\.subject_id\)",
        sql,
    )
    assert found, sql


def test_every_page_of_subjects_is_in_key_order() -> None:
    document = "{ enterprises(first: 2) { nodes { name } } }"
    assert "ORDER BY enterprise_1.subject_id" in plan(Role.PUBLIC, document).statement.sql
    assert re.search(
        r"enterprise_1\.subject_id > \$\d+", plan(Role.PUBLIC, document, paged=frozenset({0})).statement.sql
    )


@pytest.mark.parametrize(
    "chosen", ["", "region", "status", "industry", "industry.1", "industry.3", "industry.4", "name"]
)
def test_a_list_reads_an_index_that_holds_its_own_rows_only(database: Connections, chosen: str) -> None:
    """However many individual businesses lie between them; only by name are they found."""
    document = "{ enterprises(first: 2) { nodes { uscc } } }"
    sql = plan(Role.PUBLIC, document, paged=frozenset({0}), filters=(chosen,) if chosen else ()).statement.sql
    with psycopg.connect(database.reader) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        explained = "\n".join(row[0] for row in connection.execute(b"EXPLAIN (GENERIC_PLAN) " + sql.encode()))
    # Which one, depends on the rows; there are none here.
    allowed = {"name"} if chosen == "name" else {"listed", chosen.replace(".", "_")}
    (used,) = re.findall(r"Index (?:Only )?Scan using (\w+) on enterprise", explained)
    assert used.removeprefix("ix_enterprise_") in allowed
    assert "subject_class" not in explained


def test_a_decision_made_elsewhere_is_planned_as_it_is() -> None:
    """``make`` asks nobody: the decision alone says what occurs."""
    shape = Operations(Limits(), 1).read(PAGE, None, None, "public", schema(Role.PUBLIC)).shape
    decision = decide(policy().visibility(Role.PUBLIC), shape.roots[0], NOTHING)
    assert make(shape.roots[0], decision, None, frozenset(), ()).statement == plan(Role.PUBLIC, PAGE).statement
