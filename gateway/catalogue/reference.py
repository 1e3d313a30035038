"""Reference rows: departments, and the identifiers of legal persons, current and historical."""

from gateway.catalogue.common import CODE_STATUSES, REGISTRATION
from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

IDENTIFIER_KINDS = ("USCC", "REGISTRATION_NUMBER", "ORGANIZATION_CODE", "TAX_NUMBER", "CERTIFICATE_NUMBER")

DEPARTMENT = Kind(
    name="department",
    type_name="Department",
    plural="departments",
    zh="部门",
    en="A department, with its validity and its successor (工商 and 质监 became 市场监管 in 2018-19).",
    library="公共",
    owner=Owner.NONE,
    classes=(SubjectClass.LEGAL,),
    standings=(Standing.ORDINARY,),
    group="department",
    node=False,
    fields=(
        Field("code", Type.TEXT, "部门代码", "Code of the department on the platform.", "department", required=True, length=32),
        Field("name", Type.TEXT, "名称", "Name.", "department", required=True),
        Field("uscc", Type.TEXT, "统一社会信用代码", "Its unified social credit code.", "department", length=18),
        Field("region", Type.TEXT, "行政区划", "Region (GB/T 2260).", "department", required=True, length=6),
        Field("validFrom", Type.DATE, "有效期自", "First day of its existence.", "department", required=True),
        Field("validUntil", Type.DATE, "有效期至", "Last day of its existence; null: still there.", "department"),
        Field("successor", Type.TEXT, "承继部门代码", "Code of the department that took over.", "department", length=32),
    ),
)  # fmt: skip

IDENTIFIER = Kind(
    name="identifier",
    type_name="Identifier",
    plural="identifiers",
    zh="代码",
    en="One identifier of a legal person or individual business (代码映射).",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL),
    standings=(Standing.ORDINARY,),
    group="identifier",
    natural_key=("kind", "value"),
    order=("validFrom",),
    node=False,
    fields=(
        Field("kind", Type.CODE, "代码种类", "Kind of identifier.", "subject.identity", required=True, values=IDENTIFIER_KINDS,
              basis=REGISTRATION),
        Field("value", Type.TEXT, "代码", "As received.", "subject.identity", required=True, lookup=True, length=50,
              basis=REGISTRATION),
        Field("codeStatus", Type.CODE, "代码校验状态", "Result of its check digits.", "subject.identity", required=True,
              values=CODE_STATUSES, basis=REGISTRATION),
        Field("historical", Type.BOOLEAN, "历史代码", "No longer in use for this subject.", "subject.identity", derived=True,
              basis=REGISTRATION),
        Field("conflicting", Type.BOOLEAN, "冲突", "The same value stands on another subject too (重错码).", "subject.identity",
              required=True, basis=REGISTRATION),
        Field("validFrom", Type.DATE, "有效期自", "First day of use.", "subject.identity", basis=REGISTRATION),
        Field("validUntil", Type.DATE, "有效期至", "Last day of use; null: in use.", "subject.identity", basis=REGISTRATION),
    ),
)  # fmt: skip
