"""撤下: which published records must be taken down again, for whoever keeps copies of the feeds (APL art. 48; Order 36).

The record's id and the time, nothing else: neither what it said nor why it went. The database writes a row whenever a
record of a feed is no longer public: by its status, or because a day that it told was brought forward and is over. A
``publishedUntil`` or ``exitedOn`` that simply comes is no news and stands in the record itself.
"""

from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

LAW = "APL arts 48, 85; NDRC Order 36 art. 3"

WITHDRAWAL = Kind(
    name="withdrawal",
    type_name="Withdrawal",
    plural="withdrawals",
    zh="撤下",
    en="A record that was public and is not any more.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    standings=(Standing.ORDINARY,),
    group="withdrawal",
    order=("withdrawnAt",),
    filed=True,
    node=False,
    feed=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    feed_by="withdrawnAt",
    fields=(
        Field("record", Type.TEXT, "记录标识", "The opaque id of the record, as `node` and the feeds give it.", "withdrawal",
              derived=True, basis=LAW),
        Field("recordKind", Type.TEXT, "记录类别", "Its kind.", "withdrawal", required=True, length=32, basis=LAW),
        Field("withdrawnAt", Type.DATETIME, "撤下时间", "Since when it is not public.", "withdrawal", required=True, basis=LAW),
    ),
)  # fmt: skip
