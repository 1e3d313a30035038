"""What an operation names that is opaque: ids, cursors and persons, read with the keys of the vault for one reader."""

import re
from collections.abc import Mapping, Sequence

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.errors import BadInput, Fault, OperationError
from gateway.values import Arguments, By, ByPerson, ByPlace, Caller, MatterKind, RootArguments, Selection
from gateway.vault.vault import Vault

PSEUDONYMS = frozenset(item.name for kind in KINDS for item in kind.fields if item.pseudonym)
_PSEUDONYM = re.compile(r"[0-9a-f]{32}\Z").match


def reader(caller: Caller) -> str:
    """For whom ids are made: of persons' rows they differ by institution, or by who asks for themselves."""
    return f"client {caller.consumer}" if caller.consumer else f"principal {caller.principal}"


def row(vault: Vault, id: str | None, reader: str) -> tuple[Kind | None, int | None]:
    """The kind and row that ``node(id:)`` names; nothing for an id that cannot be read here."""
    found = None if id is None else vault.read_node_id(id, reader)
    if found is None or found[0] >= len(KINDS):
        return None, None
    return KINDS[found[0]], found[1]


def made(vault: Vault, kind: str, number: int | None, personal: bool, reader: str) -> str | None:
    """The id of what an action has made or changed; None: nothing that has one."""
    return None if number is None or not kind else vault.node_id(KINDS.index(BY_NAME[kind]), number, personal, reader)


def happened(selection: Selection, id: str | None) -> Selection:
    """A subscription, asking for the row that an event is about; any other operation as it is.

    Raises OperationError where there is no event: a subscription cannot be answered at once.
    """
    if selection.shape.event is None:
        return selection
    if id is None:
        rule = "is answered by events: ask with Accept: text/event-stream, or by WebSocket (graphql-transport-ws)"
        raise OperationError(Fault((selection.shape.roots[0].key,), rule))
    return selection._replace(roots=(RootArguments(node=id),))


def engagement(arguments: RootArguments) -> str:
    """The number of the engagement that is named; empty: none."""
    matter = None if arguments.access is None else arguments.access.served
    return matter.number if matter is not None and matter.kind is MatterKind.AUDIT else ""


def engaged(vault: Vault, arguments: RootArguments) -> RootArguments:
    """The same, the pseudonyms of the engagement in its filters being those of the log; what is none finds nothing."""
    number = engagement(arguments)
    if not number:
        return arguments
    found = (
        (name, vault.engaged_back(number, value) if name in PSEUDONYMS and _PSEUDONYM(value) else value)
        for name, value in arguments.filter
    )
    return arguments._replace(filter=tuple(found))


def person(vault: Vault, by: By | ByPerson | ByPlace | None) -> tuple[bytes, bytes] | None:
    """The blind indexes of ID number and name; None where no person is named."""
    if not isinstance(by, ByPerson):
        return None
    return vault.blind_index("person", "id_number", by.id_number), vault.blind_index("person", "name", by.name)


def pages(
    vault: Vault, lists: Mapping[int, tuple[tuple[str, ...], Kind]], paging: Sequence[Arguments], reader: str
) -> dict[int, tuple[int, int | None]]:
    """Slot → page size and the key after which it begins. Raises BadInput with every cursor of another list."""
    found: dict[int, tuple[int, int | None]] = {}
    faults: list[Fault] = []
    for slot, (path, kind) in lists.items():
        page = paging[slot]
        after: int | None = None
        if page.after is not None:
            cursor = vault.read_cursor(page.after, reader)
            if cursor is None or cursor[0] != KINDS.index(kind):
                faults.append(Fault((*path, "after"), "is not a cursor of this list"))
            else:
                after = cursor[1]
        found[slot] = (page.first, after)
    if faults:
        raise BadInput(*faults)
    return found
