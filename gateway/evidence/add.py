"""The life of an upload: a straight function of numbered steps, as ``pipeline.perform`` is of a mutation."""

import hashlib
import logging
import tempfile
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from gateway import named, performed, reply
from gateway.audit.account import Disclosed, undisclosed
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.errors import BasisLost, CommitUnknown, Fault, GatewayError, InternalError, LimitExceeded, NotFound
from gateway.evidence.offer import Checked, Limits, Offer, check, sealable
from gateway.evidence.spool import KIND, Spool, Spooled
from gateway.evidence.target import Target, find
from gateway.evidence.who import proven
from gateway.pipeline import Gateway, Reply
from gateway.policy.acts import permit
from gateway.rights import routing
from gateway.store.evidence_tables import EVIDENCE, EVIDENCE_PIECE
from gateway.store.sessions import Session
from gateway.store.tables import RECORD_IDS
from gateway.values import Act, ActionName, Caller, Entry, Outcome, Receipt, Role, Shape, Visibility

CREATED = 201
ANSWERED, CONFLICT = 200, 409  # what GraphQL answers with the one is here the other
BATCH = "case"  # where a batch of intake would stand
LIMITS = Limits()

_ACT = Act(ActionName.ADD_EVIDENCE.value, ActionName.ADD_EVIDENCE, ())
_SHAPE = Shape("", "", (), (), introspection=False, act=_ACT)

_logger = logging.getLogger("gateway.evidence")


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A file that is here, sealed, and not kept yet."""

    id: int
    target: Target
    checked: Checked
    spool: Spool
    spooled: Spooled


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what."""

    gateway: Gateway
    caller: Caller
    visibility: Visibility
    number: str  # of the request
    offer: Offer
    limits: Limits


async def add(gateway: Gateway, offer: Offer, limits: Limits = LIMITS) -> Reply:
    """The life of an upload. Raises Unauthenticated (nobody asked yet, nothing is logged) and Unavailable."""
    caller = await proven(gateway, offer.authorization)  # 1 who asks
    visibility = gateway.policies.current.visibility(caller.role)
    asked = _Asked(gateway, caller, visibility, gateway.random.bytes(12).hex(), offer, limits)
    try:
        checked = check(offer, limits)  # 2 what they offer
        if ActionName.ADD_EVIDENCE not in visibility.permits:  # 3 who may, and to which case
            raise NotFound
        permit(visibility, ActionName.ADD_EVIDENCE, caller, ())
        async with gateway.sessions.begin() as session:
            target = await find(session, gateway.vault, gateway.clock, caller, visibility, offer.case)
            ((id,),) = await session.execute(sa.select(RECORD_IDS.next_value()))
        assert isinstance(id, int)
        with tempfile.TemporaryFile() as file:
            key = gateway.vault.unwrap(target.wrapped, target.subject)
            spool = Spool(gateway.vault, key, id, file)
            spooled = await spool.fill(offer.content, checked.format, limits)  # 4 the content, sealed as it comes
            return await _keep(asked, _Arrived(id, target, checked, spool, spooled))
    except CommitUnknown:
        raise
    except Exception as error:
        return await _refuse(asked, error)


async def _keep(asked: _Asked, file: _Arrived) -> Reply:
    """Row, pieces and entry become durable together, or none of them does."""
    gateway, caller, now = asked.gateway, asked.caller, asked.gateway.clock.now()
    told = (asked.number, now, caller, _SHAPE, (), asked.visibility.version)
    sealed = gateway.vault.seal_audit(sealable(asked.offer))
    whole = [file.target.number, file.checked.format.name, file.checked.name, file.spooled.sha256]
    same = hashlib.sha256(orjson.dumps(whole)).digest()
    async with gateway.sessions.begin() as session:
        once = performed.Once(session, gateway.vault, caller, file.checked.key, same)
        kept = await once.before(now)
        if kept is None:
            target = await _still(session, asked, file)
            await _write(session, asked, file)  # 5 done, seen by nobody yet
            shown = _shown(asked, file)
            disclosed = Disclosed(
                gateway.vault.pseudonyms([target.subject]),
                {KIND: ([file.id], [1]), "case": ([target.number], [target.version])},
                relations=target.held,
                mac=gateway.vault.response_mac(orjson.dumps(shown)),
            )
            body = gateway.accounts.body(*told, Outcome.PERFORMED, "", disclosed)
            checks = target.checks(caller)
            refusal = undisclosed(body, BasisLost.code) if checks else body
            entry = Entry({**body, "sha256": file.spooled.sha256}, refusal, checks)
            async with gateway.log.turn() as turn:
                receipt = await turn.carry(session.run, entry, sealed)  # 6 written down in the same transaction
                answered = orjson.dumps({**shown, "receipt": _receipt(receipt)})
                await once.keep(answered)
                await session.commit()  # 7 both are durable
                turn.committed()
            return Reply(CREATED, answered)  # 8 send
    body = gateway.accounts.body(*told, Outcome.DISCLOSED, "", Disclosed(mac=gateway.vault.response_mac(kept)))
    await gateway.log.append(Entry(body, body), sealed)  # it was done before; that it is told again is written down
    return Reply(CREATED, kept)


async def _still(session: Session, asked: _Asked, file: _Arrived) -> Target:
    """Whether all of that holds now that the file is here, and there is room for it; who adds to a case takes turns."""
    gateway, limits = asked.gateway, asked.limits
    parts = gateway.vault, gateway.clock, asked.caller, asked.visibility, asked.offer.case
    target = await find(session, *parts, lock=True)
    if target.wrapped != file.target.wrapped:  # the key that it was sealed under is destroyed
        raise InternalError
    held = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(EVIDENCE.c.size), 0)).where(
        EVIDENCE.c.subject_id == target.subject, EVIDENCE.c.case_id == target.number
    )
    ((count, together),) = await session.execute(held)
    if int(str(count)) >= limits.files or int(str(together)) + file.spooled.size > limits.together:
        most = f"{limits.files} files, of {limits.together} bytes together"
        raise LimitExceeded(Fault((), f"a case takes no more than {most}"))
    return target


async def _write(session: Session, asked: _Asked, file: _Arrived) -> None:
    """The row, and piece by piece what was spooled."""
    vault, caller, target = asked.gateway.vault, asked.caller, file.target
    name = file.checked.name
    key = vault.unwrap(target.wrapped, target.subject)
    side = "PARTY" if target.party else "DESK" if caller.role is Role.DESK else "HANDLER"
    row = {
        "subject_id": target.subject,
        "id": file.id,
        "subject_class": target.subject_class,
        "provider": routing.PLATFORM,
        "batch": BATCH,
        "case_id": target.number,
        "file_name_sealed": None if name is None else vault.seal(key, KIND, "file_name", file.id, name),
        "format": file.checked.format.name,
        "size": file.spooled.size,
        "sha256": file.spooled.sha256,
        "added_at": asked.gateway.clock.now(),
        "added_by": side,
        "state": "KEPT",
        "principal": caller.principal,
        "consumer": caller.consumer or None,
    }
    await session.execute(sa.insert(EVIDENCE).values(row))
    number = 0
    async for sealed in file.spool.pieces():
        piece = {"subject_id": target.subject, "evidence_id": file.id, "number": number, "sealed": sealed}
        await session.execute(sa.insert(EVIDENCE_PIECE).values(piece))
        number += 1


def _shown(asked: _Asked, file: _Arrived) -> dict[str, object]:
    """What the answer says of the file, but for the place of its entry."""
    personal, reader = file.target.subject_class == "person", named.reader(asked.caller)
    return {
        "id": asked.gateway.vault.node_id(KINDS.index(BY_NAME[KIND]), file.id, personal, reader),
        "sha256": file.spooled.sha256,
        "size": file.spooled.size,
        "type": file.checked.format.media_type,
    }


def _receipt(receipt: Receipt) -> dict[str, str]:
    return {"origin": receipt.origin, "index": str(receipt.index), "leaf": receipt.leaf}


async def _refuse(asked: _Asked, cause: Exception) -> Reply:
    """A refusal is an entry too. Raises Unavailable if it cannot be written."""
    gateway = asked.gateway
    error = cause if isinstance(cause, GatewayError) else InternalError()
    if isinstance(error, InternalError):  # a fault of ours, also where it was found out below
        _logger.error("request %s failed", asked.number, exc_info=cause)
    told = (asked.number, gateway.clock.now(), asked.caller, _SHAPE, (), asked.visibility.version)
    body = gateway.accounts.body(*told, Outcome.REFUSED, error.code, Disclosed())
    receipt = await gateway.log.append(Entry(body, body), gateway.vault.seal_audit(sealable(asked.offer)))
    status = CONFLICT if error.status == ANSWERED else error.status
    return Reply(status, reply.refused(error, receipt, has_data=False))
