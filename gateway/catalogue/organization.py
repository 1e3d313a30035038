"""非企业法人库: legal persons that are not enterprises: organs, public institutions, social organizations, collectives."""

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

ORGANIZATION = Kind(
    name="organization",
    type_name="Organization",
    plural="organizations",
    zh="非企业法人",
    en="A legal person that is not an enterprise: state organ, public institution, social organization, collective.",
    library="非企业法人库",
    owner=Owner.SUBJECT,
    classes=(SubjectClass.LEGAL,),
    standings=(Standing.ORDINARY,),
    group="organization",
    natural_key=("uscc",),
    listed=(SubjectClass.LEGAL,),
    named_by="name",
    fields=(
        *registration(("ACTIVE", "SUSPENDED", "REVOKED", "DEREGISTERED")),
        Field("category", Type.CODE, "机构类别", "Kind of organization (GB 32100 positions 1-2).", "subject.identity",
              required=True, basis=REGISTRATION,
              values=("STATE_ORGAN", "PUBLIC_INSTITUTION", "MASS_ORGANIZATION", "SOCIAL_GROUP", "PRIVATE_NON_ENTERPRISE",
                      "FOUNDATION", "LAW_PRACTICE", "RELIGIOUS_VENUE", "TRADE_UNION", "RURAL_COLLECTIVE", "OTHER")),
        Field("purpose", Type.TEXT, "宗旨和业务范围", "Purpose and field of work.", "subject.identity", length=4000,
              basis=REGISTRATION),
    ),
    parts=(REPRESENTATIVE,),
    links=(PROVIDER, IDENTIFIERS, *RECORDS, *RECORDS_OF_BODIES, CASES),
)  # fmt: skip
