"""What each word of a closed vocabulary means, in English with its Chinese term; one table for all enums.

A word means the same wherever it stands, so it is explained once; ``OWN`` holds the few that do not. A word of the
catalogue that is missing here is described by its own spelling, and a test names it.
"""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # standing and check of codes
        "VALID": "Valid (有效).",
        "INVALID": "No longer valid (无效).",
        "BAD_CHECK_DIGIT": "A check digit does not fit (校验码错误).",
        "BAD_LENGTH": "The length does not fit (位数错误).",
        "MISSING": "No code was received (缺失).",
        "CURRENT": "In force and disclosed (当前有效).",
        "LAPSED": "Past its validity (已过有效期).",
        "NO_LONGER_DISCLOSED": "Told to its subject only (不再披露).",
        # registration
        "ACTIVE": "Registered and operating (存续).",
        "SUSPENDED": "Suspended (停业).",
        "REVOKED": "Business license revoked (吊销).",
        "DEREGISTERED": "Deregistered (注销).",
        "MOVED_OUT": "Moved to another registry (迁出).",
        "COMPANY": "Company (公司).",
        "BRANCH": "Branch (分支机构).",
        "COOPERATIVE": "Farmers' cooperative (农民专业合作社).",
        "SOLE_PROPRIETORSHIP": "Sole proprietorship (个人独资企业).",
        "PARTNERSHIP": "Partnership (合伙企业).",
        "INDIVIDUAL_BUSINESS": "Individual business (个体工商户).",
        "STATE_ORGAN": "State organ (机关).",
        "PUBLIC_INSTITUTION": "Public institution (事业单位).",
        "MASS_ORGANIZATION": "Mass organization (群众团体).",
        "SOCIAL_GROUP": "Social group (社会团体).",
        "PRIVATE_NON_ENTERPRISE": "Private non-enterprise unit (民办非企业单位).",
        "FOUNDATION": "Foundation (基金会).",
        "LAW_PRACTICE": "Law practice (律师执业机构).",
        "RELIGIOUS_VENUE": "Religious venue (宗教活动场所).",
        "TRADE_UNION": "Trade union (工会).",
        "RURAL_COLLECTIVE": "Rural collective economic organization (农村集体经济组织).",
        "OTHER": "Other (其他).",
        # papers and identifiers
        "ID_CARD": "Citizen ID card (居民身份证, 01).",
        "PASSPORT": "Passport (护照, 02).",
        "HK_MACAO_PERMIT": "Mainland travel permit of Hong Kong and Macao residents (港澳居民来往内地通行证, 03).",
        "TAIWAN_PERMIT": "Mainland travel permit of Taiwan residents (台湾居民来往大陆通行证, 04).",
        "FOREIGN_RESIDENT_ID": "Foreign permanent resident ID card (外国人永久居留身份证, 05).",
        "USCC": "Unified social credit code (统一社会信用代码).",
        "REGISTRATION_NUMBER": "Business registration number (工商注册号).",
        "ORGANIZATION_CODE": "Organization code (组织机构代码).",
        "TAX_NUMBER": "Tax registration number (税务登记号).",
        "CERTIFICATE_NUMBER": "Certificate number of an institution or social organization (登记证号).",
        # subjects and decisions
        "ORGANIZATION": "Legal person or other organization (法人及非法人组织).",
        "NATURAL_PERSON": "Natural person (自然人).",
        "MALE": "Male (男).",
        "FEMALE": "Female (女).",
        "SIMPLE": "Simple procedure (简易程序, APL art. 51).",
        "ORDINARY": "Ordinary procedure (普通程序).",
        "MINOR": "Minor (轻微).",
        "GENERAL": "General (一般).",
        "SERIOUS": "Serious (严重).",
        # cases
        "OBJECTION": "An objection to a record (异议).",
        "COMPLAINT": "A complaint (投诉).",
        "FILED": "Received; with nobody yet (已提交).",
        "ROUTED": "With the department that must answer (已转办).",
        # access
        "PUBLIC_INQUIRY": "Public inquiry (公开查询).",
        "LOAN_APPROVAL": "Loan approval (贷款审批).",
        "CREDIT_CARD_APPROVAL": "Credit card approval (信用卡审批).",
        "GUARANTEE_REVIEW": "Review of a guarantee (担保资格审查).",
        "POST_LOAN_MANAGEMENT": "Post-loan management (贷后管理).",
        "CUSTOMER_ADMISSION": "Admission of a customer (客户准入).",
        "CREDIT_REVIEW": "Credit review (授信审查).",
        "OWN_INQUIRY": "Inquiry by the subject itself (本人查询).",
        "PUBLIC_DUTY": "Performance of a public duty (履行公务).",
        "CASE_HANDLING": "Handling of an objection, complaint or repair (办理异议、投诉、修复).",
        "AUDIT": "Audit (审计).",
        "LICENSING": "Administrative licensing (行政许可).",
        "SUPERVISION": "Supervision and inspection (监督检查).",
        "PENALTY": "Administrative penalty (行政处罚).",
        "PROCUREMENT": "Government procurement and bidding (政府采购、招标投标).",
        "FUNDING": "Government funding (资金扶持).",
        "RECRUITMENT": "Recruitment and appointment (录用任用).",
        "HONOR": "Awards and honors (评优评先).",
        "SERVICE_OF_DOCUMENTS": "Service of documents (文书送达).",
        # roles
        "PUBLIC": "Anybody, anonymous (社会公众).",
        "GOVERNMENT": "Government department (行政机关).",
        "FINANCIAL": "Financial institution (金融机构).",
        "AGENCY": "Credit service agency (信用服务机构).",
        "SUBJECT": "The subject itself (信息主体).",
        "HANDLER": "Handler of cases in a department (异议、投诉、修复承办人).",
        "AUDITOR": "Auditor (审计员).",
        "SYSTEM_ADMIN": "System administrator (系统管理员).",
        "SECURITY_ADMIN": "Security administrator (安全管理员).",
        "AUDIT_ADMIN": "Audit administrator (审计管理员).",
        # visibility
        "LEGAL": "Legal person (法人).",
        "INDIVIDUAL": "Individual business (个体工商户).",
        "PERSON": "Natural person (自然人).",
        "ENDED": "Repaired, revoked, withdrawn, or its publication ended (已修复、撤销或停止公示).",
        "CLEAR": "Shown as it is (明文).",
        "RELEASED": "Shown in its released form (发布文本).",
        "MASKED": "Shown masked (脱敏).",
        "WITHHELD": "Not shown (不予披露).",
        "ALWAYS": "Without condition (无条件).",
        "SELF": "The caller is the subject or represents it (本人或其代表).",
        "SELF_STEP_UP": "The caller is the subject, proven anew for this session (本人且再次核验).",
        "CONSENT": "A consent in force covers purpose and kind (有效授权).",
        "CONSENT_LICENSED": "A consent in force, and the consumer holds a personal-credit license (有效授权且持牌).",
        "MATTER": "The stated matter lies in an agreed sharing scope (共享事项范围内).",
        "MATTER_SERVICE": "As MATTER, and the matter is the service of documents (文书送达事项).",
        "CASE": "The caller handles an open case about the row (承办案件).",
        "CASE_SOURCE": "As CASE, and the row came from the caller's department (承办案件且为来源部门).",
    }
)

OWN: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("RowStanding", "ORDINARY"): "Publishable (可公示).",
        ("RowStanding", "MINOR"): "Simple procedure, warning or notice of criticism only (轻微，不予公示).",
    }
)


def explain(enum: str, word: str) -> str:
    """The description of one enum value."""
    return OWN.get((enum, word)) or WORDS.get(word) or word.replace("_", " ").capitalize() + "."
