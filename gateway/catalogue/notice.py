"""通知: one notice for one recipient of one change of a record (domain: 更正后的告知; policy table, row 39).

Whoever read a version that turned out to be wrong is told that it was, the subject too. A notice carries no value,
neither the old nor the new: it names the record by the id that the reader knows, and what the reader may still see of it
is asked for at the same door as ever. A basis that has ended since thus shows nothing, and needs no rule of its own.
"""

from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "notice"
LAW = "Reg. 631 art. 25; PIPL art. 46"
CHANGES = (
    *("CORRECTED", "SUPPLEMENTED", "DISCLOSURE_ENDED", "REPAIRED", "REVOKED", "UPSTREAM_CHANGED", "BROUGHT_BACK"),
)
STATES = ("NEW", "DELIVERED", "ACKNOWLEDGED", "ESCALATED", "UNDELIVERABLE")

NOTICE = Kind(
    name="notice",
    type_name="Notice",
    plural="notices",
    zh="通知",
    en="A notice to one recipient: a record that was read has changed since.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("createdAt",),
    filed=True,
    fields=(
        Field("state", Type.CODE, "通知状态", "Where it stands.", GROUP, required=True, values=STATES, basis=LAW),
        Field("what", Type.CODE, "变更类型", "What became of the record.", GROUP, required=True, values=CHANGES, basis=LAW),
        Field("record", Type.TEXT, "记录标识", "The opaque id of the record, as `node` gives it to this reader.",
              "notice.record", derived=True, basis=LAW),
        Field("recordKind", Type.TEXT, "记录类别", "Its kind.", GROUP, required=True, length=32, basis=LAW),
        Field("changed", Type.WORDS, "变更数据项", "Which fields were wrong, where that is known; never a value.", GROUP, basis=LAW),
        Field("institution", Type.TEXT, "接收机构", "Who is told: a registered client; null: the subject itself.", GROUP,
              basis=LAW),
        Field("institutionName", Type.TEXT, "机构名称", "Its name.", GROUP, basis=LAW),
        Field("createdAt", Type.DATETIME, "通知时间", "When it was made.", GROUP, required=True, basis=LAW),
        Field("dueOn", Type.DATE, "确认期限", "The last day on which it may be acknowledged; null: it need not be.", GROUP,
              basis=LAW),
        Field("deliveredAt", Type.DATETIME, "送达时间", "When the recipient's address took it.", GROUP, basis=LAW),
        Field("acknowledgedAt", Type.DATETIME, "确认时间", "When the recipient acknowledged it.", GROUP, basis=LAW),
        Field("escalatedAt", Type.DATETIME, "上报时间", "Since when it is with the desk: not acknowledged, or not deliverable.",
              GROUP, basis=LAW),
    ),
)  # fmt: skip
