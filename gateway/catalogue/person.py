"""个人库: natural persons of full capacity. Nothing of a person is public, not even that a file exists."""

from gateway.catalogue.common import CASES, PROVIDER, RECORDS
from gateway.catalogue.fields import Disclosure, Field, Kind, Mask, Owner, Sealing, Standing, SubjectClass, Type

BASIS = "PIPL arts 13, 34; Shandong art. 20; Zhejiang art. 15"
SHARED = Disclosure.GOV_SHARED
INTERNAL = Disclosure.INTERNAL

PERSON = Kind(
    name="person",
    type_name="Person",
    plural="persons",
    zh="自然人",
    en="A natural person. Asked for by ID number and name together; there is no list and no search.",
    library="个人库",
    owner=Owner.SUBJECT,
    classes=(SubjectClass.PERSON,),
    standings=(Standing.ORDINARY,),
    group="person",
    natural_key=("idNumber",),
    fields=(
        Field("name", Type.TEXT, "姓名", "Name.", "person.name", disclosure=SHARED, sealing=Sealing.ALWAYS, mask=Mask.NAME,
              lookup=True, required=True, length=50, basis=BASIS),
        Field("idNumber", Type.TEXT, "公民身份号码", "Citizen ID number (GB 11643-1999).", "person.idNumber", disclosure=SHARED,
              sealing=Sealing.ALWAYS, mask=Mask.ID_NUMBER, lookup=True, required=True, length=18, basis=BASIS,
              standard="GB 11643-1999", sensitive=True),
        Field("birthDate", Type.DATE, "出生日期", "Date of birth.", "person.birthDate", disclosure=INTERNAL,
              sealing=Sealing.ALWAYS, basis=BASIS),
        Field("sex", Type.CODE, "性别", "Sex.", "person.sex", disclosure=INTERNAL, sealing=Sealing.ALWAYS,
              values=("MALE", "FEMALE"), basis=BASIS),
        Field("phone", Type.TEXT, "联系电话", "Phone.", "person.contact", disclosure=INTERNAL, sealing=Sealing.ALWAYS, length=32,
              basis=BASIS),
        Field("email", Type.TEXT, "电子邮箱", "E-mail.", "person.contact", disclosure=INTERNAL, sealing=Sealing.ALWAYS,
              length=128, basis=BASIS),
        Field("address", Type.TEXT, "住址", "Home address.", "person.contact", disclosure=INTERNAL, sealing=Sealing.ALWAYS,
              length=300, basis=BASIS),
    ),
    links=(PROVIDER, *RECORDS, CASES),
)  # fmt: skip
