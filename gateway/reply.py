"""Step 7, shape: the bytes that are sent. Values arrive as JSON text and are put together, never parsed again."""

from collections.abc import Iterable, Mapping, Sequence

import orjson

from gateway.errors import Fault, GatewayError
from gateway.values import Act, Caller, Receipt, Redaction, Root, Selected, Visibility

NULL = b"null"
_LONGEST_PLACE = 200  # characters: an alias may be as long as a document


def data(members: Sequence[tuple[tuple[str, ...], bytes | None]], introspection: bytes | None) -> bytes:
    """The ``data`` object: path and JSON of each root, then the introspection members.

    A root below another becomes the last member of its object, which stands before it; of null there is none.
    """
    parts: list[bytes] = []
    above: bytes | None = None
    for path, value in members:
        member = b'"%b":%b' % (path[-1].encode(), NULL if value is None else value)
        if len(path) == 1:
            parts.append(member)
            above = value
        elif above is None:
            continue
        elif parts[-1].endswith(b"{}"):
            parts[-1] = b"%b%b}" % (parts[-1][:-1], member)
        else:
            parts[-1] = b"%b,%b}" % (parts[-1][:-1], member)
    if introspection:
        parts.append(introspection)
    return b"{" + b",".join(parts) + b"}"


def redactions(items: Iterable[Redaction]) -> bytes:
    """The members of ``extensions.redactions``, without the brackets."""
    return b",".join(
        orjson.dumps(
            {
                "path": item.path,
                "coordinate": item.coordinate,
                "level": item.level,
                "rows": item.rows,
                "reason": item.reason,
                "rule": item.rule,
                "remedy": None if item.remedy is None else item.remedy._asdict(),
            }
        )
        for item in items
    )


def answered(body: bytes, redacted: Iterable[bytes], receipt: Receipt) -> bytes:
    """A whole response with data."""
    told = b",".join(part for part in redacted if part)
    return b'{"data":%b,"extensions":{"redactions":[%b],"receipt":%b}}' % (body, told, _receipt(receipt))


def refused(error: GatewayError, receipt: Receipt | None, *, has_data: bool) -> bytes:
    """A whole response with errors: one per fault, all with one code. ``has_data``: the operation was understood."""
    faults = error.faults or (Fault((), ""),)
    errors = b",".join(orjson.dumps(_error(error, fault)) for fault in faults)
    extensions = b"" if receipt is None else b',"extensions":{"receipt":%b}' % _receipt(receipt)
    return b'{"errors":[%b]%b%b}' % (errors, b',"data":null' if has_data else b"", extensions)


def viewer(root: Root, caller: Caller, visibility: Visibility) -> bytes:
    """The answer to ``viewer``: who asks, as the token says, and every cell of the role that shows something."""
    return shaped(root, _viewer(root, caller, visibility))


def shaped(root: Root, values: dict[str, object]) -> bytes:
    """The JSON of a root whose answer was made of values: of them only what is selected."""
    return orjson.dumps(_object(root.children, values))


def action_receipt(act: Act, told: Mapping[str, object], receipt: Receipt | None) -> bytes:
    """What a mutation answers: what it did, and its entry; without ``receipt`` the members of that are null."""
    entry: dict[str, object] = {
        "__typename": "Receipt",
        "origin": receipt and receipt.origin,
        "index": receipt and str(receipt.index),
        "leaf": receipt and receipt.leaf,
    }
    return orjson.dumps(_object(act.children, {**told, "receipt": entry}))


def _receipt(receipt: Receipt) -> bytes:
    return orjson.dumps({"origin": receipt.origin, "index": receipt.index, "leaf": receipt.leaf})


def _error(error: GatewayError, fault: Fault) -> dict[str, object]:
    said: dict[str, object] = {"message": _message(error, fault)}
    if fault.locations:
        said["locations"] = [{"line": line, "column": column} for line, column in fault.locations]
    if fault.path:
        said["path"] = fault.path
    extensions: dict[str, object] = {"code": error.code, "summary": {"en": error.en, "zh": error.zh}}
    if fault.position:
        extensions["position"] = {"line": fault.position[0], "column": fault.position[1]}
    said["extensions"] = extensions
    return said


def _message(error: GatewayError, fault: Fault) -> str:
    """The rule, with what it is about in front of it: many clients show nothing but the message."""
    if not fault.rule:
        return error.en
    place = ".".join(map(str, fault.path))
    return f"{place}: {fault.rule}" if 0 < len(place) <= _LONGEST_PLACE else fault.rule


def _viewer(root: Root, caller: Caller, visibility: Visibility) -> dict[str, object]:
    asked = {child.name for child in root.children}
    values: dict[str, object] = {
        "__typename": "Viewer",
        "role": caller.role.name,
        "principal": caller.principal or None,
        "consumer": caller.consumer or None,
        "department": caller.department or None,
        "region": caller.region or None,
        "assurance": caller.assurance,
        "policyVersion": visibility.version,
    }
    if "sees" in asked:
        values["sees"] = [*_sees(visibility)]
    return values


def _sees(visibility: Visibility) -> Iterable[dict[str, object]]:
    for coordinate, by_class in visibility.cells.items():
        if coordinate in visibility.never:
            continue
        for row_class, cell in by_class.items():
            subject, _, state = row_class.partition("/")
            for grant in cell.grants:
                yield {
                    "__typename": "VisibleCoordinate",
                    "coordinate": coordinate,
                    "subjectClass": subject.upper(),
                    "standing": state.upper(),
                    "level": grant.level,
                    "condition": grant.condition.name,
                    "rule": grant.rule,
                }


def _object(selected: Sequence[Selected], values: dict[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {}
    for child in selected:
        value = values[child.name]
        if child.children and isinstance(value, dict):
            shown[child.key] = _object(child.children, value)
        elif child.children and isinstance(value, list):
            shown[child.key] = [_object(child.children, item) for item in value]
        else:
            shown[child.key] = value
    return shown
