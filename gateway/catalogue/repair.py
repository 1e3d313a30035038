"""信用修复: decisions on repair (NDRC Order 36; domain.md §5).

A repair would tell of what it repairs, which nobody but the subject may see any more (Order 36 art. 3): its rows are
decided like the rows that ended (policy table, row 33).
"""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "repair.fields"
LAW = "NDRC Order 36"

REPAIR = Kind(
    name="repair",
    type_name="Repair",
    plural="repairs",
    zh="信用修复",
    en="A decision on repair and what was done by it.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="repair",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    fields=(
        *holder(LAW, GROUP),
        Field("form", Type.CODE, "修复形式", "移出严重失信主体名单, 终止公示行政处罚信息, 修复其他失信信息.", GROUP, required=True,
              values=("DELISTING", "END_OF_PUBLICATION", "OTHER"), basis="NDRC Order 36 art. 4"),
        Field("documentNumber", Type.TEXT, "修复决定书文号", "Number of the decision.", GROUP, required=True, length=128,
              basis=LAW),
        Field("repairedDocumentNumber", Type.TEXT, "失信信息文号", "Number of the document whose record is repaired.", GROUP,
              required=True, length=128, basis=LAW),
        Field("appliedOn", Type.DATE, "申请日期", "When it was applied for.", GROUP, basis=LAW),
        Field("acceptedOn", Type.DATE, "受理日期", "When the application was accepted.", GROUP, basis=LAW),
        Field("decidedOn", Type.DATE, "决定日期", "Date of the decision.", GROUP, required=True, basis=LAW),
        Field("outcome", Type.CODE, "修复结果", "Granted or refused (准予, 不予).", GROUP, required=True,
              values=("GRANTED", "REFUSED"), basis=LAW),
        Field("reason", Type.TEXT, "理由", "Why.", "text", free_text=True, length=4000, basis=LAW),
        Field("publicationEndedOn", Type.DATE, "终止公示日期", "When publication stopped.", GROUP, basis="NDRC Order 36 art. 3"),
        Field("sharingEndedOn", Type.DATE, "停止共享日期", "When sharing and use stopped.", GROUP, basis="NDRC Order 36 art. 3"),
        Field("measuresEndedOn", Type.DATE, "解除措施日期", "When measures were lifted.", GROUP, basis="NDRC Order 36 art. 3"),
        *deciding(LAW, GROUP),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
