"""The fields of Query and their inputs, as far as a role may know them."""

from collections.abc import Iterator
from typing import Any

import strawberry

from gateway.catalogue.access import ACCESS
from gateway.catalogue.enterprise import ENTERPRISE
from gateway.catalogue.fields import Kind
from gateway.catalogue.kinds import BY_NAME
from gateway.catalogue.lists import LISTS, RootList
from gateway.catalogue.organization import ORGANIZATION
from gateway.catalogue.person import PERSON
from gateway.schema.explanation import explanation
from gateway.schema.make import Argument, Member, declare, input_type, object_type
from gateway.schema.scalars import many, nullable, type_of
from gateway.schema.types import PAGING, Types, describe
from gateway.schema.vocabulary import Vocabulary
from gateway.values import RootName

_ONE = "Looked up by one identifier, current or historical"
_AS_WRITTEN = Argument(
    "asWritten",
    nullable(bool),
    "Take the code as a document shows it, whatever its check digits say: wrong ones were issued (照原文查询，不校验).",
    False,
)


class Roots:
    """The roots of one role and what only they use."""

    def __init__(self, types: Types, words: Vocabulary) -> None:
        self._types = types
        self._words = words
        self._access: Any = None
        self._by: Any = None
        self._lists: dict[str, Member] = {}

    def query(self) -> Any:
        """The Query type."""
        return object_type(declare("Query"), "What can be asked (查询).", dict(self._members()))

    def _members(self) -> Iterator[tuple[str, Member]]:
        for kind in (ENTERPRISE, ORGANIZATION):
            if self._types.has(kind.name):
                by = Argument("by", self._subject_by(), "The identifier (代码).")
                yield kind.name, self._root(kind, f"{_ONE} ({kind.zh}).", by, _AS_WRITTEN)
        if self._types.has(PERSON.name):
            by = Argument("by", self._person_by(), "ID number and name, which must belong together (姓名与身份证号).")
            text = "Looked up by ID number and name together; anything that does not fit gives null (自然人)."
            yield PERSON.name, self._root(PERSON, text, by)
        if self._types.node is not None:
            yield RootName.NODE.value, self._node()
        for one in LISTS.values():
            if self._types.has(one.kind.name) and self._types.shown(one.name):
                yield one.name, self._list(one)
        yield RootName.EXPLAIN.value, self._explain()
        yield RootName.RECEIPT.value, self._receipt()
        if self._types.has(ACCESS.name) and self._types.shown(RootName.CHAINS.value):
            yield RootName.CHAINS.value, self._chains()
        yield RootName.VIEWER.value, Member(self._viewer(), "Who asks, and what they may see (当前用户).")

    def _root(self, kind: Kind, text: str, *by: Argument) -> Member:
        return Member(nullable(self._types.type(kind.name)), text, (*by, self._access_argument()))

    def _node(self) -> Member:
        named = Argument("id", strawberry.ID, "The opaque id (标识).")
        text = "Whatever has this id; an id that cannot be read answers like an absent one (节点)."
        return Member(nullable(self._types.node), text, (named, self._access_argument()))

    def _list(self, one: RootList) -> Member:
        if one.name not in self._lists:
            self._lists[one.name] = self._listed(one)
        return self._lists[one.name]

    def _listed(self, one: RootList) -> Member:
        chosen = self._filter(one)
        arguments: tuple[Argument, ...] = PAGING if one.feed else (*PAGING, self._access_argument())
        if chosen is not None:
            text = "Only rows with these values (筛选)."
            arguments = (Argument("filter", nullable(chosen), text, strawberry.UNSET), *arguments)
        return Member(nullable(self._types.connection(one.kind)), one.text, arguments)

    def _filter(self, one: RootList) -> Any:
        shown = {
            name: item.field
            for name, item in one.filters.items()
            if all(map(self._types.shown, (f"{one.name}.{name}", *item.coordinates)))
        }
        members = {name: Member(nullable(type_of(item, self._words)), describe(item)) for name, item in shown.items()}
        text = f"Values that rows must have, all of them ({one.kind.zh}筛选条件)."
        return input_type(f"{one.kind.type_name}Filter", text, members) if members else None

    def _subject_by(self) -> Any:
        if self._by is None:
            texts = {
                "uscc": "Unified social credit code, 18 characters (统一社会信用代码, GB 32100-2015).",
                "registrationNumber": "Business registration number, 13 or 15 digits (工商注册号).",
                "organizationCode": "Organization code, 9 characters, with or without hyphen (组织机构代码, GB 11714).",
                "taxNumber": "Tax registration number (税务登记号).",
                "certificateNumber": "Certificate number of an institution or social organization (登记证号).",
            }
            members = {name: Member(nullable(str), text) for name, text in texts.items()}
            self._by = input_type("SubjectBy", "Exactly one identifier (代码).", members, one_of=True)
        return self._by

    def _person_by(self) -> Any:
        members = {
            "idNumber": Member(str, "Citizen ID number, 18 characters (公民身份号码, GB 11643-1999)."),
            "name": Member(str, "Full name (姓名)."),
        }
        return input_type("PersonBy", "Both, and they must belong together (姓名与身份证号).", members)

    def _access_argument(self) -> Argument:
        if self._access is None:
            matter = input_type(
                "MatterInput",
                "The administrative matter a query serves (行政事项).",
                {
                    "number": Member(str, "Number of the matter (事项编号)."),
                    "kind": Member(self._words.matter_kind(), "Kind of the matter (事项类别)."),
                    "basis": Member(str, "Its legal basis, law and article (法律依据)."),
                },
            )
            self._access = input_type(
                "Access",
                "On what ground the caller asks (查询依据).",
                {
                    "purpose": Member(self._words.purpose(), "Why (查询目的)."),
                    "consent": Member(nullable(str), "Number of the subject's consent (授权编号)."),
                    "useKey": Member(
                        nullable(str),
                        "One's own name for one use of the consent: the same document may be sent again under it, "
                        "or its pages be turned, for 15 minutes (使用键).",
                    ),
                    "matter": Member(nullable(matter), "The matter of a department or an audit (行政事项)."),
                },
            )
        return Argument("access", nullable(self._access), "On what ground (查询依据).", strawberry.UNSET)

    def _explain(self) -> Member:
        given = (
            Argument("query", str, "The document to be explained, as it would be sent (查询文档)."),
            Argument("operationName", nullable(str), "Which operation of it (操作名).", strawberry.UNSET),
            Argument("variables", nullable(str), "Its variables: a JSON object, as text (变量).", strawberry.UNSET),
        )
        text = "What an operation would show the caller, by which rule, and what would show more; reads nothing (解释)."
        return Member(explanation(self._words), text, given)

    def _receipt(self) -> Member:
        given: tuple[Argument, ...] = (
            Argument("origin", str, "The log, as a receipt names it (日志)."),
            Argument("index", str, "The place in it, as a receipt has it (日志序号)."),
        )
        members = {
            "origin": Member(str, "The log (日志)."),
            "index": Member(str, "The place in it (日志序号)."),
            "commitment": Member(str, "The data of the leaf: SHA-256 of salt and body, in base64 (承诺值)."),
            "leaf": Member(str, "The hash of the leaf (RFC 6962), in base64 (叶哈希)."),
            "size": Member(str, "Of the tree in which it is proved to be (日志条数)."),
            "proof": Member(many(str), "The inclusion proof (RFC 6962), in base64, from the leaf up (包含证明)."),
            "checkpoint": Member(str, "The signed root of that tree (C2SP checkpoint) (检查点)."),
            "tlogProof": Member(str, "All of it as one file (C2SP tlog-proof) (证明文件)."),
        }
        if self._types.has(ACCESS.name):
            given = (*given, self._access_argument())
            entry = "The entry itself, for those whom it concerns; null for all others (日志条目)."
            members[RootName.ENTRY.value] = Member(nullable(self._types.type(ACCESS.name)), entry)
        made = object_type(declare("EntryReceipt"), "Proof that an entry is in the log (日志回执).", members)
        text = "Proof of one entry of the log, for whoever has its place; null if there is none (回执)."
        return Member(nullable(made), text, given)

    def _chains(self) -> Member:
        element = object_type(
            declare("ChainElement"),
            "One element of a list: an entry of the log, or a pad that is none (链元素).",
            {
                "hash": Member(str, "What stands in the list, in base64 (元素哈希)."),
                "blind": Member(nullable(str), "What hides it; null: it is not opened yet (盲值)."),
                "origin": Member(nullable(str), "Of an entry: the log; null: a pad, if it is opened (日志)."),
                "index": Member(nullable(str), "Of an entry: its place (日志序号)."),
                "commitment": Member(nullable(str), "Of an entry: the data of its leaf (承诺值)."),
            },
        )
        close = object_type(
            declare("ClosingEntry"),
            "The entry of the log that closed a month, with its proof (结账条目).",
            {
                "origin": Member(str, "The log (日志)."),
                "index": Member(str, "The place in it (日志序号)."),
                "commitment": Member(str, "The data of the leaf (承诺值)."),
                "body": Member(str, "The entry as it was hashed (日志原文)."),
                "salt": Member(str, "The salt that was hashed with it (盐值)."),
                "proof": Member(many(str), "The inclusion proof (包含证明)."),
                "checkpoint": Member(str, "The signed root (检查点)."),
            },
        )
        chain = object_type(
            declare("Chain"),
            "All that was asked about somebody in a month, so that nothing is left out (月度查询链).",
            {
                "month": Member(str, "The month (月份)."),
                "pseudonym": Member(str, "Whose it is, as the log names them (主体代号)."),
                "place": Member(str, "The place among all lists (位次)."),
                "persons": Member(str, "How many lists there are (链总数)."),
                "elements": Member(many(element), "The list, sorted; a power of two (链元素)."),
                "proof": Member(many(str), "That it is among all lists (包含证明)."),
                "close": Member(close, "The entry that says so (结账条目)."),
            },
        )
        month = Argument("month", str, "A month that is closed, as 2026-10 (月份).")
        text = "The lists of those one acts for; null: the month is not closed (月度查询链)."
        return Member(nullable(many(chain)), text, (month,))

    def _viewer(self) -> Any:
        words = self._words
        listed = LISTS[RootName.ACCESSES.value]
        accesses = {listed.name: self._list(listed)} if self._types.has(ACCESS.name) else {}
        visible = object_type(
            declare("VisibleCoordinate"),
            "One thing the role may see, of which rows and under what (可见项).",
            {
                "coordinate": Member(str, "Kind and field, parted by a dot (数据项)."),
                "subjectClass": Member(words.subject_class(), "Of rows about whom (主体类别)."),
                "standing": Member(words.row_standing(), "Of rows in which state (记录状态)."),
                "level": Member(words.level(), "How it is shown (披露程度)."),
                "condition": Member(words.condition(), "Under what (披露条件)."),
                "rule": Member(str, "The rule that gives it, file and line (规则)."),
            },
        )
        return object_type(
            declare("Viewer"),
            "Who asks, as the token proves, and what the role may see (当前用户).",
            {
                "role": Member(nullable(words.role()), "Role (角色)."),
                "principal": Member(nullable(str), "Token subject (主体标识)."),
                "consumer": Member(nullable(str), "Registered client of the institution (接入机构)."),
                "department": Member(nullable(str), "Department code (部门代码)."),
                "region": Member(nullable(str), "Region (行政区划, GB/T 2260)."),
                "assurance": Member(nullable(int), "0 none, 1 password, 2 two factors, 3 proven anew (核验等级)."),
                "policyVersion": Member(nullable(str), "Hash of the policy that decides (策略版本)."),
                "sees": Member(many(visible), "Everything the role may see (可见范围)."),
                **accesses,
            },
        )


def root_kind(name: RootName) -> Kind | None:
    """The kind a root gives, or None for ``viewer`` and ``node``."""
    return LISTS[name].kind if name in LISTS else BY_NAME.get(name.value)
