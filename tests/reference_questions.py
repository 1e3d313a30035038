"""Whole questions for the comparison: who asks, on what ground, about whom, and the document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type
from hypothesis import strategies as st

from gateway.catalogue.codes import check, normalize
from gateway.catalogue.grams import searchable
from gateway.catalogue.kinds import BY_NAME, BY_TYPE
from gateway.values import Caller, Role
from tests.reference import LISTED
from tests.reference_documents import Chance, Writer, everything
from tests.reference_gateway import Side, is_subject
from tests.reference_rows import Row, World
from tests.reference_worlds import BASES, CONSUMERS, DEPARTMENTS, MATTER_KINDS, PRINCIPALS, PURPOSES

_ROLES = (
    *(Role.PUBLIC, Role.GOVERNMENT, Role.FINANCIAL, Role.AGENCY, Role.SUBJECT, Role.HANDLER, Role.DESK) * 5,
    *(Role.GOVERNMENT, Role.FINANCIAL, Role.AGENCY, Role.SUBJECT, Role.HANDLER) * 3,
    *(Role.STEWARD, Role.STEWARD, Role.STEWARD),
    *(Role.AUDITOR, Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
)
_ARGUMENT = {
    "USCC": "uscc",
    "REGISTRATION_NUMBER": "registrationNumber",
    "ORGANIZATION_CODE": "organizationCode",
    "TAX_NUMBER": "taxNumber",
    "CERTIFICATE_NUMBER": "certificateNumber",
}
_ENUMS = frozenset({"purpose", "kind", "status", "state"})
_ASKED_ABOUT = frozenset({"SubjectBy!", "PersonBy!", "ID!"})

# No rows of a library: they have flow tests of their own.
ELSEWHERE = frozenset(
    {
        "accesses",
        "chains",
        "consents",
        "explain",
        "mandates",
        "notices",
        "receipt",
        "rightsFigures",
        "supersededVersions",
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """One operation; ``others`` are its variables with somebody else asked about."""

    caller: Caller
    text: str
    variables: Mapping[str, object]
    others: Mapping[str, object]


@st.composite
def questions(draw: st.DrawFn, side: Side, world: World) -> Question:
    """A question of anybody, on any ground, about anybody."""
    chance = Chance(draw)
    caller = who(chance)
    access = on_what(chance, world, caller)
    about = _about(chance, world, caller, access)
    asking = _Asking(chance, side, world, caller, access, about, as_written=chance.likely(20))
    return asking.question()


def who(chance: Chance) -> Caller:
    """A caller of any role; the ties of its principal, consumer and department are in the world."""
    role, assurance = chance.pick(_ROLES), chance.below(4)
    match role:
        case Role.PUBLIC:
            return Caller(role)
        case Role.GOVERNMENT:
            department = chance.pick(("D-TAX", "D-TAX", "D-MARKET", "D-COURT", ""))
            return Caller(role, "officer", chance.pick(("government", "")), department, "220800", assurance, "t")
        case Role.FINANCIAL | Role.AGENCY:
            return Caller(role, "officer", chance.pick((*CONSUMERS, "unknown")), assurance=assurance, token="t")
        case Role.SUBJECT:
            return Caller(role, chance.pick(PRINCIPALS), chance.pick(("", "app")), assurance=assurance, token="t")
        case Role.HANDLER | Role.DESK | Role.STEWARD:
            department = chance.pick((*DEPARTMENTS, ""))
            return Caller(role, chance.pick(PRINCIPALS[-2:]), "", department, "", assurance, "t")
        case _:
            return Caller(role, chance.pick(PRINCIPALS), chance.pick(("", "office")), assurance=assurance, token="t")


def on_what(chance: Chance, world: World, caller: Caller) -> dict[str, object] | None:
    """A ground: none, a purpose alone, a consent or a matter that may hold or not, or both."""
    if chance.likely(20):
        return None
    given: dict[str, object] = {"purpose": chance.pick(PURPOSES)}
    wants_consent = caller.role in (Role.FINANCIAL, Role.AGENCY)
    if chance.likely(80 if wants_consent else 10):
        own = [one for one in world.consents if one.consumer == caller.consumer]
        consent = chance.pick(own if own and chance.likely(85) else world.consents)
        given["consent"] = consent.number if chance.likely(95) else "C-unknown"
        if chance.likely(90):
            given["purpose"] = consent.purpose
    if chance.likely(80 if caller.role is Role.GOVERNMENT else 10):
        kind, basis = chance.pick(MATTER_KINDS), chance.pick((*BASES, *BASES, "样例法 art. 99"))
        given["matter"] = {"number": "样例 1 号", "kind": kind, "basis": basis}
        if "consent" not in given and chance.likely(85):
            given["purpose"] = "PUBLIC_DUTY"
    return given


def _about(chance: Chance, world: World, caller: Caller, access: Mapping[str, object] | None) -> Row:
    """Somebody; mostly one to whom the caller has some tie."""
    tied = {one.subject for one in world.mandates if one.principal == caller.principal and caller.role is Role.SUBJECT}
    if caller.role in (Role.HANDLER, Role.DESK):
        tied |= {one.subject for one in world.cases if one.department == caller.department}
    if access is not None:
        tied |= {one.subject for one in world.consents if one.number == access.get("consent")}
    subjects = [row for row in world.rows if is_subject(row)]
    near = [row for row in subjects if row.subject in tied]
    return chance.pick(near if near and chance.likely(75) else subjects)


@dataclass(frozen=True, slots=True)
class _Asking:
    chance: Chance
    side: Side
    world: World
    caller: Caller
    access: dict[str, object] | None
    about: Row
    as_written: bool  # whether codes with wrong check digits may be asked for

    def question(self) -> Question:
        writer = Writer(self.chance, self.side.schema(self.caller), self._cursor)
        query = writer.schema.query_type
        assert query is not None
        known = [name for name in query.fields if name not in ELSEWHERE]
        best = [name for name in known if self._fits(name)]
        names = [self.chance.pick(best if best and self.chance.likely(75) else known) for _ in range(self._roots())]
        roots = [self._root(writer, query, name) for name in names]
        if self.chance.likely(5):
            roots.append("__typename")  # answered last, wherever it stands
        text = writer.document(roots)
        variables = {name: value for name, (_, value) in writer.variables.items()}
        other = replace(self, about=self.chance.pick([row for row in self.world.rows if row.kind == self.about.kind]))
        others = {name: other._instead(kind, value) for name, (kind, value) in writer.variables.items()}
        return Question(self.caller, text, variables, others)

    def _roots(self) -> int:
        return 1 if self.chance.likely(80) else 2

    def _fits(self, name: str) -> bool:
        return name in (self.about.kind, "node") or name in LISTED

    def _root(self, writer: Writer, query: GraphQLObjectType, name: str) -> str:
        target = get_named_type(query.fields[name].type)
        head = f"{writer.alias()}: {name}"
        arguments = [f"{key}: {value}" for key, value in self._arguments(writer, name)]
        if "access" in query.fields[name].args and self.access is not None:
            arguments.append(f"access: {writer.given('Access', self.access, _ENUMS)}")
        given = f"({', '.join(arguments)})" if arguments else ""
        if isinstance(target, GraphQLInterfaceType):
            return f"{head}{given} {writer.node(target, 2)}"
        assert isinstance(target, GraphQLObjectType)
        if name == "viewer":
            return f"{head} {{ role principal consumer department region assurance __typename }}"
        return f"{head}{given} {writer.selection(target, 3)}"

    def _arguments(self, writer: Writer, name: str) -> list[tuple[str, str]]:
        match name:
            case "viewer":
                return []
            case "node":
                return [("id", writer.given("ID!", self._node_id()))]
            case _ if name in LISTED:
                return self._listed(writer, name)
            case "person":
                return [("by", writer.given("PersonBy!", self._by("PersonBy!")))]
            case _:
                by = ("by", writer.given("SubjectBy!", self._by("SubjectBy!")))
                return [by, ("asWritten", writer.given("Boolean", True))] if self.as_written else [by]

    def _listed(self, writer: Writer, name: str) -> list[tuple[str, str]]:
        found = [("first", writer.given("Int", 1 + self.chance.below(5)))]
        kind = BY_NAME[LISTED[name]]
        if self.chance.likely(30):
            found.append(("after", writer.given("String", self._cursor(self.chance, f"{kind.type_name}Connection"))))
        filters = writer.schema.type_map.get(f"{kind.type_name}Filter")
        rows = [*self.world.of(kind.name)]
        if rows and isinstance(filters, GraphQLInputObjectType) and self.chance.likely(40):
            row = self.chance.pick(rows)
            named = {one: self._wanted(row, one) for one in filters.fields if self.chance.likely(40)}
            chosen = {one: value for one, value in named.items() if value is not None}
            found.append(("filter", writer.given(f"{kind.type_name}Filter", chosen, _ENUMS)))
        return found

    def _wanted(self, row: Row, name: str) -> object:
        """A value that the row has, as a filter takes it."""
        if name == "nameContains":
            text = searchable(str(row.item["name"] or ""))
            at = self.chance.below(max(1, len(text) - 1))
            part = text[at : at + 2 + self.chance.below(3)]
            return part if len(part) >= 2 and part.isprintable() else None
        if name == "region" and "region" not in row.item:
            return next((one.item.get("region") for one in self.world.rows if one.id == row.subject), None)
        if name == "industry" and row.item[name] is not None:
            return str(row.item[name])[: self.chance.pick((1, 3, 4, 5))]
        return row.item["provider" if name == "department" and row.kind != "case" else name]

    def _instead(self, kind: str, value: object) -> object:
        """What a variable holds when somebody else is asked about."""
        if kind not in _ASKED_ABOUT:
            return value
        return self._node_id() if kind == "ID!" else self._by(kind)

    def _by(self, kind: str) -> dict[str, object]:
        if kind == "PersonBy!":
            persons = [*self.world.of("person")]
            row = self.about if self.about.kind == "person" else self.chance.pick(persons)
            other = row if self.chance.likely(92) else self.chance.pick(persons)
            return {"idNumber": row.item["idNumber"], "name": other.item["name"]}
        everybodys = [row for row in self.world.of("identifier") if self.as_written or _sound(row)]
        own = [row for row in everybodys if row.subject == self.about.subject]
        one = self.chance.pick(own or everybodys)
        value = str(one.item["value"])
        return {_ARGUMENT[str(one.item["kind"])]: value.lower() if self.chance.likely(20) else value}

    def _node_id(self) -> str:
        """Of the subject or of one of its records; rarely one that reads for somebody else, or for nobody."""
        own = [row for row in self.world.rows if row.subject == self.about.subject and BY_NAME[row.kind].node]
        row = self.about if self.about.kind != "identifier" and self.chance.likely(40) else self.chance.pick(own)
        if self.chance.likely(4):
            return "AAAAAAAAAAAAAAAAAAAAAA"
        reader = Caller(Role.FINANCIAL, "", "somebody") if self.chance.likely(4) else self.caller
        return self.side.opaque(reader, "id", row.kind, row.id, row.subject_class == "person")

    def _cursor(self, chance: Chance, type_name: str) -> str:
        """Mostly of a row that stands in the list."""
        kind = BY_TYPE[type_name.removesuffix("Connection")].name
        rows: Sequence[Row] = [*self.world.of(kind)]
        own = [row for row in rows if row.subject == self.about.subject]
        row = chance.pick(own if own and kind != "enterprise" and chance.likely(85) else rows)
        return self.side.opaque(self.caller, "cursor", kind, row.id, row.subject_class == "person")


def _sound(identifier: Row) -> bool:
    kind = str(identifier.item["kind"])
    return not check(kind, normalize(kind, str(identifier.item["value"])))


def whole(schema: GraphQLSchema, row: Row, world: World) -> tuple[str, dict[str, object]]:
    """The document that asks for everything of a subject (variables ``by`` and ``access``), and its ``by``.

    An empty text if the role knows no such kind.
    """
    query = schema.query_type
    if query is None or row.kind not in query.fields:
        return "", {}
    target = get_named_type(query.fields[row.kind].type)
    assert isinstance(target, GraphQLObjectType)
    kind = get_named_type(query.fields[row.kind].args["by"].type)
    head = f"query ($by: {kind}!, $access: Access)"
    text = f"{head} {{ it: {row.kind}(by: $by, access: $access) {everything(schema, target)} }}"
    return text, by_of(row, world)


def by_of(row: Row, world: World) -> dict[str, object]:
    """The argument that finds a subject."""
    if row.kind == "person":
        return {"idNumber": row.item["idNumber"], "name": row.item["name"]}
    one = next(one for one in world.of("identifier") if one.subject == row.subject and one.item["kind"] == "USCC")
    return {"uscc": one.item["value"]}
