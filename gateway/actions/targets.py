"""Whom a complaint or a report is about: a department, an institution, or who made an entry of the access log."""

from typing import NamedTuple

import sqlalchemy as sa

from gateway.actions.model import Given, Input, InputType, OneOf, Path
from gateway.actions.text import bounded
from gateway.errors import BadInput, Fault
from gateway.rights.routing import Department
from gateway.store.sessions import Session
from gateway.store.tables import CONSUMER

CODE_LENGTH = 128
PLACE_LENGTH = 256
NO_TARGET = "is not known"
NO_PLACE = "must be origin and index of an entry, as origin/index"
_DEPARTMENT = Input("department", InputType.STRING, "A department, by its code on the platform", "部门代码")
_CONSUMER = Input("consumer", InputType.STRING, "An institution, by its registered client", "接入机构")
_ENTRY = Input("entry", InputType.STRING, "Who made an access to oneself: origin/index of its entry", "查询记录")
_TEXT = "Whom it is about, exactly one"
OF_REPORT = OneOf("against", "ReportTarget", _TEXT, "被举报方", (_DEPARTMENT, _CONSUMER))
OF_COMPLAINT = OneOf("against", "ComplaintTarget", _TEXT, "被投诉方", (_DEPARTMENT, _CONSUMER, _ENTRY))


class Target(NamedTuple):
    """``about``: department, consumer or entry; ``code``: of the first two; ``number``: of an entry of ``code``."""

    about: str
    code: str
    number: int = 0

    @property
    def text(self) -> str:
        """As a case says it."""
        return f"{self.about} {self.code}"


def named(given: Given, path: Path, faults: list[Fault]) -> Target:
    """The target that is named."""
    against = given["against"]
    assert isinstance(against, dict)  # exactly one member, as the schema has checked
    ((about, value),) = against.items()
    place = (*path, "against")
    if about != "entry":
        text = str(value).strip()
        if not text:
            faults.append(Fault((*place, about), "must not be empty"))
        return Target(about, bounded(text, about, CODE_LENGTH, place, faults))
    origin, _, index = bounded(str(value), about, PLACE_LENGTH, place, faults).rpartition("/")
    if not origin or not (index.isascii() and index.isdigit() and len(index) < 19):
        faults.append(Fault((*place, about), NO_PLACE))
        return Target(about, "")
    return Target(about, origin, int(index))


async def there(session: Session, target: Target, known: dict[str, Department], path: Path) -> None:
    """Raises BadInput for a department or an institution that is not."""
    if target.about == "department":
        found = target.code in known
    else:
        found = bool(await session.execute(sa.select(CONSUMER.c.id).where(CONSUMER.c.id == target.code)))
    if not found:
        raise BadInput(Fault((*path, "against", target.about), NO_TARGET))


async def unit(session: Session, against: str | None) -> str | None:
    """The department that a case is about: itself, or the one whose client is named; None: it is about none."""
    about, _, code = (against or "").partition(" ")
    if about == "department":
        return code
    if about != "consumer":
        return None
    ((department,),) = await session.execute(sa.select(CONSUMER.c.department).where(CONSUMER.c.id == code)) or [(None,)]
    return None if department is None else str(department)
