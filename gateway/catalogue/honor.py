"""荣誉: honors for honesty, after their notice period (domain.md §3.3; Henan art. 28; policy table, row 30)."""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "honor.fields"
LAW = "全国公共信用信息基础目录: 诚实守信相关荣誉信息; Henan art. 28"

HONOR = Kind(
    name="honor",
    type_name="Honor",
    plural="honors",
    zh="诚实守信相关荣誉",
    en="An honor.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="honor",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    fields=(
        *holder(LAW, GROUP),
        Field("title", Type.TEXT, "荣誉名称", "Name of the honor.", GROUP, required=True, basis=LAW),
        Field("level", Type.CODE, "荣誉级别", "Who gives it: nation, province, city, county.", GROUP, required=True, basis=LAW,
              values=("NATIONAL", "PROVINCIAL", "CITY", "COUNTY")),
        Field("documentNumber", Type.TEXT, "认定文号", "Number of the decision.", GROUP, required=True, length=128, basis=LAW),
        Field("merits", Type.TEXT, "主要事迹", "What it is given for.", "text", free_text=True, length=4000, basis=LAW),
        Field("noticedFrom", Type.DATE, "公示期自", "First day of the notice period.", GROUP, basis=LAW),
        Field("noticedUntil", Type.DATE, "公示期至", "Last day of the notice period.", GROUP, basis=LAW),
        Field("decidedOn", Type.DATE, "认定日期", "Date of the decision.", GROUP, required=True, basis=LAW),
        Field("endsOn", Type.DATE, "有效期至", "Last day for which it is given; null: without end.", GROUP, basis=LAW),
        *deciding(LAW, GROUP, "认定机关"),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
