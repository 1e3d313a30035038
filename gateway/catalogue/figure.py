"""统计数据: frozen figures, a cell of a cube each, the same for whoever asks (policy table, row 40).

Figures are made by the platform, once a month, and are of nobody: they hang on the platform itself, which is subject 0.
What each of them counts is in ``gateway.figures``.
"""

from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "figure"
PLATFORM = 0  # the subject of what is about nobody
_SUMMED = "null: all of them together"

FIGURE = Kind(
    name="figure",
    type_name="Figure",
    plural="figures",
    zh="统计数据",
    en="How many records there are of a kind: one cell of a fixed cube, frozen for a month.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL, SubjectClass.PERSON),
    standings=(Standing.ORDINARY,),
    group=GROUP,
    order=("month",),
    filed=True,
    node=False,
    fields=(
        Field("month", Type.TEXT, "统计月份", "The month that is frozen, as 2026-10.", GROUP, required=True, length=7),
        Field("recordKind", Type.TEXT, "记录类别", "Which records are counted.", GROUP, required=True, length=32),
        Field("subjects", Type.TEXT, "主体类别", "Whose records: legal, or person.", GROUP, derived=True),
        Field("region", Type.TEXT, "行政区划", f"Region of the subject; {_SUMMED}.", GROUP, length=6, standard="GB/T 2260"),
        Field("industry", Type.TEXT, "行业门类", f"Section of its industry; {_SUMMED}.", GROUP, length=1,
              standard="GB/T 4754-2017"),
        Field("department", Type.TEXT, "部门代码", f"The department that provided them; {_SUMMED}.", GROUP, length=32),
        Field("year", Type.TEXT, "决定年度", f"The year in which they were decided; {_SUMMED}.", GROUP, length=4),
        Field("records", Type.COUNT, "记录数", "How many; null: not told, since it would tell of few.", GROUP),
        Field("told", Type.BOOLEAN, "是否公布", "Whether the number is told.", GROUP, derived=True),
    ),
)  # fmt: skip
