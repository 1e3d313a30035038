"""How files write the words of the catalogue: in Chinese, by the codes of the standard, or as they are."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.catalogue.fields import Field

# By word; a word means the same in every vocabulary that has it, unless _OWN says otherwise.
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ORGANIZATION": ("法人及非法人组织", "法人", "非法人组织"),
        "NATURAL_PERSON": ("自然人",),
        "INDIVIDUAL_BUSINESS": ("个体工商户", "个体"),
        "ID_CARD": ("01", "1", "身份证", "居民身份证"),
        "PASSPORT": ("02", "2", "护照", "护照号"),
        "HK_MACAO_PERMIT": ("03", "3", "港澳居民来往内地通行证"),
        "TAIWAN_PERMIT": ("04", "4", "台湾居民来往大陆通行证"),
        "FOREIGN_RESIDENT_ID": ("05", "5", "外国人永久居留身份证"),
        "VALID": ("1", "有效", "正常"),
        "INVALID": ("2", "无效", "撤销"),
        "SIMPLE": ("01", "1", "简易", "简易程序"),
        "ORDINARY": ("02", "2", "普通", "普通程序", "一般", "一般程序"),
        "MINOR": ("轻微",),
        "GENERAL": ("一般",),
        "SERIOUS": ("严重",),
        "SERIOUS_BREACH": ("失信惩戒", "严重失信", "严重失信主体名单", "黑名单"),
        "ATTENTION": ("重点关注", "重点关注名单"),
        "INCENTIVE": ("守信激励", "守信激励对象", "红名单"),
        "EXPIRED": ("期满",),
        "REPAIRED": ("修复",),
        "REVOKED": ("撤销", "吊销"),
        "CORRECTED": ("更正",),
        "FULFILLED": ("全部履行", "履行义务", "已履行"),
        "PARTLY_FULFILLED": ("部分履行",),
        "NOT_FULFILLED": ("未履行",),
        "NOT_DUE": ("未到期",),
        "ENTERPRISE": ("经营异常名录", "企业"),
        "SOCIAL_ORGANIZATION": ("活动异常名录", "社会组织"),
        "PUBLIC_INSTITUTION": ("事业单位异常名录", "事业单位"),
        "ANNUAL_REPORT": ("未公示年度报告", "未按期公示年度报告"),
        "ORDERED_DISCLOSURE": ("未按责令期限公示",),
        "FALSE_DISCLOSURE": ("公示信息隐瞒真实情况、弄虚作假",),
        "UNREACHABLE": ("通过登记的住所无法联系", "登记的住所无法联系"),
        "OTHER": ("其他",),
        "NONE": ("无",),
        "OPEN": ("处理中",),
        "UPHELD": ("维持",),
        "CHANGED": ("变更",),
        "APPROVAL_SUBSTITUTE": ("审批替代型", "告知承诺"),
        "DEFERRED_MATERIALS": ("容缺受理型",),
        "VOLUNTARY": ("主动型",),
        "SELF_REGULATION": ("行业自律型",),
        "PROOF_SUBSTITUTE": ("证明事项替代型",),
        "REPAIR": ("信用修复型",),
        "NATIONAL": ("国家级",),
        "PROVINCIAL": ("省级",),
        "CITY": ("市级",),
        "COUNTY": ("县级",),
        "PERFORMED": ("全部履行",),
        "PARTLY_PERFORMED": ("部分未履行",),
        "NOT_PERFORMED": ("全部未履行",),
        "DELISTING": ("移出严重失信主体名单",),
        "END_OF_PUBLICATION": ("终止公示行政处罚信息", "终止公示"),
        "GRANTED": ("准予", "准予修复"),
        "REFUSED": ("不予", "不予修复"),
        "ACTIVE": ("存续", "在业", "正常", "开业"),
        "SUSPENDED": ("停业",),
        "DEREGISTERED": ("注销",),
        "MOVED_OUT": ("迁出",),
        "COMPANY": ("公司",),
        "BRANCH": ("分支机构", "分公司"),
        "COOPERATIVE": ("农民专业合作社",),
        "SOLE_PROPRIETORSHIP": ("个人独资企业",),
        "PARTNERSHIP": ("合伙企业",),
        "STATE_ORGAN": ("机关",),
        "MASS_ORGANIZATION": ("群众团体",),
        "SOCIAL_GROUP": ("社会团体",),
        "PRIVATE_NON_ENTERPRISE": ("民办非企业单位",),
        "FOUNDATION": ("基金会",),
        "LAW_PRACTICE": ("律师执业机构",),
        "RELIGIOUS_VENUE": ("宗教活动场所",),
        "TRADE_UNION": ("工会",),
        "RURAL_COLLECTIVE": ("农村集体经济组织",),
        "MALE": ("1", "男"),
        "FEMALE": ("2", "女"),
        "USCC": ("统一社会信用代码",),
        "REGISTRATION_NUMBER": ("工商注册号",),
        "ORGANIZATION_CODE": ("组织机构代码",),
        "TAX_NUMBER": ("税务登记号",),
        "CERTIFICATE_NUMBER": ("登记证号",),
    }
)


def spelled(field: Field) -> Mapping[str, str]:
    """Every spelling of a CODE field's words → the word."""
    found: dict[str, str] = {}
    for word in field.values:
        found |= dict.fromkeys((word, *_WORDS.get(word, ())), word)
    return MappingProxyType(found)
