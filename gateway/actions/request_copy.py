"""requestCopy (查阅复制): the subject gets a copy of its own file, at once (PIPL art. 45; Reg. 631 art. 17).

The copy is what the subject may see without step-up, asked through the same door as the caller: decided and written
down like any other query. Who asks may be proven anew; who reads the case later (the subject, an agent, a clerk) need
not be, so no ID number stands in it in clear. It lies in the case as JSON, sealed under the subject's key, and can be
taken elsewhere. Free of charge, as often as somebody wants. A list longer than a page is told to go on (``pageInfo``):
the copy holds the newest of each sort.
"""

import orjson
import sqlalchemy as sa

from gateway.actions import whose
from gateway.actions.model import Action, Apply, Done, Given, Input, InputType, Path, Scene
from gateway.actions.opening import Opening, known_party, opened, own_bases
from gateway.catalogue.fields import Field, Kind
from gateway.catalogue.kinds import BY_NAME
from gateway.errors import BadInput, Fault, Unavailable
from gateway.rights import routing
from gateway.rights.mandates import READ
from gateway.rights.states import CaseKind, Outcome, Step
from gateway.store.case_tables import CASE
from gateway.store.sessions import Session
from gateway.values import ActionName, Visibility

PAGE = 100
CLAIM = "A copy of the own file."


def _begin(scene: Scene, given: Given, path: Path) -> Apply:
    faults: list[Fault] = []
    subject = whose.named(scene, given, path, faults)
    if faults:
        raise BadInput(*faults)

    async def apply(session: Session) -> Done:
        number = whose.meant(await own_bases(session, scene, READ), subject, path)
        party = await known_party(session, number)
        kind = BY_NAME[party.kind]
        query = (
            f"query($id: ID!) {{ node(id: $id) {{ ... on {kind.type_name} {_selection(scene.visibility, kind)} }} }}"
        )
        reply = orjson.loads(await scene.ask(query, {"id": scene.keys.write_id(kind, number, party.subject_class)}))
        if reply.get("errors") or not (reply.get("data") or {}).get("node"):
            raise Unavailable
        copy = orjson.dumps(reply["data"]["node"]).decode()
        route = routing.Route(routing.PLATFORM, ("copy",))
        opening = Opening(CaseKind.COPY, party, route, CLAIM, steps=(Step.DECIDE,), values={"outcome": Outcome.GIVEN})
        done = await opened(session, scene, opening)
        assert done.row is not None
        sealed = scene.keys.seal(party.wrapped, party.subject, ("case", "copy", done.row), copy)
        await session.execute(sa.update(CASE).where(CASE.c.id == done.row).values(copy_sealed=sealed))
        return done

    return apply


def _selection(visibility: Visibility, kind: Kind) -> str:
    """Every field of a kind that the role may know, and the records that hang on it."""
    own = " ".join(_members(visibility, kind))
    return f"{{ {own} }}"


def _members(visibility: Visibility, kind: Kind) -> list[str]:
    names = ["id"] if kind.node else []
    names += [item.name for item in kind.fields if _told(visibility, kind, item)]
    for part in kind.parts:
        inner = [one.name for one in part.fields if f"{kind.name}.{part.name}.{one.name}" not in visibility.never]
        names += [f"{part.name} {{ {' '.join(inner)} }}"] if inner else []
    for link in kind.links:
        target = BY_NAME[link.kind]
        if not link.many or target.name in visibility.never or target.name == "case":
            continue
        inside = f"{{ {' '.join(_members(visibility, target))} }}"
        if link.connection:
            inside = f"(first: {PAGE}) {{ nodes {inside} pageInfo {{ hasNextPage }} }}"
        names.append(f"{link.name} {inside}")
    return names


def _told(visibility: Visibility, kind: Kind, item: Field) -> bool:
    return f"{kind.name}.{item.name}" not in visibility.never


REQUEST_COPY = Action(
    ActionName.REQUEST_COPY,
    "A copy of one's own file, as JSON, in the case that it opens. Free of charge",
    "申请查阅复制",
    (Input("subject", InputType.ID, "Whose file, for who acts for several subjects", "信息主体"),),
    _begin,
)
