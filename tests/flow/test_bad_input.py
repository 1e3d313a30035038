"""Bytes that no well-meaning client sends: each gets a code and a place, never a 5xx, and the gateway goes on."""

import asyncio
import re
from collections.abc import AsyncIterator

import orjson
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.documents import COMMON, LEGAL, PERSON
from tests.harness import JSON, PUBLIC, Body, House, opened

pytestmark = pytest.mark.anyio

ENTERPRISE = "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { name } }"
DIGITS = "9" * 5000
LETTER = DEMO.enterprise_uscc
TOKENS = ("", "Bearer", "Bearer ", "Bearer a.b.c", "Bearer é", "Basic YTpi", "bearer x y")


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


def body(query: str, variables: object = None, **more: object) -> bytes:
    return orjson.dumps({"query": query, "variables": variables, **more})


def raw(query: bytes, variables: bytes = b"null") -> bytes:
    return b'{"query": "%b", "variables": %b}' % (query, variables)


def checked(content: bytes, secret: str = "") -> list[Body]:
    """The errors of an answer that must be well formed, say where, and tell nothing they should not."""
    answer = orjson.loads(content)
    assert answer.get("data") is None
    for error in answer["errors"]:
        assert error["extensions"]["code"] in (
            "BAD_REQUEST",
            "GRAPHQL_VALIDATION_FAILED",
            "LIMIT_EXCEEDED",
            "BAD_USER_INPUT",
        )
        assert error["message"]
    told = re.sub(r"did you mean '\w+ \{ \.\.\. \}'", "", content.decode().lower())  # repeats what the client wrote
    for never in ("did you mean", "psycopg", "sqlstate", "postgres", "traceback", "line 1:", "gateway/", "internal"):
        assert never not in told
    assert not secret or secret not in content.decode()
    found: list[Body] = answer["errors"]
    return found


async def still_answers(house: House) -> None:
    assert (await house.data(PUBLIC, COMMON, LEGAL))["enterprise"]["name"] == DEMO.enterprise_name


WRONG_CODES = (
    # what identifies, its value, what the message must name
    ("uscc", LETTER[:-1] + "0", "position 18"),
    ("uscc", LETTER[:16] + ("0" if LETTER[16] != "0" else "1") + LETTER[17], "position 17"),
    ("uscc", "I" + LETTER[1:], "position 1"),
    ("uscc", LETTER[:-1], "18"),
    ("uscc", "", ""),
    ("organizationCode", "DEM00001X", "9"),
    ("registrationNumber", DEMO.enterprise_registration_number[:-1] + "0", "15"),
    ("registrationNumber", "12", ""),
)


@pytest.mark.parametrize(("kind", "value", "named"), WRONG_CODES)
async def test_wrong_codes_name_the_digit(house: House, kind: str, value: str, named: str) -> None:
    query = "query($by: SubjectBy!) { enterprise(by: $by) { name } }"
    response = await house.post(body(query, {"by": {kind: value}}))
    errors = checked(response.content)
    for error in errors:
        assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["enterprise", "by", kind])
    assert named in errors[0]["message"]


async def test_a_wrong_id_number_and_a_name_are_told_at_once_and_not_repeated(house: House) -> None:
    response = await house.post(
        body(PERSON, {"idNumber": "222301189901010000", "name": "甲\u0000"}), house.headers("bank")
    )
    errors = checked(response.content, "222301189901010000")
    assert {tuple(error["path"]) for error in errors} >= {("variables", "name")}
    response = await house.post(body(PERSON, {"idNumber": "222301189901010000", "name": "甲"}), house.headers("bank"))
    (error,) = checked(response.content, "222301189901010000")
    assert error["path"] == ["person", "by", "idNumber"]
    assert "position 18" in error["message"]


BAD_VALUES = (
    (b'"\\u0000"', ("variables", "uscc")),
    (b'"a\\u0000b"', ("variables", "uscc")),
    (b'"\\u0007"', None),
    (b'"\\ud800"', None),
    (b'"\\udc00x"', None),
    (b"7", ("variables", "uscc")),
    (b"true", ("variables", "uscc")),
    (b"null", ("variables", "uscc")),
    (b'["a"]', ("variables", "uscc")),
    (b'{"a": 1}', ("variables", "uscc")),
    (DIGITS.encode(), None),
    (b"-" + DIGITS.encode(), None),
    (b"1e400", None),
    (b"1." + DIGITS.encode(), None),
    (b"NaN", None),
    (b"Infinity", None),
    (b'"' + b"x" * 100_000 + b'"', ("enterprise", "by", "uscc")),
)


@pytest.mark.parametrize(("value", "path"), BAD_VALUES, ids=[value[:12].decode() for value, _ in BAD_VALUES])
async def test_values(house: House, value: bytes, path: tuple[str, ...] | None) -> None:
    response = await house.post(raw(ENTERPRISE.encode(), b'{"uscc": %b}' % value))
    assert response.status_code in (200, 400)
    errors = checked(response.content, DIGITS[:50])
    if path is not None:
        assert tuple(errors[0]["path"]) == path
    await still_answers(house)


# About the document as a whole, or found before there is a tree that has places.
PLACELESS = (
    "The document has no operation.",
    "Document is nested too deeply",
    "String cannot represent a non string value.",
)

BAD_DOCUMENTS = (
    "",
    " ",
    "{",
    "{}",
    "}",
    "query",
    "{ enterprise }",
    "{ enterprise(by: {}) { name } }",
    '{ enterprise(by: {uscc: "a", taxNumber: "b"}) { name } }',
    "{ enterprise(by: {uscc: null}) { name } }",
    "{ enterprise(by: {uscc: 1}) { name } }",
    f"{{ enterprises(first: {DIGITS}) {{ nodes {{ name }} }} }}",
    f"{{ enterprises(first: -{DIGITS}) {{ nodes {{ name }} }} }}",
    f"{{ enterprises(first: 1e{DIGITS}) {{ nodes {{ name }} }} }}",
    "{ enterprises(first: 1.5) { nodes { name } } }",
    "{ enterprises(filter: {phone: 1}) { nodes { name } } }",
    "{ enterprises(filter: {name: {contains: 1}}) { nodes { name } } }",
    "{ " + " ".join(f"a{n}: viewer {{ role }}" for n in range(10_000)) + " }",
    "{ " + " ".join(f"a{n}: viewer {{ role }}" for n in range(9)) + " }",
    "{ viewer { role } ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "{ viewer { role } ...a } fragment a on Query { ...a }",
    "{ ...missing }",
    "fragment a on Query { viewer { role } }",
    "{ viewer { role } } { viewer { role } }",
    "{ viewer { role } } query B { viewer { role } }",
    "query A { viewer { role } } query A { viewer { role } }",
    "mutation { a }",
    "subscription { a }",
    "{ viewer { role } } type Query { a: Int }",
    "query($a: Int) { viewer { role } }",
    "query($a: Nothing) { viewer { role } }",
    "{ viewer @include { role } }",
    "{ viewer @include(if: 1) { role } }",
    "{ viewer @nothing { role } }",
    "{ viewer { role { name } } }",
    "{ viewer { sees } }",
    "{" + "viewer {" * 3000 + "}" * 3000 + "}",
    "{" + "[" * 3000,
    "{ enterprise(by: " + "[" * 3000 + "]" * 3000 + ") { name } }",
    "{ enterprise(by: " + "{uscc: " * 3000 + "}" * 3000 + ") { name } }",
    '{ enterprise(by: {uscc: "' + "\\u0000" + '"}) { name } }',
    '{ enterprise(by: {uscc: "\\uD800"}) { name } }',
    '{ enterprise(by: {uscc: "\\u{110000}"}) { name } }',
    '{ enterprise(by: {uscc: """block\nstring"""}) { name } }',
    "# " + "x" * 70_000,
    "{ viewer { role } }" + " " * 70_000,
    "\ufeff{",
    "{ v\u0000iewer { role } }",
    "query Ünï { viewer { role } }",
)


@pytest.mark.parametrize("query", BAD_DOCUMENTS, ids=range(len(BAD_DOCUMENTS)))
async def test_documents(house: House, query: str) -> None:
    before = await house.entry_count()
    response = await house.post(body(query))
    assert response.status_code == 200  # in plain application/json a refused document is a well-formed response
    errors = checked(response.content, DIGITS[:50])
    assert errors[0].get("locations") or errors[0].get("path") or errors[0]["message"] in PLACELESS, errors
    assert "receipt" in orjson.loads(response.content)["extensions"]
    assert await house.entry_count() == before + 1  # somebody (the public) asked, so it is written down
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"]) == ("REFUSED", errors[0]["extensions"]["code"])


DEEP = b'{"query": "{ viewer { role } }", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"
MALFORMED = (
    b"",
    b" ",
    b"null",
    b"7",
    b'"query"',
    b"[]",
    b'[{"query": "{ viewer { role } }"}]',
    b"{}",
    b'{"query": null}',
    b'{"query": 7}',
    b'{"query": ["{ viewer { role } }"]}',
    b'{"query": "{ viewer { role } }", "variables": []}',
    b'{"query": "{ viewer { role } }", "variables": "{}"}',
    b'{"query": "{ viewer { role } }", "operationName": 7}',
    b'{"query": "{ viewer { role } }", "extensions": []}',
    b'{"query": "{ viewer { role } }", "batch": []}',
    b'{"query": "{ viewer { role } }"',
    b'{"query": "{ viewer { role } }"}{}',
    b'{"query": "\xff\xfe"}',
    b'{"query": "\xed\xa0\x80"}',
    b'{"query": "\xc0\x80"}',
    b"\xff\xfe{\x00}\x00",
    b'\xef\xbb\xbf{"query": "{ viewer { role } }"}',
    DEEP,
    b"[" * 200_000,
    b'{"a":' * 40_000,
    b"x" * 10_485_760,
)


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
async def test_bodies(house: House, content: bytes) -> None:
    before = await house.entry_count()
    response = await house.post(content, house.headers("bank"))
    assert response.status_code == 400
    (error, *_) = checked(response.content)
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert await house.entry_count() == before  # nobody's request yet: only counted
    await still_answers(house)


async def test_a_body_without_a_length(house: House) -> None:
    """Chunked and endless: refused as soon as it is too long."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(400):
            sent += 1
            yield b"x" * 65_536
            await asyncio.sleep(0)

    url = f"http://127.0.0.1:{house.port}/graphql"
    try:
        response = await house.http.post(url, content=chunks(), headers=JSON)
    except OSError:
        raise
    except Exception as error:  # the server may hang up while the client still writes
        assert "httpx" in type(error).__module__ or "httpcore" in type(error).__module__
    else:
        assert response.status_code == 400
    await still_answers(house)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/graphql", "multipart/form-data", "application/x-www-form-urlencoded", ""]
)
async def test_media_types(house: House, kind: str) -> None:
    response = await house.post(body("{ viewer { role } }"), {"content-type": kind} if kind else {})
    assert response.status_code == 400
    (error,) = checked(response.content)
    assert (error["extensions"]["code"], "application/json" in error["message"]) == ("BAD_REQUEST", True)


async def test_encodings_and_methods(house: House) -> None:
    response = await house.post(body("{ viewer { role } }"), {**JSON, "content-encoding": "gzip"})
    assert response.status_code == 400
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        response = await house.post(b"", method=method)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (await house.http.get(f"http://127.0.0.1:{house.port}/nothing")).status_code == 404
    await still_answers(house)


async def test_the_status_follows_the_media_type(house: House) -> None:
    """GraphQL over HTTP 6.4: without ``data``, graphql-response+json is never answered with 2xx."""
    accept = {**JSON, "accept": "application/graphql-response+json"}
    for query, variables in (("{ nothing }", None), (ENTERPRISE, {"uscc": 7}), (ENTERPRISE, {"uscc": "1"})):
        response = await house.post(body(query, variables), accept)
        assert response.headers["content-type"].startswith("application/graphql-response+json")
        assert ("data" in orjson.loads(response.content)) is (response.status_code == 200), query


async def test_variables_that_nobody_declared(house: House) -> None:
    for name, path in (("nothing", ["variables", "nothing"]), ("甲子一", ["variables"])):
        response = await house.post(
            body(ENTERPRISE, {"uscc": DEMO.enterprise_uscc, name: {"deep": [1, {"x": "\u0000"}]}})
        )
        (error,) = checked(response.content, "甲子一")
        assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", path)


@pytest.mark.parametrize(
    ("access", "path"),
    [
        ({}, ("variables", "access", "purpose")),
        ({"purpose": "CURIOSITY"}, ("variables", "access", "purpose")),
        ({"purpose": "LOAN_APPROVAL", "why": 1}, ("variables", "access", "why")),
        ({"purpose": "LOAN_APPROVAL", "consent": 7}, ("variables", "access", "consent")),
        ({"purpose": "LOAN_APPROVAL", "consent": "\u0000"}, ("variables", "access", "consent")),
        ({"purpose": "LOAN_APPROVAL", "consent": "x" * 10_000}, None),
        ({"purpose": "PUBLIC_DUTY", "matter": {"number": "1"}}, ("variables", "access", "matter", "kind")),
    ],
)
async def test_the_ground(house: House, access: object, path: tuple[str, ...] | None) -> None:
    response = await house.post(
        body(ENTERPRISE, {"uscc": DEMO.enterprise_uscc, "access": access}), house.headers("bank")
    )
    errors = checked(response.content, "CURIOSITY")
    if path is not None:
        assert path in {tuple(error["path"]) for error in errors}


async def test_lone_surrogates_anywhere(house: House) -> None:
    """Written as escapes in JSON they reach the gateway as text that has no encoding."""
    for content in (
        raw(b'{ enterprise(by: {uscc: \\"\\ud800\\"}) { name } }'),
        raw(b"{ viewer { role } } # \\udfff"),
        b'{"query": "{ viewer { role } }", "operationName": "\\ud800"}',
        b'{"query": "{ viewer { role } }", "variables": {"\\ud800": 1}}',
    ):
        response = await house.post(content)
        assert response.status_code in (200, 400)
        assert b"\xed" not in response.content
    await still_answers(house)


async def test_headers(house: House) -> None:
    odd = {
        "accept": "*/*;q=0, x" * 50,
        "authorization": "Bearer " + "a" * 10_000,
    }
    response = await house.post(body("{ viewer { role } }"), {**JSON, **odd})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer ")
    for token in TOKENS:
        status, content = await by_hand(house, b"authorization: " + token.encode("latin-1") + b"\r\n")
        assert status == 401, token  # never the public
        assert orjson.loads(content)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def by_hand(house: House, header: bytes) -> tuple[int, bytes]:
    """A request with a header that no library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    content = body("{ viewer { role } }")
    head = b"POST /graphql HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n"
    writer.write(head + header + b"content-length: %d\r\n\r\n" % len(content) + content)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


async def test_a_client_that_goes_away(house: House) -> None:
    for part in (
        b"",
        b"POST /graphql HTTP/1.1\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(part)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    await still_answers(house)


async def test_what_is_only_counted_becomes_an_entry(house: House) -> None:
    """One a minute and source; here the minute is over at once."""
    counted = house.running.counted
    before = await house.entry_count()
    await counted.flush(whole=False)
    (entry,) = await house.entries(1)
    assert await house.entry_count() == before + 1
    assert entry["counted"]["BAD_REQUEST"] >= len(MALFORMED)
    assert entry["counted"]["UNAUTHENTICATED"] > len(TOKENS)
