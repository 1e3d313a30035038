"""Lists at the root: subjects by parts of their names, the public feeds, what was taken down from them."""

from collections.abc import AsyncIterator
from datetime import date

import psycopg
import pytest

from gateway.catalogue.grams import grams, searchable
from gateway.intake.load import generate
from gateway.intake.sample_demo import DEMO
from gateway.plan.search import MANY
from gateway.store.database import Connections
from tests.harness import PUBLIC, Body, House, Variables, opened

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 23)
NAMES = """query($filter: EnterpriseFilter, $first: Int!, $after: String) {
  enterprises(filter: $filter, first: $first, after: $after) {
    nodes { name region kind } pageInfo { hasNextPage endCursor } } }"""
ORGANIZATIONS = """query($filter: OrganizationFilter, $first: Int!) {
  organizations(filter: $filter, first: $first) { nodes { name region status } } }"""
FEED = """query($filter: %sFilter, $first: Int!, $after: String) {
  %s(filter: $filter, first: $first, after: $after) {
    nodes { id documentNumber subjectName receivedAt standing provider { code } }
    pageInfo { hasNextPage endCursor } } }"""
PENALTIES, LICENSES, LISTINGS = (
    FEED % pair for pair in (("Penalty", "penalties"), ("License", "licenses"), ("Listing", "listings"))
)
WITHDRAWALS = "{ withdrawals(first: 100) { nodes { record recordKind withdrawnAt __typename } } }"
ODD = ("甲_乙%丙公司", 'A"b\\c公司', "ＡＢＣ（白城）公司", "甲乙丙公司", "乙 丙 丁")


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway with more companies than the index of bigrams is asked for."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        with psycopg.connect(database.writer) as connection:
            generate(connection, made.vault, 2200, 900, 7, TODAY, lambda done, whole: None)
            for number, name in enumerate(ODD):
                connection.execute(
                    "INSERT INTO enterprise (subject_id, subject_class, provider, batch, code_status, name, status,"
                    " region, kind, name_search, name_grams) VALUES (%s, 'legal', 'MARKET', 'test', 'MISSING', %s,"
                    " 'ACTIVE', '220881', 'COMPANY', %s, %s)",
                    (9_000_000 + number, name, searchable(name), list(grams(searchable(name)))),
                )
        await made.sql("ANALYZE")
        yield made


async def names(house: House, part: str, first: int = 100, **more: str) -> list[str]:
    found = await house.data(PUBLIC, NAMES, {"filter": {"nameContains": part, **more}, "first": first})
    return [node["name"] for node in found["enterprises"]["nodes"]]


async def walk(house: House, query: str, root: str, variables: Variables, persona: str = PUBLIC) -> list[Body]:
    """Every row of a list, page by page."""
    rows: list[Body] = []
    after: str | None = None
    while True:
        page = (await house.data(persona, query, {**variables, "after": after}))[root]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


async def test_two_characters_find_a_name(house: House) -> None:
    assert await names(house, "示例商贸") == [DEMO.enterprise_name]
    assert DEMO.enterprise_name in await names(house, "商贸")


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("甲_", {ODD[0]}),
        ("%丙", {ODD[0]}),
        ("_乙%", {ODD[0]}),
        ('"b\\c', {ODD[1]}),
        ("abc", {ODD[2]}),
        ("ＡＢ", {ODD[2]}),
        ("(白城)", {ODD[2]}),
        ("甲乙丙", {ODD[3]}),
        ("乙丙", {ODD[3], ODD[4]}),
        ("乙  丙", {ODD[3], ODD[4]}),
        ("甲丙", set()),
    ],
)
async def test_a_part_is_a_part_and_no_pattern(house: House, part: str, found: set[str]) -> None:
    assert set(await names(house, part)) & set(ODD) == found


async def test_pairs_that_stand_apart_are_no_match(house: House) -> None:
    """Both bigrams of 限公公司 occur in every 有限公司 … 分公司; the text itself does not."""
    assert await names(house, "公司有限") == []


@pytest.mark.parametrize("part", ["公司", "有限公司"])
async def test_a_common_text_is_read_in_key_order_and_complete(house: House, part: str) -> None:
    ((known,),) = await house.sql(
        "SELECT count(*) FROM enterprise WHERE subject_class = 'legal' AND strpos(name_search, %s) > 0", part
    )
    assert known > MANY
    rows = await walk(house, NAMES, "enterprises", {"filter": {"nameContains": part}, "first": 100})
    assert len(rows) == known and all(part in row["name"] for row in rows)
    assert len({row["name"] for row in rows}) == len(rows)


async def test_a_rare_text_is_paged_too(house: House) -> None:
    rows = await walk(house, NAMES, "enterprises", {"filter": {"nameContains": "合伙"}, "first": 7})
    ((known,),) = await house.sql(
        "SELECT count(*) FROM enterprise WHERE subject_class = 'legal' AND strpos(name_search, '合伙') > 0"
    )
    assert 7 < known < MANY and len(rows) == known


async def test_filters_narrow_a_search(house: House) -> None:
    found = await house.data(
        PUBLIC, NAMES, {"filter": {"nameContains": "公司", "region": "220881", "status": "ACTIVE"}, "first": 100}
    )
    assert {node["region"] for node in found["enterprises"]["nodes"]} == {"220881"}


async def test_no_individual_business_is_found_by_a_part(house: House) -> None:
    assert DEMO.individual_name not in await names(house, DEMO.individual_name)
    ((name,),) = await house.sql(
        "SELECT name FROM enterprise WHERE subject_class = 'individual' AND batch = 'sample' LIMIT 1"
    )
    rows = await walk(house, NAMES, "enterprises", {"filter": {"nameContains": name[-4:-1]}, "first": 100})
    assert rows and "INDIVIDUAL_BUSINESS" not in {row["kind"] for row in rows}


@pytest.mark.parametrize("part", ["公", " 公 ", "Ａ"])
async def test_one_character_is_refused(house: House, part: str) -> None:
    _, body = await house.ask(PUBLIC, NAMES, {"filter": {"nameContains": part}, "first": 5})
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at least 2 characters" in error["message"]
    assert error["path"] == ["enterprises", "filter", "nameContains"]


INDUSTRIES = """query($filter: EnterpriseFilter, $first: Int!, $after: String) {
  enterprises(filter: $filter, first: $first, after: $after) {
    nodes { uscc industry kind } pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.parametrize("length", [1, 3, 4, 5])
@pytest.mark.parametrize("part", [None, "公司"])
async def test_an_industry_holds_all_below_it(house: House, length: int, part: str | None) -> None:
    """Section, division, group and class, page by page; with a part of the name too."""
    ((code,),) = await house.sql(
        "SELECT left(industry, %s) FROM enterprise WHERE subject_class = 'legal'"
        " GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        length,
    )
    wanted = {"industry": code} if part is None else {"industry": code, "nameContains": part}
    rows = await walk(house, INDUSTRIES, "enterprises", {"filter": wanted, "first": 40})
    ((known,),) = await house.sql(
        "SELECT count(*) FROM enterprise WHERE subject_class = 'legal' AND industry LIKE %s AND name_search LIKE %s",
        f"{code}%",
        f"%{part or ''}%",
    )
    assert len(rows) == known > 40
    assert all(row["industry"].startswith(code) for row in rows)


async def test_an_industry_that_nobody_has_is_empty(house: House) -> None:
    assert await walk(house, INDUSTRIES, "enterprises", {"filter": {"industry": "T"}, "first": 5}) == []


async def test_organizations_are_listed(house: House) -> None:
    found = (await house.data(PUBLIC, ORGANIZATIONS, {"filter": {"nameContains": "信用协会"}, "first": 5}))[
        "organizations"
    ]
    assert found["nodes"][0]["name"] == DEMO.organization_name  # in the order of keys
    assert all("信用协会" in node["name"] for node in found["nodes"])
    found = (await house.data(PUBLIC, ORGANIZATIONS, {"filter": {"region": "220802"}, "first": 50}))["organizations"]
    assert {node["region"] for node in found["nodes"]} == {"220802"}


@pytest.mark.parametrize(
    ("query", "root", "classes"),
    [
        (PENALTIES, "penalties", ("legal", "individual")),
        (LICENSES, "licenses", ("legal", "individual")),
        (LISTINGS, "listings", ("legal",)),
    ],
)
async def test_a_feed_is_newest_first_and_names_no_person(
    house: House, query: str, root: str, classes: tuple[str, ...]
) -> None:
    rows = await walk(house, query, root, {"first": 40})
    received = [row["receivedAt"] for row in rows]
    assert rows and received == sorted(received, reverse=True)
    assert {row["standing"] for row in rows} <= {"CURRENT", "LAPSED"}
    numbers = {row["documentNumber"] for row in rows}
    kind = {"penalties": "penalty", "licenses": "license", "listings": "listing"}[root]
    known = await house.sql(
        f"SELECT document_number, subject_class, disclosure, status, minor FROM {kind} WHERE document_number = ANY(%s)",
        list(numbers),
    )
    assert {row[1] for row in known} <= set(classes)
    assert all(row[2] == "PUBLIC" and row[3] in ("ACTIVE", "CORRECTED") and not row[4] for row in known)


async def test_a_feed_is_the_same_for_everybody(house: House) -> None:
    """No tie opens more of it: neither one's own rows nor the matter of a department."""
    shown = [
        (await house.data(who, PENALTIES, {"first": 100}))["penalties"]["nodes"]
        for who in (PUBLIC, "bank", "tax-officer", "enterprise-rep")
    ]
    assert all(one == shown[0] for one in shown)


async def test_a_feed_by_region_and_department(house: House) -> None:
    wanted = {"region": "220802", "department": "MARKET"}
    rows = await walk(house, PENALTIES, "penalties", {"filter": wanted, "first": 100})
    ((known,),) = await house.sql(
        "SELECT count(*) FROM penalty JOIN (SELECT subject_id, region FROM enterprise UNION ALL"
        " SELECT subject_id, region FROM organization) AS s USING (subject_id) WHERE region = '220802'"
        " AND provider = 'MARKET' AND subject_class IN ('legal', 'individual') AND disclosure = 'PUBLIC' AND NOT minor"
        " AND status IN ('ACTIVE', 'CORRECTED') AND (published_until IS NULL OR published_until >= %s)",
        TODAY,
    )
    assert rows and {row["provider"]["code"] for row in rows} == {"MARKET"}
    assert len(rows) == known
    assert (await house.data(PUBLIC, PENALTIES, {"filter": {"region": "999999"}, "first": 5}))["penalties"][
        "nodes"
    ] == []


async def test_who_sees_no_row_of_everybody_has_no_feed(house: House) -> None:
    for persona in ("handler", "auditor", "system-admin"):
        _, body = await house.ask(persona, "{ penalties { nodes { id } } }", None)
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_what_is_taken_down_is_told_and_nothing_of_it(house: House) -> None:
    """Its id is the one that the feed gave, so that a copy can be deleted; the record itself is gone at once."""
    before = (await house.data(PUBLIC, PENALTIES, {"first": 3}))["penalties"]["nodes"]
    assert (await house.data(PUBLIC, WITHDRAWALS))["withdrawals"]["nodes"] == []
    numbers = [row["documentNumber"] for row in before]
    async with await psycopg.AsyncConnection.connect(house.connections.writer) as writer:
        await writer.execute("UPDATE penalty SET status = 'REVOKED' WHERE document_number = %s", (numbers[0],))
        await writer.execute("UPDATE penalty SET disclosure = 'INTERNAL' WHERE document_number = %s", (numbers[1],))
        await writer.execute("UPDATE penalty SET disputed_on = current_date WHERE document_number = %s", (numbers[2],))
        await writer.execute("UPDATE penalty SET status = 'REVOKED' WHERE subject_class = 'person'")
        await writer.execute("UPDATE penalty SET status = 'REPAIRED' WHERE status = 'REVOKED'")  # told once
    told = (await house.data(PUBLIC, WITHDRAWALS))["withdrawals"]["nodes"]
    assert {row["record"] for row in told} == {before[0]["id"], before[1]["id"]} and len(told) == 2
    assert {row["recordKind"] for row in told} == {"penalty"}
    assert (await house.data(PUBLIC, "query($id: ID!) { node(id: $id) { id } }", {"id": before[0]["id"]}))[
        "node"
    ] is None
    after = (await house.data(PUBLIC, PENALTIES, {"first": 100}))["penalties"]["nodes"]
    assert before[2]["id"] in {row["id"] for row in after}
    assert not {before[0]["id"], before[1]["id"]} & {row["id"] for row in after}
    _, body = await house.ask(PUBLIC, "{ withdrawals { nodes { record documentNumber } } }", None)
    assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


WITHDRAWN = """query($filter: WithdrawalFilter) {
  withdrawals(filter: $filter, first: 100) { nodes { record recordKind } } }"""


async def withdrawn(house: House, **chosen: str) -> set[str]:
    found = await house.data(PUBLIC, WITHDRAWN, {"filter": chosen})
    return {node["record"] for node in found["withdrawals"]["nodes"]}


@pytest.mark.parametrize(
    ("query", "root", "change", "told"),
    [
        (LISTINGS, "listings", "exited_on = '1999-01-01'", True),
        (LISTINGS, "listings", "exited_on = '2999-01-01'", False),
        (PENALTIES, "penalties", "published_until = '1999-12-31'", True),
        (PENALTIES, "penalties", "published_until = '2999-12-31'", False),
        (LICENSES, "licenses", "published_until = '1999-12-31', status = 'REVOKED'", True),
    ],
)
async def test_what_ends_before_its_time_is_told(house: House, query: str, root: str, change: str, told: bool) -> None:
    """Off its list, or publication cut short: a copy of the feed still holds the old day and would keep it."""
    kind = {"penalties": "penalty", "licenses": "license", "listings": "listing"}[root]
    row = (await house.data(PUBLIC, query, {"first": 1}))[root]["nodes"][0]
    async with await psycopg.AsyncConnection.connect(house.connections.writer, autocommit=True) as writer:
        mine = "WHERE document_number = %s", (row["documentNumber"],)
        await writer.execute(f"UPDATE {kind} SET published_until = '2998-12-31' {mine[0]}", mine[1])
        before = await withdrawn(house)
        await writer.execute(f"UPDATE {kind} SET {change} {mine[0]}", mine[1])
    assert await withdrawn(house) - before == ({row["id"]} if told else set())
    still = (await house.data(PUBLIC, query, {"first": 1}))[root]["nodes"][0]
    assert (still["id"] == row["id"]) is not told


async def test_withdrawals_by_region_and_department(house: House) -> None:
    """Of the same region and department as the feed that held the record."""
    ((number, region, department),) = await house.sql(
        "SELECT id, subject_region, provider FROM penalty WHERE subject_class = 'legal' AND status = 'ACTIVE'"
        " AND disclosure = 'PUBLIC' AND NOT minor AND subject_region IS NOT NULL AND published_until > %s"
        " ORDER BY id DESC LIMIT 1",
        TODAY,
    )
    before = await withdrawn(house, region=region)
    async with await psycopg.AsyncConnection.connect(house.connections.writer) as writer:
        await writer.execute("UPDATE penalty SET status = 'WITHDRAWN' WHERE id = %s", (number,))
    (told,) = await withdrawn(house, region=region) - before
    assert told in await withdrawn(house, region=region, department=department)
    assert told not in await withdrawn(house, region="999999")
