"""Who asks, on what ground, and what may be done: the words of step 1, which all later ones carry.

``gateway.values`` hands them on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """Whose schema and policy column apply. Exactly one per token."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    FINANCIAL = "financial"
    AGENCY = "agency"
    SUBJECT = "subject"
    HANDLER = "handler"
    DESK = "desk"
    COUNTER = "counter"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system-admin"
    SECURITY_ADMIN = "security-admin"
    AUDIT_ADMIN = "audit-admin"
    STEWARD = "steward"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as proven by the token. The public caller has only a role."""

    role: Role
    principal: str = ""  # token `sub`; opaque
    consumer: str = ""  # token `client_id`: the institution's registered client
    department: str = ""  # code of the officer's or handler's department
    region: str = ""  # GB/T 2260
    assurance: int = 0  # 0 none, 1 password, 2 two factors, 3 step-up for this session
    token: str = ""  # `jti`

    @property
    def acts_as(self) -> str:
        """By what mandates name the caller: the principal; of a clerk at the counter, this session of theirs.

        A mandate of one session is hence nobody's in another one, nor the same person's in another role.
        """
        return f"{self.principal} {self.token}" if self.role is Role.COUNTER else self.principal


class Purpose(StrEnum):
    """Why somebody asks (domain.md §8.1, [likely]; the names are the product's)."""

    PUBLIC_INQUIRY = "PUBLIC_INQUIRY"
    LOAN_APPROVAL = "LOAN_APPROVAL"
    CREDIT_CARD_APPROVAL = "CREDIT_CARD_APPROVAL"
    GUARANTEE_REVIEW = "GUARANTEE_REVIEW"
    POST_LOAN_MANAGEMENT = "POST_LOAN_MANAGEMENT"
    CUSTOMER_ADMISSION = "CUSTOMER_ADMISSION"
    CREDIT_REVIEW = "CREDIT_REVIEW"
    OWN_INQUIRY = "OWN_INQUIRY"
    PUBLIC_DUTY = "PUBLIC_DUTY"
    CASE_HANDLING = "CASE_HANDLING"
    AUDIT = "AUDIT"


class MatterKind(StrEnum):
    """For which duty a department asks (Jilin art. 27, Shandong art. 22); in which engagement; why of the archive."""

    LICENSING = "LICENSING"
    SUPERVISION = "SUPERVISION"
    PENALTY = "PENALTY"
    PROCUREMENT = "PROCUREMENT"
    FUNDING = "FUNDING"
    RECRUITMENT = "RECRUITMENT"
    HONOR = "HONOR"
    SERVICE_OF_DOCUMENTS = "SERVICE_OF_DOCUMENTS"
    AUDIT = "AUDIT"
    OTHER = "OTHER"
    LITIGATION = "LITIGATION"
    COMPLAINT = "COMPLAINT"


@dataclass(frozen=True, slots=True)
class Matter:
    """The administrative matter a query serves: its number, kind and legal basis."""

    number: str
    kind: MatterKind
    basis: str


class Access(NamedTuple):
    """On what ground somebody asks; the `access` argument."""

    purpose: Purpose
    consent: str | None = None  # consent number, as the subject or the consumer knows it
    matter: Matter | None = None
    use: str | None = None  # by which the caller names one use of the consent

    @property
    def served(self) -> Matter | None:
        """The matter, if it is one for this purpose: it is a ground for the duty it names and for nothing else.

        PIPL arts 6, 34. An audit serves an engagement, a public duty any other matter.
        """
        if self.matter is None or self.purpose not in (Purpose.PUBLIC_DUTY, Purpose.AUDIT):
            return None
        fits = (self.purpose is Purpose.AUDIT) == (self.matter.kind is MatterKind.AUDIT)
        return self.matter if fits else None


def log_key(pseudonym: str) -> int:
    """By what rows of the log are kept: the first 60 bits of the pseudonym. The pseudonym itself stands beside it."""
    return int(pseudonym[:15], 16)


@dataclass(frozen=True, slots=True)
class Own:
    """What of the log is the caller's own: pseudonym → the subject that it acts for."""

    subjects: Mapping[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> dict[int, int]:
        """Key of rows → subject."""
        return {log_key(pseudonym): subject for pseudonym, subject in self.subjects.items()}


@dataclass(frozen=True, slots=True)
class ByPlace:
    """An entry of the log by its place there."""

    origin: str
    index: str


class ActionName(StrEnum):
    """What may be done: the fields of Mutation, and what is done elsewhere."""

    FILE_OBJECTION = "fileObjection"
    FILE_COMPLAINT = "fileComplaint"
    WATCH_ACCESSES = "watchAccesses"
    UNWATCH_ACCESSES = "unwatchAccesses"
    ACCEPT_CASE = "acceptCase"
    DECLINE_CASE = "declineCase"
    REQUEST_SUPPLEMENT = "requestSupplement"
    SUPPLEMENT_CASE = "supplementCase"
    WITHDRAW_CASE = "withdrawCase"
    ROUTE_CASE = "routeCase"
    ANSWER_CASE = "answerCase"
    DECIDE_CASE = "decideCase"
    REQUEST_REVIEW = "requestReview"
    REQUEST_REPAIR = "requestRepair"
    DECIDE_REPAIR = "decideRepair"
    REQUEST_ERASURE = "requestErasure"
    REQUEST_COPY = "requestCopy"
    ADD_STATEMENT = "addStatement"
    FILE_REPORT = "fileReport"
    FOLLOW_REPORT = "followReport"
    ADD_EVIDENCE = "addEvidence"
    ACKNOWLEDGE_NOTICE = "acknowledgeNotice"
    WATCH_NOTICES = "watchNotices"
    UNWATCH_NOTICES = "unwatchNotices"
    GIVE_CONSENT = "giveConsent"
    REGISTER_CONSENT = "registerConsent"
    WITHDRAW_CONSENT = "withdrawConsent"
    FREEZE_FILE = "freezeFile"
    UNFREEZE_FILE = "unfreezeFile"
    RELEASE_TEXT = "releaseText"
    BIND_PERSON = "bindPerson"
    RECORD_MANDATE = "recordMandate"
    VERIFY_MANDATE = "verifyMandate"
    REVOKE_MANDATE = "revokeMandate"


# What is done at an address of its own, and is no field of Mutation: its input is no argument.
ELSEWHERE = frozenset({ActionName.ADD_EVIDENCE})

# The arguments in which a person writes lines, by their field: their texts may hold tabs and line ends.
PROSE = frozenset(
    {
        (ActionName.FILE_OBJECTION.value, "claim"),
        (ActionName.FILE_COMPLAINT.value, "facts"),
        (ActionName.FILE_OBJECTION.value, "newEvidence"),
        (ActionName.DECLINE_CASE.value, "reason"),
        (ActionName.REQUEST_SUPPLEMENT.value, "request"),
        (ActionName.SUPPLEMENT_CASE.value, "text"),
        (ActionName.ANSWER_CASE.value, "answer"),
        (ActionName.DECIDE_CASE.value, "decision"),
        (ActionName.DECIDE_CASE.value, "value"),
        (ActionName.REQUEST_REVIEW.value, "reason"),
        (ActionName.REQUEST_REPAIR.value, "commitment"),
        (ActionName.DECIDE_REPAIR.value, "reason"),
        (ActionName.REQUEST_ERASURE.value, "reason"),
        (ActionName.ADD_STATEMENT.value, "text"),
        (ActionName.FILE_REPORT.value, "facts"),
        (ActionName.FOLLOW_REPORT.value, "text"),
        (ActionName.RELEASE_TEXT.value, "text"),
        ("explain", "query"),
        ("explain", "variables"),
    }
)
