"""Variables and arguments: outside values coerced to input types, with every fault told and no value repeated.

The rules are graphql-core's (a property test holds them equal). Ours, because its words quote the value, which may be
somebody's name or ID number, and because this runs for every request. Enum values stay their names.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    is_input_type,
    type_from_ast,
)

from gateway.errors import Fault
from gateway.operation.literals import BEYOND, MAX_INT, MIN_INT, MISSING, prose_fault, reader, text_fault

Path: TypeAlias = tuple[str | int, ...]
Coerce: TypeAlias = Callable[[object, Path, list[Fault]], object]

REQUIRED = "is required"
NOT_NULL = "must not be null"
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,63}\Z")


def named(path: Path, name: object) -> Path:
    """``path`` extended by a name of the client's, if it is one and not some value in its place."""
    return (*path, name) if isinstance(name, str) and _NAME.match(name) else path


def coercer(kind: GraphQLInputType, prose: bool = False) -> Coerce:
    """How to coerce to ``kind``: a function of value, path and the list that faults are added to.

    ``prose``: a text itself may hold tabs and line ends.
    """
    if isinstance(kind, GraphQLNonNull):
        return _not_null(_inner(kind.of_type, prose))
    return _or_null(_inner(kind, prose))


def _inner(kind: GraphQLInputType, prose: bool) -> Coerce:
    if isinstance(kind, GraphQLList):
        return _list(coercer(kind.of_type))
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind)
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind.name, frozenset(kind.values))
    return _SCALARS.get(str(kind), _prose if prose else _text)


def _not_null(inner: Coerce) -> Coerce:
    def coerce(value: object, path: Path, faults: list[Fault]) -> object:
        if value is None:
            faults.append(Fault(path, NOT_NULL))
            return None
        return inner(value, path, faults)

    return coerce


def _or_null(inner: Coerce) -> Coerce:
    def coerce(value: object, path: Path, faults: list[Fault]) -> object:
        return None if value is None else inner(value, path, faults)

    return coerce


def _list(inner: Coerce) -> Coerce:
    def coerce(value: object, path: Path, faults: list[Fault]) -> object:
        if isinstance(value, list | tuple):
            return [inner(item, (*path, index), faults) for index, item in enumerate(value)]
        return [inner(value, path, faults)]

    return coerce


def _enum(name: str, words: frozenset[str]) -> Coerce:
    def coerce(value: object, path: Path, faults: list[Fault]) -> object:
        if not isinstance(value, str) or value not in words:
            faults.append(Fault(path, f"is not a word of {name}"))
        return value

    return coerce


def _text(value: object, path: Path, faults: list[Fault]) -> object:
    return _written(value, path, faults, text_fault)


def _prose(value: object, path: Path, faults: list[Fault]) -> object:
    return _written(value, path, faults, prose_fault)


def _written(value: object, path: Path, faults: list[Fault], of_text: Callable[[str], str | None]) -> object:
    if not isinstance(value, str):
        faults.append(Fault(path, "must be a string"))
    elif rule := of_text(value):
        faults.append(Fault(path, rule))
    return value


def _whole(value: object) -> int | None:
    """Whole numbers, also those that JSON wrote with a fraction of zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _int(value: object, path: Path, faults: list[Fault]) -> object:
    whole = _whole(value)
    if whole is None:
        faults.append(Fault(path, "must be an integer"))
    elif not MIN_INT <= whole <= MAX_INT:
        faults.append(Fault(path, BEYOND))
    return whole


def _id(value: object, path: Path, faults: list[Fault]) -> object:
    whole = _whole(value)
    if whole is None:
        return _text(value, path, faults)
    if not MIN_INT <= whole <= MAX_INT:
        faults.append(Fault(path, BEYOND))
        return None
    return str(whole)


def _float(value: object, path: Path, faults: list[Fault]) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        faults.append(Fault(path, "must be a number"))
        return None
    return float(value)


def _boolean(value: object, path: Path, faults: list[Fault]) -> object:
    if not isinstance(value, bool):
        faults.append(Fault(path, "must be true or false"))
    return value


_SCALARS: Mapping[str, Coerce] = MappingProxyType(
    {GraphQLInt.name: _int, GraphQLBoolean.name: _boolean, GraphQLID.name: _id, GraphQLFloat.name: _float}
)


def _object(kind: GraphQLInputObjectType) -> Coerce:
    fields = {name: coercer(item.type) for name, item in kind.fields.items()}
    required = tuple(
        name
        for name, item in kind.fields.items()
        if isinstance(item.type, GraphQLNonNull) and item.default_value is Undefined
    )
    defaults = tuple(
        (name, item.default_value) for name, item in kind.fields.items() if item.default_value is not Undefined
    )
    one_of, name_of_type = kind.is_one_of, kind.name

    def coerce(value: object, path: Path, faults: list[Fault]) -> object:
        if not isinstance(value, dict):
            faults.append(Fault(path, "must be an object"))
            return None
        coerced: dict[str, object] = dict(defaults)
        for name, given in value.items():
            if name in fields:
                coerced[name] = fields[name](given, (*path, name), faults)
            else:
                faults.append(Fault(named(path, name), f"is not a field of {name_of_type}"))
        faults.extend(Fault((*path, name), REQUIRED) for name in required if name not in value)
        if one_of and (len(value) != 1 or None in value.values()):
            faults.append(Fault(path, "needs exactly one field, and not null"))
        return coerced

    return coerce


class Variables:
    """The variables that one operation declares; ``prose``: those in which a person writes lines."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, prose: frozenset[str] = frozenset()
    ) -> None:
        declared: list[tuple[str, Coerce, object, bool]] = []
        for node in operation.variable_definitions or ():
            kind = type_from_ast(schema, node.type)
            assert is_input_type(kind)  # validation has refused all others
            coerce = coercer(kind, node.variable.name.value in prose)
            default = coerce(reader(node.default_value)({}), (), []) if node.default_value else MISSING
            needed = isinstance(kind, GraphQLNonNull) and default is MISSING
            declared.append((node.variable.name.value, coerce, default, needed))
        self._declared = tuple(declared)

    def __bool__(self) -> bool:
        return bool(self._declared)

    def coerce(self, given: Mapping[str, object], faults: list[Fault]) -> dict[str, object]:
        """The values of all variables that have one; faults have the path ``("variables", name, …)``."""
        values: dict[str, object] = {}
        used = 0
        for name, coerce, default, needed in self._declared:
            value = given.get(name, MISSING)
            if value is MISSING:
                if needed:
                    faults.append(Fault(("variables", name), REQUIRED))
                elif default is not MISSING:
                    values[name] = default
                continue
            used += 1
            values[name] = coerce(value, ("variables", name), faults)
        if used != len(given):
            known = {item[0] for item in self._declared}
            unknown = [name for name in given if name not in known]
            faults.extend(Fault(named(("variables",), name), "is not declared by the operation") for name in unknown)
        return values
