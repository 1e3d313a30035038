"""Text → syntax tree that is valid for the schema of a role, or an error with places and without echoes.

A name the role may not know is simply absent from its schema, so it fails word for word like an invented one. Literals
are never repeated: they may be somebody's name or number.
"""

import re
from collections.abc import Iterable

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValueNode,
    VisitorAction,
    parse,
    validate,
)
from graphql.validation import ValuesOfCorrectTypeRule, specified_rules

from gateway.errors import Fault, InvalidOperation, LimitExceeded
from gateway.operation.limits import Limits

_LONGEST = 300  # characters of one message; names of the document occur in them
_UNFIT = "The value does not fit its type."
_TOKEN = re.compile(r"(Expected .*?, found|Unexpected) (Name|Int|Float|String|BlockString|Comment)\b.*", re.S)
_TAIL = re.compile(r"(?:: | ?, did you mean).*", re.S)
# The openings of graphql-core's messages about literals that hold nothing but names of the schema or of fields.
_SAFE = re.compile(
    r"Expected value of non-null type '[^']+' not to be None"
    r"|Expected value of type '[^']+' to be an object"
    r"|Expected value of type '[^']+' to include required field '[^']+'"
    r"|Expected value of type '[^']+' not to include unknown field '[^']+'"
    r"|Within OneOf Input Object type '[^']+', exactly one field must be specified, and the value for that field must"
    r" be non-null"
    r"|(?:String|Int|Float|Boolean|ID) cannot represent a? ?non[- ][a-z0-9]+(?:[- ][a-z]+){0,2} ?(?=value|:)"
    r"|Enum '[^']+' cannot represent non-enum value"
)
_NO_WORD = re.compile(r"Value .* does not exist in ('[^']+') enum", re.S)


def _literal_message(message: str) -> str:
    if found := _SAFE.match(message):
        return found.group().rstrip() + "."
    if found := _NO_WORD.match(message):
        return f"Value does not exist in {found.group(1)} enum."
    return _UNFIT


class _Literals(ValuesOfCorrectTypeRule):
    """graphql-core's rule, its messages without the values."""

    _whole: ValueNode | None = None

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check a whole literal; remember it, since graphql-core reports some of its parts without their place."""
        self._whole = node
        return super().is_valid_value_node(node, input_type)

    def report_error(self, error: GraphQLError) -> None:
        """Report the same place in words of our own."""
        nodes = error.nodes if error.locations else self._whole
        super().report_error(GraphQLError(_literal_message(error.message), nodes))


_RULES = tuple(_Literals if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)


def _syntax_message(text: str) -> str:
    if found := _TOKEN.match(text):
        return f"Syntax Error: {found.group(1)} {found.group(2)}."
    if text.startswith("Invalid"):
        return f"Syntax Error: {_TAIL.sub('', text).rstrip('.')}."
    return f"Syntax Error: {text}"


def _places(error: GraphQLError) -> tuple[tuple[int, int], ...]:
    return tuple((place.line, place.column) for place in error.locations or ())


def read_text(text: str, limits: Limits) -> DocumentNode:
    """Parse. Raises InvalidOperation with the place, LimitExceeded for too many tokens or nestings."""
    try:
        return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLSyntaxError as error:
        if error.description.startswith(("Document contains more than", "Document is nested too deeply")):
            raise LimitExceeded(Fault((), error.description.split(". ")[0], _places(error))) from None
        raise InvalidOperation(Fault((), _syntax_message(error.description)[:_LONGEST], _places(error))) from None


def check(document: DocumentNode, schema: GraphQLSchema, limits: Limits) -> None:
    """Validate. Raises InvalidOperation with the first ``limits.faults`` faults, each with its places."""
    if not any(isinstance(item, OperationDefinitionNode) for item in document.definitions):
        raise InvalidOperation(Fault(("query",), "The document has no operation."))
    errors = validate(schema, document, _RULES, max_errors=limits.faults, hide_suggestions=True)
    if errors:
        raise InvalidOperation(*_faults(errors[: limits.faults]))


def _faults(errors: Iterable[GraphQLError]) -> Iterable[Fault]:
    # One rule of graphql-core proposes a spelling even with suggestions hidden.
    return [Fault((), error.message.split(" Did you mean")[0][:_LONGEST], _places(error)) for error in errors]
