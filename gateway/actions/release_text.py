"""releaseText (发布文本): the department that a record came from puts into words what everybody may read of a text.

Free texts are kept as they came, sealed, since they name third persons; who does not see the original is shown what
was released, or that nothing was. Whoever releases a text writes it anew or leaves out what nobody may read; what can
be told by its form (numbers of papers, phones, plates, addresses) is refused, every finding with its place. A second
release takes the place of the first.

The statement of the subject (说明) is in the subject's name: of it nothing is written anew. What is released of it is
the original itself with some of its characters blacked out, one mark for each, so that everybody sees how much was left
out and nobody's words are put together from what was kept.

The record stays the version it is: what it says has not changed, only the form of a text in which some are shown it,
and an objection, a decision or a notice is about what it says. Hence whoever read it before is told nothing; who read
it since when is in the log, and so is this. When its department replaces the record, its texts must be released anew.
"""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from gateway.actions.add_statement import FIELD as STATEMENT
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.text import OPAQUE_LENGTH, bounded, written
from gateway.catalogue.fields import Field, Kind, Owner, Standing
from gateway.catalogue.free_text import unreleasable
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault, InternalError
from gateway.rights.states import ReleaseState
from gateway.store.sessions import Session
from gateway.store.tables import CURRENT_STATUSES, SUBJECT_KEY, table
from gateway.values import ActionName, Relation

# One answer for an id that cannot be read, one of nothing, one of another department's record, one that has ended.
NOT_OWN = "is not a record that came from the caller's department and is disclosed"
NO_TEXT = "is not a free text of the record"
NOTHING = "has no original: there is nothing to release"
OWN_WORDS = (
    "is not the statement of the subject itself: its own words, in which single characters may be replaced "
    "by ■, * or ＊, one for each, and not all of them"
)
LONGEST = 5_000
BLACKED = frozenset("■*＊")


@dataclass(frozen=True, slots=True)
class _Release:
    kind: Kind
    record: int
    field: Field
    text: str
    path: Path


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    text = written(given, "text", LONGEST, path, faults)
    found = scene.keys.read_id(bounded(str(given["record"]), "record", OPAQUE_LENGTH, path, faults))
    if found is None or not _texts(scene, found[0]):
        found = None
        faults.append(Fault((*path, "record"), NOT_OWN))
    kinds = KINDS if found is None else (found[0],)
    fields = [item for kind in kinds for item in _texts(scene, kind) if item.name == given["field"]]
    if not fields:
        faults.append(Fault((*path, "field"), NO_TEXT))
    elif len(text) > max(item.length for item in fields):
        faults.append(Fault((*path, "text"), f"is longer than {max(item.length for item in fields)} characters"))
    faults += [Fault((*path, "text"), rule) for rule in unreleasable(text)]
    if faults or found is None:
        raise BadInput(*faults)
    release = _Release(*found, fields[0], text, path)

    async def apply(session: Session) -> Done:
        return await _apply(session, scene, release)

    return apply


def _texts(scene: Scene, kind: Kind) -> tuple[Field, ...]:
    """The free texts of a kind of record that the role may know; of others it is not told that there are any."""
    if kind.owner is not Owner.RECORD or Standing.ENDED not in kind.standings:
        return ()
    known = scene.visibility.cells.keys() - scene.visibility.never
    return tuple(item for item in kind.fields if item.free_text and f"{kind.name}.{item.name}" in known)


async def _apply(session: Session, scene: Scene, release: _Release) -> Done:
    record, column = table(release.kind), release.field.column
    wanted = record.c.subject_id, record.c.subject_class, record.c.version, record.c[f"{column}_sealed"]
    own = sa.select(*wanted, SUBJECT_KEY.c.wrapped).where(
        record.c.id == release.record,
        record.c.provider == scene.caller.department,
        SUBJECT_KEY.c.subject_id == record.c.subject_id,
        *_disclosed(record, scene.today),
    )
    rows = await session.execute(own.with_for_update(of=record))  # two releases of a record take turns
    if not rows:
        raise BadInput(Fault((*release.path, "record"), NOT_OWN))
    subject, subject_class, version, original, wrapped = rows[0]
    if not isinstance(subject, int) or not isinstance(version, int):
        raise InternalError
    if original is None:
        raise BadInput(Fault((*release.path, "field"), NOTHING))
    if release.field.name == STATEMENT:
        if not isinstance(original, bytes) or not isinstance(wrapped, bytes):
            raise InternalError
        said = scene.keys.open(wrapped, subject, (release.kind.name, column, release.record), original)
        if not blacked_out(said, release.text):
            raise BadInput(Fault((*release.path, "text"), OWN_WORDS))
    released = {
        f"{column}_released": release.text,
        f"{column}_released_at": scene.now,
        f"{column}_released_by": scene.caller.principal,
    }
    here = sa.and_(record.c.subject_id == subject, record.c.id == release.record)
    await session.execute(sa.update(record).where(here).values(released))
    return Done(
        release.record,
        subject_class == "person",
        ReleaseState.RELEASED,
        None,
        (subject,),
        {release.kind.name: ((release.record, version),)},
        int(Relation.SOURCE),
        (),
        release.kind.name,
    )


def blacked_out(original: str, text: str) -> bool:
    """Whether a text is the original with some of its characters, and not all that say something, blacked out."""
    pairs = list(zip(original, text, strict=False))
    kept = any(one == other and not one.isspace() and one not in BLACKED for one, other in pairs)
    return kept and len(original) == len(text) and all(one == other or other in BLACKED for one, other in pairs)


def _disclosed(record: sa.Table, today: date) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether it is disclosed at all: of what has ended its department sees no more than others."""
    columns = record.c
    last = (columns.published_until, columns.retained_until)
    windows = [sa.or_(column.is_(None), column >= today) for column in last]
    if "exited_on" in columns:
        windows.append(sa.or_(columns.exited_on.is_(None), columns.exited_on > today))
    return (columns.status.in_(CURRENT_STATUSES), *windows)


RELEASE_TEXT = Action(
    ActionName.RELEASE_TEXT,
    "Release a free text of a record of one's own department, in words that everybody may read who sees the record",
    "发布文本",
    (
        Input("record", InputType.ID, "The record", "记录", required=True),
        Input("field", InputType.STRING, "Which of its texts, as the schema names it", "文本数据项", required=True),
        Input("text", InputType.STRING, "What is released", "发布文本", required=True),
    ),
    _begin,
    Gives.RELEASE,
)
