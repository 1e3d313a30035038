"""行政处罚: administrative penalties, with every field of the 双公示 standard (domain.md §2.2).

``procedure`` and ``severity`` decide whether a penalty may be published at all (APL arts 48, 51; NDRC Order 36).
"""

from gateway.catalogue.common import PENALTY_LAW, PROVIDER, REMARK, counterparty, record_marks
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "penalty.fields"

PENALTY = Kind(
    name="penalty",
    type_name="Penalty",
    plural="penalties",
    zh="行政处罚",
    en="An administrative penalty.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY, Standing.MINOR, Standing.ENDED),
    group="penalty",
    natural_key=("documentNumber", "organCode"),
    order=("decidedOn",),
    feed=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    fields=(
        *counterparty("CF", PENALTY_LAW, GROUP),
        Field("documentNumber", Type.TEXT, "行政处罚决定书文号", "Number of the decision document.", GROUP, required=True,
              length=128, basis=PENALTY_LAW, standard="CF_WSH"),
        Field("conduct", Type.TEXT, "违法行为类型", "Kind of the unlawful conduct.", GROUP, required=True, length=2000,
              basis=PENALTY_LAW, standard="CF_WFXW"),
        Field("facts", Type.TEXT, "违法事实", "Facts of the case.", "text", free_text=True, required=True, length=5000,
              basis=PENALTY_LAW, standard="CF_SY"),
        Field("legalBasis", Type.TEXT, "处罚依据", "Law and article.", GROUP, required=True, length=2048, basis=PENALTY_LAW,
              standard="CF_YJ"),
        Field("penaltyKinds", Type.TEXT, "处罚类别", "Kinds of APL art. 9, joined by a semicolon.", GROUP, required=True,
              length=64, basis="APL art. 9", standard="CF_CFLB"),
        Field("content", Type.TEXT, "处罚内容", "What was imposed.", "text", free_text=True, required=True, length=4000,
              basis=PENALTY_LAW, standard="CF_NR"),
        Field("fine", Type.DECIMAL, "罚款金额(万元)", "Fine in units of 10,000 yuan.", GROUP, basis=PENALTY_LAW,
              standard="CF_NR_FK"),
        Field("confiscated", Type.DECIMAL, "没收违法所得、没收非法财物的金额(万元)",
              "Confiscated gains and goods in units of 10,000 yuan.", GROUP, basis=PENALTY_LAW, standard="CF_NR_WFFF"),
        Field("suspendedLicense", Type.TEXT, "暂扣或吊销证照名称及编号", "Name and number of a suspended or revoked permit.",
              GROUP, length=200, basis=PENALTY_LAW, standard="CF_NR_ZKDX"),
        Field("decidedOn", Type.DATE, "处罚决定日期", "Date of the decision.", GROUP, required=True, basis=PENALTY_LAW,
              standard="CF_JDRQ"),
        Field("validUntil", Type.DATE, "处罚有效期", "Until when it has effect; open-ended is 2099-12-31.", GROUP,
              required=True, basis=PENALTY_LAW, standard="CF_YXQ"),
        Field("organ", Type.TEXT, "处罚机关", "The punishing organ as the document names it.", GROUP, required=True,
              basis=PENALTY_LAW, standard="CF_CFJG"),
        Field("organCode", Type.TEXT, "处罚机关统一社会信用代码", "Its unified social credit code.", GROUP, required=True,
              length=18, basis=PENALTY_LAW, standard="CF_CFJGDM"),
        Field("sourceUnit", Type.TEXT, "数据来源单位", "The unit the data came from.", GROUP, required=True, basis=PENALTY_LAW,
              standard="CF_SJLY"),
        Field("sourceUnitCode", Type.TEXT, "数据来源单位统一社会信用代码", "Its unified social credit code.", GROUP,
              required=True, length=18, basis=PENALTY_LAW, standard="CF_SJLYDM"),
        Field("procedure", Type.CODE, "处罚程序", "Simple (APL art. 51) or ordinary procedure.", GROUP, required=True,
              values=("SIMPLE", "ORDINARY"), basis="APL art. 51"),
        Field("severity", Type.CODE, "失信程度", "Severity class of NDRC Order 36, as decided by the organ.", GROUP,
              required=True, values=("MINOR", "GENERAL", "SERIOUS"), basis="NDRC Order 36"),
        Field("conductEndedOn", Type.DATE, "违法行为终了日期", "When the conduct ended; unknown: the decision date, flagged.",
              GROUP, basis="Reg. 631 art. 16"),
        REMARK,
        *record_marks(GROUP),
    ),
    links=(PROVIDER,),
)  # fmt: skip
