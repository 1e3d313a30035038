"""The Subscription type of a role: what it is told of as it happens. An event is the row, as a query would show it."""

from typing import Any

import strawberry

from gateway.catalogue.case import CASE
from gateway.catalogue.notice import NOTICE
from gateway.schema.make import Argument, Member, declare, object_type
from gateway.schema.scalars import nullable
from gateway.schema.types import Types
from gateway.values import EventName


def subscription(types: Types) -> Any:
    """The Subscription type; None for who sees neither cases nor notices."""
    members: dict[str, Member] = {}
    if types.has(CASE.name):
        text = "A case that one may see, when a step is taken in it; one that is named also as it stands (案件进展)."
        named = Argument("case", nullable(strawberry.ID), "Only this one (案件).", strawberry.UNSET)
        members[EventName.CASE_CHANGED.value] = Member(nullable(types.type(CASE.name)), text, (named,))
    if types.has(NOTICE.name):
        text = "A notice that one may see, when it is made (新通知)."
        members[EventName.NOTICE_CREATED.value] = Member(nullable(types.type(NOTICE.name)), text)
    text = "What one is told of as it happens, one field in an operation; each event is decided when it is sent (订阅)."
    return object_type(declare("Subscription"), text, members) if members else None
