"""A GraphQL document as the specification reads it: CollectFields, fragments, directives, arguments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

Grouped: TypeAlias = dict[str, list[FieldNode]]


@dataclass(frozen=True, slots=True)
class Document:
    """One document with the values of its variables, read under the schema of a role."""

    tree: DocumentNode
    variables: Mapping[str, object]
    schema: GraphQLSchema

    def roots(self) -> Grouped:
        """The root fields of its one operation, by response key."""
        operation = next(one for one in self.tree.definitions if isinstance(one, OperationDefinitionNode))
        return self._collect([operation.selection_set], "Query")

    def below(self, nodes: Iterable[FieldNode], type_name: str) -> Grouped:
        """What is selected of an object of this type below fields of one response key, merged."""
        return self._collect([node.selection_set for node in nodes], type_name)

    def arguments(self, node: FieldNode) -> dict[str, object]:
        """The arguments of a field that are not null, as plain values."""
        found = {
            one.name.value: value_from_ast_untyped(one.value, dict(self.variables)) for one in node.arguments or ()
        }
        return {name: value for name, value in found.items() if value is not None}

    def type_of(self, type_name: str, field: str) -> str:
        """The name of the type that a field of an object type has."""
        known = self.schema.type_map[type_name]
        assert isinstance(known, GraphQLObjectType)
        return str(get_named_type(known.fields[field].type))

    def _collect(self, sets: Iterable[SelectionSetNode | None], type_name: str) -> Grouped:
        grouped: Grouped = {}
        seen: set[str] = set()
        for one in sets:
            if one is not None:
                self._gather(one, type_name, grouped, seen)
        return grouped

    def _gather(self, node: SelectionSetNode, type_name: str, out: Grouped, seen: set[str]) -> None:
        for item in node.selections:
            if not self._included(item):
                continue
            if isinstance(item, FieldNode):
                out.setdefault(item.alias.value if item.alias else item.name.value, []).append(item)
                continue
            if isinstance(item, FragmentSpreadNode):
                if item.name.value in seen:
                    continue
                seen.add(item.name.value)
            fragment = self._fragment(item)
            if fragment.type_condition is None or self._applies(fragment.type_condition.name.value, type_name):
                self._gather(fragment.selection_set, type_name, out, seen)

    def _fragment(self, item: SelectionNode) -> InlineFragmentNode | FragmentDefinitionNode:
        if isinstance(item, InlineFragmentNode):
            return item
        assert isinstance(item, FragmentSpreadNode)
        for one in self.tree.definitions:
            if isinstance(one, FragmentDefinitionNode) and one.name.value == item.name.value:
                return one
        raise KeyError(item.name.value)

    def _included(self, item: SelectionNode) -> bool:
        for directive in item.directives or ():
            given = value_from_ast_untyped((directive.arguments or ())[0].value, dict(self.variables))
            if given is (directive.name.value == "skip"):
                return False
        return True

    def _applies(self, condition: str, type_name: str) -> bool:
        """A type condition: the type itself, or an interface that it implements."""
        known = self.schema.type_map[type_name]
        assert isinstance(known, GraphQLObjectType)
        return condition == type_name or any(
            isinstance(one, GraphQLInterfaceType) and one.name == condition for one in known.interfaces
        )
