"""How the arguments of one field are read, prepared once per document so that a request only fills in variables."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from graphql import FieldNode, GraphQLField, GraphQLInputType, GraphQLNonNull, ValueNode, VariableNode

from gateway.errors import Fault
from gateway.operation.inputs import NOT_NULL, REQUIRED, Path, coercer
from gateway.operation.literals import MISSING, Reader, is_constant, reader
from gateway.values import PROSE

# Coerced variables and the list for faults → value of each argument that was given.
Read: TypeAlias = Callable[[Mapping[str, object], list[Fault]], dict[str, object]]
_One: TypeAlias = Callable[[Mapping[str, object], list[Fault]], object]


def argument_readers(field: GraphQLField, node: FieldNode, path: Path) -> Read:
    """A reader of the arguments of ``node``; faults have the path ``(*path, argument, …)``."""
    given = {item.name.value: item.value for item in node.arguments or ()}
    ones = tuple(
        (name, _one(argument.type, given[name], (*path, name), (node.name.value, name) in PROSE))
        for name, argument in field.args.items()
        if name in given
    )

    def read(values: Mapping[str, object], faults: list[Fault]) -> dict[str, object]:
        return {name: value for name, one in ones if (value := one(values, faults)) is not MISSING}

    return read


def _one(kind: GraphQLInputType, node: ValueNode, path: Path, prose: bool) -> _One:
    needed = isinstance(kind, GraphQLNonNull)
    if isinstance(node, VariableNode):
        return _variable(node.name.value, needed, path)
    coerce = coercer(kind, prose)
    make: Reader = reader(node)
    if is_constant(node):
        found: list[Fault] = []
        constant = coerce(make({}), path, found)

        def read_constant(_: Mapping[str, object], faults: list[Fault]) -> object:
            faults.extend(found)
            return constant

        return read_constant

    def read_mixed(values: Mapping[str, object], faults: list[Fault]) -> object:
        return coerce(make(values), path, faults)

    return read_mixed


def _variable(name: str, needed: bool, path: Path) -> _One:
    """A variable that is the whole argument: its value has been coerced already."""

    def read_variable(values: Mapping[str, object], faults: list[Fault]) -> object:
        value = values.get(name, MISSING)
        if needed and (value is None or value is MISSING):
            faults.append(Fault(path, NOT_NULL if value is None else REQUIRED))
        return value

    return read_variable
