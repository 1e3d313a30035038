"""The reference model: what the gateway must answer, worked out slowly over rows in memory.

It walks the syntax tree of the document as the GraphQL specification says (CollectFields, field merging, runtime
types), looks through every row for each question, and asks the policy line by line. Written from the design and the
policy table, not from the gateway: it shares with it the catalogue, the spelling of codes and the making of opaque ids.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode

from gateway.catalogue.codes import normalize
from gateway.catalogue.fields import snake
from gateway.catalogue.kinds import BY_NAME
from gateway.values import Access, Caller, Matter, MatterKind, Purpose
from tests.reference_document import Document
from tests.reference_policy import CLEAR
from tests.reference_rows import Eyes, Row, World
from tests.reference_walk import Opaque, Told, Walk, field_of


@dataclass(frozen=True, slots=True)
class Reference:
    """One operation of one caller. ``eyes`` gives the view on a ground; ``opaque`` writes ids and cursors."""

    world: World
    caller: Caller
    eyes: Callable[[Access | None], Eyes]
    opaque: Opaque
    document: Document
    told: Told = field(default_factory=Told)

    def data(self) -> dict[str, object]:
        """The ``data`` of the answer; ``told`` then says what else must be known of it."""
        return {key: self._root(key, nodes) for key, nodes in self.document.roots().items()}

    def _root(self, key: str, nodes: list[FieldNode]) -> object:
        name, given = nodes[0].name.value, self.document.arguments(nodes[0])
        if name == "__typename":
            return "Query"
        if name == "viewer":
            return self._viewer(nodes)
        access = given.get("access")
        eyes = self.eyes(ground(access) if isinstance(access, dict) else None)
        walk = Walk(self.document, self.world, self.opaque, self.told, eyes, name in ("person", "node"))
        if name == "enterprises":
            chosen = given.get("filter")
            wanted = {} if not isinstance(chosen, dict) else {k: v for k, v in chosen.items() if v is not None}
            rows, kind = [*self.world.of("enterprise")], BY_NAME["enterprise"]
            listed = {"legal", "individual"} if "name" in wanted else {"legal"}  # row 7: by code or exact name only
            return walk.connection(kind, rows, nodes, (key,), walk.everybody("enterprise") & listed, wanted)
        found = self._found(name, given)
        for row, matched in found:
            if eyes.shows(row):
                asked = self.document.below(nodes, BY_NAME[row.kind].type_name)
                if name == "node" and not asked:  # an id of a kind of which nothing is asked answers like an absent one
                    return None
                return walk.row(row, asked, (key,), matched, walk.everybody(row.kind))
        return None

    def _found(self, name: str, given: Mapping[str, object]) -> list[tuple[Row, Row | None]]:
        """The rows a root may answer with, the best first; with the identifier that matched."""
        by = given.get("by")
        if name == "node":
            return [(row, None) for row in self.world.rows if self._has_id(row, given["id"])]
        assert isinstance(by, dict)
        if name == "person":
            number, person = normalize("CITIZEN_ID", str(by["idNumber"])), str(by["name"]).strip()
            rows = self.world.of("person")
            return [(row, None) for row in rows if (row.item["idNumber"], row.item["name"]) == (number, person)]
        ((what, value),) = by.items()
        kind = snake(what).upper()
        hits = [one for one in self.world.of("identifier") if _matches(one, kind, normalize(kind, str(value)))]
        pairs = [(row, one) for one in hits for row in self.world.of(name) if row.subject == one.subject]
        best = sorted(pairs, key=lambda pair: (self._historical(pair[1]), pair[0].subject))
        return [*best]

    def _historical(self, identifier: Row) -> bool:
        return self.eyes(None).value(identifier, "historical", field_of("identifier", "historical"), CLEAR) is True

    def _has_id(self, row: Row, text: object) -> bool:
        return BY_NAME[row.kind].node and self.opaque("id", row.kind, row.id, row.subject_class == "person") == text

    def _viewer(self, nodes: list[FieldNode]) -> dict[str, object]:
        caller = self.caller
        known: dict[str, object] = {
            "__typename": "Viewer",
            "role": caller.role.name,
            "principal": caller.principal or None,
            "consumer": caller.consumer or None,
            "department": caller.department or None,
            "region": caller.region or None,
            "assurance": caller.assurance,
        }
        asked = self.document.below(nodes, "Viewer")
        return {key: known[found[0].name.value] for key, found in asked.items()}


def ground(given: dict[str, object]) -> Access:
    """The ``access`` argument."""
    consent, matter = given.get("consent"), given.get("matter")
    return Access(
        Purpose(str(given["purpose"])),
        None if consent is None else str(consent),
        None if not isinstance(matter, dict) else Matter(matter["number"], MatterKind(matter["kind"]), matter["basis"]),
    )


def _matches(identifier: Row, kind: str, value: str) -> bool:
    return identifier.item["kind"] == kind and normalize(kind, str(identifier.item["value"])) == value
