"""Valid syntax tree → Shape: fragments flattened, directives taken, equal response keys merged, lists numbered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

from gateway.errors import Fault, InvalidOperation, LimitExceeded
from gateway.operation.readers import Read, argument_readers
from gateway.values import Act, ActionName, EventName, Root, RootName, Selected

Composite = GraphQLObjectType | GraphQLInterfaceType
Grouped = dict[tuple[str, str], list[tuple[FieldNode, Composite]]]


# Members of roots that are roots themselves.
INSIDE: Mapping[RootName, Mapping[str, RootName]] = MappingProxyType(
    {
        RootName.VIEWER: MappingProxyType({RootName.ACCESSES.value: RootName.ACCESSES}),
        RootName.RECEIPT: MappingProxyType({RootName.ENTRY.value: RootName.ENTRY}),
    }
)


@dataclass(frozen=True, slots=True)
class Paging:
    """One list: where it stands (response keys), under which list (slot or None), and how to read its arguments."""

    path: tuple[str, ...]
    parent: int | None
    read: Read


@dataclass(frozen=True, slots=True)
class Flat:
    """An operation flattened: data roots, how to read their arguments, lists by slot, introspection fields."""

    roots: tuple[Root, ...]
    reads: tuple[Read, ...]
    paging: tuple[Paging, ...]
    meta: tuple[FieldNode, ...]
    act: tuple[Act, Read] | None = None  # of a mutation: its field, and how to read its arguments
    event: EventName | None = None  # of a subscription


def conditions(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """The distinct variables that `@skip` and `@include` ask, in document order."""
    names: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [operation.selection_set]
    while waiting:
        node = waiting.pop()
        for item in node.selections:
            names.update((value.name.value, None) for _, value in _asked(item) if isinstance(value, VariableNode))
            if isinstance(item, FragmentSpreadNode):
                if item.name.value not in seen:
                    seen.add(item.name.value)
                    waiting.append(fragments[item.name.value].selection_set)
            elif isinstance(item, FieldNode | InlineFragmentNode) and item.selection_set:
                waiting.append(item.selection_set)
    return tuple(names)


def _asked(item: SelectionNode) -> Iterator[tuple[bool, object]]:
    """(wanted, condition) of each `@skip` and `@include`."""
    for directive in item.directives or ():
        if directive.name.value in ("skip", "include") and directive.arguments:
            yield directive.name.value == "include", directive.arguments[0].value


class Flattener:
    """Flattens one operation under given outcomes of its directive conditions."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], taken: Mapping[str, bool]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._taken = taken
        self._paging: list[Paging] = []

    def flatten(self, operation: OperationDefinitionNode) -> Flat:
        """The whole operation; call once. Raises LimitExceeded for a mutation of several fields."""
        if operation.operation is OperationType.MUTATION:
            return self._mutation(operation)
        if operation.operation is OperationType.SUBSCRIPTION:
            return self._subscription(operation)
        query = self._schema.query_type
        assert query is not None
        roots: list[Root] = []
        reads: list[Read] = []
        meta: list[FieldNode] = []
        for (key, _), found in self._group([(operation.selection_set, query)]).items():
            node = found[0][0]
            if node.name.value.startswith("__"):
                meta.extend(item for item, _ in found)
                continue
            field = query.fields[node.name.value]
            slot = self._slot(field, node, (key,), None)
            children = self._children(field, found, (key,), slot)
            root = Root(key, RootName(node.name.value), children, slot)
            reads.append(argument_readers(field, node, (key,)))
            within = [] if root.name not in INSIDE else list(self._inside(root, field, found))
            if within:
                names = INSIDE[root.name]
                root = replace(root, children=tuple(one for one in children if one.name not in names))
            roots.extend([root, *(one for one, _ in within)])
            reads.extend(read for _, read in within)
        return Flat(tuple(roots), tuple(reads), tuple(self._paging), tuple(meta))

    def _inside(
        self, root: Root, field: GraphQLField, found: list[tuple[FieldNode, Composite]]
    ) -> Iterator[tuple[Root, Read]]:
        """The members of a root that are roots themselves: decided, read and logged as such, and put in their place."""
        kind = get_named_type(field.type)
        assert isinstance(kind, GraphQLObjectType)
        sets = [(node.selection_set, kind) for node, _ in found if node.selection_set]
        nodes = {key: found[0][0] for (key, _), found in self._group(sets).items()}
        for child in root.children:
            name = INSIDE[root.name].get(child.name)
            if name is not None:
                made = Root(child.key, name, child.children, child.slot, root.key)
                node, own = nodes[child.key], kind.fields[child.name]
                if name is RootName.ENTRY:  # it is the entry that its root names
                    node, own = found[0][0], field
                yield made, argument_readers(own, node, made.path)

    def _subscription(self, operation: OperationDefinitionNode) -> Flat:
        """Each event is the answer to a ``node`` with the same selection; validation has seen that there is one."""
        subscription = self._schema.subscription_type
        assert subscription is not None
        grouped = self._group([(operation.selection_set, subscription)])
        if len(grouped) != 1:
            raise InvalidOperation(Fault((), "A subscription has one field, whatever its directives say."))
        (((key, _), found),) = grouped.items()
        node = found[0][0]
        field = subscription.fields[node.name.value]
        children = self._children(field, found, (key,), None)
        read = argument_readers(field, node, (key,))
        root = Root(key, RootName.NODE, children)
        return Flat((root,), (read,), tuple(self._paging), (), event=EventName(node.name.value))

    def _mutation(self, operation: OperationDefinitionNode) -> Flat:
        """One field: each is a transaction and an entry of its own, so two would not succeed or fail as one."""
        mutation = self._schema.mutation_type
        assert mutation is not None  # validation has refused the operation otherwise
        acts: list[tuple[Act, Read]] = []
        meta: list[FieldNode] = []
        for (key, _), found in self._group([(operation.selection_set, mutation)]).items():
            node = found[0][0]
            if node.name.value.startswith("__"):
                meta.extend(item for item, _ in found)
                continue
            field = mutation.fields[node.name.value]
            children = self._children(field, found, (key,), None)
            acts.append((Act(key, ActionName(node.name.value), children), argument_readers(field, node, (key,))))
        if len(acts) > 1:
            raise LimitExceeded(
                *(Fault((act.key,), "a mutation has one field; send each on its own") for act, _ in acts[1:])
            )
        return Flat((), (), (), tuple(meta), acts[0] if acts else None)

    def _slot(self, field: GraphQLField, node: FieldNode, path: tuple[str, ...], parent: int | None) -> int | None:
        if "first" not in field.args:
            return None
        self._paging.append(Paging(path, parent, argument_readers(field, node, path)))
        return len(self._paging) - 1

    def _children(
        self,
        field: GraphQLField,
        found: list[tuple[FieldNode, Composite]],
        path: tuple[str, ...],
        parent: int | None,
    ) -> tuple[Selected, ...]:
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return ()
        sets = [(node.selection_set, kind) for node, _ in found if node.selection_set]
        return tuple(self._selected(self._group(sets), path, parent))

    def _selected(self, grouped: Grouped, above: tuple[str, ...], parent: int | None) -> Iterator[Selected]:
        for (key, on), found in grouped.items():
            node, kind = found[0]
            if node.name.value.startswith("__"):
                yield Selected(key, node.name.value, on)
                continue
            field = kind.fields[node.name.value]
            if is_leaf_type(get_named_type(field.type)):
                yield Selected(key, node.name.value, on)
                continue
            path = (*above, key)
            slot = self._slot(field, node, path, parent)
            children = self._children(field, found, path, parent if slot is None else slot)
            yield Selected(key, node.name.value, on, children, slot)

    def _group(self, sets: Iterable[tuple[SelectionSetNode, Composite]]) -> Grouped:
        """Fields by response key and type. What stands on an interface itself is not repeated for its types."""
        grouped: Grouped = {}
        seen: set[tuple[str, str]] = set()
        for node, kind in sets:
            self._collect(node, kind, grouped, seen)
        shared = {key for key, on in grouped if isinstance(self._schema.type_map[on], GraphQLInterfaceType)}
        for key, on in [item for item in grouped if item[0] in shared]:
            if not isinstance(self._schema.type_map[on], GraphQLInterfaceType):
                del grouped[key, on]
        return grouped

    def _collect(self, node: SelectionSetNode, kind: Composite, out: Grouped, seen: set[tuple[str, str]]) -> None:
        for item in node.selections:
            if not self._wanted(item):
                continue
            if isinstance(item, FieldNode):
                key = item.alias.value if item.alias else item.name.value
                out.setdefault((key, kind.name), []).append((item, kind))
            elif isinstance(item, InlineFragmentNode):
                name = item.type_condition.name.value if item.type_condition else kind.name
                self._enter(item.selection_set, name, kind, out, seen)
            elif isinstance(item, FragmentSpreadNode):
                fragment = self._fragments[item.name.value]
                if (item.name.value, kind.name) not in seen:
                    seen.add((item.name.value, kind.name))
                    self._enter(fragment.selection_set, fragment.type_condition.name.value, kind, out, seen)

    def _enter(
        self, node: SelectionSetNode, name: str, kind: Composite, out: Grouped, seen: set[tuple[str, str]]
    ) -> None:
        """A fragment narrows an interface to a type, and never widens a type to an interface."""
        narrower = self._schema.type_map[name]
        if isinstance(kind, GraphQLInterfaceType) and isinstance(narrower, GraphQLObjectType):
            self._collect(node, narrower, out, seen)
        else:
            self._collect(node, kind, out, seen)

    def _wanted(self, item: SelectionNode) -> bool:
        return all(self._outcome(value) is wanted for wanted, value in _asked(item))

    def _outcome(self, value: object) -> bool:
        if isinstance(value, VariableNode):
            return self._taken[value.name.value]
        return isinstance(value, BooleanValueNode) and value.value
