"""What a mutation leaves behind: what its entry says, and its answer, for whoever sends the same again.

A client that does not know whether its mutation was done sends it again under the same ``Idempotency-Key``
(draft-ietf-httpapi-idempotency-key-header). The key is taken in the transaction of the mutation, so it is done once:
who sends the same again gets the same answer, byte for byte, who sends something else under the key is refused. What
was refused took no key. Keys are the caller's own, and kept.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.actions.model import Action, Done
from gateway.audit.account import Disclosed
from gateway.errors import BadInput, Fault, IdempotencyConflict, InternalError
from gateway.rights.clocks import Deadline, Unit
from gateway.store.core import stored_bytes
from gateway.store.notice_tables import IDEMPOTENCY
from gateway.store.sessions import Session
from gateway.values import Caller
from gateway.vault.vault import Vault


def fingerprint(query: str, operation_name: str | None, variables: Mapping[str, object] | None) -> bytes:
    """What makes two requests the same: 32 bytes."""
    return hashlib.sha256(orjson.dumps([query, operation_name, variables or {}], option=orjson.OPT_SORT_KEYS)).digest()


class Once:
    """One key of one caller, in one transaction; without a key nothing is asked and nothing is kept."""

    def __init__(self, session: Session, vault: Vault, caller: Caller, key: str, same: bytes) -> None:
        """``same``: the fingerprint of the request."""
        self._session = session
        self._vault = vault
        self._key = {"principal": caller.principal, "consumer": caller.consumer, "key": key}
        self._asked = bool(key)
        self._same = same

    async def before(self, now: datetime) -> bytes | None:
        """Take the key, or wait for whoever has it: the answer of then; None: it is ours.

        Raises IdempotencyConflict for another request under the key.
        """
        if not self._asked:
            return None
        if not self._key["principal"]:  # keys of nobody would be everybody's, and so would the answers be
            raise BadInput(Fault(("Idempotency-Key",), "is for callers who have said who they are"))
        taking = insert(IDEMPOTENCY).values(**self._key, fingerprint=self._same, at=now).on_conflict_do_nothing()
        if await self._session.execute(taking.returning(IDEMPOTENCY.c.key)):
            return None
        ((same, reply),) = await self._session.execute(
            sa.select(IDEMPOTENCY.c.fingerprint, IDEMPOTENCY.c.reply).filter_by(**self._key)
        )
        if stored_bytes(same) != self._same:
            raise IdempotencyConflict(Fault(("Idempotency-Key",), "was sent before with another request"))
        if reply is None:
            raise InternalError
        return self._vault.open_audit(stored_bytes(reply))

    async def keep(self, reply: bytes) -> None:
        """Keep the answer, sealed."""
        if self._asked:
            sealed = self._vault.seal_audit(reply)
            await self._session.execute(sa.update(IDEMPOTENCY).filter_by(**self._key).values(reply=sealed))


def told(action: Action, done: Done, id: str | None) -> dict[str, object]:
    """What the receipt of an action says, but for the place of its entry."""
    due = done.deadline
    return {
        "__typename": action.gives.value,
        "id": id,
        "state": done.state.value,
        "deadline": None if due is None else _deadline(due),
        "rule": None if due is None else f"{due.rule.name}/{due.rule.version}",
        "claimCode": done.code or None,
        "decision": done.answer or None,
        "request": done.request or None,
    }


def _deadline(due: Deadline) -> dict[str, object]:
    rule = due.rule
    return {
        "__typename": "Deadline",
        "on": due.on,
        "workingDays": rule.value if rule.unit is Unit.WORKING_DAYS else None,
        "calendarDays": rule.value if rule.unit is Unit.CALENDAR_DAYS else None,
        "source": rule.source,
        "verified": rule.verified,
        "provisional": due.provisional,
    }


def disclosed(vault: Vault, done: Done, shown: bytes) -> Disclosed:
    """What an action touched, for the log; the MAC is over the receipt without the place in the log, unknown yet."""
    rows = {kind: ([id for id, _ in pairs], [version for _, version in pairs]) for kind, pairs in done.rows.items()}
    mac, subjects = vault.response_mac(shown), vault.pseudonyms(done.subjects)
    return Disclosed(subjects, rows, relations=done.held, mac=mac, asked=done.asked)
