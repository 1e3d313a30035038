"""信用评价: ratings received from the competent department, never computed or merged here (domain.md §4; rows 27, 28).

A scheme's row says whether its ratings are public; one that is not makes its ratings ``MINOR``. Persons are not rated.
"""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Link, Owner, Standing, SubjectClass, Type

GROUP = "rating.fields"
LAW = "国办发〔2026〕8号; rules of the scheme"

SCHEME = Kind(
    name="scheme",
    type_name="RatingScheme",
    plural="schemes",
    zh="评价办法",
    en="A scheme of rating: whose, which grades, whether its ratings are public.",
    library="公共",
    owner=Owner.NONE,
    classes=(SubjectClass.LEGAL,),
    standings=(Standing.ORDINARY,),
    group="scheme",
    node=False,
    fields=(
        Field("code", Type.TEXT, "办法代码", "Code of the scheme on the platform.", "scheme", required=True, length=32),
        Field("name", Type.TEXT, "名称", "Name.", "scheme", required=True),
        Field("version", Type.TEXT, "版本", "The rule it follows, with its year.", "scheme", required=True),
        Field("grades", Type.TEXT, "等级", "Its grades, best first, parted by spaces.", "scheme", required=True),
        Field("disclosure", Type.CODE, "公开属性", "How far its ratings reach.", "scheme", required=True,
              values=("PUBLIC", "GOV_SHARED", "AUTHORIZED", "INTERNAL")),
        Field("published", Type.BOOLEAN, "是否公开", "Whether its ratings are public.", "scheme", derived=True),
        Field("source", Type.TEXT, "依据", "Where that is said.", "scheme", required=True, length=500),
        Field("verified", Type.BOOLEAN, "已核实", "Whether the source was read.", "scheme", required=True),
        Field("validFrom", Type.DATE, "有效期自", "First day in force.", "scheme", required=True),
        Field("validUntil", Type.DATE, "有效期至", "Last day in force; null: still in force.", "scheme"),
    ),
)  # fmt: skip

RATING = Kind(
    name="rating",
    type_name="Rating",
    plural="ratings",
    zh="信用评价",
    en="A rating as received from the competent department.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    standings=(Standing.ORDINARY, Standing.MINOR, Standing.ENDED),
    group="rating",
    natural_key=("scheme", "year", "organCode"),
    order=("decidedOn",),
    reserved_by="scheme",
    fields=(
        *holder(LAW, GROUP),
        Field("year", Type.TEXT, "评价年度", "Year that was rated.", GROUP, required=True, length=4, basis=LAW),
        Field("grade", Type.TEXT, "评价等级", "Grade, a word of the scheme.", GROUP, required=True, length=32, basis=LAW),
        Field("score", Type.DECIMAL, "评价分值", "Score, if the scheme gives one.", "rating.score", basis=LAW),
        Field("decidedOn", Type.DATE, "评定日期", "When it was decided.", GROUP, required=True, basis=LAW),
        Field("validFrom", Type.DATE, "有效期自", "First day of validity.", GROUP, basis=LAW),
        Field("validUntil", Type.DATE, "有效期至", "Last day of validity; null: none given.", GROUP, basis=LAW),
        Field("appeal", Type.CODE, "申诉状态", "Where an appeal to the department stands.", GROUP,
              values=("NONE", "OPEN", "UPHELD", "CHANGED"), basis=LAW),
        *deciding(LAW, GROUP, "评定机关"),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER, Link("scheme", "scheme", "评价办法", "The scheme it follows.", many=False, group="scheme")),
)  # fmt: skip
