"""Requests made by hand, and what every refusal must be."""

import orjson

from tests.harness import Body

NEVER_TOLD = ("did you mean", "psycopg", "sqlstate", "postgres", "traceback", "line 1:", "gateway/", "internal")


def body(query: str, variables: object = None, **more: object) -> bytes:
    """A request in JSON."""
    return orjson.dumps({"query": query, "variables": variables, **more})


def raw(query: bytes, variables: bytes = b"null") -> bytes:
    """A request whose parts are taken as they stand, JSON or not."""
    return b'{"query": "%b", "variables": %b}' % (query, variables)


def checked(content: bytes, *codes: str, secret: str = "") -> list[Body]:
    """The errors of a refusal: well formed, of these codes, in two languages, and telling nothing they should not."""
    answer = orjson.loads(content)
    assert answer.get("data") is None
    found: list[Body] = answer["errors"]
    assert found
    for error in found:
        assert error["extensions"]["code"] in codes
        assert error["message"]
        assert all(error["extensions"]["summary"][language] for language in ("en", "zh"))
    assert [never for never in NEVER_TOLD if never in content.decode().lower()] == []
    assert not secret or secret not in content.decode()
    return found
