"""查询记录: the entries of the access log, as those may read them whom they concern (policy table, row 39).

One row for each subject that an entry is about, and one for an entry about nobody. Subjects stand here as they stand in
the log: as pseudonyms. What a row is about does not change who may see it, so all have one class of subjects; an entry
about several subjects is MINOR, since as a whole it would tell of the others.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "access"
ENTRY_GROUP = "access.entry"
LAW = "Reg. 631 art. 22; PIPL art. 44"
_INTERNAL = Disclosure.INTERNAL

ACCESS = Kind(
    name="access",
    type_name="AccessEntry",
    plural="accesses",
    zh="查询记录",
    en="An access as the log holds it: who asked, on what ground, what was shown, or that it was refused.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL,),
    standings=(Standing.ORDINARY, Standing.MINOR),
    group=GROUP,
    order=("at",),
    filed=True,
    logged=True,
    node=False,
    owned_by="institution",
    fields=(
        Field("origin", Type.TEXT, "日志", "The log that holds it, as on its checkpoints.", GROUP, required=True, basis=LAW),
        Field("index", Type.TEXT, "日志序号", "Its place in that log, from 0.", GROUP, required=True, length=20, basis=LAW),
        Field("at", Type.DATETIME, "查询时间", "When it was asked.", GROUP, required=True, basis=LAW),
        Field("day", Type.DATE, "查询日期", "The day, in Beijing.", GROUP, required=True, basis=LAW),
        Field("role", Type.TEXT, "角色", "As what somebody asked.", GROUP, length=32, basis=LAW),
        Field("institution", Type.TEXT, "查询机构", "The institution: its registered client.", GROUP, basis=LAW),
        Field("institutionName", Type.TEXT, "机构名称", "Its name.", GROUP, basis=LAW),
        Field("unit", Type.TEXT, "查询部门", "Code of the department.", GROUP, length=32, basis=LAW),
        Field("unitName", Type.TEXT, "部门名称", "Its name.", GROUP, basis=LAW),
        Field("officer", Type.TEXT, "经办人编号", "Who asked, by the number that the institution gave.", "access.officer",
              basis=LAW),
        Field("purposes", Type.WORDS, "查询目的", "Why, as it was said; one for each ground.", GROUP, basis=LAW),
        Field("consents", Type.WORDS, "授权编号", "The consents that were named.", GROUP, basis=LAW),
        Field("matters", Type.WORDS, "行政事项", "The matters that were named: kind, number, legal basis.", GROUP, basis=LAW),
        Field("roots", Type.WORDS, "查询入口", "Which fields of the schema's root were asked.", GROUP, basis=LAW),
        Field("document", Type.TEXT, "查询文档", "SHA-256 of the document, in hex.", GROUP, length=64, basis=LAW),
        Field("kinds", Type.WORDS, "记录类别", "Of which kinds rows were read.", GROUP, basis=LAW),
        Field("clear", Type.WORDS, "明文字段", "Fields that were shown in clear.", GROUP, basis=LAW),
        Field("masked", Type.WORDS, "脱敏字段", "Fields that were shown masked.", GROUP, basis=LAW),
        Field("withheld", Type.WORDS, "未显示字段", "Fields that were asked for and not shown.", GROUP, basis=LAW),
        Field("outcome", Type.TEXT, "结果", "DISCLOSED, PERFORMED, EMPTY or REFUSED.", GROUP, length=32, basis=LAW),
        Field("code", Type.TEXT, "错误码", "Why it was refused.", GROUP, length=64, basis=LAW),
        Field("policy", Type.TEXT, "策略版本", "Hash of the policy that decided.", GROUP, length=64, basis=LAW),
        Field("subject", Type.TEXT, "主体代号", "The subject's pseudonym in this engagement, 32 hex digits.", "access.subject",
              disclosure=_INTERNAL, length=32, pseudonym=True, basis=LAW),
        Field("commitment", Type.TEXT, "承诺值", "The data of the leaf: SHA-256 of salt and body, in base64.", GROUP, derived=True,
              basis=LAW),
        Field("body", Type.TEXT, "日志原文", "The entry itself, as it was hashed; null once lawfully destroyed.", ENTRY_GROUP,
              disclosure=_INTERNAL, derived=True, basis=LAW),
        Field("salt", Type.TEXT, "盐值", "The salt that was hashed with it, in base64.", ENTRY_GROUP, disclosure=_INTERNAL,
              derived=True, basis=LAW),
    ),
)  # fmt: skip
