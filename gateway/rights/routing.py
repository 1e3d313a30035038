"""Who must answer a case, and by which clocks.

An objection goes to the department that provided the record, or to its successor; the platform's own records are for
its own desk. A complaint goes to the platform's desk, and one against the platform itself to the department that leads
the work: a complaint is never routed to the unit that it is about. A review goes to the department that leads the work,
or to the platform if that decided itself (Zhejiang art. 31).
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

PLATFORM = "CREDIT"  # the platform department; its desk takes what is nobody else's
LEADING = "REFORM"  # leads the building of the credit system; hears complaints against the platform

OBJECTION_CAP = "objection.cap"
COMPLAINT = "complaint"
REVOKED = "objection.revoked"  # beside the other clocks


class Department(NamedTuple):
    """What routing looks at: until when a department is there, and who took over."""

    valid_until: date | None
    successor: str | None


class Route(NamedTuple):
    """To which department, under which rules; all of them hold."""

    department: str
    rules: tuple[str, ...]


def objection(provider: str, departments: Mapping[str, Department], today: date) -> Route:
    """An objection to a record of ``provider``."""
    owner = present(provider, departments, today)
    clock = "objection.platform" if owner == PLATFORM else "objection.provider"
    return Route(owner, (clock, OBJECTION_CAP))


def complaint(against: str | None, departments: Mapping[str, Department], today: date) -> Route:
    """A complaint against a department, or against somebody who is none."""
    accused = None if against is None else present(against, departments, today)
    return Route(LEADING if accused == PLATFORM else PLATFORM, (COMPLAINT,))


def review(of: str) -> Route:
    """A review of the result of an objection that ``of`` decided: never the same department."""
    return Route(PLATFORM if of == LEADING else LEADING, ("review", "review.cap"))


def report(against: str | None, departments: Mapping[str, Department], today: date) -> Route:
    """A report by somebody without a name: as a complaint."""
    return Route(complaint(against, departments, today).department, ("report",))


def of_record(provider: str, rule: str, departments: Mapping[str, Department], today: date) -> Route:
    """What else is asked of a record: of who provided it, by the clock that is named."""
    return Route(present(provider, departments, today), (rule,))


def present(code: str, departments: Mapping[str, Department], today: date) -> str:
    """The department that does the work of ``code`` today: itself, or whoever took over, however often."""
    seen = {code}
    while True:
        found = departments[code]
        if found.valid_until is None or found.valid_until >= today or found.successor in {None, *seen}:
            return code
        code = str(found.successor)
        seen.add(code)
