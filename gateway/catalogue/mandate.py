"""授权代理: who may act for a subject, as what, how far and until when (policy table, row 38).

A mandate is made on the platform, in the transaction of a mutation. ``validFrom`` is null until it is verified: no
comparison with a null holds, so what was only proposed counts nowhere, whoever asks. A binding (PERSON) is one too: the
principal *is* the subject.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "mandate"
EVIDENCE = "mandate.evidence"
LAW = "Civil Code arts 161-173"
GUARDIANS = "Civil Code arts 27-36"
IDENTITY = "PIPL arts 44, 45, 50"

# PERSON: the principal itself. REPRESENTATIVE: as the registry names it. COUNTER: a clerk with the subject present.
BASES = ("PERSON", "REPRESENTATIVE", "GUARDIAN", "MANDATE", "COUNTER")
STATES = ("PROPOSED", "VERIFIED", "REVOKED", "ENDED")
# READ: what the subject sees. ACCESSES: who looked. FILE: cases in its name. CONSENT: giving and withdrawing consents.
SCOPE = ("READ", "ACCESSES", "FILE", "CONSENT")
RECORDED_BY = ("SUBJECT", "AGENT", "DESK", "COUNTER", "PLATFORM")
ENDED_FOR = ("WITHDRAWN", "GIVEN_BACK", "REJECTED", "REGISTRY", "UNBOUND")

MANDATE = Kind(
    name="mandate",
    type_name="Mandate",
    plural="mandates",
    zh="授权代理",
    en="A mandate: a principal who is a subject or may act for it.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("recordedOn",),
    filed=True,
    fields=(
        Field("basis", Type.CODE, "代理依据", "As what somebody acts.", GROUP, required=True, values=BASES, basis=LAW),
        Field("state", Type.CODE, "代理状态", "Whether it counts.", GROUP, derived=True, values=STATES, basis=LAW),
        Field("agent", Type.TEXT, "代理人标识", "Who may act: the subject of their tokens.", GROUP, length=255, basis=LAW),
        Field("scope", Type.WORDS, "代理权限", "How far: READ, ACCESSES, FILE, CONSENT; PERSON and REPRESENTATIVE: all of it.",
              GROUP, required=True, basis=LAW),
        Field("recordedBy", Type.CODE, "登记方", "Who recorded it.", GROUP, required=True, values=RECORDED_BY, basis=LAW),
        Field("recordedOn", Type.DATE, "登记日期", "The day on which it was recorded, in Beijing.", GROUP, required=True,
              basis=LAW),
        Field("verifyBy", Type.DATE, "核验期限", "Of a proposal: the last day on which it may be verified.", GROUP, basis=LAW),
        Field("validFrom", Type.DATETIME, "生效时间", "Since when it counts; null: it was not verified.", GROUP, basis=LAW),
        Field("validUntil", Type.DATETIME, "失效时间", "Until when; null: until it is revoked.", GROUP, basis=GUARDIANS),
        Field("revokedAt", Type.DATETIME, "撤销时间", "When it was revoked.", GROUP, basis=LAW),
        Field("endedFor", Type.CODE, "撤销原因", "Why.", GROUP, values=ENDED_FOR, basis=LAW),
        Field("document", Type.TEXT, "证明文件编号", "Number or hash of the power of attorney, the decision or the paper.",
              EVIDENCE, disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=200, basis=LAW),
        Field("subjectName", Type.TEXT, "被代理人名称", "Whom it is about, as who recorded it wrote the name.", EVIDENCE,
              disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=200, basis=IDENTITY),
    ),
)  # fmt: skip
