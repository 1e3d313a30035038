"""Enums: the closed vocabularies of the catalogue and of access, under names that do not depend on the role.

Two fields with the same words share one enum. It is called after its only field (``PenaltySeverity``), or after what
the names of its fields end with (``CodeStatus``, ``IdType``), so that adding a field elsewhere never renames it.
"""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import takewhile
from typing import Any

import strawberry

from gateway.catalogue.fields import Field, Kind, Standing, SubjectClass, Type
from gateway.catalogue.kinds import KINDS
from gateway.policy.remedies import Reason
from gateway.rights.states import BindingState, FreezeState, ReleaseState, WatchState
from gateway.schema.words import explain
from gateway.values import Condition, Level, MatterKind, Purpose, Relation, Role

_WORD = re.compile(r"[A-Z]?[a-z0-9]+")


def capital(name: str) -> str:
    """``codeStatus`` → ``CodeStatus``."""
    return name[:1].upper() + name[1:]


def _uses(kinds: Iterable[Kind]) -> Iterator[tuple[Kind, Field]]:
    for kind in kinds:
        for item in kind.fields:
            yield kind, item
        for part in kind.parts:
            for item in part.fields:
                yield kind, item


def _common_end(names: list[str]) -> str:
    """The camel-case words that all names end with: ``subjectIdType``, ``representativeIdType`` → ``IdType``."""
    backwards = zip(*(_WORD.findall(capital(name))[::-1] for name in names), strict=False)
    return "".join([words[0] for words in takewhile(lambda words: len(set(words)) == 1, backwards)][::-1])


def enum_names() -> dict[tuple[str, ...], str]:
    """Which enum each tuple of words becomes. Raises ValueError when two would get one name."""
    users: dict[tuple[str, ...], list[tuple[Kind, Field]]] = {}
    for kind, item in _uses(KINDS):
        if item.type is Type.CODE:
            users.setdefault(item.values, []).append((kind, item))
    names: dict[tuple[str, ...], str] = {}
    for values, found in users.items():
        single = found[0][0].type_name + capital(found[0][1].name)
        names[values] = single if len(found) == 1 else _common_end([item.name for _, item in found]) or single
    if len(set(names.values())) < len(names):
        raise ValueError("two vocabularies of the catalogue would share one enum name")
    return names


def make_enum(name: str, description: str, words: Iterable[str]) -> Any:
    """A Strawberry enum whose values are their own names, each described."""
    members: Any = {word: strawberry.enum_value(word, description=explain(name, word)) for word in words}
    functional: Any = Enum
    return strawberry.enum(functional(name, members), description=description)


class Vocabulary:
    """The enums of one schema, each made once, when first asked for."""

    def __init__(self) -> None:
        self._names = enum_names()
        self._made: dict[str, Any] = {}

    def of_field(self, item: Field) -> Any:
        """The enum of a CODE field."""
        return self._get(self._names[item.values], f"Vocabulary: {item.en} ({item.zh})", item.values)

    def choice(self, name: str, description: str, words: tuple[str, ...]) -> Any:
        """The enum of an argument; one of the catalogue's if it has the same words."""
        return self._get(self._names.get(words, name), description, words)

    def purpose(self) -> Any:
        """Why somebody asks."""
        return self._get("Purpose", "Purpose of the inquiry (查询目的).", [word.name for word in Purpose])

    def watch_state(self) -> Any:
        """Whether somebody is told of accesses."""
        return self._get(
            "WatchState", "Whether one is told of accesses (通知状态).", [word.name for word in WatchState]
        )

    def freeze_state(self) -> Any:
        """Whether a file takes new consents."""
        return self._get(
            "FreezeState", "Whether a file takes new consents (冻结状态).", [word.name for word in FreezeState]
        )

    def release_state(self) -> Any:
        """What has become of a released text."""
        words = [word.name for word in ReleaseState]
        return self._get("ReleaseState", "What has become of a released text (发布状态).", words)

    def binding_state(self) -> Any:
        """Whether somebody is bound to a person."""
        words = [word.name for word in BindingState]
        return self._get("BindingState", "Whether one is bound to a person (绑定状态).", words)

    def matter_kind(self) -> Any:
        """For which duty a department asks."""
        return self._get("MatterKind", "Kind of administrative matter (事项类别).", [word.name for word in MatterKind])

    def role(self) -> Any:
        """Whose schema this is."""
        return self._get("Role", "Role of the caller (角色).", [word.name for word in Role])

    def subject_class(self) -> Any:
        """What the law asks of a row."""
        words = [word.name for word in SubjectClass]
        return self._get("SubjectClass", "Class of the subject of a row (主体类别).", words)

    def row_standing(self) -> Any:
        """What has become of a row."""
        return self._get("RowStanding", "What has become of a row (记录状态).", [word.name for word in Standing])

    def level(self) -> Any:
        """How a value is shown."""
        return self._get("Level", "How a value is shown (披露程度).", [word.name for word in Level])

    def condition(self) -> Any:
        """Under what a grant holds."""
        return self._get("Condition", "Under what a grant holds (披露条件).", [word.name for word in Condition])

    def relation(self) -> Any:
        """A tie between a caller and a row."""
        words = [word.name or "" for word in Relation if word]
        return self._get("Relation", "A tie between the caller and a row (关系).", words)

    def reason(self) -> Any:
        """Why a value is not shown in clear."""
        return self._get("Reason", "Why a value is not shown in clear (原因).", [word.value for word in Reason])

    def extent(self) -> Any:
        """How many of the rows."""
        return self._get("Extent", "How many of the rows (范围).", ["ALL", "SOME"])

    def _get(self, name: str, description: str, words: Iterable[str]) -> Any:
        if name not in self._made:
            self._made[name] = make_enum(name, description, words)
        return self._made[name]
