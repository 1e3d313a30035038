"""经营异常名录: entries as irregular, until corrected (企业信息公示暂行条例 art. 17; policy table, row 26)."""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "irregularity.fields"
LAW = "企业信息公示暂行条例 art. 17"

IRREGULARITY = Kind(
    name="irregularity",
    type_name="Irregularity",
    plural="irregularities",
    zh="经营异常名录",
    en="An entry in a register of irregularities.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="irregularity",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    fields=(
        *holder(LAW, GROUP),
        Field("register", Type.CODE, "名录类别", "Of enterprises, individual businesses, social organizations, institutions.",
              GROUP, required=True, basis=LAW,
              values=("ENTERPRISE", "INDIVIDUAL_BUSINESS", "SOCIAL_ORGANIZATION", "PUBLIC_INSTITUTION")),
        Field("documentNumber", Type.TEXT, "列入决定书文号", "Number of the decision to enter it.", GROUP, required=True,
              length=128, basis=LAW),
        Field("cause", Type.CODE, "列入情形", "Which duty was not fulfilled.", GROUP, required=True, basis=LAW,
              values=("ANNUAL_REPORT", "ORDERED_DISCLOSURE", "FALSE_DISCLOSURE", "UNREACHABLE", "OTHER")),
        Field("reason", Type.TEXT, "列入原因", "Why it was entered, in words.", "text", free_text=True, length=2000, basis=LAW),
        Field("legalBasis", Type.TEXT, "列入依据", "Law and article.", GROUP, required=True, length=2048, basis=LAW),
        Field("decidedOn", Type.DATE, "列入日期", "Date of the decision.", GROUP, required=True, basis=LAW),
        Field("exitedOn", Type.DATE, "移出日期", "Since when it is out; past: no longer disclosed.", GROUP, basis=LAW),
        Field("exitReason", Type.CODE, "移出原因", "Duty fulfilled, revoked, corrected (履行义务, 撤销, 更正).", GROUP,
              values=("FULFILLED", "REVOKED", "CORRECTED"), basis=LAW),
        Field("exitDocumentNumber", Type.TEXT, "移出决定书文号", "Number of the decision to remove.", GROUP, length=128,
              basis=LAW),
        *deciding(LAW, GROUP),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
