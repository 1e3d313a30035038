"""授权书: what a subject allows an institution to ask about it (policy table, row 38; Reg. 631 arts 18-20, PIPL art. 23).

A consent is made on the platform, by its subject (assurance A) or registered by the institution that it was given to: B
on an electronic signature that was verified, C on a scan that the institution asserts. Its state is worked out whenever
it is looked at, by the same function of the database that decides whether it covers anything.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "consent"
LAW = "Reg. 631 arts 18-20; PIPL arts 14, 15, 23"

CONSENT = Kind(
    name="consent",
    type_name="Consent",
    plural="consents",
    zh="授权",
    en="What a subject allows one institution to ask about it: for which purposes, of which kinds of data, how long.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("givenAt",),
    filed=True,
    owned_by="consumer",
    fields=(
        Field("number", Type.TEXT, "授权编号", "By what `access.consent` names it.", GROUP, required=True, length=128, basis=LAW),
        Field("consumer", Type.TEXT, "被授权机构", "The institution that may ask: its registered client. It cannot pass it on.",
              GROUP, required=True, basis="Reg. 631 art. 20"),
        Field("purposes", Type.WORDS, "授权用途", "What for: words of Purpose.", GROUP, required=True, basis=LAW),
        Field("kinds", Type.WORDS, "授权范围", "Of which kinds of data.", GROUP, required=True, basis=LAW),
        Field("single", Type.BOOLEAN, "单次授权", "It is good for one use.", GROUP, required=True, basis=LAW),
        Field("assurance", Type.CODE, "授权可信等级", "How it was given.", GROUP, required=True, values=("A", "B", "C"),
              basis="Electronic Signature Law arts 13, 14"),
        Field("state", Type.CODE, "授权状态", "Whether it covers anything now.", GROUP, derived=True, basis=LAW,
              values=("WAITING", "ACTIVE", "USED_UP", "SUSPENDED", "WITHDRAWN", "EXPIRED", "ENDED")),
        Field("givenAt", Type.DATETIME, "授权时间", "When it was given or registered.", GROUP, required=True, basis=LAW),
        Field("validFrom", Type.DATETIME, "生效时间", "From when it counts; a scan waits.", GROUP, required=True, basis=LAW),
        Field("validUntil", Type.DATETIME, "失效时间", "Until when it counts.", GROUP, required=True, basis=LAW),
        Field("withdrawnAt", Type.DATETIME, "撤回时间", "When it was withdrawn.", GROUP, basis="PIPL art. 15"),
        Field("withdrawnBy", Type.CODE, "撤回方", "By whom it was withdrawn or given back.", GROUP,
              values=("SUBJECT", "CONSUMER"), basis="PIPL art. 15"),
        Field("uses", Type.COUNT, "使用次数", "How often it was used, of those uses that are counted (see `useKey`).", GROUP,
              derived=True, basis=LAW),
        Field("evidence", Type.TEXT, "授权凭证", "Of what was registered: the digests (SHA-256) of the text that was signed and of the "
              "certificate, its issuer and serial number, place and time of the signing; or the digest of the scan. JSON.", "consent.evidence",
              disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=40_000, basis=LAW),
    ),
)  # fmt: skip
