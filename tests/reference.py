"""The reference model: what the gateway must answer, worked out slowly over rows in memory.

It walks the syntax tree of the document as the GraphQL specification says (CollectFields, field merging, runtime
types), looks through every row for each question, and asks the policy line by line. Written from the design and the
policy table, not from the gateway: it shares with it the catalogue, the spelling of codes and the making of opaque ids.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from graphql import FieldNode

from gateway.catalogue.codes import normalize
from gateway.catalogue.fields import snake
from gateway.catalogue.grams import searchable
from gateway.catalogue.kinds import BY_NAME
from gateway.values import Access, Caller, Matter, MatterKind, Purpose
from tests.reference_document import Document
from tests.reference_policy import CLEAR
from tests.reference_rows import Eyes, Row, World
from tests.reference_walk import Opaque, Told, Walk, field_of

LISTED = {
    "enterprises": "enterprise",
    "organizations": "organization",
    "cases": "case",
    "licenses": "license",
    "penalties": "penalty",
    "listings": "listing",
    "withdrawals": "withdrawal",
    "figures": "figure",
}
FEEDS = {"licenses": "receivedAt", "penalties": "receivedAt", "listings": "receivedAt", "withdrawals": "withdrawnAt"}


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
        if name in LISTED:
            chosen = given.get("filter")
            wanted = {} if not isinstance(chosen, dict) else {k: v for k, v in chosen.items() if v is not None}
            return self._list(key, name, wanted, nodes, eyes)
        found = self._found(name, given)
        for row, matched in found:
            if eyes.shows(row):
                asked = self.document.below(nodes, BY_NAME[row.kind].type_name)
                if name == "node" and not asked:  # an id of a kind of which nothing is asked answers like an absent one
                    return None
                return walk.row(row, asked, (key,), matched, walk.everybody(row.kind))
        return None

    def _list(self, key: str, name: str, wanted: Mapping[str, object], nodes: list[FieldNode], eyes: Eyes) -> object:
        """A list at the root. A feed holds what its reader sees without any tie; no row of a person is in one."""
        kind = BY_NAME[LISTED[name]]
        classes = {"legal", "individual", "person"}
        if name == "enterprises" and "name" not in wanted:
            classes = {"legal"}  # row 7: by code or exact name only
        feed = name in FEEDS
        if feed:
            eyes, classes = replace(eyes, feed=True), {"legal"} if name == "listings" else {"legal", "individual"}
        walk = Walk(self.document, self.world, self.opaque, self.told, eyes, False)
        rows = [row for row in self.world.of(kind.name) if all(self._has(row, *one, feed) for one in wanted.items())]
        order = (FEEDS[name],) if feed else kind.order
        return walk.connection(kind, rows, nodes, (key,), walk.everybody(kind.name) & classes, order)

    def _has(self, row: Row, name: str, value: object, feed: bool) -> bool:
        if name == "nameContains":
            return searchable(str(value)) in searchable(str(row.item["name"] or ""))
        if feed and name == "region":
            return any(one.item.get("region") == value for one in self.world.rows if one.id == row.subject)
        if name == "industry":  # a section, division or group holds all below it
            return str(row.item[name] or "").startswith(str(value))
        return row.item["provider" if feed else name] == value

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
