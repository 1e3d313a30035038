"""案件: what somebody has filed, as its parties and its handler see it (policy table, row 36).

A case is made on the platform, in the transaction of a mutation, and never by intake.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "case"
OBJECTION_LAW = "Reg. 631 art. 25"

CASE = Kind(
    name="case",
    type_name="Case",
    plural="cases",
    zh="案件",
    en="A case: an objection to a record, or a complaint.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("filedOn",),
    filed=True,
    fields=(
        Field("kind", Type.CODE, "案件类别", "What is wanted.", GROUP, required=True, values=("OBJECTION", "COMPLAINT"),
              basis="Reg. 631 arts 25, 26"),
        Field("state", Type.CODE, "案件状态", "Where it stands.", GROUP, required=True, values=("FILED", "ROUTED"),
              basis=OBJECTION_LAW),
        Field("filedOn", Type.DATE, "提出日期", "The day on which it was filed, in Beijing.", GROUP, required=True,
              basis=OBJECTION_LAW),
        Field("deadlineOn", Type.DATE, "办理期限", "The last day on which it may be answered.", GROUP, required=True,
              basis=OBJECTION_LAW),
        Field("deadlineProvisional", Type.BOOLEAN, "期限暂定", "The holidays of the year of the deadline are not known yet.",
              GROUP, required=True, basis="Civil Code arts 201-203"),
        Field("recordKind", Type.TEXT, "异议记录类别", "Of an objection: the kind of the record.", GROUP, length=32,
              basis=OBJECTION_LAW),
        Field("field", Type.TEXT, "异议数据项", "Of an objection: the field that is said to be wrong; null: the whole record.",
              GROUP, length=64, basis=OBJECTION_LAW),
        Field("against", Type.TEXT, "被投诉方", "Of a complaint: whom it is about.", GROUP, basis="Reg. 631 art. 26"),
        Field("department", Type.TEXT, "承办部门代码", "Code of the department that must answer; null: with nobody yet.", GROUP,
              length=32, basis=OBJECTION_LAW),
        Field("closedAt", Type.DATETIME, "办结时间", "When it was closed; null: it is open.", GROUP, basis=OBJECTION_LAW),
        Field("claim", Type.TEXT, "异议内容 / 投诉事实", "What is claimed, in the words of who filed it.", "case.claim",
              disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=5000, basis=OBJECTION_LAW),
    ),
)  # fmt: skip
