"""企业库: companies, branches, cooperatives and individual businesses (USCC 91, 92, 93)."""

from gateway.catalogue.common import (
    CASES,
    IDENTIFIERS,
    PROVIDER,
    RECORDS,
    RECORDS_OF_BODIES,
    REGISTRATION,
    REPRESENTATIVE,
    registration,
)
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

ENTERPRISE = Kind(
    name="enterprise",
    type_name="Enterprise",
    plural="enterprises",
    zh="企业",
    en="An enterprise: company, branch, farmers' cooperative or individual business.",
    library="企业库",
    owner=Owner.SUBJECT,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    standings=(Standing.ORDINARY,),
    group="enterprise",
    natural_key=("uscc",),
    listed=(SubjectClass.LEGAL,),  # an individual business is a person's: found by code or exact name (row 7)
    named_by="name",
    fields=(
        *registration(("ACTIVE", "SUSPENDED", "REVOKED", "DEREGISTERED", "MOVED_OUT")),
        Field("kind", Type.CODE, "市场主体类型", "Kind of enterprise.", "subject.identity", required=True, basis=REGISTRATION,
              values=("COMPANY", "BRANCH", "COOPERATIVE", "SOLE_PROPRIETORSHIP", "PARTNERSHIP", "INDIVIDUAL_BUSINESS")),
        Field("industry", Type.TEXT, "行业代码", "Industry (GB/T 4754-2017), letter and digits; a filter by F or F52 finds all below it.",
              "subject.identity", filter=True, length=5, levels=(1, 3, 4), basis=REGISTRATION, standard="GB/T 4754-2017"),
        Field("registeredCapital", Type.DECIMAL, "注册资本(万元)", "Registered capital in units of 10,000 yuan.",
              "subject.identity", basis=REGISTRATION),
        Field("businessScope", Type.TEXT, "经营范围", "Business scope.", "subject.identity", length=4000, basis=REGISTRATION),
    ),
    parts=(REPRESENTATIVE,),
    links=(PROVIDER, IDENTIFIERS, *RECORDS, *RECORDS_OF_BODIES, CASES),
)  # fmt: skip
