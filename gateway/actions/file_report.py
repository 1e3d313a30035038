"""fileReport (举报): anybody reports a department or an institution, without saying who they are.

Nothing of who reports is kept: no principal, no address, no device; the case belongs to a party that is nobody, so that
no right to see one's own file reaches it. It makes, marks and shows no record. Whoever has the claim code follows it up
(``followReport``); the code itself is not kept, only a keyed hash of it.
"""

from gateway.actions import targets
from gateway.actions.model import Action, Apply, Done, Given, Gives, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, departments, opened, stranger
from gateway.actions.text import CLAIM_LENGTH, written
from gateway.errors import BadInput, Fault
from gateway.rights import routing
from gateway.rights.states import CaseKind
from gateway.store.sessions import Session
from gateway.values import ActionName


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    facts = written(given, "facts", CLAIM_LENGTH, path, faults)
    target = targets.named(given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        known = await departments(session)
        await targets.there(session, target, known, path)
        route = routing.report(await targets.unit(session, target.text), known, scene.today)
        claim, index = scene.keys.claim()
        party = await stranger(session, scene, "legal")
        opening = Opening(
            CaseKind.REPORT,
            party,
            route,
            facts,
            against=target.text,
            nameless=True,
            values={"claim_index": index},
            code=claim,
        )
        return await opened(session, scene, opening)

    return apply


FILE_REPORT = Action(
    ActionName.FILE_REPORT,
    "Report a department or an institution without a name; the claim code is the only way back to it: keep it",
    "匿名举报",
    (targets.OF_REPORT, Input("facts", InputType.STRING, "What happened", "举报事实", required=True)),
    _begin,
    Gives.REPORT,
)
