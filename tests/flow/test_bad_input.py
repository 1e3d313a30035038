"""Bytes that no well-meaning client sends: each gets a code and a place, never a 5xx, and the gateway goes on."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow import refusals
from tests.flow.documents import COMMON, LEGAL, PERSON
from tests.flow.refusals import body, raw
from tests.harness import JSON, PUBLIC, Body, House, opened

pytestmark = pytest.mark.anyio

ENTERPRISE = "query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { name } }"
CODES = ("BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED", "LIMIT_EXCEEDED", "BAD_USER_INPUT")
DIGITS = "9" * 5000
LETTER = DEMO.enterprise_uscc
TOKENS = ("", "Bearer", "Bearer ", "Bearer a.b.c", "Bearer é", "Basic YTpi", "bearer x y")


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


def checked(content: bytes, secret: str = "") -> list[Body]:
    """The errors of an answer that must be well formed, say where, and tell nothing they should not."""
    return refusals.checked(content, *CODES, secret=secret)


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


@pytest.mark.parametrize("code", ["91110000710920838N", "911000001000044477"])
async def test_a_wrong_code_that_a_document_shows_finds_its_subject(house: House, code: str) -> None:
    query = "query($by: SubjectBy!) { enterprise(by: $by, asWritten: true) { uscc codeStatus name matched { kind } } }"
    found = await house.data(PUBLIC, query, {"by": {"uscc": code}})
    known = {"uscc": code, "codeStatus": "BAD_CHECK_DIGIT", "name": None, "matched": {"kind": "USCC"}}
    assert found == {"enterprise": known}
    assert await house.data(PUBLIC, query, {"by": {"uscc": code[:-1] + "0"}}) == {"enterprise": None}


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


USCC = ("variables", "uscc")
BAD_VALUES = (
    # as it stands in the JSON, where the fault is, what of it is told
    (b'"\\u0000"', USCC, "control character"),
    (b'"a\\u0000b"', USCC, "control character"),
    (b'"a\x00b"', USCC, "NUL"),
    (b'"\\u0007"', USCC, "control character"),
    (b'"\x07"', USCC, "control character"),
    (b'"\\ud800"', USCC, "lone surrogate"),
    (b'"\\udc00x"', USCC, "lone surrogate"),
    (b'"\xff"', USCC, "UTF-8"),
    (b'"\xed\xa0\x80"', USCC, "UTF-8"),
    (b'"\\x"', USCC, "JSON"),
    (b"7", USCC, "must be a string"),
    (b"true", USCC, "must be a string"),
    (b"null", USCC, "must not be null"),
    (b'["a"]', USCC, "must be a string"),
    (b'{"a": 1}', USCC, "must be a string"),
    (DIGITS.encode(), USCC, "beyond 64 bits"),
    (b"-" + DIGITS.encode(), USCC, "beyond 64 bits"),
    (b'{"a": [0, %b]}' % DIGITS.encode(), (*USCC, "a", 1), "beyond 64 bits"),
    (b"99999999999999999999", USCC, "must be a string"),
    (b"1e400", USCC, "beyond 64 bits"),
    (b"1." + DIGITS.encode(), USCC, "must be a string"),
    (b"NaN", USCC, "JSON"),
    (b"Infinity", USCC, "JSON"),
    (b"[" * 300 + b"]" * 300, USCC, "nested too deeply"),  # orjson reads it, but does not write it
    (b"[" * 1100 + b"]" * 1100, USCC, "nested too deeply"),
    (b'"' + b"x" * 100_000 + b'"', ("enterprise", "by", "uscc"), "18"),
)


@pytest.mark.parametrize(("value", "path", "named"), BAD_VALUES, ids=range(len(BAD_VALUES)))
async def test_values(house: House, value: bytes, path: tuple[str | int, ...], named: str) -> None:
    response = await house.post(raw(ENTERPRISE.encode(), b'{"uscc": %b}' % value))
    assert response.status_code in (200, 400)
    (error, *_) = checked(response.content, DIGITS[:50])
    assert (tuple(error["path"]), named in error["message"]) == (path, True), error
    await still_answers(house)


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
    "query(" + " ".join(f"$v{n}: Int @a" for n in range(51)) + ") { viewer { role } }",
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
    assert all(error.get("locations") or error.get("path") for error in errors), errors
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
    b'{"query": "{ viewer { role } }", "variables": {"a": }}',
    b'{"query": "{ viewer { role } }", "variables": {"a": "',
    b"x" * 200_000,
)


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
async def test_bodies(house: House, content: bytes) -> None:
    before = await house.entry_count()
    response = await house.post(content, house.headers("bank"))
    assert response.status_code == 400
    for error in checked(response.content):
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "path" in error or error["extensions"]["position"].keys() == {"line", "column"}
    assert await house.entry_count() == before  # nobody's request yet: only counted
    await still_answers(house)


async def test_a_body_that_is_too_large(house: House) -> None:
    response = await house.post(b"x" * 10_485_760)
    assert response.status_code == 413
    (error,) = refusals.checked(response.content, "CONTENT_TOO_LARGE")
    assert str(house.settings.max_body) in error["message"]
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
        assert response.status_code == 413
    await still_answers(house)


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


async def test_tokens(house: House) -> None:
    odd = {**JSON, "authorization": "Bearer " + "a" * 10_000}
    response = await house.post(body("{ viewer { role } }"), odd)
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
    await counted.flush(whole=False)  # what other tests left
    before = await house.entry_count()
    for content in (*MALFORMED[:3], b"x" * (house.settings.max_body + 1)):
        await house.post(content)
    for token in ("nonsense", "a.b.c"):
        await house.post(body("{ viewer { role } }"), {**JSON, "authorization": f"Bearer {token}"})
    assert await house.entry_count() == before
    await counted.flush(whole=False)
    (entry,) = await house.entries(1)
    assert await house.entry_count() == before + 1
    assert entry["counted"] == {"BAD_REQUEST": 3, "CONTENT_TOO_LARGE": 1, "UNAUTHENTICATED": 2}
