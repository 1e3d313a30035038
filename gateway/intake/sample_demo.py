"""The demonstration set: a few invented subjects with well-known handles, on which every rule of the policy shows.

``DEMO`` holds the handles for tests, documentation and the greeting of ``gateway demo``; ``demo`` builds the rows.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gateway.catalogue.fields import SubjectClass
from gateway.intake.sample_codes import (
    FIRST_BIRTH,
    birth_of,
    citizen_number,
    organization_code,
    registration_number,
    sex_of,
    uscc,
)
from gateway.intake.sample_rows import Record, Subject
from gateway.intake.sample_subjects import MERGED, identifier, phone
from gateway.vault.rows import Value

BATCH = "demo"


@dataclass(frozen=True, slots=True)
class Demo:
    """Handles of the demonstration set. Nobody and nothing behind them exists."""

    enterprise_name: str = "白城市示例商贸有限公司"
    enterprise_uscc: str = uscc("91", "220800", "DEM00001")
    enterprise_registration_number: str = registration_number("220800", 20000017)
    enterprise_organization_code: str = organization_code("DEM00001")
    enterprise_tax_number: str = "220800" + organization_code("DEM00001")
    representative_name: str = "丙寅三"
    representative_id_number: str = citizen_number("222301", (date(1885, 3, 9) - FIRST_BIRTH).days, 990)

    individual_name: str = "洮北区示例小吃店"
    individual_uscc: str = uscc("92", "220802", "DEM00002")

    citizen_name: str = "甲子一"
    citizen_id_number: str = citizen_number("222301", (date(1890, 5, 17) - FIRST_BIRTH).days, 991)

    stranger_name: str = "乙丑二"
    stranger_id_number: str = citizen_number("222302", (date(1895, 11, 2) - FIRST_BIRTH).days, 992)

    organization_name: str = "白城市示例信用协会"
    organization_uscc: str = uscc("51", "220800", "DEM00003")
    organization_certificate_number: str = "样例社证字第000001号"

    renamed_name: str = "白城市示例供销经理部"
    renamed_uscc: str = uscc("91", "220800", "DEM00004")
    merged_name: str = "洮南市示例日杂有限公司"
    merged_uscc: str = uscc("91", "220881", "DEM00005")

    consent_enterprise: str = "SQ-2026-0001"
    consent_individual: str = "SQ-2026-0002"
    consent_citizen: str = "SQ-2026-0003"
    consent_withdrawn: str = "SQ-2026-0004"
    consent_expired: str = "SQ-2026-0005"
    consent_scan: str = "SQ-2026-0006"
    consent_agency: str = "SQ-2026-0007"
    consent_unlicensed: str = "SQ-2026-0008"
    consent_without_penalties: str = "SQ-2026-0009"
    consent_agency_enterprise: str = "SQ-2026-0010"

    tax_matter_number: str = "税稽〔2026〕0001号"
    tax_matter_kind: str = "SUPERVISION"
    tax_matter_basis: str = "税收征收管理法 art. 54"
    market_matter_number: str = "市监许〔2026〕0001号"
    market_matter_kind: str = "LICENSING"
    market_matter_basis: str = "行政许可法 art. 34"
    service_basis: str = "行政处罚法 art. 61"

    claim: str = "处罚决定书所载违法事实与实际不符（虚构）。"
    handler: str = "handler-demo"
    citizen: str = "citizen-demo"
    representative: str = "enterprise-rep-demo"
    disputed_document: str = "样例罚字〔演示〕11号"


DEMO = Demo()


@dataclass(frozen=True, slots=True)
class DemoSubject:
    """One subject of the set; ``handle`` is the word for it in ``seed/consents.csv`` and ``seed/mandates.csv``."""

    handle: str
    subject: Subject
    records: tuple[Record, ...] = ()


def demo_enterprise(today: date) -> Subject:
    """The legal enterprise, founded before codes were merged, so that it has old ones."""
    founded = date(2012, 6, 18)
    item: dict[str, Value] = {
        **_registration(DEMO.enterprise_name, DEMO.enterprise_uscc, founded, "220802", "MARKET"),
        "address": "吉林省白城市洮北区中兴东大路88号示例大厦3层",
        "phone": phone(1),
        "email": "office@enterprise.example.invalid",
        "kind": "COMPANY",
        "industry": "F5211",
        "registeredCapital": Decimal("500.000000"),
        "businessScope": "日用百货、农副产品销售（虚构）。",
        "legalRepresentative.name": DEMO.representative_name,
        "legalRepresentative.idNumber": DEMO.representative_id_number,
        "legalRepresentative.phone": phone(2),
    }
    old = (
        identifier("REGISTRATION_NUMBER", DEMO.enterprise_registration_number, founded, MERGED),
        identifier("ORGANIZATION_CODE", DEMO.enterprise_organization_code, founded, MERGED),
        identifier("TAX_NUMBER", DEMO.enterprise_tax_number, founded, MERGED),
    )
    return Subject("enterprise", SubjectClass.LEGAL, item, (identifier("USCC", DEMO.enterprise_uscc, MERGED), *old))


def demo_individual(today: date) -> Subject:
    """The individual business of the demo citizen."""
    founded = today - timedelta(days=1500)
    item: dict[str, Value] = {
        **_registration(DEMO.individual_name, DEMO.individual_uscc, founded, "220802", "MARKET"),
        "address": "吉林省白城市洮北区新华西路21号样例小区2号楼1门",
        "phone": phone(3),
        "email": "shop@individual.example.invalid",
        "kind": "INDIVIDUAL_BUSINESS",
        "industry": "H6210",
        "businessScope": "餐饮服务（虚构）。",
        "legalRepresentative.name": DEMO.citizen_name,
        "legalRepresentative.idNumber": DEMO.citizen_id_number,
        "legalRepresentative.phone": phone(4),
    }
    return Subject("enterprise", SubjectClass.INDIVIDUAL, item, (identifier("USCC", DEMO.individual_uscc, founded),))


def demo_organization() -> Subject:
    """The social organization."""
    founded = date(2010, 4, 1)
    item: dict[str, Value] = {
        **_registration(DEMO.organization_name, DEMO.organization_uscc, founded, "220802", "CIVIL"),
        "address": "吉林省白城市洮北区金辉街5号",
        "phone": phone(5),
        "email": "office@organization.example.invalid",
        "category": "SOCIAL_GROUP",
        "purpose": "信用知识普及（虚构）。",
        "legalRepresentative.name": "丁卯四",
    }
    certificate = identifier("CERTIFICATE_NUMBER", DEMO.organization_certificate_number, founded, MERGED)
    codes = (identifier("USCC", DEMO.organization_uscc, MERGED), certificate)
    return Subject("organization", SubjectClass.LEGAL, item, codes)


def demo_person(name: str, id_number: str, number: int) -> Subject:
    """A natural person of the set."""
    item: dict[str, Value] = {
        "name": name,
        "idNumber": id_number,
        "birthDate": birth_of(id_number),
        "sex": sex_of(id_number),
        "phone": phone(number),
        "email": f"person{number}@demo.example.invalid",
        "address": f"吉林省白城市洮北区民生路{number}号样例小区1号楼",
        "provider": "POLICE",
        "batch": BATCH,
    }
    return Subject("person", SubjectClass.PERSON, item)


def demo_former(name: str, code: str, ended: date) -> Subject:
    """An enterprise that is no more: renamed or merged into the demo enterprise."""
    item: dict[str, Value] = {
        **_registration(name, code, ended - timedelta(days=2000), "220802", "MARKET"),
        "kind": "COMPANY",
        "status": "DEREGISTERED",
        "deregisteredOn": ended,
    }
    return Subject("enterprise", SubjectClass.LEGAL, item, (identifier("USCC", code, MERGED, ended),))


def _registration(name: str, code: str, founded: date, region: str, provider: str) -> dict[str, Value]:
    return {
        "uscc": code,
        "codeStatus": "VALID",
        "name": name,
        "status": "ACTIVE",
        "region": region,
        "establishedOn": founded,
        "provider": provider,
        "batch": BATCH,
    }
