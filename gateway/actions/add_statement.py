"""addStatement (说明): the subject says something to a record about itself, recorded at once (Reg. 631 art. 16).

Everybody who sees the record sees that there is a statement and since when; its words once they are released, for they
may name others. Another statement takes the place of the one before.
"""

import sqlalchemy as sa

from gateway.actions import records
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, departments, opened
from gateway.actions.text import written
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind, Outcome, Step
from gateway.store.sessions import Session
from gateway.store.tables import table
from gateway.values import ActionName

LENGTH = 2_000
FIELD = "statement"


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    named = records.named(scene, given, "record", path, faults)
    text = written(given, "text", LENGTH, path, faults)
    if faults or named is None:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        record = await records.own(session, scene, named, path)
        rows, party = table(record.kind), record.party
        words = scene.keys.seal(party.wrapped, party.subject, (record.kind.name, FIELD, record.row), text)
        here = rows.c.subject_id == party.subject, rows.c.id == record.row
        unreleased = {f"{FIELD}_released": None, f"{FIELD}_released_at": None, f"{FIELD}_released_by": None}
        written_ = {f"{FIELD}_sealed": words, f"{FIELD}_on": scene.today, **unreleased}
        await session.execute(sa.update(rows).where(*here).values(written_))
        route = routing.of_record(record.provider, "statement", await departments(session), scene.today)
        values = {"outcome": Outcome.ATTACHED.value}
        parts = party, route, text, record.reference
        opening = Opening(CaseKind.STATEMENT, *parts, steps=(Step.DECIDE,), values=values)
        return await opened(session, scene, opening)

    return apply


ADD_STATEMENT = Action(
    ActionName.ADD_STATEMENT,
    "Add a statement of one's own to a record about oneself; its words are shown once they are released",
    "添加主体说明",
    (
        Input("record", InputType.ID, "The record", "说明对象", required=True),
        Input("text", InputType.STRING, "The statement", "说明内容", required=True),
    ),
    _begin,
)
