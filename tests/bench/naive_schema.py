"""The naive gateway's schema: a resolver for each field, and in each resolver a question to Casbin."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Protocol, TypeAlias

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from gateway.catalogue.fields import snake
from gateway.values import Purpose
from gateway.vault.vault import Vault

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    role: str
    principal: str


class Reads(Protocol):
    """What the resolvers need of the store."""

    async def enterprise(self, uscc: str) -> Row | None:
        """One enterprise."""
        ...

    async def enterprises(self, first: int, after: int) -> list[Row]:
        """A page and one more."""
        ...

    async def person(self, id_index: bytes, name_index: bytes, principal: str) -> Row | None:
        """One person."""
        ...


@dataclass(slots=True)
class Context:
    """One request."""

    caller: Caller
    enforcer: Any
    store: Reads
    vault: Vault
    penalties: "DataLoader[int, list[Row]]"
    licenses: "DataLoader[int, list[Row]]"
    listings: "DataLoader[int, list[Row]]"
    ratings: "DataLoader[int, list[Row]]"
    subjects: list[int] = field(default_factory=list)


@strawberry.type
class Shown:
    """A row behind a GraphQL object; ``show`` is the question every resolver asks."""

    noun: ClassVar[str] = ""
    row: strawberry.Private[Row]

    def allowed(self, info: Info[Context, None], name: str) -> bool:
        """Whether the policy shows this field of this row to the caller."""
        context = info.context
        condition = "self" if context.caller.role == "subject" else "always"
        row_class = f"{self.row['subject_class']}/ordinary"
        return bool(context.enforcer.enforce(context.caller.role, row_class, f"{self.noun}.{name}", "show", condition))

    def show(self, info: Info[Context, None], name: str) -> Any:
        """A plain value, or None if it is not for the caller."""
        if not self.allowed(info, name):
            return None
        value = self.row[snake(name)]
        return str(value) if isinstance(value, Decimal | date) else value

    def open(self, info: Info[Context, None], name: str) -> str | None:
        """A sealed value of a person."""
        if not self.allowed(info, name):
            return None
        vault, subject, column = info.context.vault, int(self.row["subject_id"]), snake(name)
        key = vault.unwrap(bytes(self.row["wrapped"]), subject)
        return vault.open(key, self.noun, column, subject, bytes(self.row[f"{column}_sealed"]))


def shown(name: str) -> Any:
    """A field with a resolver that asks the policy."""

    def resolve(self: Shown, info: Info[Context, None]) -> str | None:
        found = self.show(info, name)
        return None if found is None else str(found)

    return strawberry.field(resolver=resolve, name=name)


def opened(name: str) -> Any:
    """A sealed field with a resolver that asks the policy and opens the value."""

    def resolve(self: Shown, info: Info[Context, None]) -> str | None:
        return self.open(info, name)

    return strawberry.field(resolver=resolve, name=name)


@strawberry.type
class Penalty(Shown):
    """A penalty."""

    noun: ClassVar[str] = "penalty"
    document_number: str | None = shown("documentNumber")
    conduct: str | None = shown("conduct")
    penalty_kinds: str | None = shown("penaltyKinds")
    fine: str | None = shown("fine")
    decided_on: str | None = shown("decidedOn")
    organ: str | None = shown("organ")
    published_until: str | None = shown("publishedUntil")

    @strawberry.field
    def disputed(self, info: Info[Context, None]) -> bool | None:
        """Whether an objection is open."""
        return self.row["disputed_on"] is not None if self.allowed(info, "disputed") else None


@strawberry.type
class License(Shown):
    """A license."""

    noun: ClassVar[str] = "license"
    document_number: str | None = shown("documentNumber")
    category: str | None = shown("category")
    certificate_name: str | None = shown("certificateName")
    decided_on: str | None = shown("decidedOn")
    valid_from: str | None = shown("validFrom")
    valid_until: str | None = shown("validUntil")
    organ: str | None = shown("organ")
    state: str | None = shown("state")


@strawberry.type
class Listing(Shown):
    """A listing."""

    noun: ClassVar[str] = "listing"
    list_name: str | None = shown("listName")
    nature: str | None = shown("nature")
    organ: str | None = shown("organ")
    decided_on: str | None = shown("decidedOn")
    term_ends_on: str | None = shown("termEndsOn")

    @strawberry.field
    def disputed(self, info: Info[Context, None]) -> bool | None:
        """Whether an objection is open."""
        return self.row["disputed_on"] is not None if self.allowed(info, "disputed") else None


@strawberry.type
class Rating(Shown):
    """A rating."""

    noun: ClassVar[str] = "rating"
    year: str | None = shown("year")
    grade: str | None = shown("grade")
    organ: str | None = shown("organ")
    decided_on: str | None = shown("decidedOn")


@strawberry.type
class PenaltyConnection:
    """A page of penalties."""

    nodes: list[Penalty]


@strawberry.type
class LicenseConnection:
    """A page of licenses."""

    nodes: list[License]


@strawberry.type
class ListingConnection:
    """A page of listings."""

    nodes: list[Listing]


@strawberry.type
class RatingConnection:
    """A page of ratings."""

    nodes: list[Rating]


@strawberry.type
class Owner(Shown):
    """What has records."""

    @strawberry.field
    async def penalties(self, info: Info[Context, None], first: int = 20) -> PenaltyConnection:
        """A page of penalties."""
        rows = await info.context.penalties.load(self.row["subject_id"])
        return PenaltyConnection(nodes=[Penalty(row=row) for row in rows[:first]])

    @strawberry.field
    async def licenses(self, info: Info[Context, None], first: int = 20) -> LicenseConnection:
        """A page of licenses."""
        rows = await info.context.licenses.load(self.row["subject_id"])
        return LicenseConnection(nodes=[License(row=row) for row in rows[:first]])

    @strawberry.field
    async def listings(self, info: Info[Context, None], first: int = 20) -> ListingConnection:
        """A page of listings."""
        rows = await info.context.listings.load(self.row["subject_id"])
        return ListingConnection(nodes=[Listing(row=row) for row in rows[:first]])

    @strawberry.field
    async def ratings(self, info: Info[Context, None], first: int = 20) -> RatingConnection:
        """A page of ratings."""
        rows = await info.context.ratings.load(self.row["subject_id"])
        return RatingConnection(nodes=[Rating(row=row) for row in rows[:first]])


@strawberry.type
class Enterprise(Owner):
    """An enterprise."""

    noun: ClassVar[str] = "enterprise"
    uscc: str | None = shown("uscc")
    name: str | None = shown("name")
    status: str | None = shown("status")
    region: str | None = shown("region")
    established_on: str | None = shown("establishedOn")
    kind: str | None = shown("kind")
    industry: str | None = shown("industry")
    registered_capital: str | None = shown("registeredCapital")


@strawberry.type
class Person(Owner):
    """A person."""

    noun: ClassVar[str] = "person"
    name: str | None = opened("name")
    birth_date: str | None = opened("birthDate")


@strawberry.type
class PageInfo:
    """Whether and where it goes on."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class EnterpriseConnection:
    """A page of enterprises."""

    nodes: list[Enterprise]
    page_info: PageInfo


@strawberry.input
class By:
    """How an enterprise is named."""

    uscc: str


@strawberry.input
class PersonBy:
    """How a person is named."""

    id_number: str
    name: str


strawberry.enum(Purpose)


@strawberry.input
class Access:
    """On what ground."""

    purpose: Purpose


@strawberry.type
class Query:
    """The roots that are compared."""

    @strawberry.field
    async def enterprise(self, info: Info[Context, None], by: By) -> Enterprise | None:
        """One enterprise."""
        row = await info.context.store.enterprise(by.uscc)
        if row is None:
            return None
        info.context.subjects.append(row["subject_id"])
        return Enterprise(row=row)

    @strawberry.field
    async def person(self, info: Info[Context, None], by: PersonBy, access: Access) -> Person | None:
        """One person."""
        context = info.context
        indexes = [
            context.vault.blind_index("person", *one) for one in (("id_number", by.id_number), ("name", by.name))
        ]
        row = await context.store.person(indexes[0], indexes[1], context.caller.principal)
        if row is None:
            return None
        context.subjects.append(row["subject_id"])
        return Person(row=row)

    @strawberry.field
    async def enterprises(
        self, info: Info[Context, None], first: int = 20, after: str | None = None
    ) -> EnterpriseConnection:
        """A page of enterprises."""
        rows = await info.context.store.enterprises(first, int(after or "0"))
        shown_rows = rows[:first]
        info.context.subjects.extend(row["subject_id"] for row in shown_rows)
        last = str(shown_rows[-1]["subject_id"]) if shown_rows else None
        nodes = [Enterprise(row=row) for row in shown_rows]
        return EnterpriseConnection(nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=last))


schema = strawberry.Schema(query=Query)
