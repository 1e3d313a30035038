"""``chains``: the list of all that was asked about a person in a month that is closed, with its proofs."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa

from gateway import reply
from gateway.asking import log_key
from gateway.audit import proof
from gateway.audit.chains import Element, Place, elements, person
from gateway.audit.history import History
from gateway.audit.log import Log
from gateway.audit.statements import argument, statement
from gateway.audit.tiles import WIDTH, holding, span_hash, width
from gateway.audit.tree import leaf_hash
from gateway.errors import InternalError
from gateway.ledger import receipts
from gateway.plan.ground import held_back
from gateway.store.lanes import Lanes, Row
from gateway.store.log_tables import ACCESS, LOG_CHAIN, LOG_CHAIN_NODE, LOG_CLOSE, LOG_ENTRY, TOGETHER
from gateway.values import ByPlace, Own, Root
from gateway.vault.vault import Vault

HELD_BACK = timedelta(days=270)  # the longest that an entry may be kept from its subject: 90 days, renewed twice

_HEX: sa.ColumnElement[str] = sa.literal_column("'hex'")
_MONTH = argument("month", sa.Text())
_FIRST, _END = argument("first", sa.BigInteger()), argument("end", sa.BigInteger())

_CLOSE = statement(
    sa.select(
        LOG_CLOSE.c.origin, LOG_CLOSE.c.index, LOG_CLOSE.c.persons, LOG_CLOSE.c.ranges, LOG_CLOSE.c.closed_at
    ).where(LOG_CLOSE.c.month == _MONTH)
)
_OWN = statement(
    sa.select(LOG_CHAIN.c.place, LOG_CHAIN.c.length).where(
        LOG_CHAIN.c.month == _MONTH, LOG_CHAIN.c.subject == argument("subject", sa.Text())
    )
)
_LEAVES = statement(
    sa.select(LOG_CHAIN.c.subject, LOG_CHAIN.c.length, sa.func.encode(LOG_CHAIN.c.head, _HEX))
    .where(LOG_CHAIN.c.month == _MONTH, LOG_CHAIN.c.place >= _FIRST, LOG_CHAIN.c.place < _END)
    .order_by(LOG_CHAIN.c.place)
)
_NODES = statement(
    sa.select(sa.func.encode(LOG_CHAIN_NODE.c.hash, _HEX))
    .where(
        LOG_CHAIN_NODE.c.month == _MONTH,
        LOG_CHAIN_NODE.c.level == argument("level", sa.Integer()),
        LOG_CHAIN_NODE.c.index >= _FIRST,
        LOG_CHAIN_NODE.c.index < _END,
    )
    .order_by(LOG_CHAIN_NODE.c.index)
)
_PLACES = statement(
    sa.select(
        ACCESS.c.number,
        sa.func.encode(LOG_ENTRY.c.commitment, _HEX),
        held_back(ACCESS, argument("now", sa.DateTime(timezone=True))).label("held_back"),
    )
    .join(LOG_ENTRY, TOGETHER)
    .where(
        ACCESS.c.subject_id == argument("key", sa.BigInteger()),
        ACCESS.c.subject == argument("subject", sa.Text()),
        ACCESS.c.shard == argument("shard", sa.Integer()),
        ACCESS.c.number >= _FIRST,
        ACCESS.c.number < _END,
    )
    .order_by(ACCESS.c.number)
)
_BODY = statement(
    sa.select(sa.func.encode(LOG_ENTRY.c.body, _HEX), sa.func.encode(LOG_ENTRY.c.salt, _HEX)).where(
        LOG_ENTRY.c.shard == argument("shard", sa.Integer()), LOG_ENTRY.c.index == _FIRST
    )
)


class Chains:
    """Reads the lists of closed months for those whom they are about."""

    def __init__(self, lanes: Lanes, history: History, log: Log, vault: Vault) -> None:
        """``lanes`` are of the log's role: of a closed month all rows are made."""
        self._lanes = lanes
        self._history = history
        self._log = log
        self._vault = vault

    async def answer(self, root: Root, month: str, own: Own, now: datetime) -> tuple[bytes | None, tuple[int, ...]]:
        """The JSON of ``chains`` and the subjects whose lists it holds; None if the month is not closed."""
        rows = await self._lanes.fetch(_CLOSE, (month.encode(),))
        if not rows:
            return None, ()
        closed = _Closed(month, rows[0])
        close = await self._entry(closed)
        if close is None:  # without the entry that closed it nothing is proved any more
            return None, ()
        names: dict[int, list[str]] = {}
        for name, subject in own.subjects.items():
            names.setdefault(subject, []).append(name)
        found, subjects = [], []
        for subject, known in names.items():
            (pseudonym,) = self._vault.pseudonyms([subject])
            chain = await self._chain(closed, close, pseudonym, known, now)
            if chain is not None:
                found.append(reply.shaped(root, chain))
                subjects.append(subject)
        return b"[%b]" % b",".join(found), tuple(subjects)

    async def _chain(
        self, closed: "_Closed", close: dict[str, object], pseudonym: str, names: Sequence[str], now: datetime
    ) -> dict[str, object] | None:
        rows = await self._lanes.fetch(_OWN, (closed.month.encode(), pseudonym.encode()))
        if not rows:
            return None  # of persons there are lists, of nobody else
        place, size = int(_found(rows[0][0])), int(_found(rows[0][1]))
        held: dict[Place, bool] = {}
        for name in names:
            held |= await self._places(closed, name, now)
        places = sorted(held, key=_order)
        blinds = [self._vault.chain_blind(closed.month, pseudonym, number) for number in range(size)]
        pads = now >= closed.at + HELD_BACK
        made = elements(places, blinds)
        return {
            "__typename": "Chain",
            "month": closed.month,
            "pseudonym": pseudonym,
            "place": str(place),
            "persons": str(closed.persons),
            "elements": [_told(one, shown=pads if one.place is None else not held[one.place]) for one in made],
            "proof": [_base64(one) for one in await self._proof(closed, place)],
            "close": close,
        }

    async def _places(self, closed: "_Closed", name: str, now: datetime) -> dict[Place, bool]:
        """The entries of the month about a name, and whether each is held back still."""
        found: dict[Place, bool] = {}
        key = b"%d" % log_key(name)
        for shard, (first, end) in closed.ranges.items():
            bounds = (b"%d" % shard, b"%d" % first, b"%d" % end)
            parameters = (now.isoformat().encode(), key, name.encode(), *bounds)
            rows = await self._lanes.fetch(_PLACES, parameters)
            origin = self._history.origin(shard)
            for number, commitment, held in rows:
                found[Place(origin, int(_found(number)), _unhex(commitment))] = held == b"t"
        return found

    async def _proof(self, closed: "_Closed", place: int) -> list[bytes]:
        spans = proof.inclusion(place, closed.persons)
        tiles: dict[tuple[int, int], bytes] = {}
        for level, index in holding(spans):
            first = index * WIDTH
            bounds = (b"%d" % first, b"%d" % (first + width(level, index, closed.persons)))
            if level:
                rows = await self._lanes.fetch(_NODES, (closed.month.encode(), b"%d" % level, *bounds))
                tiles[level, index] = b"".join(_unhex(hash) for (hash,) in rows)
            else:
                rows = await self._lanes.fetch(_LEAVES, (closed.month.encode(), *bounds))
                tiles[level, index] = b"".join(
                    leaf_hash(person(_found(name).decode(), int(_found(size)), _unhex(top))) for name, size, top in rows
                )
        return [span_hash(span, tiles) for span in spans]

    async def _entry(self, closed: "_Closed") -> dict[str, object] | None:
        """The entry that closed the month, which is nobody's and everybody's; None: its body is gone."""
        proven = await receipts.prove(self._history, self._log, ByPlace(closed.origin, str(closed.index)))
        shard = self._history.shard_of(closed.origin)
        rows = await self._lanes.fetch(_BODY, (b"%d" % (shard or 0), b"%d" % closed.index))
        if proven is None or not rows:
            raise InternalError
        body, salt = rows[0]
        if body is None:
            return None
        return {
            "__typename": "ClosingEntry",
            **proven.json(),
            "body": _unhex(body).decode(),
            "salt": _base64(_unhex(salt)),
        }


class _Closed:
    """A month that is closed, as its row tells it."""

    def __init__(self, month: str, row: Row) -> None:
        origin, index, persons, ranges, at = map(_found, row)
        self.month = month
        self.origin = origin.decode()
        self.index = int(index)
        self.persons = int(persons)
        self.ranges: dict[int, tuple[int, int]] = {
            int(shard): (first, end) for shard, (first, end) in orjson.loads(ranges).items()
        }
        self.at = datetime.fromisoformat(at.decode())


def _order(place: Place) -> tuple[str, int]:
    return place.origin, place.index


def _told(one: Element, *, shown: bool) -> dict[str, object]:
    place = one.place if shown else None
    return {
        "__typename": "ChainElement",
        "hash": _base64(one.hash),
        "blind": _base64(one.blind) if shown else None,
        "origin": place and place.origin,
        "index": place and str(place.index),
        "commitment": place and _base64(place.commitment),
    }


def _found(value: bytes | None) -> bytes:
    assert value is not None
    return value


def _unhex(value: bytes | None) -> bytes:
    return binascii.unhexlify(_found(value))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
