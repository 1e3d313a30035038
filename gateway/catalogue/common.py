"""Fields that several kinds share, written once.

Codes of the 双公示 standard (XK_ = licence, CF_ = penalty) stand on the field; lengths and fill rules are [likely] in
domain.md §2.2 and therefore kept as data. Registration data are public by 企业信息公示暂行条例 and 政府信息公开条例 art. 20.
"""

from gateway.catalogue.fields import Disclosure, Field, Link, Mask, Part, Sealing, Type

CODE_STATUSES = ("VALID", "BAD_CHECK_DIGIT", "BAD_LENGTH", "MISSING")
PAPER_TYPES = ("ID_CARD", "PASSPORT", "HK_MACAO_PERMIT", "TAIWAN_PERMIT", "FOREIGN_RESIDENT_ID")  # 01 … 05

REGISTRATION = "政府信息公开条例 art. 20; 企业信息公示暂行条例 art. 6"
NEVER_PUBLISHED = "PIPL arts 25, 28; 双公示 standard: never published"
LICENSE_LAW = "ALL art. 40"
PENALTY_LAW = "APL art. 48"

REPRESENTATIVE = Part(
    "legalRepresentative",
    "法定代表人 / 经营者",
    "The legal representative; of an individual business, its operator (经营者).",
    (
        Field(
            "name",
            Type.TEXT,
            "姓名",
            "Name.",
            "representative.name",
            sealing=Sealing.ALWAYS,
            mask=Mask.NAME,
            length=50,
            basis=REGISTRATION,
        ),
        Field(
            "idNumber",
            Type.TEXT,
            "证件号码",
            "Identity number.",
            "representative.idNumber",
            disclosure=Disclosure.GOV_SHARED,
            sealing=Sealing.ALWAYS,
            mask=Mask.ID_NUMBER,
            length=64,
            basis=NEVER_PUBLISHED,
            sensitive=True,
        ),
        Field(
            "phone",
            Type.TEXT,
            "联系电话",
            "Phone.",
            "representative.phone",
            disclosure=Disclosure.INTERNAL,
            sealing=Sealing.ALWAYS,
            length=32,
            basis=NEVER_PUBLISHED,
        ),
    ),
)

CONTACT = (
    Field(
        "phone",
        Type.TEXT,
        "联系电话",
        "Phone of the subject.",
        "subject.contact",
        disclosure=Disclosure.AUTHORIZED,
        sealing=Sealing.ALWAYS,
        length=32,
        basis="Shandong art. 20: shared or with authorization",
    ),
    Field(
        "email",
        Type.TEXT,
        "电子邮箱",
        "E-mail of the subject.",
        "subject.contact",
        disclosure=Disclosure.AUTHORIZED,
        sealing=Sealing.ALWAYS,
        length=128,
        basis="Shandong art. 20: shared or with authorization",
    ),
)


def registration(statuses: tuple[str, ...]) -> tuple[Field, ...]:
    """The registration data that enterprises and organizations have in common."""
    return (
        Field("uscc", Type.TEXT, "统一社会信用代码", "Unified social credit code (GB 32100-2015), as received.", "subject.identity",
              length=18, basis=REGISTRATION, standard="GB 32100-2015"),
        Field("codeStatus", Type.CODE, "代码校验状态", "Result of both check digits of the code (GB 32100, GB 11714).",
              "subject.identity", required=True, values=CODE_STATUSES, basis=REGISTRATION),
        Field("name", Type.TEXT, "名称", "Registered name; null: not known to the platform.", "subject.identity", filter=True,
              basis=REGISTRATION),
        Field("status", Type.CODE, "登记状态", "Registration status.", "subject.identity", required=True, filter=True,
              values=statuses, basis=REGISTRATION),
        Field("region", Type.TEXT, "行政区划", "Region of the present seat (GB/T 2260); never derived from the code.",
              "subject.identity", required=True, filter=True, length=6, basis=REGISTRATION, standard="GB/T 2260"),
        Field("establishedOn", Type.DATE, "成立日期", "Date of establishment.", "subject.identity", basis=REGISTRATION),
        Field("deregisteredOn", Type.DATE, "注销日期", "Date of deregistration.", "subject.identity", basis=REGISTRATION),
        Field("address", Type.TEXT, "住所 / 经营场所", "Seat; of an individual business, its place of business.",
              "subject.address", mask=Mask.STREET, length=300, basis=REGISTRATION),
        *CONTACT,
    )  # fmt: skip


def counterparty(prefix: str, law: str, group: str) -> tuple[Field, ...]:
    """行政相对人: the subject block of the 双公示 standard; ``prefix`` is ``XK`` or ``CF``."""
    return (
        Field("subjectName", Type.TEXT, "行政相对人名称", "Name of the counterparty as the decision gives it.", "subject.name",
              sealing=Sealing.PERSONS, mask=Mask.NAME, required=True, basis=law, standard=f"{prefix}_XDR_MC"),
        Field("subjectKind", Type.CODE, "行政相对人类别", "Kind of the counterparty.", group, required=True, length=16, basis=law,
              values=("ORGANIZATION", "NATURAL_PERSON", "INDIVIDUAL_BUSINESS"), standard=f"{prefix}_XDR_LB"),
        Field("subjectUscc", Type.TEXT, "行政相对人代码_1", "Unified social credit code.", group, length=18, basis=law,
              standard=f"{prefix}_XDR_SHXYM"),
        Field("subjectRegistrationNumber", Type.TEXT, "行政相对人代码_2", "Business registration number.", group, length=50,
              basis=law, standard=f"{prefix}_XDR_GSZC"),
        Field("subjectOrganizationCode", Type.TEXT, "行政相对人代码_3", "Organization code.", group, length=9, basis=law,
              standard=f"{prefix}_XDR_ZZJG"),
        Field("subjectTaxNumber", Type.TEXT, "行政相对人代码_4", "Tax registration number.", group, length=15, basis=law,
              standard=f"{prefix}_XDR_SWDJ"),
        Field("subjectInstitutionCertificate", Type.TEXT, "行政相对人代码_5", "Public-institution certificate number.", group,
              length=12, basis=law, standard=f"{prefix}_XDR_SYDW"),
        Field("subjectSocialCertificate", Type.TEXT, "行政相对人代码_6", "Social-organization certificate number.", group,
              length=50, basis=law, standard=f"{prefix}_XDR_SHZZ"),
        Field("representativeName", Type.TEXT, "法定代表人", "Legal representative or operator as the decision gives it.",
              "representative.name", sealing=Sealing.ALWAYS, mask=Mask.NAME, length=50, basis=law, standard=f"{prefix}_FRDB"),
        Field("representativeIdType", Type.CODE, "法定代表人证件类型", "Kind of the representative's paper.",
              "representative.idNumber", disclosure=Disclosure.GOV_SHARED, values=PAPER_TYPES, length=64,
              basis=NEVER_PUBLISHED, standard=f"{prefix}_FR_ZJLX"),
        Field("representativeIdNumber", Type.TEXT, "法定代表人证件号码", "Number of the representative's paper.",
              "representative.idNumber", disclosure=Disclosure.GOV_SHARED, sealing=Sealing.ALWAYS, mask=Mask.ID_NUMBER,
              length=64, basis=NEVER_PUBLISHED, standard=f"{prefix}_FR_ZJHM", sensitive=True),
        Field("subjectIdType", Type.CODE, "证件类型", "Kind of a natural person's paper.", "person.idNumber",
              disclosure=Disclosure.GOV_SHARED, values=PAPER_TYPES, length=64, basis=NEVER_PUBLISHED,
              standard=f"{prefix}_XDR_ZJLX"),
        Field("subjectIdNumber", Type.TEXT, "证件号码", "Number of a natural person's paper.", "person.idNumber",
              disclosure=Disclosure.GOV_SHARED, sealing=Sealing.ALWAYS, mask=Mask.ID_NUMBER, length=64,
              basis=NEVER_PUBLISHED, standard=f"{prefix}_XDR_ZJHM", sensitive=True),
    )  # fmt: skip


def holder(law: str, group: str) -> tuple[Field, ...]:
    """Whose a record is, where no standard gives a block for it: as the document names it."""
    return (
        Field("subjectName", Type.TEXT, "主体名称", "Name of the subject as the document gives it.", "subject.name",
              sealing=Sealing.PERSONS, mask=Mask.NAME, required=True, basis=law),
        Field("subjectUscc", Type.TEXT, "主体统一社会信用代码", "Its unified social credit code; a person has none.", group,
              length=18, basis=law),
    )  # fmt: skip


def deciding(law: str, group: str, organ: str = "决定机关") -> tuple[Field, ...]:
    """Who decided, and from which unit the data came; ``organ`` is the Chinese word for who decides."""
    return (
        Field("organ", Type.TEXT, organ, "Who decided, as the document names it.", group, required=True, basis=law),
        Field("organCode", Type.TEXT, f"{organ}统一社会信用代码", "Its unified social credit code.", group, required=True,
              length=18, basis=law),
        Field("sourceUnit", Type.TEXT, "数据来源单位", "The unit the data came from.", group, required=True, basis=law),
        Field("sourceUnitCode", Type.TEXT, "数据来源单位统一社会信用代码", "Its unified social credit code.", group,
              required=True, length=18, basis=law),
    )  # fmt: skip


def record_marks(group: str) -> tuple[Field, ...]:
    """What every record says of itself: its standing, the disputed mark, its windows."""
    return (
        Field("standing", Type.CODE, "披露状态", "CURRENT; LAPSED: past its validity; NO_LONGER_DISCLOSED: told to its subject only.",
              group, derived=True, values=("CURRENT", "LAPSED", "NO_LONGER_DISCLOSED"), basis="NDRC Order 36 art. 3"),
        Field("disputed", Type.BOOLEAN, "异议处理中", "An objection to this record is open.", "disputed", derived=True,
              basis="Reg. 631 art. 25"),
        Field("disputedOn", Type.DATE, "异议标注日期", "Since when it is disputed.", "disputed", basis="Reg. 631 art. 25"),
        Field("statement", Type.TEXT, "主体说明", "What its subject says to it; released by its provider.", "statement",
              free_text=True, length=2000, platform=True, basis="Reg. 631 art. 16"),
        Field("statementOn", Type.DATE, "说明日期", "Since when there is a statement.", "disputed", platform=True,
              basis="Reg. 631 art. 16"),
        Field("publishedUntil", Type.DATE, "公示截止期", "Publication must stop after this day; null: no end given.", group,
              basis="NDRC Order 36", standard="CF_GSJZQ"),
        Field("receivedAt", Type.DATETIME, "归集时间", "When the platform received this version.", group, required=True,
              basis="Shandong art. 37"),
    )  # fmt: skip


REMARK = Field(
    "remark",
    Type.TEXT,
    "备注",
    "Remark of the department.",
    "remark",
    disclosure=Disclosure.INTERNAL,
    length=512,
    basis="双公示 standard",
    standard="BZ",
)

PROVIDER = Link(
    "provider", "department", "数据提供部门", "The department that provided the row.", many=False, group="department"
)
LICENSES = Link(
    "licenses", "license", "行政许可", "Administrative licenses, newest decision first.", many=True, connection=True
)
PENALTIES = Link(
    "penalties", "penalty", "行政处罚", "Administrative penalties, newest decision first.", many=True, connection=True
)
IDENTIFIERS = Link("identifiers", "identifier", "代码", "Every identifier, current and historical.", many=True)
CASES = Link("cases", "case", "案件", "What was filed, newest first.", many=True, connection=True)
EVIDENCE = Link(
    "evidence", "evidence", "证据材料", "Files that were added to it, newest first.", many=True, connection=True
)

LISTINGS = Link(
    "listings", "listing", "名单", "Lists it is or was on, newest decision first.", many=True, connection=True
)
IRREGULARITIES = Link(
    "irregularities", "irregularity", "经营异常名录", "Entries as irregular, newest first.", many=True, connection=True
)
RATINGS = Link("ratings", "rating", "信用评价", "Ratings received, newest first.", many=True, connection=True)
COMMITMENTS = Link("commitments", "commitment", "信用承诺", "Commitments, newest first.", many=True, connection=True)
HONORS = Link("honors", "honor", "荣誉", "Honors, newest first.", many=True, connection=True)
JUDGMENTS = Link("judgments", "judgment", "司法执行", "Court enforcement, newest first.", many=True, connection=True)
REPAIRS = Link("repairs", "repair", "信用修复", "Decisions on repair, newest first.", many=True, connection=True)

# What every subject may have, and what only a body that runs a business can (a person is never rated: domain.md §13 R3).
RECORDS = (LICENSES, PENALTIES, LISTINGS, COMMITMENTS, HONORS, JUDGMENTS, REPAIRS)
RECORDS_OF_BODIES = (IRREGULARITIES, RATINGS)
