"""How the stored types of the catalogue travel, and the wrappers around them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.catalogue.fields import Field, Type
from gateway.schema.vocabulary import Vocabulary

DateText = NewType("DateText", str)
DateTimeText = NewType("DateTimeText", str)
DecimalText = NewType("DecimalText", str)


def _scalar(name: str, description: str) -> ScalarDefinition:
    """A scalar that is already text when it leaves PostgreSQL."""
    return strawberry.scalar(name=name, description=description, serialize=str, parse_value=str)


SCALARS: Mapping[object, ScalarDefinition] = MappingProxyType(
    {
        DateText: _scalar("Date", "A day, YYYY-MM-DD (日期)."),
        DateTimeText: _scalar("DateTime", "A moment in UTC, RFC 3339, ending in Z (时间)."),
        DecimalText: _scalar("Decimal", "A decimal number as text, never rounded (小数)."),
    }
)

_PLAIN: Mapping[Type, Any] = MappingProxyType(
    {
        Type.TEXT: str,
        Type.DATE: DateText,
        Type.DATETIME: DateTimeText,
        Type.DECIMAL: DecimalText,
        Type.BOOLEAN: bool,
        Type.COUNT: int,
    }
)


def type_of(item: Field, words: Vocabulary) -> Any:
    """The GraphQL type of one field, not yet nullable."""
    if item.type is Type.WORDS:
        return many(str)
    return words.of_field(item) if item.type is Type.CODE else _PLAIN[item.type]


def many(inner: Any) -> Any:
    """``[X!]``, not yet nullable."""
    return list.__class_getitem__(inner)


def nullable(inner: Any) -> Any:
    """``X`` that may be null."""
    return inner | None
