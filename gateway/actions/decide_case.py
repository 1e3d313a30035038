"""decideCase (处理决定): a case is decided, with its reasons; what that does to the record happens in the same moment.

CORRECTED and SUPPLEMENTED change a field of the record (the one that was objected to; where the whole record was, the
one that ``field`` names), DISCLOSURE_ENDED, REVOKED and RESTRICTED end its disclosure, DELETED deletes it once it need
not be kept; KEPT takes the mark off. UNVERIFIABLE leaves the mark: that the investigation found nothing travels with
the record (Reg. 631 art. 25).
"""

from gateway.actions import casework, effects
from gateway.actions.casework import Held
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.text import bounded, written
from gateway.errors import BadInput, Fault
from gateway.rights.states import OUTCOMES, Outcome, Step
from gateway.store.sessions import Session
from gateway.values import ActionName

_FIELD_LENGTH, _VALUE_LENGTH = 64, 5_000
_VALUED = (Outcome.CORRECTED, Outcome.SUPPLEMENTED)
_ENDING = (Outcome.DISCLOSURE_ENDED, Outcome.REVOKED, Outcome.RESTRICTED)


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    number = casework.named(scene, given, path, faults)
    outcome = Outcome(str(given["outcome"]))
    reasons = written(given, "decision", casework.TEXT_LENGTH, path, faults)
    field = None if given.get("field") is None else bounded(str(given["field"]), "field", _FIELD_LENGTH, path, faults)
    value = None if given.get("value") is None else written(given, "value", _VALUE_LENGTH, path, faults)
    raw = str(given.get("value"))  # only texts may have spaces around them
    if outcome in _VALUED and value is None:
        faults.append(Fault((*path, "value"), f"is required with {outcome}"))
    if outcome not in _VALUED and (value is not None or field is not None):
        faults.append(Fault((*path, "outcome"), f"{outcome} gives no field another value"))

    async def apply(session: Session) -> Done:
        held = await casework.of_officer(session, scene, number, path)
        casework.following(held, Step.DECIDE, path)
        if outcome not in OUTCOMES[held.kind]:
            allowed = ", ".join(OUTCOMES[held.kind]) or "nothing: it is decided by decideRepair"
            rule = f"is no outcome of a case of kind {held.kind}: {allowed}"
            raise BadInput(Fault((*path, "outcome"), rule))
        values = {**casework.sealed(scene, held, decision=reasons), "outcome": outcome.value}
        done = await casework.moved(session, scene, held, Step.DECIDE, path, values)
        await _effect(session, held, (field or held.field, value))
        if outcome is not Outcome.UNVERIFIABLE:
            await effects.unmarked(session, held, decided=True)
        return done

    async def _effect(session: Session, held: Held, change: tuple[str | None, str | None]) -> None:
        name, text = change
        if outcome in _VALUED and text is not None:
            if field is not None and held.field not in (None, field):
                raise BadInput(Fault((*path, "field"), "is not the field that was objected to"))
            if name is None:
                raise BadInput(Fault((*path, "field"), "is required: the case is about the whole record"))
            add = outcome is Outcome.SUPPLEMENTED
            await effects.corrected(session, scene, held, (name, text, raw), path, add=add)
        elif outcome in _ENDING:
            await effects.ended(session, scene, held, outcome, path)
        elif outcome is Outcome.DELETED:
            await effects.erased(session, scene, held, path)

    return casework.begun(faults, apply)


DECIDE_CASE = Action(
    ActionName.DECIDE_CASE,
    "Decide a case, with the reasons; the record changes in the same moment, and who has read it is told",
    "作出处理决定",
    (
        casework.CASE_INPUT,
        Input(
            "outcome",
            InputType.WORD,
            "With what it is decided",
            "处理结果",
            required=True,
            words=tuple(Outcome),
            words_type="CaseOutcome",
        ),
        Input("decision", InputType.STRING, "The decision and its reasons", "处理决定", required=True),
        Input("field", InputType.STRING, "The field that is corrected; none: the one that was objected to", "数据项"),
        Input(
            "value", InputType.STRING, "What it says from now on: a day as 2026-10-31, a number as 12.5", "更正后的值"
        ),
    ),
    _begin,
)
