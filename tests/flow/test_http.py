"""GraphQL over HTTP and RFC 9110: which media types, methods and addresses are answered, and how others are refused."""

from collections.abc import AsyncIterator, Mapping

import httpx
import orjson
import pytest

from gateway.assemble import Running
from gateway.errors import Unauthenticated
from gateway.intake.sample_demo import DEMO
from gateway.schema.build import sdl
from gateway.store.database import Connections
from gateway.values import Role
from tests.flow.documents import LEGAL
from tests.flow.refusals import body, checked
from tests.harness import JSON, Body, House, opened

pytestmark = pytest.mark.anyio

PLAIN = "application/json"
GRAPHQL = "application/graphql-response+json"
QUESTION = body("{ viewer { role } }")
ENTERPRISE = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { name } }"


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made:
        yield made


def refused(response: httpx.Response, status: int, code: str) -> Body:
    """The one error of a refusal by HTTP itself, in JSON that says what it is and is not kept."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] in (f"{PLAIN}; charset=utf-8", f"{GRAPHQL}; charset=utf-8")
    assert response.headers["cache-control"] == "no-store"
    (error,) = checked(response.content, code)
    return error


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        (f"{GRAPHQL}, {PLAIN};q=0.9", GRAPHQL),
        (f"{PLAIN};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"text/html, {GRAPHQL};q=0.1", GRAPHQL),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", PLAIN),
    ],
)
async def test_what_is_accepted_is_answered(house: House, accept: str, media: str) -> None:
    response = await house.post(QUESTION, {**JSON, "accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, f"{media}; charset=utf-8")
    assert orjson.loads(response.content)["data"] == {"viewer": {"role": "PUBLIC"}}


async def test_without_accept_it_is_plain_json(house: House) -> None:
    request = house.http.build_request("POST", f"http://127.0.0.1:{house.port}/graphql", content=QUESTION, headers=JSON)
    del request.headers["accept"]
    response = await house.http.send(request)
    assert response.headers["content-type"] == f"{PLAIN}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", f"{PLAIN};q=0", "*/*;q=0, x" * 50, f"{GRAPHQL}; charset=utf-16"])
async def test_what_cannot_be_answered_is_not_asked(house: House, accept: str) -> None:
    before = await house.entry_count()
    error = refused(await house.post(QUESTION, {**JSON, "accept": accept}), 406, "NOT_ACCEPTABLE")
    assert PLAIN in error["message"] and GRAPHQL in error["message"]
    assert await house.entry_count() == before


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/graphql", "multipart/form-data", "application/x-www-form-urlencoded", GRAPHQL, ""],
)
async def test_other_media_types(house: House, kind: str) -> None:
    response = await house.post(QUESTION, {"content-type": kind} if kind else {})
    assert PLAIN in refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")["message"]
    assert response.headers["accept"] == PLAIN
    assert "accept-encoding" not in response.headers  # would say that the coding is at fault


@pytest.mark.parametrize(
    "kind",
    [f"{PLAIN};charset=utf-8", f'{PLAIN}; Charset="UTF-8"', "Application/JSON; profile=x; charset=utf8", f"{PLAIN};"],
)
async def test_parameters_that_change_nothing(house: House, kind: str) -> None:
    assert (await house.post(QUESTION, {"content-type": kind})).status_code == 200


@pytest.mark.parametrize("charset", ["gbk", "utf-16", "iso-8859-1", '"gb18030"', ""])
async def test_other_charsets(house: House, charset: str) -> None:
    response = await house.post(QUESTION, {"content-type": f"{PLAIN}; charset={charset}"})
    assert "utf-8" in refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")["message"]


async def test_content_codings(house: House) -> None:
    for coding in ("gzip", "br", "identity, gzip"):
        response = await house.post(QUESTION, {**JSON, "content-encoding": coding})
        assert "identity" in refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")["message"]
        assert response.headers["accept-encoding"] == "identity"
    assert (await house.post(QUESTION, {**JSON, "content-encoding": "identity"})).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(house: House, method: str) -> None:
    for path, allowed in (("/graphql", "POST"), ("/livez", "GET, HEAD"), ("/readyz", "GET, HEAD")):
        if method in allowed:
            continue
        response = await house.http.request(method, f"http://127.0.0.1:{house.port}{path}", content=QUESTION)
        assert allowed in refused(response, 405, "METHOD_NOT_ALLOWED")["message"]
        assert response.headers["allow"] == allowed


async def test_a_question_in_the_address_is_not_answered(house: House) -> None:
    """It would stand in the log of every proxy on the way."""
    url = f"http://127.0.0.1:{house.port}/graphql"
    response = await house.http.get(url, params={"query": "{ viewer { role } }"}, headers={"accept": GRAPHQL})
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    head = await house.http.head(url)
    assert (head.status_code, head.headers["allow"], head.content) == (405, "POST", b"")


@pytest.mark.parametrize("path", ["/", "/nothing", "/graphql/", "/livez/", "/graphql/%00", "//graphql", "/GraphQL"])
async def test_other_addresses(house: House, path: str) -> None:
    for method, headers in (("POST", JSON), ("GET", {"accept": "text/html"})):
        response = await house.http.request(method, f"http://127.0.0.1:{house.port}{path}", headers=headers)
        assert "/graphql, without a slash" in refused(response, 404, "NOT_FOUND")["message"]
        assert "location" not in response.headers  # a token that follows one may go anywhere


@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        # content, status in application/json, in graphql-response+json
        (b"NONSENSE", (400, 400)),
        (b'{"qeury": "{ viewer { role } }"}', (400, 400)),
        (body(ENTERPRISE, [7]), (400, 400)),
        (body("{"), (200, 400)),
        (body("{ nothing }"), (200, 400)),
        (body("query A { viewer { role } }", operationName="B"), (200, 400)),
        (body(ENTERPRISE, {"uscc": 7}), (200, 400)),
        (body(ENTERPRISE, {"uscc": "1"}), (200, 400)),
        (body(ENTERPRISE, LEGAL), (200, 200)),
    ],
    ids=range(9),
)
async def test_the_status_follows_the_media_type(house: House, content: bytes, statuses: tuple[int, int]) -> None:
    """GraphQL over HTTP, Status Codes; without ``data``, graphql-response+json is never answered with 2xx."""
    for accept, status in zip((PLAIN, GRAPHQL), statuses, strict=True):
        response = await house.post(content, {**JSON, "accept": accept})
        assert (response.status_code, response.headers["content-type"]) == (status, f"{accept}; charset=utf-8")
        answer = orjson.loads(response.content)
        assert ("data" in answer, "errors" in answer) == ((True, False) if statuses == (200, 200) else (False, True))


async def test_of_a_member_given_twice_the_last_counts(house: House) -> None:
    both = b'{"query": "{ nothing }", "query": "%b", "variables": {"uscc": "1", "uscc": "%b"}}'
    response = await house.post(both % (ENTERPRISE.encode(), DEMO.enterprise_uscc.encode()))
    assert orjson.loads(response.content)["data"] == {"enterprise": {"name": DEMO.enterprise_name}}


async def test_members_that_are_none(house: House) -> None:
    response = await house.post(body("{ viewer { role } }", batch=[], **{"甲子一": 1}))
    errors = checked(response.content, "BAD_REQUEST", secret="甲子一")
    assert [error.get("path") for error in errors] == [["batch"], None]
    nulls: Mapping[str, object] = {"operationName": None, "extensions": None}
    assert (await house.post(body("{ viewer { role } }", None, **nulls))).status_code == 200


async def test_the_schema_of_ones_own_role(house: House) -> None:
    """As text, to whoever has the role; every other address below it is one at which there is nothing."""
    address = f"http://127.0.0.1:{house.port}/schema/{{}}.graphql"
    own = await house.http.get(address.format("financial"), headers=house.headers("bank"))
    assert (own.status_code, own.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    schema = house.gateway.schemas.of(house.gateway.policies.current.visibility(Role.FINANCIAL))
    assert own.text == sdl(schema) + "\n" and "fileComplaint" in own.text
    assert (own.headers["vary"], own.headers["cache-control"]) == ("authorization", "private, no-cache")
    again = {**house.headers("bank"), "if-none-match": own.headers["etag"]}
    unchanged = await house.http.get(address.format("financial"), headers=again)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    nobody = await house.http.get(f"http://127.0.0.1:{house.port}/nothing", headers=house.headers("bank"))
    for other in ("government", "public", "stranger", "Financial"):
        refused = await house.http.get(address.format(other), headers=house.headers("bank"))
        assert (refused.status_code, refused.content) == (404, nobody.content), other
    assert (await house.http.get(address.format("public"))).status_code == 200
    head = await house.http.head(address.format("financial"), headers=house.headers("bank"))
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", own.headers["etag"])


async def test_a_schema_is_no_way_to_try_tokens(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad token is refused and counted as at /graphql, whatever role it is tried for."""
    noted: list[str] = []
    monkeypatch.setattr(Running, "note", lambda _, address, code: noted.append(code))
    for role in ("public", "financial", "stranger"):
        address = f"http://127.0.0.1:{house.port}/schema/{role}.graphql"
        bad = await house.http.get(address, headers={"authorization": "Bearer x"})
        assert bad.status_code == 401 and bad.headers["www-authenticate"].startswith("Bearer ")
    assert noted == [Unauthenticated.code] * 3
    for method in ("POST", "PUT", "DELETE"):
        answers = [
            await house.http.request(method, f"http://127.0.0.1:{house.port}/schema/{role}.graphql")
            for role in ("public", "financial", "stranger")
        ]
        assert {answer.status_code for answer in answers} == {405} and len({answer.content for answer in answers}) == 1
