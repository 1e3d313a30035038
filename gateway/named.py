"""What an operation names that is opaque: ids, cursors and persons, read with the keys of the vault for one reader."""

from collections.abc import Mapping, Sequence

from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import KINDS
from gateway.errors import BadInput, Fault
from gateway.values import Arguments, By, ByPerson, ByPlace, Caller
from gateway.vault.vault import Vault


def reader(caller: Caller) -> str:
    """For whom ids are made: of persons' rows they differ by institution, or by who asks for themselves."""
    return f"client {caller.consumer}" if caller.consumer else f"principal {caller.principal}"


def row(vault: Vault, id: str | None, reader: str) -> tuple[Kind | None, int | None]:
    """The kind and row that ``node(id:)`` names; nothing for an id that cannot be read here."""
    found = None if id is None else vault.read_node_id(id, reader)
    if found is None or found[0] >= len(KINDS):
        return None, None
    return KINDS[found[0]], found[1]


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
