"""How large an operation may be. One pass over the syntax tree, before graphql-core validates it.

Each fragment is measured once, however often it is spread, so the pass is linear in the text: libraries that expand
every spread take seconds on 753 bytes. What is counted is the expanded operation, from the measures of its fragments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.errors import BadInput, Fault, InvalidOperation, LimitExceeded
from gateway.operation.literals import literal_faults, prose_fault


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of step 2. Counts are of the operation with all fragments expanded."""

    source_bytes: int = 65_536  # of the document, UTF-8
    tokens: int = 4_000  # of the document, comments apart
    comments: int = 500
    depth: int = 15  # levels of fields
    introspection_depth: int = 20  # below `__schema` and `__type`
    aliases: int = 50
    fields: int = 500
    directives: int = 50
    spreads: int = 60  # fragments, inline ones too: merging them is what makes validation quadratic
    repeats: int = 20  # fields whose response key stood in the same selection set before: likewise
    roots: int = 8
    page: int = 100  # `first`
    rows: int = 10_000  # estimated: the sum over all lists of the product of `first` down to them
    faults: int = 20  # told at once
    cache_bytes: int = 33_554_432  # of parsed documents, estimated


@dataclass(slots=True)
class Size:
    """The measure of a fragment or an operation, its fragments expanded."""

    depth: int = 0
    meta_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    spreads: int = 0
    repeats: int = 0
    roots: int = 0

    def add(self, other: "Size", level: int, meta: bool) -> None:
        """Count ``other`` as spread below ``level`` fields; ``meta``: somewhere inside `__schema` or `__type`."""
        if meta:
            self.meta_depth = max(self.meta_depth, level + max(other.depth, other.meta_depth))
        else:
            self.depth = max(self.depth, level + other.depth if other.depth else 0)
            self.meta_depth = max(self.meta_depth, level + other.meta_depth if other.meta_depth else 0)
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.spreads += other.spreads
        self.repeats += other.repeats
        self.roots += other.roots if level == 0 else 0


@dataclass(frozen=True, slots=True)
class _Spread:
    name: str
    level: int
    meta: bool


def locations(node: Node) -> tuple[tuple[int, int], ...]:
    """Line and column of a node, from 1."""
    return ((node.loc.start_token.line, node.loc.start_token.column),) if node.loc else ()


def measure(document: DocumentNode, limits: Limits) -> int:
    """Check every limit; give the largest number of fields of an operation.

    Raises LimitExceeded; InvalidOperation for circular fragments and empty selection sets; BadInput for literals that
    no value of the gateway can be (control characters but tabs and line ends, integers beyond 32 bits).
    """
    _check_literals(document, limits)
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    sizes = _fragment_sizes(fragments)
    largest = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size, spreads = _own(definition.selection_set)
            for spread in spreads:
                if spread.name in sizes:
                    size.add(sizes[spread.name], spread.level, spread.meta)
            _compare(size, limits, definition)
            largest = max(largest, size.fields)
    return largest


def _compare(size: Size, limits: Limits, where: Node) -> None:
    checks = (
        (size.depth, limits.depth, "levels of fields"),
        (size.meta_depth, limits.introspection_depth, "levels of introspection"),
        (size.aliases, limits.aliases, "aliases"),
        (size.fields, limits.fields, "fields"),
        (size.directives, limits.directives, "directives"),
        (size.spreads, limits.spreads, "fragment spreads"),
        (size.repeats, limits.repeats, "repeated fields"),
        (size.roots, limits.roots, "root fields"),
    )
    place = locations(where)
    faults = [Fault((), f"more than {bound} {noun}", place) for value, bound, noun in checks if value > bound]
    if faults:
        raise LimitExceeded(*faults)


def _fragment_sizes(fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, Size]:
    """Each fragment's expanded size, children first, without recursion; a chain may be thousands long."""
    sizes: dict[str, Size] = {}
    own = {name: _own(node.selection_set) for name, node in fragments.items()}
    for start in fragments:
        path: dict[str, Iterator[_Spread]] = {start: iter(own[start][1])} if start not in sizes else {}
        while path:
            name = next(reversed(path))
            following = next((item.name for item in path[name] if item.name in own and item.name not in sizes), None)
            if following is None:
                del path[name]
                sizes[name] = _expanded(own[name], sizes)
            elif following in path:
                raise InvalidOperation(Fault((), "a fragment spreads itself", locations(fragments[following])))
            else:
                path[following] = iter(own[following][1])
    return sizes


def _expanded(own: tuple[Size, list[_Spread]], sizes: Mapping[str, Size]) -> Size:
    size, spreads = own
    for spread in spreads:
        if spread.name in sizes:
            size.add(sizes[spread.name], spread.level, spread.meta)
    return size


def _own(root: SelectionSetNode) -> tuple[Size, list[_Spread]]:
    """What stands in this selection set itself, and which fragments it spreads at which level."""
    size, spreads = Size(), list[_Spread]()
    stack: list[tuple[SelectionSetNode, int, bool]] = [(root, 0, False)]
    while stack:
        node, level, meta = stack.pop()
        if not node.selections:
            raise InvalidOperation(Fault((), "a selection set is empty", locations(node)))
        keys: set[str] = set()
        for item in node.selections:
            size.directives += len(item.directives or ())
            if isinstance(item, FieldNode):
                key = item.alias.value if item.alias else item.name.value
                inner = meta or item.name.value in ("__schema", "__type")
                size.fields += 1
                size.aliases += item.alias is not None
                size.repeats += key in keys
                size.roots += level == 0
                keys.add(key)
                if inner:
                    size.meta_depth = max(size.meta_depth, level + 1)
                else:
                    size.depth = max(size.depth, level + 1)
                if item.selection_set:
                    stack.append((item.selection_set, level + 1, inner))
                continue
            size.spreads += 1
            if isinstance(item, InlineFragmentNode):
                stack.append((item.selection_set, level, meta))
            elif isinstance(item, FragmentSpreadNode):
                spreads.append(_Spread(item.name.value, level, meta))
    return size, spreads


def _check_literals(document: DocumentNode, limits: Limits) -> None:
    """Literals and the directives that stand outside of selections."""
    faults: list[Fault] = []
    outside = 0
    stack: list[SelectionSetNode] = []
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            continue  # validation refuses it
        stack.append(definition.selection_set)
        outside += len(definition.directives or ())
        faults += _directive_faults(definition.directives or ())
        for variable in definition.variable_definitions or ():
            outside += len(variable.directives or ())
            if variable.default_value:
                faults += literal_faults(variable.default_value)
    while stack:
        for item in stack.pop().selections:
            faults += _directive_faults(item.directives or ())
            if isinstance(item, FieldNode):
                for argument in item.arguments or ():
                    faults += literal_faults(argument.value, prose_fault)  # lines: ``gateway.operation.prose``
            if isinstance(item, FieldNode | InlineFragmentNode) and item.selection_set:
                stack.append(item.selection_set)
    if outside > limits.directives:
        raise LimitExceeded(Fault(("query",), f"more than {limits.directives} directives"))
    if faults:
        raise BadInput(*faults[: limits.faults])


def _directive_faults(directives: tuple[DirectiveNode, ...]) -> Iterator[Fault]:
    for directive in directives:
        for argument in directive.arguments or ():
            yield from literal_faults(argument.value)
