"""Strawberry classes made from data: objects, inputs, and fields whose arguments are data too.

No resolver ever runs: the pipeline answers whole operations. Resolvers stand here only because Strawberry reads the
arguments of a field from the signature of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any

import strawberry


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a field; without ``default`` it is required or has none, as its type says."""

    name: str
    type: Any
    description: str
    default: object = Parameter.empty


@dataclass(frozen=True, slots=True)
class Member:
    """One field of an object or input type."""

    type: Any
    description: str
    arguments: tuple[Argument, ...] = ()


def _resolver(arguments: tuple[Argument, ...]) -> Any:
    def never_called(**_: object) -> None:
        raise NotImplementedError("the pipeline answers operations; resolvers never run")

    parameters = [
        Parameter(
            item.name,
            Parameter.KEYWORD_ONLY,
            default=item.default,
            annotation=Annotated[item.type, strawberry.argument(description=item.description)],
        )
        for item in arguments
    ]
    never_called.__dict__["__signature__"] = Signature(parameters)
    return never_called


def _field(name: str, member: Member) -> Any:
    if not member.arguments:
        return strawberry.field(name=name, graphql_type=member.type, description=member.description)
    return strawberry.field(
        resolver=_resolver(member.arguments), graphql_type=member.type, name=name, description=member.description
    )


def declare(name: str, *bases: type) -> Any:
    """An empty class, so that types may lead to each other before they are filled."""
    return type(name, bases, {"__doc__": name})


def _fill(cls: Any, members: Mapping[str, Any], annotations: Mapping[str, Any]) -> None:
    cls.__annotations__ = dict(annotations)
    for name, member in members.items():
        setattr(cls, name, member)


def object_type(cls: Any, description: str, members: Mapping[str, Member]) -> Any:
    """Turn a declared class into an object type."""
    _fill(cls, {name: _field(name, item) for name, item in members.items()}, {n: m.type for n, m in members.items()})
    return strawberry.type(cls, name=cls.__name__, description=description)


def interface(cls: Any, description: str, members: Mapping[str, Member]) -> Any:
    """Turn a declared class into an interface."""
    _fill(cls, {name: _field(name, item) for name, item in members.items()}, {n: m.type for n, m in members.items()})
    return strawberry.interface(cls, name=cls.__name__, description=description)


def input_type(name: str, description: str, members: Mapping[str, Member], *, one_of: bool = False) -> Any:
    """An input type; nullable members may be left out."""
    cls = declare(name)
    fields = {
        key: strawberry.field(name=key, description=member.description, default=strawberry.UNSET)
        if _may_be_null(member.type)
        else strawberry.field(name=key, description=member.description)
        for key, member in members.items()
    }
    _fill(cls, fields, {key: member.type for key, member in members.items()})
    return strawberry.input(cls, name=name, description=description, one_of=one_of)


def _may_be_null(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ())
