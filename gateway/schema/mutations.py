"""The Mutation type of a role: the actions that it may perform, and their receipts."""

from collections.abc import Mapping
from typing import Any

import strawberry

from gateway.actions.all import ACTIONS
from gateway.actions.model import Action, Gives, Input, InputType, OneOf
from gateway.catalogue.kinds import BY_NAME
from gateway.schema.make import Argument, Member, declare, input_type, object_type
from gateway.schema.scalars import DateText, many, nullable
from gateway.schema.vocabulary import Vocabulary
from gateway.values import ActionName


def mutation(may: frozenset[ActionName], words: Vocabulary) -> Any:
    """The Mutation type; None for who may do nothing."""
    own = [action for action in ACTIONS if action.name in may]
    if not own:
        return None
    given = _receipts(words, frozenset(action.gives for action in own))
    members = {
        action.name.value: Member(
            nullable(given[action.gives]), f"{action.en} ({action.zh}).", _arguments(action, words)
        )
        for action in own
    }
    text = "What can be done, one field in an operation: each is a transaction and an entry of its own (操作)."
    return object_type(declare("Mutation"), text, members)


def _arguments(action: Action, words: Vocabulary) -> tuple[Argument, ...]:
    return tuple(_one_of(item, words) if isinstance(item, OneOf) else _argument(item, words) for item in action.inputs)


def _argument(item: Input, words: Vocabulary) -> Argument:
    text, kind = f"{item.en} ({item.zh}).", _type(item, words)
    if item.required:
        return Argument(item.name, kind, text)
    return Argument(item.name, nullable(kind), text, strawberry.UNSET)


def _one_of(item: OneOf, words: Vocabulary) -> Argument:
    text = f"{item.en} ({item.zh})."
    members = {one.name: Member(nullable(_type(one, words)), f"{one.en} ({one.zh}).") for one in item.members}
    return Argument(item.name, input_type(item.type_name, text, members, one_of=True), text)


def _type(item: Input, words: Vocabulary) -> Any:
    match item.type:
        case InputType.ID:
            return strawberry.ID
        case InputType.WORD:
            return words.choice(item.words_type, f"{item.en} ({item.zh}).", item.words)
        case InputType.BOOLEAN:
            return bool
        case InputType.STRINGS:
            return many(str)
        case InputType.PURPOSES:
            return many(words.purpose())
        case InputType.STRING:
            return str


def _receipts(words: Vocabulary, wanted: frozenset[Gives]) -> Mapping[Gives, Any]:
    """What actions give, by sort; only what is wanted, for the schema of a role names nothing else."""
    entry = object_type(
        declare("Receipt"),
        "Where the entry of this operation stands in the log (回执).",
        {
            "origin": Member(str, "The log (日志)."),
            "index": Member(str, "The position of the entry, a decimal number (序号)."),
            "leaf": Member(str, "Its RFC 6962 leaf hash, base64 (叶哈希)."),
        },
    )
    own = {"receipt": Member(entry, "Its entry in the log (日志回执).")}
    deadline = _deadline() if any(one.kind or one is Gives.RELEASE for one in wanted) else None
    return {one: _made(one, words, deadline, own) for one in wanted}


def _made(gives: Gives, words: Vocabulary, deadline: Any, own: Mapping[str, Member]) -> Any:
    if gives is Gives.RELEASE:
        return _release(words, deadline, own)
    return _receipt(gives, words, deadline, own) if gives.kind else _stateful(gives, words, own)


def _deadline() -> Any:
    return object_type(
        declare("Deadline"),
        "By when a case must be answered, and by which rule (办理期限).",
        {
            "on": Member(DateText, "The last day (截止日期)."),
            "workingDays": Member(nullable(int), "Working days that the rule gives, if it counts those (工作日数)."),
            "calendarDays": Member(nullable(int), "Calendar days that the rule gives, if it counts those (自然日数)."),
            "source": Member(str, "Where the number comes from (依据)."),
            "verified": Member(bool, "Whether it has been verified; if not, it is a default (是否已核实)."),
            "provisional": Member(bool, "The year's arrangement of holidays is not known yet (暂定)."),
        },
    )


def _receipt(gives: Gives, words: Vocabulary, deadline: Any, own: Mapping[str, Member]) -> Any:
    """Of any kind the same: its id, its state, by when the next must happen and by which rule."""
    kind = BY_NAME[gives.kind]
    state = next(item for item in kind.fields if item.name == "state")
    members = {
        "id": Member(strawberry.ID, f"Opaque id ({kind.zh}标识)."),
        "state": Member(words.of_field(state), "Where it stands (状态)."),
        "deadline": Member(nullable(deadline), "By when the next step must be taken; null: no clock runs (办理期限)."),
        "rule": Member(nullable(str), "Name and version of the rule that gave it (依据规则)."),
        **own,
    }
    if gives is Gives.REPORT:
        members["claimCode"] = Member(nullable(str), "By which it is found again; told once, by fileReport (查询码).")
        members["request"] = Member(nullable(str), "What is to be added, while the clocks stand for it (补正要求).")
        members["decision"] = Member(nullable(str), "What was decided, once it was (处理决定).")
    return object_type(declare(gives.value), f"What has been done, and where it stands ({kind.zh}回执).", members)


def _stateful(gives: Gives, words: Vocabulary, own: Mapping[str, Member]) -> Any:
    """Of what is no kind: its state alone."""
    if gives is Gives.BINDING:
        state = Member(words.binding_state(), "Whether they are bound to that person (状态).")
        text = "Whether a principal is bound to a person; whatever does not fit has one answer (绑定回执)."
    elif gives is Gives.FREEZE:
        text, state = (
            "Whether a file takes new consents (冻结回执).",
            Member(words.freeze_state(), "From now on (状态)."),
        )
    else:
        text = "Whether one is told of accesses (通知回执)."
        state = Member(words.watch_state(), "Whether one is told from now on (状态).")
    return object_type(declare(gives.value), text, {"state": state, **own})


def _release(words: Vocabulary, deadline: Any, own: Mapping[str, Member]) -> Any:
    """Of a record of any kind, whose id it tells; no clock runs."""
    members = {
        "id": Member(strawberry.ID, "Opaque id of the record (记录标识)."),
        "state": Member(words.release_state(), "What has become of the text (状态)."),
        "deadline": Member(nullable(deadline), "Null: no clock runs (办理期限)."),
        "rule": Member(nullable(str), "Null: no rule gave it (依据规则)."),
        **own,
    }
    return object_type(declare(Gives.RELEASE.value), "A text was released (文本发布回执).", members)
