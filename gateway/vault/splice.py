r"""Step 6: the bytes PostgreSQL built, with its markers replaced.

A marker is ``\x01<body>\x01``. ``to_json`` writes every control character as an escape, so no stored text can contain
one and one ``split`` finds them all; what is put in is never looked at again. Bodies, by first character:

- ``r<node>,<row class>,<relations>,<subject>,<id>,<version>``  a row of the answer; prints nothing
- ``k<subject>,<hex>``                                          the wrapped key of a subject; prints nothing
- ``v<openable>,<subject>,<row>,<hex>``                         a sealed value; prints its text as a JSON string
- ``i<kind>,<row>,<p>`` and ``c<kind>,<row>,<p>``               a node id, a cursor; print a JSON string

Only the columns named in ``openable`` may be opened: that the plan lists a column means the decision shows it in clear.
Any marker that does not fit is a fault of ours: :class:`InternalError`, and no bytes at all.
"""

import re
from binascii import unhexlify
from collections.abc import Callable
from functools import partial

import orjson

from gateway.errors import Fault, InternalError
from gateway.values import Opened, Relation, Seen
from gateway.vault.secret import Secret
from gateway.vault.vault import Vault

MARK = b"\x01"
RELATIONS = sum(Relation)

_ROWS = re.compile(
    rb"(?:r\d{1,4},[a-z]{1,20}/[a-z]{1,20},\d{1,4},(?:0|[1-9]\d{0,17}),(?:0|[1-9]\d{0,17}),(?:0|[1-9]\d{0,8})(?:,|\Z))+"
).fullmatch
_FIELDS = 6  # of a row marker
_SEEN: Callable[[tuple[object, ...]], Seen] = partial(tuple.__new__, Seen)  # without the detour through Python
_KEY = re.compile(rb"k(\d{1,18}),((?:[0-9a-f]{2})+)").fullmatch
_VALUE = re.compile(rb"v(\d{1,4}),(\d{1,18}),(\d{1,18}),((?:[0-9a-f]{2})+)").fullmatch
_IDS = re.compile(rb"(?:\A|\x01)([ic])(\d{1,3}),(\d{1,17}),([01])(?=\x01|\Z)").findall


def open_values(data: bytes, openable: tuple[tuple[str, str], ...], vault: Vault, consumer: str) -> Opened:
    """Replace every marker of one root's JSON; without markers the very same bytes come back.

    ``openable`` = (kind, column) by the index that value markers carry. ``consumer`` = see ``Vault.node_id``.
    Raises :class:`InternalError` (malformed marker) or :class:`SealBroken` (a value or key that does not open).
    """
    parts = data.split(MARK)
    if len(parts) == 1:
        return Opened(data, (), 0)
    if len(parts) % 2 == 0:
        raise _malformed("a marker has no end")
    rows: list[bytes] = []
    ids: list[int] = []
    sealed = _Sealed(openable, vault)
    for at in range(1, len(parts), 2):
        body = parts[at]
        match body[:1]:
            case b"r":
                rows.append(body)
                parts[at] = b""
            case b"i" | b"c":
                ids.append(at)
            case b"v":
                parts[at] = sealed.value(body)
            case b"k":
                parts[at] = sealed.key(body)
            case _:
                raise _malformed("a marker is of no known kind")
    _put_ids(parts, ids, vault, consumer)
    return Opened(b"".join(parts), _seen(rows), sealed.openings)


def _seen(rows: list[bytes]) -> tuple[Seen, ...]:
    """All row markers at once: one match, one split and a few slices cost less than one by one."""
    if not rows:
        return ()
    whole = b",".join(rows)
    fields = whole.split(b",")
    if len(fields) != _FIELDS * len(rows) or not _ROWS(whole):
        raise _malformed("a row marker is not one")
    heads = list(zip(fields[::_FIELDS], fields[1::_FIELDS], fields[2::_FIELDS], strict=True))
    known = {head: _head(*head) for head in set(heads)}  # a few distinct ones, however many rows
    nodes, classes, relations = zip(*[known[head] for head in heads], strict=True)
    numbers = [map(int, fields[at::_FIELDS]) for at in range(3, _FIELDS)]
    return tuple(map(_SEEN, zip(nodes, classes, relations, *numbers, strict=True)))


def _head(node: bytes, row_class: bytes, relations: bytes) -> tuple[int, str, int]:
    held = int(relations)
    if held & ~RELATIONS:
        raise _malformed("a row marker names an unknown relation")
    return int(node[1:]), row_class.decode("ascii"), held


def _put_ids(parts: list[bytes], places: list[int], vault: Vault, consumer: str) -> None:
    """Write the ids and cursors that stand at these places, in place."""
    found: list[tuple[bytes, bytes, bytes, bytes]] = _IDS(MARK.join([parts[at] for at in places]))
    if len(found) != len(places):
        raise _malformed("an id marker is not one")
    writers = {
        (mark, personal): (vault.nodes if mark == b"i" else vault.cursors).under(personal == b"1", consumer).write
        for mark, personal in {(mark, personal) for mark, _, _, personal in found}
    }
    for at, (mark, kind, row, personal) in zip(places, found, strict=True):
        parts[at] = b'"%b"' % writers[mark, personal](int(kind), int(row)).encode("ascii")


class _Sealed(Secret):
    """What the key and value markers of one answer share: the keys announced so far, how many values were opened."""

    __slots__ = ("_openable", "_vault", "_wrapped", "openings")

    def __init__(self, openable: tuple[tuple[str, str], ...], vault: Vault) -> None:
        self.openings = 0
        self._openable = openable
        self._vault = vault
        self._wrapped: dict[bytes, bytes] = {}  # hex as announced; unwrapped only when a value needs it

    def key(self, body: bytes) -> bytes:
        found = _KEY(body)
        if found is None:
            raise _malformed("a key marker is not one")
        subject, wrapped = found.groups()
        if self._wrapped.setdefault(subject, wrapped) != wrapped:
            raise _malformed("a subject has two keys")
        return b""

    def value(self, body: bytes) -> bytes:
        found = _VALUE(body)
        if found is None:
            raise _malformed("a value marker is not one")
        index, subject, row, sealed = found.groups()
        if int(index) >= len(self._openable):
            raise _malformed("a value marker names a column that is not opened here")
        wrapped = self._wrapped.get(subject)
        if wrapped is None:
            raise _malformed("a value comes before the key of its subject")
        key = self._vault.unwrap(unhexlify(wrapped), int(subject))  # refuses the key of another subject
        kind, column = self._openable[int(index)]
        self.openings += 1
        return orjson.dumps(self._vault.open(key, kind, column, int(row), unhexlify(sealed)))


def _malformed(rule: str) -> InternalError:
    return InternalError(Fault((), rule))
