"""`__schema`, `__type` and `__typename` at the root: answered from the schema of the role, without data."""

import json
from collections.abc import Mapping, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from gateway.errors import BadInput, Fault


def introspect(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    fields: Sequence[FieldNode],
    variables: Mapping[str, object],
) -> bytes:
    """The members of the JSON object that answers ``fields``, without braces. Raises BadInput for a null argument."""
    restricted = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        directives=(),
        variable_definitions=operation.variable_definitions,
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    document = DocumentNode(definitions=(restricted, *fragments.values()))
    result = execute_sync(schema, document, variable_values=dict(variables))
    if result.errors or result.data is None:
        paths = [tuple(error.path or ()) for error in result.errors or ()]
        raise BadInput(*(Fault(path, "an argument must not be null") for path in paths))
    return json.dumps(result.data, ensure_ascii=False, separators=(",", ":")).encode()[1:-1]
