"""The body of a POST to /graphql: bytes in, a request out, nothing assumed (GraphQL over HTTP, 5.1 and 5.2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope

from gateway.errors import Fault, MalformedRequest
from gateway.pipeline import Request

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"

_MEMBERS = frozenset({"query", "operationName", "variables", "extensions"})


class Headers(NamedTuple):
    """The request headers that matter, as sent; None if absent. Several of one name are joined, as HTTP says."""

    authorization: str | None = None
    accept: str | None = None
    content_type: str | None = None
    content_length: str | None = None
    content_encoding: str | None = None


_WANTED: Mapping[bytes, str] = MappingProxyType({name.replace("_", "-").encode(): name for name in Headers._fields})


def headers_of(scope: Scope) -> Headers:
    """Read the headers once."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        wanted = _WANTED.get(name)
        if wanted is not None:
            text = value.decode("latin-1")
            found[wanted] = f"{found[wanted]}, {text}" if wanted in found else text
    return Headers(**found)


async def read(receive: Receive, headers: Headers, limit: int) -> bytes:
    """The whole body. Raises MalformedRequest as soon as it is known to exceed ``limit`` bytes."""
    declared = headers.content_length
    if declared is not None and declared.isdigit() and int(declared[:19]) > limit:
        raise _malformed(f"the body is larger than {limit} bytes")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _malformed("the connection closed before the body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _malformed(f"the body is larger than {limit} bytes")
        parts.append(chunk)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def parse(body: bytes, headers: Headers) -> Request:
    """The operation in a JSON body. Raises MalformedRequest with everything that is wrong with it."""
    media = (headers.content_type or "").partition(";")[0].strip().lower()
    if media != JSON:
        raise _malformed(f"Content-Type must be {JSON}")
    if headers.content_encoding not in (None, "identity"):
        raise _malformed("Content-Encoding is not supported")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _malformed("the body is not valid JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise _malformed("the body must be a JSON object; batches are not supported")
    faults = [*_faults(value)]
    if faults:
        raise MalformedRequest(*faults)
    variables = value.get("variables")
    sealed = orjson.dumps(variables) if variables else value["query"].encode()
    return Request(headers.authorization, value["query"], value.get("operationName"), variables, sealed)


def media_type(accepted: str | None) -> str:
    """The media type to answer in: what ``Accept`` prefers of the two; JSON when it says nothing."""
    if accepted is None or accepted == "*/*":
        return JSON
    ranges = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    return GRAPHQL if GRAPHQL in ranges and (JSON not in ranges or ranges.index(GRAPHQL) < ranges.index(JSON)) else JSON


def _faults(value: Mapping[str, object]) -> list[Fault]:
    faults: list[Fault] = []
    query = value.get("query")
    if not isinstance(query, str):
        faults.append(Fault(("query",), "must be a string"))
    if not isinstance(value.get("operationName"), str | None):
        faults.append(Fault(("operationName",), "must be a string or null"))
    for name in ("variables", "extensions"):
        if not isinstance(value.get(name), dict | None):
            faults.append(Fault((name,), "must be an object or null"))
    if value.keys() - _MEMBERS:
        faults.append(Fault((), "only query, operationName, variables and extensions are members of a request"))
    return faults


def _malformed(rule: str) -> MalformedRequest:
    return MalformedRequest(Fault((), rule))
