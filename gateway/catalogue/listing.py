"""名单: lists that an organ has put a subject on (严重失信主体名单) or honors it by (domain.md §3; policy table, rows 24, 25).

The platform stores what the organ decided and never lists anybody by computing. Persons responsible (Jilin art. 26) are
natural persons of their own and stand under row 6: their names only, no numbers.
"""

from gateway.catalogue.common import PROVIDER, REMARK, deciding, holder, record_marks
from gateway.catalogue.fields import Field, Kind, Mask, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "listing.fields"
LAW = "国办发〔2020〕49号"

LISTING = Kind(
    name="listing",
    type_name="Listing",
    plural="listings",
    zh="名单",
    en="An entry of a list: serious breach of trust, under attention, or an incentive.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.ENDED),
    group="listing",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    feed=(SubjectClass.LEGAL,),
    fields=(
        *holder(LAW, GROUP),
        Field("nature", Type.CODE, "名单性质", "What the list is for (失信惩戒, 重点关注, 守信激励).", GROUP, required=True,
              values=("SERIOUS_BREACH", "ATTENTION", "INCENTIVE"), basis=LAW),
        Field("listName", Type.TEXT, "名单名称", "Name of the list as the organ gives it.", GROUP, required=True, basis=LAW),
        Field("documentNumber", Type.TEXT, "列入决定书文号", "Number of the decision to list.", GROUP, required=True, length=128,
              basis=LAW),
        Field("reason", Type.TEXT, "列入事由", "Why it was listed.", "text", free_text=True, required=True, length=4000,
              basis=LAW),
        Field("legalBasis", Type.TEXT, "列入依据", "Law or central policy, and article.", GROUP, required=True, length=2048,
              basis=LAW),
        Field("measures", Type.TEXT, "管理措施", "Measures as the decision gives them; unpublished ones may not be used.", GROUP,
              length=4000, basis="Zhejiang arts 24-28"),
        Field("noticedOn", Type.DATE, "事先告知日期", "When the subject was told beforehand.", GROUP, basis=LAW),
        Field("hearing", Type.TEXT, "陈述申辩情况", "What came of its right to be heard.", "text", free_text=True, length=2000,
              basis=LAW),
        Field("decidedOn", Type.DATE, "列入日期", "Date of the decision.", GROUP, required=True, basis=LAW),
        Field("termEndsOn", Type.DATE, "列入期限届满日期", "Last day of the term; null: until its conditions are met.", GROUP,
              basis=LAW),
        Field("repairNoticeOn", Type.DATE, "信用修复告知书送达日期", "When the notice of repair was served (两书同达).", GROUP,
              basis="国办发〔2025〕22号"),
        Field("exitedOn", Type.DATE, "移出日期", "Since when it is off the list; past: no longer disclosed.", GROUP, basis=LAW),
        Field("exitReason", Type.CODE, "移出原因", "Term over, repaired, revoked, corrected (期满, 修复, 撤销, 更正).", GROUP,
              values=("EXPIRED", "REPAIRED", "REVOKED", "CORRECTED"), basis=LAW),
        Field("exitDocumentNumber", Type.TEXT, "移出决定书文号", "Number of the decision to remove.", GROUP, length=128,
              basis=LAW),
        Field("responsiblePersons", Type.TEXT, "责任人员", "Names of the persons responsible, parted by 、.", "persons.name",
              sealing=Sealing.ALWAYS, mask=Mask.NAMES, basis="Jilin art. 26"),
        Field("officialSite", Type.TEXT, "官方查询网址", "Where the organ (for 失信被执行人: the court) shows it itself.", GROUP,
              basis=LAW),
        *deciding(LAW, GROUP),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
