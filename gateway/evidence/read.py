"""The life of a download: its row goes through the door of documents, then its pieces are opened.

No entry, no bytes.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import orjson

from gateway import named, reply
from gateway.errors import InternalError, NotFound, SealBroken
from gateway.evidence.spool import KIND, PIECE
from gateway.evidence.who import proven
from gateway.pipeline import Gateway, Reply, Request, answer_to
from gateway.rights.formats import Format
from gateway.values import Receipt, Statement
from gateway.vault.seal import SubjectKey

# What every file is asked for with: whoever is shown its hash gets its bytes.
CARD = "query($id: ID!) { node(id: $id) { ... on Evidence { fileName format size sha256 } } }"

_WHOSE = Statement(
    "evidence_whose",
    "SELECT e.subject_id, encode(k.wrapped, 'hex') FROM evidence AS e "
    "JOIN subject_key AS k ON k.subject_id = e.subject_id WHERE e.id = $1::bigint",
)
_PIECE = Statement(
    "evidence_piece",
    "SELECT encode(sealed, 'hex') FROM evidence_piece "
    "WHERE subject_id = $1::bigint AND evidence_id = $2::bigint AND number = $3::integer",
    slow=True,
)


class File(NamedTuple):
    """A file on its way out. ``pieces`` raises SealBroken where one is missing, moved or changed, and Unavailable."""

    format: Format
    name: str | None
    size: int
    pieces: AsyncIterator[bytes]


async def read(gateway: Gateway, authorization: str | None, id: str) -> File | Reply:
    """The life of a download; a reply if there is no file for this caller, alike whether there is one or not.

    Raises Unauthenticated, Unavailable, and SealBroken for a file whose key is destroyed.
    """
    caller = await proven(gateway, authorization)  # 1 who asks
    given = {"id": id}
    request = Request(None, CARD, None, given, orjson.dumps(given))
    told = await answer_to(gateway, request, caller, _said)  # 2 to 8: shown or not, it is written down
    if told.status >= InternalError.status:
        return told
    answered = orjson.loads(told.body)
    card = _card(answered.get("data"))
    if card is None:
        entry = answered.get("extensions", {}).get("receipt")
        receipt = None if entry is None else Receipt(**entry)
        return Reply(NotFound.status, reply.refused(NotFound(), receipt, has_data=False))
    _, row = named.row(gateway.vault, id, named.reader(caller))
    assert row is not None  # it was found by it
    rows = await gateway.lanes.fetch(_WHOSE, (b"%d" % row,))
    if not rows:
        raise SealBroken
    subject, wrapped = int(rows[0][0] or b"0"), bytes.fromhex((rows[0][1] or b"").decode("ascii"))
    pieces = _Pieces(gateway, gateway.vault.unwrap(wrapped, subject), subject, row, card["size"])
    first = await pieces.opened(0)  # what fails here can still be told
    return File(Format[card["format"]], card["fileName"], card["size"], pieces.after(first))  # 9 send


class _Pieces:
    """The pieces of a file, each read by a short statement of its own: a slow client holds nothing."""

    def __init__(self, gateway: Gateway, key: SubjectKey, subject: int, row: int, size: int) -> None:
        self._gateway = gateway
        self._key = key
        self._subject = subject
        self._row = row
        self._count = -(-size // PIECE)

    async def opened(self, number: int) -> bytes:
        """One of them."""
        rows = await self._gateway.lanes.fetch(_PIECE, [b"%d" % one for one in (self._subject, self._row, number)])
        if not rows:
            raise SealBroken
        sealed = bytes.fromhex((rows[0][0] or b"").decode("ascii"))
        last = number + 1 == self._count
        return self._gateway.vault.open_piece(self._key, (KIND, self._row), number, last, sealed)

    async def after(self, first: bytes) -> AsyncIterator[bytes]:
        """All of them, of which the first is open."""
        yield first
        for number in range(1, self._count):
            yield await self.opened(number)


def _card(data: Any) -> dict[str, Any] | None:
    """What is told of the file, if its hash is."""
    node = data.get("node") if isinstance(data, dict) else None
    return node if isinstance(node, dict) and node.get("sha256") is not None else None


def _said(data: bytes) -> Mapping[str, object]:
    """What the entry says of the content."""
    card = _card(orjson.loads(data))
    return {} if card is None else {"sha256": card["sha256"]}
