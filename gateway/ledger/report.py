"""The transparency report of a month: how often who asked for what purpose and how it ended, counted from the log.

It counts the entries that belong to a closed month (``gateway.ledger.closing``) and names them, so that whoever has the
log makes it again and compares. There is one table and no sums of it: a number below ``LEAST`` is not told, and neither
is the next larger one where the untold could be worked out from how many entries there are, which is public. Nor is it
told which lines, or how many, are untold.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from gateway.errors import BadInput, Fault
from gateway.store.core import Connection, execute
from gateway.store.log_tables import ACCESS, LOG_CHECKPOINT, LOG_CLOSE

LEAST = 10  # entries; fewer are not told


class Count(NamedTuple):
    """One line: as what somebody asked, why, how it ended, and what was done or why it was refused."""

    role: str
    purposes: tuple[str, ...]
    outcome: str
    about: str
    entries: int | None  # None: not told


def made(connection: Connection, month: str) -> dict[str, object]:
    """The report, ready for JSON. Raises BadInput for a month that is not closed."""
    rows = execute(
        connection,
        sa.select(LOG_CLOSE.c.ranges, LOG_CLOSE.c.origin, LOG_CLOSE.c.index).where(LOG_CLOSE.c.month == month),
    )
    if not rows:
        raise BadInput(Fault(("month",), "is not closed: see `gateway audit close`"))
    ranges, origin, index = rows[0]
    assert isinstance(ranges, dict)
    told = {int(shard): (int(first), int(end)) for shard, (first, end) in ranges.items()}
    counts = _counted(connection, told)
    shown = suppressed(counts)
    untold = sum(one.entries or 0 for one, safe in zip(counts, shown, strict=True) if safe.entries is None)
    return {
        "month": month,
        "closed": {"origin": origin, "index": index},
        "entries": {str(shard): list(range_) for shard, range_ in told.items()},
        "checkpoints": _checkpoints(connection, told),
        "least": LEAST,
        "counts": [one._asdict() for one in shown if one.entries is not None],
        "untold": untold,  # entries; in how many lines would tell how many there are in each
    }


def suppressed(counts: Sequence[Count]) -> list[Count]:
    """The same lines, without the numbers that would tell of few."""
    by_size = sorted(range(len(counts)), key=lambda at: counts[at].entries or 0)
    hidden = [at for at in by_size if (counts[at].entries or 0) < LEAST]
    rest = by_size[len(hidden) :]
    while hidden and rest and (len(hidden) < 2 or sum(counts[at].entries or 0 for at in hidden) < LEAST):
        hidden.append(rest.pop(0))
    return [one._replace(entries=None) if at in set(hidden) else one for at, one in enumerate(counts)]


def _counted(connection: Connection, ranges: Mapping[int, tuple[int, int]]) -> list[Count]:
    """Every line, by what it is about. Of an entry about several subjects there are several rows; it counts once."""
    within = [
        sa.and_(ACCESS.c.shard == shard, ACCESS.c.number >= first, ACCESS.c.number < end)
        for shard, (first, end) in ranges.items()
    ]
    acts = sa.func.array_to_string(ACCESS.c.roots, " ")
    about = sa.case((ACCESS.c.outcome == "PERFORMED", acts), else_=sa.func.coalesce(ACCESS.c.code, ""))
    one = (
        sa.select(
            ACCESS.c.shard, ACCESS.c.number, ACCESS.c.role, ACCESS.c.purposes, ACCESS.c.outcome, about.label("about")
        )
        .where(sa.or_(*within) if within else sa.false())
        .distinct()
        .subquery("entry")
    )
    keys = one.c.role, one.c.purposes, one.c.outcome, one.c.about
    found = execute(connection, sa.select(*keys, sa.func.count()).group_by(*keys))
    lines = [
        Count(
            str(role or ""), tuple(sorted(set(purposes or ()))), str(outcome or ""), str(about or ""), int(str(count))
        )
        for role, purposes, outcome, about, count in found
        if isinstance(purposes, list | None)
    ]
    merged: dict[tuple[str, tuple[str, ...], str, str], int] = {}
    for line in lines:
        merged[line[:4]] = merged.get(line[:4], 0) + (line.entries or 0)
    return [Count(*key, merged[key]) for key in sorted(merged)]


def _checkpoints(connection: Connection, ranges: Mapping[int, tuple[int, int]]) -> list[str]:
    """The first checkpoint of each shard that holds its part of the month."""
    found: list[str] = []
    for shard, (_, end) in ranges.items():
        covering = sa.select(LOG_CHECKPOINT.c.note).where(LOG_CHECKPOINT.c.shard == shard, LOG_CHECKPOINT.c.size >= end)
        found += [str(note) for (note,) in execute(connection, covering.order_by(LOG_CHECKPOINT.c.size).limit(1))]
    return found
