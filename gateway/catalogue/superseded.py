"""历史版本: what a row was before it was changed, for those whom it still concerns (policy table, row 33).

One row for each version that another one took the place of, by a decision or by a file of its department. What the old
row said is sealed in three texts, each a JSON object by the names of the catalogue, because three circles may read it:
what the subject itself is shown of such a row, the original texts, and all that is left (``rights.superseded``). MINOR
is a version of a row that was for internal use only: its subject was never shown it, and is not now.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "superseded"
LAW = "Reg. 631 art. 25; NDRC Order 36 art. 3"
_INTERNAL = Disclosure.INTERNAL

SUPERSEDED = Kind(
    name="superseded",
    type_name="SupersededVersion",
    plural="supersededVersions",
    zh="历史版本",
    en="A version of a row that another one took the place of; it is no longer disclosed.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.MINOR),
    group=GROUP,
    order=("supersededAt",),
    filed=True,
    archived=True,
    fields=(
        Field("record", Type.TEXT, "记录标识", "The opaque id of the row that it was a version of.", GROUP, derived=True,
              basis=LAW),
        Field("recordKind", Type.TEXT, "记录类别", "The kind of that row.", GROUP, required=True, length=32, basis=LAW),
        Field("recordVersion", Type.COUNT, "版本号", "Which version of it.", GROUP, required=True, basis=LAW),
        Field("supersededAt", Type.DATETIME, "替代时间", "Since when it is not disclosed any more.", GROUP, required=True,
              basis=LAW),
        Field("why", Type.CODE, "替代原因", "Why another one took its place.", GROUP, required=True, basis=LAW,
              values=("CORRECTED", "SUPPLEMENTED", "REPAIRED", "REVOKED", "DISCLOSURE_ENDED", "REPLACED")),
        Field("content", Type.TEXT, "历史内容", "What its subject was shown: a JSON object by the names of the fields.",
              "superseded.content", disclosure=_INTERNAL, sealing=Sealing.ALWAYS, required=True, basis=LAW),
        Field("texts", Type.TEXT, "历史文本原文", "Its original texts, likewise; null: it had none.", "superseded.texts",
              disclosure=_INTERNAL, sealing=Sealing.ALWAYS, basis=LAW),
        Field("reserved", Type.TEXT, "历史内部项", "What else it held: numbers of papers, remarks, where it came from; likewise.",
              "superseded.reserved", disclosure=_INTERNAL, sealing=Sealing.ALWAYS, required=True, basis=LAW,
              sensitive=True),
    ),
)  # fmt: skip
