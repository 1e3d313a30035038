r"""Step 6: the bytes PostgreSQL built, with its markers replaced.

``to_json`` writes every control character as an escape, so no stored text can contain one and one ``split`` finds all
markers of a sort; what is put in is never looked at again. The most frequent sort has a delimiter of its own:

- ``\x02<node>/<row class>/<relations>,<subject>,<id>,<version>\x02``  a row of the answer; prints nothing

The others stand between ``\x01`` and ``\x01``, and their first character says what they are:

- ``k<subject>,<hex>``                             the wrapped key of a subject; prints nothing
- ``v<openable>,<subject>,<row>,<hex>``            a sealed value; prints its text as a JSON string
- ``p<pseudonym>``                                of the log; prints that of the engagement, a JSON string
- ``i<kind>,<row>,<p>`` and ``c<kind>,<row>,<p>``  a node id, a cursor; print a JSON string

Only the columns named in ``openable`` may be opened: that the plan lists a column means the decision shows it in clear.
Any marker that does not fit is a fault of ours: :class:`InternalError`, and no bytes at all.
"""

import re
from binascii import unhexlify

import orjson

from gateway.errors import Fault, InternalError
from gateway.values import Opened, Relation, Rows, Sight
from gateway.vault.secret import Secret
from gateway.vault.vault import Vault

MARK = b"\x01"
ROW = b"\x02"
RELATIONS = sum(Relation)

_NUMBER = rb"(?:0|[1-9]\d*+)"
_ROWS = re.compile(rb"(?:[^,]++,%b,%b,%b,?+)++" % (_NUMBER, _NUMBER, _NUMBER)).fullmatch
_SIGHT = re.compile(rb"(\d{1,4})/([a-z]{1,20}/[a-z]{1,20})/(\d{1,4})").fullmatch
_FIELDS = 4  # of a row marker
_NO_ROWS = Rows()
_KEY = re.compile(rb"k(\d{1,18}),((?:[0-9a-f]{2})+)").fullmatch
_VALUE = re.compile(rb"v(\d{1,4}),(\d{1,18}),(\d{1,18}),((?:[0-9a-f]{2})+)").fullmatch
_PSEUDONYM = re.compile(rb"p[0-9a-f]{32}").fullmatch
_IDS = re.compile(rb"(?:\A|\x01)([ic])(\d{1,3}),(\d{1,17}),([01])(?=\x01|\Z)").findall


def open_values(
    data: bytes, openable: tuple[tuple[str, str], ...], vault: Vault, consumer: str, engagement: str = ""
) -> Opened:
    """Replace every marker of one root's JSON; without markers the very same bytes come back.

    ``openable`` = (kind, column) by the index that value markers carry. ``consumer`` = see ``Vault.node_id``.
    ``engagement`` = whose pseudonyms are shown; without one there are none.
    Raises :class:`InternalError` (malformed marker) or :class:`SealBroken` (a value or key that does not open).
    """
    printed, *others = data.split(ROW)
    rows = _NO_ROWS
    if others:
        if len(others) % 2:
            raise _malformed("a row marker has no end")
        rows = _rows(others[::2])
        data = b"".join([printed, *others[1::2]])
    parts = data.split(MARK)
    if len(parts) == 1:
        return Opened(data, rows, 0)
    if len(parts) % 2 == 0:
        raise _malformed("a marker has no end")
    ids: list[int] = []
    sealed = _Sealed(openable, vault)
    for at in range(1, len(parts), 2):
        body = parts[at]
        match body[:1]:
            case b"i" | b"c":
                ids.append(at)
            case b"v":
                parts[at] = sealed.value(body)
            case b"p" if engagement and _PSEUDONYM(body):
                parts[at] = b'"%b"' % vault.engaged(engagement, body[1:].decode("ascii")).encode("ascii")
            case b"k":
                parts[at] = sealed.key(body)
            case _:
                raise _malformed("a marker is of no known kind")
    if ids:
        _put_ids(parts, ids, vault, consumer)
    return Opened(b"".join(parts), rows, sealed.openings)


def _rows(markers: list[bytes]) -> Rows:
    """All row markers at once: one match, one split and a few slices cost less than one by one."""
    whole = b",".join(markers)
    fields = whole.split(b",")
    if len(fields) != _FIELDS * len(markers) or not _ROWS(whole):
        raise _malformed("a row marker is not one")
    heads = fields[::_FIELDS]
    sights = {head: _sight(head) for head in set(heads)}  # a few distinct ones, however many rows
    return Rows([sights[head] for head in heads], fields[1::_FIELDS], fields[2::_FIELDS], fields[3::_FIELDS])


def _sight(head: bytes) -> Sight:
    found = _SIGHT(head)
    if found is None:
        raise _malformed("a row marker is not one")
    node, row_class, relations = found.groups()
    held = int(relations)
    if held & ~RELATIONS:
        raise _malformed("a row marker names an unknown relation")
    return Sight(int(node), row_class.decode("ascii"), held)


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
