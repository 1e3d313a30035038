"""What intake looks at beside the rows: departments, the catalogue's items, schemes of rating, the calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.catalogue.checks import Checked
from gateway.catalogue.fields import Kind, Owner
from gateway.catalogue.reference import IDENTIFIER
from gateway.clock import statutory_day
from gateway.errors import BadInput, Fault
from gateway.rights.calendar import Calendar
from gateway.rights.routing import Department, present
from gateway.rights.rows import calendar_of, calendar_since
from gateway.rights.windows import windows
from gateway.store.core import Connection, execute

OLDEST = timedelta(days=4000)  # of the calendar that is read


@dataclass(frozen=True, slots=True)
class House:
    """Read once per file. ``owners``: name or code of an organ → the department that does its work today."""

    now: datetime
    today: date
    calendar: Calendar
    owners: Mapping[str, str]
    department: str | None
    schemes: Mapping[str, tuple[bool, tuple[str, ...], str]]  # code → not public, grades, widest disclosure
    spans: tuple[tuple[date, date | None], ...]  # in which the catalogue holds the kind

    def check(self, row: Checked, kind: Kind) -> None:
        """What a row must fulfil that its own cells do not say; and what the platform adds to it."""
        (on,) = kind.order or ("",)
        decided = row.item.get(on, self.today)
        if isinstance(decided, date) and not any(
            since <= decided and (until is None or decided <= until) for since, until in self.spans
        ):
            row.faults.append((on, "no item of the catalogue held this on that day"))
        if kind is IDENTIFIER:
            return
        if kind.owner is Owner.RECORD:
            self._provider(row)
            self._complete(row, kind)
        else:
            row.item["provider"] = self.department or "CREDIT"

    def _provider(self, row: Checked) -> None:
        organ, code = row.item.get("organ"), row.item.get("organCode")
        owner = self.owners.get(str(code)) or self.owners.get(str(organ))
        if owner is None:
            if organ is not None:
                row.faults.append(("organ", "is no department of the platform"))
            return
        if self.department is not None and owner != self.department:
            row.faults.append(("organ", "is another department: a steward loads the rows of his own"))
        row.item["provider"] = owner

    def _complete(self, row: Checked, kind: Kind) -> None:
        item = row.item
        person = item.get("subjectKind") == "NATURAL_PERSON" or (
            "subjectIdNumber" in item and item.get("subjectUscc") is None and item.get("subjectKind") is None
        )
        item["receivedAt"] = self.now
        item["status"] = "ACTIVE"
        derived = windows(kind, item, person=person)
        item["disclosure"] = derived.disclosure
        if kind.reserved_by:
            self._scheme(row)
        if derived.published_until is not None and item.get("publishedUntil") is None:
            item["publishedUntil"] = derived.published_until
        if derived.retained_until is not None:
            item["retained_until"] = derived.retained_until

    def _scheme(self, row: Checked) -> None:
        known = self.schemes.get(str(row.item.get("scheme")))
        if known is None:
            row.faults.append(("scheme", "is no scheme of rating that the platform knows"))
            return
        closed, grades, disclosure = known
        row.item["minor"], row.item["disclosure"] = closed, disclosure
        if row.item.get("grade") is not None and row.item["grade"] not in grades:
            row.faults.append(("grade", "is no grade of its scheme"))


def house_of(connection: Connection, kind: Kind, now: datetime, department: str | None) -> House:
    """Read it. Raises BadInput for a department that is not there."""
    today = statutory_day(now)
    rows = connection.execute("SELECT code, name, uscc, valid_until, successor FROM department").fetchall()
    departments = {
        str(code): Department(until if isinstance(until, date) else None, None if successor is None else str(successor))
        for code, _, _, until, successor in rows
    }
    if department is not None and department not in departments:
        raise BadInput(Fault((department,), "is no department of the platform"))
    owners: dict[str, str] = {}
    for code, name, uscc, _, _ in rows:
        owner = present(str(code), departments, today)
        owners |= {str(one): owner for one in (name, uscc) if one is not None}
    spans = connection.execute(
        "SELECT valid_from, valid_until FROM catalogue_item WHERE kind = %s", (kind.name,)
    ).fetchall()
    return House(
        now,
        today,
        calendar_of(execute(connection, calendar_since(today - OLDEST))),
        owners,
        None if department is None else present(department, departments, today),
        _schemes(connection),
        tuple((since, until if isinstance(until, date) else None) for since, until in spans if isinstance(since, date)),
    )


def _schemes(connection: Connection) -> dict[str, tuple[bool, tuple[str, ...], str]]:
    found = connection.execute("SELECT code, minor, grades, disclosure FROM scheme").fetchall()
    return {
        str(code): (closed is True, tuple(str(grades).split()), str(disclosure))
        for code, closed, grades, disclosure in found
    }
