"""The words a policy file may use, all derived from the catalogue and the value enums; none is written by hand."""

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType

from gateway.catalogue.fields import Field, Sealing, Standing, SubjectClass
from gateway.catalogue.kinds import KINDS
from gateway.values import ActionName, Condition, Grant, Level, Relation, Role, RowClass

# Acts of the policy files and the level each gives, strongest first.
LEVEL_OF: Mapping[str, Level] = MappingProxyType({"show": Level.CLEAR, "release": Level.RELEASED, "mask": Level.MASKED})
ACT_OF: Mapping[Level, str] = MappingProxyType({level: act for act, level in LEVEL_OF.items()})
RANK: Mapping[Level, int] = MappingProxyType({Level.WITHHELD: 0, Level.MASKED: 1, Level.RELEASED: 2, Level.CLEAR: 3})
CONDITIONS: Mapping[str, Condition] = MappingProxyType({one.name.lower(): one for one in Condition})
# Actions are granted whole, by an act of their own: the record acted on, if there is one, is tied by the condition.
PERFORM = "perform"
ACTIONS: frozenset[str] = frozenset(action.value for action in ActionName)
_OF_ACTIONS = (
    Condition.ALWAYS,
    Condition.SELF,
    Condition.SELF_STEP_UP,
    Condition.STEP_UP,
    Condition.SOURCE,
    Condition.CASE,
)
PERFORMED_UNDER: Mapping[str, Condition] = MappingProxyType(
    {name: one for name, one in CONDITIONS.items() if one in _OF_ACTIONS}
)
ROLES: frozenset[str] = frozenset(role.value for role in Role)
ANY = "*"
EVERY_CLASS: RowClass = "*/*"


def _fields() -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for kind in KINDS:
        found |= {f"{kind.name}.{item.name}": item for item in kind.fields}
        found |= {f"{kind.name}.{part.name}.{item.name}": item for part in kind.parts for item in part.fields}
    return MappingProxyType(found)


def _members() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for coordinate, group in GROUP_OF.items():
        found.setdefault(group, []).append(coordinate)
        if coordinate not in (group, ANY) and coordinate not in GROUPS:
            found[coordinate] = [coordinate]
    found[ANY] = list(GROUP_OF)
    return MappingProxyType({name: tuple(members) for name, members in found.items()})


# Every coordinate and its policy group; every stored field by its coordinate.
GROUP_OF: Mapping[str, str] = MappingProxyType({name: group for kind in KINDS for name, group in kind.coordinates()})
FIELDS: Mapping[str, Field] = _fields()
GROUPS: frozenset[str] = frozenset(GROUP_OF.values())
# What a rule's object stands for: a group, a coordinate, or ``*``.
MEMBERS: Mapping[str, tuple[str, ...]] = _members()
# The row classes each coordinate has, by coordinate.
CLASSES_OF: Mapping[str, tuple[RowClass, ...]] = MappingProxyType(
    {
        coordinate: tuple(f"{one.value}/{standing.value}" for one in kind.classes for standing in kind.standings)
        for kind in KINDS
        for coordinate, _ in kind.coordinates()
    }
)
# Every (coordinate, row class) that the policy must decide for every role, in catalogue order.
CELLS: tuple[tuple[str, RowClass], ...] = tuple((name, one) for name, classes in CLASSES_OF.items() for one in classes)

_SUBJECTS = frozenset(one.value for one in SubjectClass) | {ANY}
_STANDINGS = frozenset(one.value for one in Standing) | {ANY}


def is_class_pattern(text: str) -> bool:
    """Whether ``text`` is ``<subject class>/<standing>``, either part possibly ``*``."""
    subject, slash, standing = text.partition("/")
    return bool(slash) and subject in _SUBJECTS and standing in _STANDINGS


def class_match(row_class: str, pattern: str) -> bool:
    """Whether a row class fits a pattern; looked up, for it is asked millions of times while a policy is compiled."""
    return (row_class, pattern) in _FITTING


def _fits(row_class: str, pattern: str) -> bool:
    """Part by part: Casbin's globMatch reads a leading ``*/`` as ``/``, its keyMatch lets ``*/ended`` match all."""
    subject, _, standing = row_class.partition("/")
    wanted_subject, _, wanted_standing = pattern.partition("/")
    return wanted_subject in (ANY, subject) and wanted_standing in (ANY, standing)


def has_form(coordinate: str, level: Level) -> bool:
    """Whether the coordinate exists in the form a level needs: a masked or a released form is stored for few."""
    field = FIELDS.get(coordinate)
    match level:
        case Level.MASKED:
            return field is not None and field.mask is not None
        case Level.RELEASED:
            return field is not None and field.free_text
        case _:
            return True


def is_sealed(coordinate: str) -> bool:
    """Whether the stored value is encrypted, for some rows at least."""
    field = FIELDS.get(coordinate)
    return field is not None and (field.free_text or field.sealing is not Sealing.NEVER)


def kind_of(coordinate: str) -> str:
    """``penalty`` of ``penalty.facts``; the coordinate of the kind's own rows."""
    return coordinate.partition(".")[0]


def relations(condition: Condition) -> Relation:
    """The relations a condition needs, all of them."""
    return Relation(condition.value)


def named(held: int) -> str:
    """A set of relations, as messages name it: ``CONSENT and CASE``."""
    return " and ".join(relation.name or "" for relation in Relation(held)) or "nothing"


def implies(stronger: Relation, weaker: Relation) -> bool:
    """Whether all of ``weaker`` is contained in ``stronger``."""
    return stronger & weaker == weaker


def level_under(grants: tuple[Grant, ...], held: Relation) -> Level:
    """The strongest level that some grant gives when exactly ``held`` holds."""
    given = (grant.level for grant in grants if implies(held, relations(grant.condition)))
    return max(given, key=RANK.__getitem__, default=Level.WITHHELD)


_PATTERNS = tuple("/".join(pair) for pair in product(sorted(_SUBJECTS), sorted(_STANDINGS)))
_FITTING = frozenset(pair for pair in product(_PATTERNS, _PATTERNS) if _fits(*pair))
