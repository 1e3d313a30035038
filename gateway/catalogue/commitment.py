"""信用承诺: commitments and whether they were kept (domain.md §12; policy table, row 29)."""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Disclosure, Field, Kind, Mask, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "commitment.fields"
LAW = "国办发〔2019〕35号; Jilin regulation"

COMMITMENT = Kind(
    name="commitment",
    type_name="Commitment",
    plural="commitments",
    zh="信用承诺",
    en="A commitment and its performance.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="commitment",
    natural_key=("documentNumber", "organCode"),
    order=("signedOn",),
    fields=(
        *holder(LAW, GROUP),
        Field("form", Type.CODE, "承诺类型", "审批替代型, 容缺受理型, 主动型, 行业自律型, 证明事项替代型, 信用修复型.", GROUP,
              required=True, basis=LAW, values=("APPROVAL_SUBSTITUTE", "DEFERRED_MATERIALS", "VOLUNTARY", "SELF_REGULATION",
                                                "PROOF_SUBSTITUTE", "REPAIR")),
        Field("documentNumber", Type.TEXT, "承诺书编号", "Number of the letter.", GROUP, required=True, length=128, basis=LAW),
        Field("matter", Type.TEXT, "承诺事项", "The matter it is given in, as the catalogue of matters names it.", GROUP,
              required=True, length=500, basis=LAW),
        Field("template", Type.TEXT, "范本版本", "Version of the standard text.", GROUP, length=64, basis=LAW),
        Field("text", Type.TEXT, "承诺书全文", "The letter itself.", "commitment.text", disclosure=Disclosure.GOV_SHARED,
              sealing=Sealing.ALWAYS, length=5000, basis=LAW),
        Field("signedBy", Type.TEXT, "签署人", "Who signed.", "persons.name", sealing=Sealing.ALWAYS, mask=Mask.NAMES,
              length=50, basis=LAW),
        Field("signedOn", Type.DATE, "承诺日期", "When it was signed.", GROUP, required=True, basis=LAW),
        Field("termEndsOn", Type.DATE, "承诺期限", "By when it must be performed.", GROUP, basis=LAW),
        Field("performance", Type.CODE, "履行状态", "未到期, 全部履行, 部分履行, 未履行.", GROUP, required=True, basis=LAW,
              values=("NOT_DUE", "FULFILLED", "PARTLY_FULFILLED", "NOT_FULFILLED")),
        Field("checkedOn", Type.DATE, "核查日期", "When performance was last checked.", GROUP, basis=LAW),
        Field("consequence", Type.TEXT, "违诺责任", "What follows if it is not kept, in the words of the standard text.", GROUP,
              length=2000, basis=LAW),
        *deciding(LAW, GROUP, "受理单位"),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
