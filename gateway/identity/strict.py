"""Base64url and JSON, read so that every text has one meaning: what two parsers could read differently is refused."""

import base64
import json
from typing import Never


class NotStrict(ValueError):
    """The text is not well formed, or could be read in two ways. Carries none of the text."""


def base64url(text: str) -> bytes:
    """Decode base64url without padding (RFC 7515 §2). Raises NotStrict unless it is the one way to write the bytes."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise NotStrict("not base64url") from None
    if base64url_text(raw) != text:
        raise NotStrict("not base64url in its canonical form")
    return raw


def base64url_text(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def json_object(raw: bytes) -> dict[str, object]:
    """A JSON object in UTF-8. Raises NotStrict for a repeated member at any depth, NaN, bad UTF-8, or deep nesting."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_constant)
    except NotStrict:
        raise
    except (ValueError, RecursionError):
        raise NotStrict("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise NotStrict("not a JSON object")
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrict("a member of a JSON object is repeated")
    return members


def _no_constant(word: str) -> Never:
    raise NotStrict("a number that JSON does not have")
