"""The body of a POST to /graphql: bytes in, a request out, nothing assumed (GraphQL over HTTP, Request)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope

from gateway.errors import ContentTooLarge, Fault, MalformedRequest
from gateway.operation.inputs import named
from gateway.pipeline import Request
from gateway.web.diagnosis import MEMBERS, TOO_DEEP, diagnose

_MOST_FAULTS = 20  # told at once
_REDACTION = "redaction"  # the member of `extensions` by which a request refuses every answer that is not whole
_REFUSE = "refuse"
# An item string (RFC 9651), as the draft has it, or the same without quotes; neither quotes nor commas within.
_KEY = re.compile(r'("?)[!#-+\--~]{1,255}\1\Z', re.ASCII).match


class Headers(NamedTuple):
    """The request headers that matter, as sent; None if absent. Several of one name are joined, as HTTP says."""

    authorization: str | None = None
    accept: str | None = None
    content_type: str | None = None
    content_length: str | None = None
    content_encoding: str | None = None
    idempotency_key: str | None = None


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
    """The whole body. Raises ContentTooLarge as soon as it is known to exceed ``limit`` bytes."""
    declared = headers.content_length
    if declared is not None and declared.isdecimal() and int(declared[:19]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequest(Fault((), "the connection closed before the body was complete"))
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def parse(body: bytes, authorization: str | None, key: str | None = None) -> Request:
    """The operation in a JSON body; ``key`` is the header Idempotency-Key.

    Raises MalformedRequest with everything that is wrong.

    Of a member that is given twice the last counts (RFC 8259, 4, leaves that open), here and in the log.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(diagnose(body, error)) from None
    if not isinstance(value, dict):
        raise MalformedRequest(Fault((), "the body must be a JSON object; batches are not supported", position=(1, 1)))
    faults = _faults(value)
    if key is not None and not _KEY(key):
        faults.append(Fault(("Idempotency-Key",), "must be 1 to 255 printable ASCII characters, in quotes or without"))
    if faults:
        raise MalformedRequest(*faults)
    variables = value.get("variables")
    sealed = _sealable(variables) if variables else value["query"].encode()
    strict = (value.get("extensions") or {}).get(_REDACTION) == _REFUSE
    return Request(
        authorization, value["query"], value.get("operationName"), variables, sealed, strict, (key or "").strip('"')
    )


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
    extensions = value.get("extensions")
    if isinstance(extensions, dict) and extensions.get(_REDACTION, _REFUSE) != _REFUSE:
        faults.append(Fault(("extensions", _REDACTION), f'is "{_REFUSE}", or not given, and then it is told'))
    for name in value:
        if name not in MEMBERS and len(faults) < _MOST_FAULTS:
            faults.append(Fault(named((), name), f"is not a member of a request, which are {', '.join(MEMBERS)}"))
    return faults


def _sealable(variables: Mapping[str, object]) -> bytes:
    """``variables`` as the log keeps them. orjson reads 1,024 levels, but writes 254."""
    try:
        return orjson.dumps(variables)
    except orjson.JSONEncodeError:
        raise MalformedRequest(*_too_deep(variables)) from None


def _too_deep(variables: Mapping[str, object]) -> list[Fault]:
    faults: list[Fault] = []
    for name, value in variables.items():
        try:
            orjson.dumps({name: value})
        except orjson.JSONEncodeError:
            faults.append(Fault(named(("variables",), name), TOO_DEEP))
    return faults[:_MOST_FAULTS]


def _too_large(limit: int) -> ContentTooLarge:
    return ContentTooLarge(Fault((), f"the body is larger than {limit} bytes"))
