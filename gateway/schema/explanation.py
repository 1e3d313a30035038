"""The types in which ``explain`` answers."""

from typing import Any

from gateway.schema.make import Member, declare, object_type
from gateway.schema.scalars import many, nullable
from gateway.schema.vocabulary import Vocabulary


def explanation(words: Vocabulary) -> Any:
    """The Explanation type."""
    remedy = object_type(
        declare("Remedy"),
        "What would change it, given what the caller brought (补救办法).",
        {"en": Member(str, "In English (英文)."), "zh": Member(str, "In Chinese (中文).")},
    )
    change = object_type(
        declare("Change"),
        "The smallest change after which more would be shown (最小变更).",
        {
            "role": Member(nullable(words.role()), "As whom one would have to ask; null: as now (角色)."),
            "needs": Member(many(words.relation()), "What must hold, all of it (须满足的关系)."),
            "level": Member(words.level(), "How it would be shown then (披露程度)."),
            "en": Member(str, "The same in English (英文)."),
            "zh": Member(str, "The same in Chinese (中文)."),
        },
    )
    place = object_type(
        declare("ExplainedField"),
        "One place of the operation (字段说明).",
        {
            "path": Member(many(str), "Response keys down to it (路径)."),
            "coordinate": Member(str, "Kind and field, parted by a dot; of a mutation its name (数据项)."),
            "level": Member(words.level(), "The least that rows show of it (披露程度)."),
            "rows": Member(words.extent(), "Of all rows, or of some (记录范围)."),
            "reason": Member(nullable(words.reason()), "Why it is not shown in clear; null: it is (原因)."),
            "rule": Member(str, "The rule that decides, file and line (规则)."),
            "remedy": Member(nullable(remedy), "What would change it; null: nothing would (补救办法)."),
            "change": Member(nullable(change), "The smallest change that would show more (最小变更)."),
        },
    )
    return object_type(
        declare("Explanation"),
        "What an operation would show, place by place, and by which version of the policy (解释).",
        {
            "policyVersion": Member(str, "Hash of the policy that decides (策略版本)."),
            "fields": Member(many(place), "Every place, in the order of the document (字段)."),
        },
    )
