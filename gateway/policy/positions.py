"""Where a selection touches the catalogue: its objects, lists and leaves, in document order, without any rule.

Structure (``id``, ``__typename``, ``matched``, ``nodes``, ``edges``, ``pageInfo`` …) decides nothing and is passed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from gateway.catalogue.fields import Kind, Link
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.catalogue.lists import LISTS
from gateway.errors import Fault, InternalError
from gateway.values import Root, RootName, Selected

Path: TypeAlias = tuple[str, ...]
NODE_TYPE = "Node"
STRUCTURE = frozenset({"__typename", "id", "matched"})
ROOT_KINDS: Mapping[RootName, str] = MappingProxyType(
    {
        RootName.ENTERPRISE: "enterprise",
        RootName.ORGANIZATION: "organization",
        RootName.PERSON: "person",
        RootName.ENTRY: "access",
        **{RootName(name): one.kind.name for name, one in LISTS.items()},
    }
)
_FIELD_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {kind.name: frozenset(field.name for field in kind.fields) for kind in KINDS}
)
_PARTS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {(kind.name, part.name): frozenset(field.name for field in part.fields) for kind in KINDS for part in kind.parts}
)
_LINKS: Mapping[tuple[str, str], Link] = MappingProxyType(
    {(kind.name, link.name): link for kind in KINDS for link in kind.links}
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A selected value: full response path, path below its record, coordinate."""

    path: Path
    below: Path
    coordinate: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A selected object or list of a kind. ``records`` are the selections of its rows, each with its response path."""

    path: Path
    kind: Kind
    records: tuple[tuple[Path, tuple[Selected, ...]], ...]
    link: Leaf | None = None  # the reference that leads here, where one decides


def roots(root: Root) -> tuple[Spot, ...]:
    """The spots a root field opens: one, or under ``node`` one for each kind whose type is selected."""
    path = root.path
    if root.name in (RootName.VIEWER, RootName.EXPLAIN, RootName.RECEIPT, RootName.CHAINS):
        return ()
    if root.name is RootName.NODE:
        return tuple(
            Spot(path, kind, ((path, own),))
            for kind in KINDS
            if kind.node and (own := tuple(one for one in root.children if one.on in (kind.type_name, NODE_TYPE)))
        )
    kind = BY_NAME[ROOT_KINDS[root.name]]
    records = connection(path, root.children) if root.name in LISTS else ((path, root.children),)
    return (Spot(path, kind, records),)


def connection(path: Path, children: tuple[Selected, ...]) -> tuple[tuple[Path, tuple[Selected, ...]], ...]:
    """The record selections of a connection: below ``nodes`` and below ``edges.node``."""
    found: list[tuple[Path, tuple[Selected, ...]]] = []
    for child in children:
        if child.name == "nodes":
            found.append(((*path, child.key), child.children))
        elif child.name == "edges":
            inner = (one for one in child.children if one.name == "node")
            found.extend(((*path, child.key, one.key), one.children) for one in inner)
    return tuple(found)


def items(spot: Spot) -> Iterator[Leaf | Spot]:
    """The leaves and further spots of a spot's records, in document order. Raises InternalError if one is unknown."""
    for path, children in spot.records:
        for child in children:
            if child.name not in STRUCTURE:
                yield from _item(spot.kind, path, child)


def _item(kind: Kind, path: Path, child: Selected) -> Iterator[Leaf | Spot]:
    here = (*path, child.key)
    link = _LINKS.get((kind.name, child.name))
    part = _PARTS.get((kind.name, child.name))
    if child.name in _FIELD_NAMES[kind.name]:
        yield Leaf(here, (child.key,), f"{kind.name}.{child.name}")
    elif part is not None:
        for inner in child.children:
            if inner.name in part:
                yield Leaf((*here, inner.key), (child.key, inner.key), f"{kind.name}.{child.name}.{inner.name}")
            elif inner.name not in STRUCTURE:
                raise InternalError(Fault((*here, inner.key), "no decision is known for this field"))
    elif link is not None:
        target = BY_NAME[link.kind]
        reference = None if link.many else Leaf(here, (child.key,), f"{kind.name}.{link.name}")
        records = connection(here, child.children) if link.connection else ((here, child.children),)
        yield Spot(here, target, records, reference)
    else:
        raise InternalError(Fault(here, "no decision is known for this field"))
