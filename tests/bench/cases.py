"""What is asked: five documents, and what each server needs to be told for the same subject."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson

from tests.bench.data import Data

PENALTY = "documentNumber conduct penaltyKinds fine decidedOn organ publishedUntil disputed"
LICENSE = "documentNumber category certificateName decidedOn validFrom validUntil organ state"
LISTING = "listName nature organ decidedOn termEndsOn disputed"
RATING = "year grade organ decidedOn"
RECORDS = (
    f"penalties(first: 10) {{ nodes {{ {PENALTY} }} }} licenses(first: 5) {{ nodes {{ {LICENSE} }} }} "
    f"listings(first: 3) {{ nodes {{ {LISTING} }} }}"
)
RATINGS = f"ratings(first: 3) {{ nodes {{ {RATING} }} }}"
BY_USCC = "enterprise(by: {uscc: $uscc})"
BY_PERSON = "person(by: {idNumber: $idNumber, name: $name}, access: {purpose: OWN_INQUIRY})"

Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for one subject: variables of the two GraphQL servers and of the limit, and who asks."""

    gateway: Variables
    naive: Variables
    limit: Variables
    caller: str  # "bank" or the principal of a citizen


@dataclass(frozen=True, slots=True)
class Case:
    """One operation as one kind of caller. ``limit`` is the path on the limit server."""

    name: str
    title: str
    document: str
    limit: str
    asked: Callable[[Data], list[Asked]]
    naive_requests: int  # per round; the naive gateway needs up to seconds for one
    opened: tuple[str, ...] = ()  # fields that the gateway opens and the limit cannot


def _enterprises(data: Data) -> list[Asked]:
    return [Asked({"uscc": one.uscc}, {"uscc": one.uscc}, {"uscc": one.uscc}, "bank") for one in data.enterprises]


def _pages(data: Data) -> list[Asked]:
    """Pages that begin after each of the rich enterprises; ``cursors`` are the gateway's own."""
    found: list[Asked] = []
    for one in data.enterprises[:-20]:
        after = {"after": str(one.id)}
        found.append(Asked({"after": data.cursors.get(one.id, "")}, after, after, "bank"))
    return found


def _persons(data: Data) -> list[Asked]:
    found: list[Asked] = []
    for one in data.persons:
        named = {"idNumber": one.id_number, "name": one.name}
        indexed = {"idIndex": one.id_index, "nameIndex": one.name_index, "principal": one.principal}
        found.append(Asked(named, named, indexed, one.principal))
    return found


CASES: Mapping[str, Case] = MappingProxyType(
    {
        case.name: case
        for case in (
            Case(
                "scalars",
                "(1) one enterprise, 8 scalars, as bank",
                f"query Scalars($uscc: String!) {{ {BY_USCC} "
                "{ uscc name status region establishedOn kind industry registeredCapital } }",
                "/scalars",
                _enterprises,
                48,
            ),
            Case(
                "records",
                "(2) one enterprise, 10 penalties, 5 licenses, 3 listings, 3 ratings, as bank",
                f"query Records($uscc: String!) {{ {BY_USCC} {{ uscc name {RECORDS} {RATINGS} }} }}",
                "/records",
                _enterprises,
                4,
            ),
            Case(
                "page",
                "(3) 20 enterprises, 3 penalties each, as bank",
                "query Page($after: String) { enterprises(first: 20, after: $after) { nodes { uscc name status region "
                "penalties(first: 3) { nodes { documentNumber conduct fine decidedOn } } } "
                "pageInfo { hasNextPage endCursor } } }",
                "/page",
                _pages,
                2,
            ),
            Case(
                "own-scalars",
                "(1c) one person, 2 values opened, as citizen",
                f"query OwnScalars($idNumber: String!, $name: String!) {{ {BY_PERSON} {{ name birthDate }} }}",
                "/own-scalars",
                _persons,
                48,
                ("name", "birthDate"),
            ),
            Case(
                "own-records",
                "(2c) one person, 10 penalties, 5 licenses, 3 listings, 2 values opened, as citizen",
                f"query OwnRecords($idNumber: String!, $name: String!) "
                f"{{ {BY_PERSON} {{ name birthDate {RECORDS} }} }}",
                "/own-records",
                _persons,
                4,
                ("name", "birthDate"),
            ),
        )
    }
)


def graphql(port: int, document: str, variables: Variables, token: str) -> bytes:
    """The bytes of one GraphQL request."""
    body = orjson.dumps({"query": document, "variables": dict(variables)})
    return _request(port, "/graphql", body, f"Authorization: Bearer {token}\r\n")


def bare(port: int, path: str, variables: Variables) -> bytes:
    """The bytes of one request to the limit: no document, no token."""
    return _request(port, path, orjson.dumps(dict(variables)), "")


def _request(port: int, path: str, body: bytes, headers: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
