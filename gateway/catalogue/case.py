"""案件: what somebody has filed, as its parties and its handler see it (policy table, row 36).

A case is made on the platform, in the transaction of a mutation, and never by intake. What it says in words, and which
record it is about, is for its party and whoever handles it; that there is one, and where it stands, the desk knows too.
"""

from gateway.catalogue.common import EVIDENCE
from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "case"
TEXTS = "case.claim"
OBJECTION_LAW = "Reg. 631 art. 25"
REPAIR_LAW = "NDRC Order 36 art. 3"


def _text(name: str, zh: str, en: str, length: int = 5000) -> Field:
    """A text of the file, sealed under the key of the party."""
    return Field(name, Type.TEXT, zh, en, TEXTS, disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=length,
                 basis=OBJECTION_LAW)  # fmt: skip


CASE = Kind(
    name="case",
    type_name="Case",
    plural="cases",
    zh="案件",
    en="A case: what somebody has filed, and what came of it.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("filedOn",),
    filed=True,
    fields=(
        Field("kind", Type.CODE, "案件类别", "What is wanted.", GROUP, required=True,
              values=("OBJECTION", "REVIEW", "COMPLAINT", "REPORT", "REPAIR", "ERASURE", "COPY", "STATEMENT"),
              basis="Reg. 631 arts 16, 25, 26; PIPL arts 45-47; NDRC Order 36"),
        Field("state", Type.CODE, "案件状态", "Where it stands.", GROUP, required=True,
              values=("FILED", "ROUTED", "SUPPLEMENT_REQUESTED", "ACCEPTED", "ANSWERED", "APPROVED", "DECLINED", "DECIDED",
                      "EXECUTED", "WITHDRAWN", "REVERSED"),
              basis=OBJECTION_LAW),
        Field("filedOn", Type.DATE, "提出日期", "The day on which it was filed, in Beijing.", GROUP, required=True,
              basis=OBJECTION_LAW),
        Field("deadlineOn", Type.DATE, "办理期限", "The last day on which it may be answered.", GROUP, required=True,
              basis=OBJECTION_LAW),
        Field("deadlineProvisional", Type.BOOLEAN, "期限暂定", "The holidays of the year of the deadline are not known yet.",
              GROUP, required=True, basis="Civil Code arts 201-203"),
        Field("recordKind", Type.TEXT, "涉及记录类别", "The kind of the record that it is about.", GROUP, length=32,
              basis=OBJECTION_LAW),
        Field("record", Type.TEXT, "涉及记录", "The opaque id of the record that it is about.", TEXTS, derived=True,
              disclosure=Disclosure.INTERNAL, basis=OBJECTION_LAW),
        Field("field", Type.TEXT, "异议数据项", "Of an objection: the field that is said to be wrong; null: the whole record.",
              GROUP, length=64, basis=OBJECTION_LAW),
        Field("against", Type.TEXT, "被投诉方", "Of a complaint or report: whom it is about.", GROUP, basis="Reg. 631 art. 26"),
        Field("department", Type.TEXT, "承办部门代码", "Code of the department that must answer; null: with nobody yet.", GROUP,
              length=32, basis=OBJECTION_LAW),
        Field("outcome", Type.CODE, "处理结果", "With what it was decided.", GROUP,
              values=("CORRECTED", "SUPPLEMENTED", "DISCLOSURE_ENDED", "REVOKED", "KEPT", "UNVERIFIABLE", "UPHELD", "NOT_UPHELD",
                      "REFERRED", "SETTLED", "APPROVED", "REFUSED", "REVERSED", "DELETED", "RESTRICTED", "GIVEN",
                      "ATTACHED"),
              basis=OBJECTION_LAW),
        Field("acceptedOn", Type.DATE, "受理日期", "The day on which it was accepted.", GROUP, basis=OBJECTION_LAW),
        Field("closedAt", Type.DATETIME, "办结时间", "When it was closed; null: it is open.", GROUP, basis=OBJECTION_LAW),
        Field("history", Type.WORDS, "办理经过", "What happened to it, as day and step, the oldest first.", GROUP,
              basis=OBJECTION_LAW),
        Field("publicationEndedAt", Type.DATETIME, "终止公示时间", "Of a repair: when publication stopped.", GROUP,
              basis=REPAIR_LAW),
        Field("sharingEndedAt", Type.DATETIME, "停止共享时间", "Of a repair: when sharing and use stopped.", GROUP,
              basis=REPAIR_LAW),
        Field("measuresEndedAt", Type.DATETIME, "解除措施时间", "Of a repair: when measures were lifted.", GROUP,
              basis=REPAIR_LAW),
        _text("claim", "异议内容 / 投诉事实", "What is claimed, in the words of who filed it."),
        _text("supplement", "补充材料", "What its party has added, the oldest first.", 50_000),
        _text("request", "补正要求", "What its party was asked to add."),
        _text("answer", "答复意见", "What the department says it has found."),
        _text("decision", "处理决定", "The decision, with its reasons."),
        _text("copy", "档案副本", "Of a copy: the file as its subject may see it, as JSON.", 5_000_000),
        Field("escalatedAt", Type.DATETIME, "督办时间", "When it was put before who stands above its department; null: it was not.",
              GROUP, basis="product default"),
        Field("overdueAt", Type.DATETIME, "逾期时间", "When its deadline was over without an answer; null: it was not.", GROUP,
              basis=OBJECTION_LAW),
    ),
    links=(EVIDENCE,),
)  # fmt: skip
