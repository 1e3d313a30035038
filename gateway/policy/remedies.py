"""Why something is not shown and what would change it, given what the caller brought. In English and Chinese.

Only the kind of the ground is looked at, never a row: where a consent or a matter was named, it is said what it must
cover; whether it does would tell of the subject.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.policy import words
from gateway.policy.arms import Ground, Lens
from gateway.values import Condition, Relation, Remedy, Role, RowClass


class Reason(StrEnum):
    """Why a value is not shown in clear; the closed list of `extensions.redactions[].reason`."""

    NOT_FOR_ROLE = "NOT_FOR_ROLE"
    CLASS_NOT_FOR_ROLE = "CLASS_NOT_FOR_ROLE"  # some classes of rows are never shown, whether there are any or not
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    CONSENT_MUST_COVER = "CONSENT_MUST_COVER"  # one was named; it may not cover every row, or none
    LICENSE_REQUIRED = "LICENSE_REQUIRED"
    MATTER_REQUIRED = "MATTER_REQUIRED"
    ENGAGEMENT_REQUIRED = "ENGAGEMENT_REQUIRED"  # what a matter is to an auditor
    ARCHIVE_REQUEST_REQUIRED = "ARCHIVE_REQUEST_REQUIRED"  # what a matter is to an archivist
    MATTER_PURPOSE_REQUIRED = "MATTER_PURPOSE_REQUIRED"  # one was named, for a purpose that no matter serves
    MATTER_MUST_COVER = "MATTER_MUST_COVER"  # one was named; it may not reach every row, or none
    MATTER_KIND_REQUIRED = "MATTER_KIND_REQUIRED"
    SELF_ONLY = "SELF_ONLY"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    CASE_REQUIRED = "CASE_REQUIRED"
    OWN_ONLY = "OWN_ONLY"
    SOURCE_ONLY = "SOURCE_ONLY"
    NOT_YET_RELEASED = "NOT_YET_RELEASED"


# What each relation asks of a caller who brought nothing; the first that may be missing gives the reason.
_REASONS: Mapping[Relation, Reason] = MappingProxyType(
    {
        Relation.SELF: Reason.SELF_ONLY,
        Relation.STEP_UP: Reason.STEP_UP_REQUIRED,
        Relation.CONSENT: Reason.CONSENT_REQUIRED,
        Relation.LICENSED: Reason.LICENSE_REQUIRED,
        Relation.MATTER: Reason.MATTER_REQUIRED,
        Relation.SERVICE: Reason.MATTER_KIND_REQUIRED,
        Relation.CASE: Reason.CASE_REQUIRED,
        Relation.SOURCE: Reason.CASE_REQUIRED,
        Relation.OWN: Reason.OWN_ONLY,
    }
)
_TEXTS: Mapping[Reason, tuple[str, str]] = MappingProxyType(
    {
        Reason.CONSENT_REQUIRED: (
            "Name in access.consent a consent of the subject: in force, for this institution, purpose and kind of "
            "data, given on the platform or by a verified electronic signature.",
            "请在 access.consent 中填写信息主体的授权编号：授权须有效，"
            "覆盖本机构、本查询目的和本类信息，且在平台作出或经电子签名验证。",
        ),
        Reason.CONSENT_MUST_COVER: (
            "Shown only where the consent that was named is the subject's, in force, for this institution, purpose "
            "and kind of data, and given on the platform or by a verified electronic signature.",
            "仅在所填授权属于该信息主体、有效、覆盖本机构、本查询目的和本类信息，且在平台作出或经电子签名验证时显示。",
        ),
        Reason.LICENSE_REQUIRED: (
            "Only agencies licensed for personal credit by the central bank may see this.",
            "仅限持有个人征信业务许可的机构查看。",
        ),
        Reason.MATTER_REQUIRED: (
            "Name in access.matter, with the purpose PUBLIC_DUTY, a matter for which the providing department shares "
            "this.",
            "请以 PUBLIC_DUTY 为查询目的，在 access.matter 中填写提供部门就其共享此类信息的行政事项。",
        ),
        Reason.ENGAGEMENT_REQUIRED: (
            "Name in access.matter, with purpose and kind AUDIT, an engagement that runs and that the caller works in.",
            "请以 AUDIT 为查询目的和事项类别，在 access.matter 中填写本人参与的、进行中的审计任务编号。",
        ),
        Reason.ARCHIVE_REQUEST_REQUIRED: (
            "Name in access.matter, with the purpose PUBLIC_DUTY, a request to the archive that two people opened, "
            "that runs and that the caller works on: its number, kind (LITIGATION or COMPLAINT) and basis.",
            "请以 PUBLIC_DUTY 为查询目的，在 access.matter 中填写经两人开立、进行中且由本人承办的档案调阅申请："
            "编号、类别（LITIGATION 或 COMPLAINT）和依据。",
        ),
        Reason.MATTER_PURPOSE_REQUIRED: (
            "The matter that was named counts only with the purpose PUBLIC_DUTY, an engagement only with AUDIT.",
            "所填行政事项仅在查询目的为 PUBLIC_DUTY 时有效，审计任务仅在查询目的为 AUDIT 时有效。",
        ),
        Reason.MATTER_MUST_COVER: (
            "Shown only where the providing department shares this kind of data with the caller's for the kind and "
            "the legal basis of the matter that was named.",
            "仅在提供部门就所填事项的类别和法律依据向本部门共享此类信息时显示。",
        ),
        Reason.MATTER_KIND_REQUIRED: (
            "Only a matter of the kind SERVICE_OF_DOCUMENTS opens this.",
            "仅限文书送达（SERVICE_OF_DOCUMENTS）事项。",
        ),
        Reason.SELF_ONLY: (
            "Only the subject, its representative or the holder of its mandate may see this.",
            "仅限信息主体本人、其代表或受托人查看。",
        ),
        Reason.STEP_UP_REQUIRED: ("Prove who you are anew in this session.", "须在本次会话中再次核验身份。"),
        Reason.CASE_REQUIRED: (
            "Only the handler of an open case about this record, in its department, may see this.",
            "仅限就该记录承办未结案件的本部门承办人查看。",
        ),
        Reason.OWN_ONLY: (
            "Only the institution that did it may see this.",
            "仅限作出该查询的机构查看。",
        ),
        Reason.SOURCE_ONLY: (
            "Only the department that the row came from may see this.",
            "仅限提供该记录的部门查看。",
        ),
        Reason.NOT_YET_RELEASED: (
            "What the department has released is shown in place of the original text, and nothing before it has.",
            "以部门发布的文本代替原文显示；未发布的不予显示。",
        ),
    }
)
# Which engagements and requests there are, and whose, is told to nobody: one that is named in vain is told like none.
_ENGAGED: Mapping[Relation, Reason] = MappingProxyType({Relation.MATTER: Reason.ENGAGEMENT_REQUIRED})
_REQUESTED: Mapping[Relation, Reason] = MappingProxyType({Relation.MATTER: Reason.ARCHIVE_REQUEST_REQUIRED})
_SUPPLIED: Mapping[Relation, Reason] = MappingProxyType({Relation.SOURCE: Reason.SOURCE_ONLY})
_OF_ROLE: Mapping[Role, Mapping[Relation, Reason]] = MappingProxyType(
    {Role.AUDITOR: _ENGAGED, Role.ARCHIVE: _REQUESTED, Role.STEWARD: _SUPPLIED}
)
_CLOSED = (
    "Rows of these classes are never shown to this role, and whether there are any is not told: {}.",
    "以下类别的记录一律不向本角色显示，亦不告知其是否存在：{}。",
)


def lacking(condition: Condition, sure: Relation, lens: Lens) -> tuple[Reason, ...]:
    """What may be missing of a condition whose relations ``sure`` are known to hold; the first is the reason.

    Where it must not show whether a person has a file, a missing ground is told like one that does not cover.
    """
    ground = lens.ground
    missing = words.relations(condition) & ~sure
    if ground.step_up:
        missing &= ~Relation.STEP_UP
    if lens.protected:
        return tuple(dict.fromkeys(reason for relation, reason in _REASONS.items() if missing & relation))
    if ground.service:
        missing &= ~Relation.SERVICE
    brought = _OF_ROLE.get(lens.visibility.role) or _brought(ground)
    found = [brought.get(relation, reason) for relation, reason in _REASONS.items() if missing & relation]
    if ground.matter and missing & Relation.SERVICE:  # this is surely missing, all else only perhaps
        found.insert(0, Reason.MATTER_KIND_REQUIRED)
    return tuple(dict.fromkeys(found))


def remedy(reasons: Iterable[Reason], closed: tuple[RowClass, ...] = ()) -> Remedy | None:
    """What would change it: everything that may be missing; None if nothing would.

    ``closed`` are classes of rows that the role is never shown: named, so that nobody takes their absence for a fact.
    """
    texts = [_TEXTS[reason] for reason in reasons if reason in _TEXTS]
    if closed:
        texts.append((_CLOSED[0].format(", ".join(closed)), _CLOSED[1].format("、".join(closed))))
    return Remedy(" ".join(en for en, _ in texts), "".join(zh for _, zh in texts)) if texts else None


def _brought(ground: Ground) -> Mapping[Relation, Reason]:
    """The relations for which the caller brought something: what is then missing, if anything is."""
    found: dict[Relation, Reason] = {}
    if ground.consent:
        found[Relation.CONSENT] = Reason.CONSENT_MUST_COVER
    if ground.matter:
        found[Relation.MATTER] = Reason.MATTER_MUST_COVER
    elif ground.idle_matter:
        found[Relation.MATTER] = Reason.MATTER_PURPOSE_REQUIRED
    return found
