"""No side doors: every name that a role can come across is one of something that it may see some time.

What a role may see is worked out here from the catalogue and its column alone, without the code that makes schemas.
Words of everybody's are: GraphQL's own, roles, levels, conditions, reasons, classes and standings of rows, and the
purposes and kinds of matters that one may state; they speak of nothing that is kept.
"""

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    introspection_from_schema,
)

from gateway.actions.all import ACTIONS
from gateway.actions.model import Gives, OneOf
from gateway.catalogue.fields import Kind, Standing, SubjectClass, Type
from gateway.catalogue.kinds import BY_NAME, KINDS
from gateway.catalogue.lists import LISTS
from gateway.catalogue.reference import IDENTIFIER_KINDS
from gateway.errors import GatewayError
from gateway.operation.limits import Limits
from gateway.operation.operations import Operations
from gateway.policy.remedies import Reason
from gateway.rights.states import BindingState, FreezeState, ReleaseState, WatchState
from gateway.schema.build import build, of, sdl
from gateway.schema.vocabulary import enum_names
from gateway.values import ActionName, Condition, EventName, Level, MatterKind, Purpose, Role, Visibility
from tests.harness import shipped

RECEIPT = (
    *("Mutation", "Deadline", "Receipt", "id", "state", "deadline", "rule", "receipt", "on", "workingDays"),
    *("calendarDays", "source", "verified", "provisional", "origin", "index", "leaf"),
)
PLAIN = ("Receipt", "receipt", "leaf", "state")  # of what is no kind
# The three administrators have one column, hence one schema.
APART = tuple(role for role in Role if role not in (Role.SECURITY_ADMIN, Role.AUDIT_ADMIN))
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@cache
def everything() -> GraphQLSchema:
    """What somebody would see who may see all."""
    return build(frozenset(), frozenset(ActionName))


@cache
def schema_of(role: Role) -> GraphQLSchema:
    return of(shipped().visibility(role))


def shown(visibility: Visibility, coordinate: str) -> bool:
    """Whether some row may show it some time."""
    kind = coordinate.partition(".")[0]
    rows, cells = visibility.cells[kind], visibility.cells[coordinate]
    return any(cells[one].grants and rows[one].grants for one in cells)


def names_of(kind: Kind, visibility: Visibility) -> Iterator[str]:
    """The names that come with a kind some rows of which may be shown."""
    yield kind.type_name
    yield f"{kind.type_name}Connection"
    yield f"{kind.type_name}Edge"
    for field in kind.fields:
        if shown(visibility, f"{kind.name}.{field.name}"):
            yield field.name
            if field.type is Type.CODE:
                yield enum_names()[field.values]
                yield from field.values
    for part in kind.parts:
        inner = [field for field in part.fields if shown(visibility, f"{kind.name}.{part.name}.{field.name}")]
        yield from (field.name for field in inner)
        if inner:
            yield part.name
            yield part.type_name(kind)
    for link in kind.links:
        target = BY_NAME[link.kind]
        if shown(visibility, target.name) and (link.many or shown(visibility, f"{kind.name}.{link.name}")):
            yield link.name


def known(role: Role) -> set[str]:
    """Every name that the role may come across, of those that not everybody may."""
    visibility, found = shipped().visibility(role), set[str]()
    for kind in KINDS:
        if shown(visibility, kind.name):
            found |= {*names_of(kind, visibility), kind.name}
    for one in LISTS.values():
        if shown(visibility, one.kind.name) and one.name not in visibility.never:
            found |= {one.name, f"{one.kind.type_name}Filter"}
            found |= {name for name in one.filters if f"{one.name}.{name}" not in visibility.never}
    for action in ACTIONS:
        if action.name in visibility.permits:
            found |= {action.name.value, *receipts()[action.gives]}
            for item in action.inputs:
                found.add(item.name)
                if isinstance(item, OneOf):
                    found |= {item.type_name, *(one.name for one in item.members)}
                elif item.words:
                    found |= {enum_names().get(item.words, item.words_type), *item.words}
    for event, name in ((EventName.CASE_CHANGED, "case"), (EventName.NOTICE_CREATED, "notice")):
        if shown(visibility, name):
            found |= {"Subscription", event.value}
    if shown(visibility, "person"):
        found.add("PersonBy")
    if shown(visibility, "identifier"):
        found.add("MatchedIdentifier")
    return found


def receipts() -> dict[Gives, set[str]]:
    """The names in each receipt."""
    return {
        **{gives: {*RECEIPT, gives.value, *names_of_states(gives.kind)} for gives in Gives if gives.kind},
        Gives.REPORT: {*RECEIPT, "ReportReceipt", "claimCode", "request", "decision", *names_of_states("case")},
        Gives.WATCH: {"WatchReceipt", "WatchState", *PLAIN, *WatchState.__members__},
        Gives.RELEASE: {"ReleaseReceipt", "ReleaseState", *RECEIPT, *ReleaseState.__members__},
        Gives.FREEZE: {"FreezeReceipt", "FreezeState", *PLAIN, *FreezeState.__members__},
        Gives.BINDING: {"BindingReceipt", "BindingState", *PLAIN, *BindingState.__members__},
    }


def names_of_states(kind: str) -> Iterator[str]:
    """A receipt tells the state of the case, whoever may read cases."""
    state = next(field for field in BY_NAME[kind].fields if field.name == "state")
    yield enum_names()[state.values]
    yield from state.values


def names_in(schema: GraphQLSchema) -> Iterator[str]:
    """Types, fields, arguments and enum values."""
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        yield kind.name
        if isinstance(kind, GraphQLEnumType):
            yield from kind.values
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield name
                yield from field.args
        if isinstance(kind, GraphQLInputObjectType):
            yield from kind.fields


def of_everybody() -> set[str]:
    """Names in the schema of somebody who may see and do nothing at all, and the words in which one asks."""
    nothing = build(frozenset(name for kind in KINDS for name, _ in kind.coordinates()))
    enums: tuple[type[Enum], ...] = (Purpose, MatterKind, Role, Level, Condition, SubjectClass, Standing, Reason)
    return set(names_in(nothing)) | {word.name for enum in enums for word in enum} | set(IDENTIFIER_KINDS)


def hidden_from(role: Role) -> set[str]:
    return set(names_in(everything())) - known(role) - of_everybody() - structure()


def structure() -> set[str]:
    """What lists, nodes, look-ups and receipts are made of; none of it says what there is to be looked up."""
    words = """
        Node node nodes edges pageInfo PageInfo cursor hasNextPage endCursor startCursor hasPreviousPage id first after
        filter by asWritten matched historical conflicting access Access purpose Purpose consent useKey matter
        MatterInput MatterKind number kind basis Date DateTime Decimal Boolean Int ID String Float SubjectBy uscc
        registrationNumber organizationCode taxNumber certificateNumber entry hash blind origin index commitment body
        salt proof checkpoint place chains Chain ChainElement ClosingEntry elements close pseudonym persons month
    """
    return set(words.split())


@pytest.mark.parametrize("role", Role)
def test_introspection_and_sdl_name_only_what_the_role_may_see(role: Role) -> None:
    hidden = hidden_from(role)
    assert hidden  # nobody sees everything
    assert sorted(hidden & set(names_in(schema_of(role)))) == []
    texts = [sdl(schema_of(role)), str(introspection_from_schema(schema_of(role)))]
    for text in texts:
        # Names in descriptions as well; a plain English word may stand in a sentence.
        assert not {name for name in WORD.findall(text) if name in hidden and not plain(name)}


def plain(name: str) -> bool:
    """Whether a name is a word of the language, too: no capital inside, no underscore."""
    return name[1:].islower() or (name.isupper() and "_" not in name)


@pytest.mark.parametrize("role", Role)
def test_descriptions_speak_of_no_kind_that_the_role_may_not_see(role: Role) -> None:
    """In what is not itself a kind, whose fields have the words of their catalogue: roots, inputs, the viewer."""
    visibility = shipped().visibility(role)
    closed = [kind for kind in KINDS if not shown(visibility, kind.name) and kind.node]
    of_kinds = {name for kind in KINDS for name in (kind.type_name, *(part.type_name(kind) for part in kind.parts))}
    for kind in schema_of(role).type_map.values():
        if kind.name.startswith("__") or isinstance(kind, GraphQLEnumType) or kind.name in of_kinds:
            continue
        told = [kind.description or ""]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            told += [field.description or "" for field in kind.fields.values()]
        for text in told:
            assert not [one.zh for one in closed if one.zh in text and len(one.zh) > 2], (kind.name, text)


class Door:
    """Operations of one role, put to step 2 as they would be sent."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.operations = Operations(Limits(), 1)

    def refusal(self, text: str, name: str) -> Any:
        """Everything the caller is told, the name itself taken out."""
        try:
            self.operations.read(text, None, None, self.role.value, schema_of(self.role))
        except GatewayError as error:
            return error.code, [
                (
                    tuple(str(part).replace(name, "…") for part in fault.path),
                    fault.rule.replace(f"'{name}'", "'…'"),
                    fault.locations,
                )
                for fault in error.faults
            ]
        return None


def invented(name: str) -> str:
    """A name of the same length and shape that is nobody's."""
    first = name[0] if len(name) > 1 else "Q"
    return first + "".join("q" if one.islower() else "Q" if one.isupper() else one for one in name[1:])


def wrong(schema: GraphQLSchema, name: str) -> Iterator[str]:
    """Places where a name may be tried: roots, fields, types, arguments, inputs, variables, enum values, mutations."""
    yield f"{{ {name} }}"
    yield f"{{ {name} {{ id }} }}"
    yield f"{{ viewer {{ {name} }} }}"
    yield f"{{ viewer {{ ... on {name} {{ role }} }} }}"
    yield f"{{ viewer {{ role(with: {name}) }} }}"
    yield f"{{ viewer({name}: 1) {{ role }} }}"
    yield f"query($it: {name}) {{ viewer {{ role }} }}"
    yield f"fragment F on {name} {{ id }} query {{ viewer {{ ...F }} }}"
    yield f"mutation {{ {name} }}"
    yield f'mutation {{ {name}(id: "x") {{ id }} }}'
    yield f'{{ __type(name: "{name}") {{ name }} {name} }}'
    roots = schema.query_type.fields if schema.query_type else {}
    if "node" in roots:
        yield f'{{ node(id: "x") {{ id {name} }} }}'
        yield f'{{ node(id: "x") {{ ... on {name} {{ id }} }} }}'
    for root in ("enterprises", "licenses", "withdrawals", "cases"):
        if root in roots:
            yield f"{{ {root} {{ nodes {{ {name} }} }} }}"
            yield f"{{ {root}(filter: {{{name}: 1}}) {{ nodes {{ id }} }} }}"
            yield f"{{ {root}(access: {{purpose: {name}}}) {{ pageInfo {{ hasNextPage }} }} }}"


@pytest.mark.parametrize("role", APART)
def test_a_hidden_name_fails_like_an_invented_one_wherever_it_is_tried(role: Role) -> None:
    door, tried = Door(role), 0
    for name in sorted(hidden_from(role))[list(Role).index(role) % 3 :: 3]:  # a third each: roles hide much the same
        nobody = invented(name)
        assert nobody not in set(names_in(everything())), nobody
        for mine, other in zip(wrong(schema_of(role), name), wrong(schema_of(role), nobody), strict=True):
            told = door.refusal(mine, name)
            assert told == door.refusal(other, nobody), mine
            tried += told is not None
    assert tried > 20


@pytest.mark.parametrize("role", APART)
def test_no_error_suggests_a_name(role: Role) -> None:
    """A slip of one letter in a name that the role has: the message repeats the slip and names nothing else."""
    door, schema = Door(role), schema_of(role)
    names = set(names_in(schema)) - of_everybody() - structure()
    for name in sorted(names)[::9]:
        slip = name[:-1] + ("x" if name[-1] != "x" else "y")
        if slip in names:
            continue
        for text in wrong(schema, slip):
            told = str(door.refusal(text, slip))
            near = {word for word in WORD.findall(told) if word in names and word not in WORD.findall(text)}
            # Where a field stands is told by its type, which the role has; the sentences are of plain words.
            assert not {word for word in near if word not in schema.type_map and not plain(word)}, (text, told)
