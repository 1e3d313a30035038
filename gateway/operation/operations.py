"""Operations: the door of step 2. Text, operation name and variables → Selection.

What depends on the text alone is done once and kept by (SHA-256 of the text, role): limits, parsing, validation, and
one Shape for each outcome of the directives. A request then coerces its variables and reads its arguments.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from gateway.errors import BadInput, Fault, GatewayError, InvalidOperation, LimitExceeded
from gateway.operation.arguments import page_arguments, root_arguments
from gateway.operation.inputs import NOT_NULL, Variables
from gateway.operation.introspection import introspect
from gateway.operation.limits import Limits, measure
from gateway.operation.literals import NOT_UNICODE
from gateway.operation.lru import Lru
from gateway.operation.prose import check_lines, prose_variables
from gateway.operation.shape import Flat, Flattener, conditions
from gateway.operation.validation import check, read_text
from gateway.values import Arguments, Selection, Shape

_SHAPES = 8  # outcomes of directives kept per operation
_REFUSED = 256
_REFUSED_BYTES = 1_048_576
_ANSWERS = 64  # introspection answers
_ANSWER_BYTES = 8_388_608
_NO_VARIABLES: Mapping[str, object] = MappingProxyType({})


@dataclass(slots=True)
class _Operation:
    """One operation of a document, prepared."""

    node: OperationDefinitionNode
    variables: Variables
    conditions: tuple[str, ...]
    shapes: Lru[tuple[bool, ...], tuple[Shape, Flat]] = field(default_factory=lambda: Lru(_SHAPES, _SHAPES))


@dataclass(frozen=True, slots=True)
class _Document:
    """A document that is valid for ``schema``."""

    digest: str
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    operations: Mapping[str, _Operation]


@dataclass(frozen=True, slots=True)
class _Refusal:
    schema: GraphQLSchema
    error: type[GatewayError]
    faults: tuple[Fault, ...]


class Operations:
    """Reads operations; keeps at most ``capacity`` documents and ``limits.cache_bytes`` (estimated) of them."""

    def __init__(self, limits: Limits, capacity: int) -> None:
        self._limits = limits
        self._documents: Lru[tuple[bytes, str], _Document] = Lru(capacity, limits.cache_bytes)
        self._refused: Lru[tuple[bytes, str], _Refusal] = Lru(_REFUSED, _REFUSED_BYTES)
        self._answers: Lru[tuple[str, str, str, tuple[bool, ...]], tuple[GraphQLSchema, bytes]] = Lru(
            _ANSWERS, _ANSWER_BYTES
        )

    def read(
        self,
        query: str,
        operation_name: str | None,
        variables: Mapping[str, object] | None,
        role: str,
        schema: GraphQLSchema,
    ) -> Selection:
        """What is asked, under the schema of ``role``.

        Raises InvalidOperation (syntax, validation, which operation), LimitExceeded, BadInput (variables and arguments;
        every fault with its path: ``("variables", name, …)`` or ``(response key, argument, …)``).
        """
        document = self._document(query, role, schema)
        operation = _choose(document, operation_name)
        given = _NO_VARIABLES if variables is None else variables
        faults: list[Fault] = []
        values = operation.variables.coerce(given, faults)
        self._refuse(faults)
        taken = self._taken(operation, values)
        found = operation.shapes.get(taken)
        if found is None:
            found = self._shape(document, operation, taken)
            operation.shapes.put(taken, found, 1)
        shape, flat = found
        given_roots = [read(values, faults) for read in flat.reads]
        given_pages = [item.read(values, faults) for item in flat.paging]
        given_act = None if flat.act is None else flat.act[1](values, faults)
        if flat.event is not None:
            (given_act,) = given_roots
        self._refuse(faults)
        roots = tuple(
            [
                root_arguments(root.name, root.key, arguments, faults)
                for root, arguments in zip(shape.roots, given_roots, strict=True)
            ]
        )
        paging = tuple(
            [
                page_arguments(item.path, arguments, self._limits, faults)
                for item, arguments in zip(flat.paging, given_pages, strict=True)
            ]
        )
        self._refuse(faults)
        if paging:
            self._check_rows(flat, paging)
        answer = self._introspection(document, operation, role, found, given) if flat.meta else None
        return Selection(shape, roots, paging, answer, given_act)

    def _refuse(self, faults: list[Fault]) -> None:
        if faults:
            raise BadInput(*faults[: self._limits.faults])

    def _document(self, query: str, role: str, schema: GraphQLSchema) -> _Document:
        """The prepared document, from the cache if it was prepared for this very schema."""
        source = self._encode(query)
        key = (hashlib.sha256(source).digest(), role)
        known = self._documents.get(key)
        if known is not None and known.schema is schema:
            return known
        refusal = self._refused.get(key)
        if refusal is not None and refusal.schema is schema:
            raise refusal.error(*refusal.faults)
        try:
            tree = read_text(query, self._limits)
            fields = measure(tree, self._limits)
            check(tree, schema, self._limits)
            check_lines(tree, self._limits)
        except GatewayError as error:
            weight = 500 + sum(200 + 4 * len(fault.rule) for fault in error.faults)
            self._refused.put(key, _Refusal(schema, type(error), error.faults), weight)
            raise
        document = _prepare(key[0].hex(), tree, schema)
        self._documents.put(key, document, 4_000 + 60 * len(source) + 1_200 * fields)
        return document

    def _encode(self, query: str) -> bytes:
        """UTF-8, checked for size before and after."""
        limit = self._limits.source_bytes
        if len(query) <= limit:
            try:
                source = query.encode()
            except UnicodeEncodeError:
                raise BadInput(Fault(("query",), NOT_UNICODE)) from None
            if len(source) <= limit:
                return source
        raise LimitExceeded(Fault(("query",), f"more than {limit} bytes"))

    def _taken(self, operation: _Operation, values: Mapping[str, object]) -> tuple[bool, ...]:
        if not operation.conditions:
            return ()
        outcomes = tuple([values.get(name) for name in operation.conditions])
        if None in outcomes:  # a variable with a default may be given as null
            nulls = [name for name, value in zip(operation.conditions, outcomes, strict=True) if value is None]
            self._refuse([Fault(("variables", name), NOT_NULL) for name in nulls])
        return tuple([value is True for value in outcomes])

    def _shape(self, document: _Document, operation: _Operation, taken: tuple[bool, ...]) -> tuple[Shape, Flat]:
        outcomes = dict(zip(operation.conditions, taken, strict=True))
        flat = Flattener(document.schema, document.fragments, outcomes).flatten(operation.node)
        name = operation.node.name.value if operation.node.name else ""
        act = None if flat.act is None else flat.act[0]
        return Shape(document.digest, name, taken, flat.roots, bool(flat.meta), act, flat.event), flat

    def _check_rows(self, flat: Flat, paging: tuple[Arguments, ...]) -> None:
        """The rows that the lists may give together, each list once for every row above it."""
        rows: list[int] = []
        for item, page in zip(flat.paging, paging, strict=True):
            rows.append(page.first * (rows[item.parent] if item.parent is not None else 1))
        if sum(rows) > self._limits.rows:
            worst = flat.paging[rows.index(max(rows))]
            raise LimitExceeded(Fault(worst.path, f"the lists may give more than {self._limits.rows} rows"))

    def _introspection(
        self,
        document: _Document,
        operation: _Operation,
        role: str,
        found: tuple[Shape, Flat],
        given: Mapping[str, object],
    ) -> bytes:
        shape, flat = found
        key = (document.digest, role, shape.operation, shape.taken)
        if not operation.variables:
            known = self._answers.get(key)
            if known is not None and known[0] is document.schema:
                return known[1]
        answer = introspect(document.schema, operation.node, document.fragments, flat.meta, given)
        if not operation.variables:
            self._answers.put(key, (document.schema, answer), len(answer))
        return answer


def _prepare(digest: str, tree: DocumentNode, schema: GraphQLSchema) -> _Document:
    fragments = {item.name.value: item for item in tree.definitions if isinstance(item, FragmentDefinitionNode)}
    lines = prose_variables(tree)
    operations = {
        item.name.value if item.name else "": _Operation(
            item, Variables(schema, item, lines), conditions(item, fragments)
        )
        for item in tree.definitions
        if isinstance(item, OperationDefinitionNode)
    }
    return _Document(digest, schema, fragments, operations)


def _choose(document: _Document, name: str | None) -> _Operation:
    """The operation to run; an empty name is as if none was given."""
    if name:
        found = document.operations.get(name)
        if found is None:
            raise InvalidOperation(Fault(("operationName",), "The document has no operation of this name."))
        return found
    if len(document.operations) > 1:
        raise InvalidOperation(Fault(("operationName",), "The document has several operations; name one."))
    return next(iter(document.operations.values()))
