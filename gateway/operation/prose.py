"""Where a person writes lines: the arguments whose texts may hold tabs and line ends. No other text may.

What a literal of a document may hold is looked at only after the document has been validated: a mutation that a role
may not perform must fail like an invented name, whatever is written in it.
"""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from gateway.errors import BadInput, Fault
from gateway.operation.limits import Limits
from gateway.operation.literals import literal_faults
from gateway.values import PROSE


def check_lines(document: DocumentNode, limits: Limits) -> None:
    """Refuse tabs and line ends in the literals of a valid document, except where a person writes. Raises BadInput."""
    faults: list[Fault] = []
    for field, name, value in _arguments(document):
        if (field, name) not in PROSE:
            faults += literal_faults(value)
    if faults:
        raise BadInput(*faults[: limits.faults])


def prose_variables(document: DocumentNode) -> frozenset[str]:
    """The variables of a document that stand where a person writes, and nowhere else."""
    lines: set[str] = set()
    others: set[str] = set()
    for field, name, value in _arguments(document):
        (lines if (field, name) in PROSE else others).update(_variables(value))
    return frozenset(lines - others)


def _arguments(document: DocumentNode) -> Iterator[tuple[str, str, ValueNode]]:
    """Field, argument and value of every argument of a field; those of directives are never texts of ours."""
    stack = [
        item.selection_set
        for item in document.definitions
        if isinstance(item, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while stack:
        for item in stack.pop().selections:
            if isinstance(item, FieldNode):
                yield from ((item.name.value, one.name.value, one.value) for one in item.arguments or ())
            below = getattr(item, "selection_set", None)
            if below is not None:
                stack.append(below)


def _variables(value: ValueNode) -> Iterator[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, VariableNode):
            yield item.name.value
        elif isinstance(item, ListValueNode):
            stack.extend(item.values)
        elif isinstance(item, ObjectValueNode):
            stack.extend(field.value for field in item.fields)
