"""证据材料: a file that a party of a case, or who handles it, has added to the case (policy table, row 36).

The row tells of the file; the file itself lies beside it in sealed pieces and is read at ``/evidence/{id}`` by who sees
the row. What somebody calls a file is free text: sealed, and shown like the file.
"""

from gateway.catalogue.fields import Disclosure, Field, Kind, Owner, Sealing, Standing, SubjectClass, Type

GROUP = "evidence"
LAW = "Reg. 631 art. 25"
NAME_LENGTH = 255
FORMATS = ("PDF", "PNG", "JPEG")

EVIDENCE = Kind(
    name="evidence",
    type_name="Evidence",
    plural="evidence",
    zh="证据材料",
    en="A file that was added to a case; itself it is read at /evidence/{id}.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.INDIVIDUAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("addedAt",),
    filed=True,
    part_of="case",
    fields=(
        Field("fileName", Type.TEXT, "文件名", "What it was called by who added it; null: nothing was said.", GROUP,
              disclosure=Disclosure.INTERNAL, sealing=Sealing.ALWAYS, length=NAME_LENGTH, basis=LAW),
        Field("format", Type.CODE, "文件格式", "What it is, by its content.", GROUP, required=True, values=FORMATS, basis=LAW),
        Field("size", Type.COUNT, "字节数", "Its size in bytes.", GROUP, required=True, basis=LAW),
        Field("sha256", Type.TEXT, "SHA-256 摘要", "Its SHA-256, 64 hex digits; the entry of the log holds the same.", GROUP,
              required=True, length=64, basis=LAW),
        Field("addedAt", Type.DATETIME, "提交时间", "When it was added.", GROUP, required=True, basis=LAW),
        Field("addedBy", Type.CODE, "提交方", "Which side added it.", GROUP, required=True,
              values=("PARTY", "HANDLER", "DESK"), basis=LAW),
        Field("state", Type.CODE, "材料状态", "Whether the file can be read.", GROUP, required=True, values=("KEPT",),
              basis=LAW),
    ),
)  # fmt: skip
