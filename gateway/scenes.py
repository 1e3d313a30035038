"""The scene of a mutation: who acts, when, and the ports by which it reaches vault, log and libraries."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from gateway.actions.model import Entered, Scene, Signatures
from gateway.clock import statutory_day
from gateway.ledger.accesses import Accesses
from gateway.store.lanes import Lanes
from gateway.values import Caller, Visibility
from gateway.vault.keeper import Keeper

Ask = Callable[[str, Mapping[str, object]], Awaitable[bytes]]


def scene(
    caller: Caller,
    now: datetime,
    visibility: Visibility,
    keeper: Keeper,
    log: tuple[Accesses, Lanes],
    ask: Ask,
    limits: tuple[Signatures, int, bool],
) -> Scene:
    """``log``: its rows, and the lanes by which it is found out whose they are.

    ``limits``: who believes signatures, how many scanned consents a day, whether webhooks may go to private addresses.
    """
    signatures, scans, private = limits
    accesses, lanes = log

    async def entry(origin: str, index: int) -> Entered | None:
        found = await accesses.entry(lanes, caller, now, (origin, index))
        return None if found is None else Entered(*found)

    return Scene(caller, now, statutory_day(now), visibility, keeper, entry, ask, signatures, private, scans)
