"""司法裁判及执行: court enforcement (policy table, row 31).

The names of other parties stand nowhere, hence no field that holds text from a court's document; ``cause`` is the 案由 of
the Supreme People's Court's list, which names nobody.
"""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "judgment.fields"
LAW = "法释〔2017〕7号; 全国公共信用信息基础目录: 司法裁判及执行信息"

JUDGMENT = Kind(
    name="judgment",
    type_name="Judgment",
    plural="judgments",
    zh="司法裁判及执行",
    en="A case of court enforcement.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="judgment",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    fields=(
        *holder(LAW, GROUP),
        Field("documentNumber", Type.TEXT, "执行案号", "Number of the case of enforcement.", GROUP, required=True, length=128,
              basis=LAW),
        Field("titleNumber", Type.TEXT, "执行依据文号", "Number of the document that is enforced.", GROUP, length=128, basis=LAW),
        Field("cause", Type.TEXT, "案由", "Cause of action, a word of the court's list.", GROUP, required=True, length=100,
              basis=LAW),
        Field("amount", Type.DECIMAL, "执行标的(万元)", "Amount enforced in units of 10,000 yuan.", GROUP, basis=LAW),
        Field("decidedOn", Type.DATE, "立案日期", "When enforcement was opened.", GROUP, required=True, basis=LAW),
        Field("performance", Type.CODE, "履行情况", "全部未履行, 部分未履行, 全部履行.", GROUP, required=True, basis=LAW,
              values=("NOT_PERFORMED", "PARTLY_PERFORMED", "PERFORMED")),
        Field("closedOn", Type.DATE, "结案日期", "When enforcement was closed.", GROUP, basis=LAW),
        Field("officialSite", Type.TEXT, "官方查询网址", "The court's own site.", GROUP, basis=LAW),
        *deciding(LAW, GROUP, "执行法院"),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
