"""权益办理统计: how departments answer cases, frozen by month (policy table, row 40; domain: indicator K24).

Made by the platform and of nobody, like all figures. A line that would tell of few cases is MINOR: it is for the
department itself. What is counted is in ``gateway.figures.service``.
"""

from gateway.catalogue.fields import Field, Kind, Owner, Standing, SubjectClass, Type

GROUP = "rights_figure"
_ALL = "null: all of them together"

RIGHTS_FIGURE = Kind(
    name="rights_figure",
    type_name="RightsFigure",
    plural="rightsFigures",
    zh="权益办理统计",
    en="How the cases of a kind were answered that a department closed in a month.",
    library="公共",
    owner=Owner.RECORD,
    classes=(SubjectClass.LEGAL,),
    standings=(Standing.ORDINARY, Standing.MINOR),
    group=GROUP,
    order=("month",),
    filed=True,
    node=False,
    fields=(
        Field("month", Type.TEXT, "统计月份", "The month that is frozen, as 2026-10.", GROUP, required=True, length=7),
        Field("department", Type.TEXT, "承办部门代码", f"The department that had to answer; {_ALL}.", GROUP, length=32),
        Field("caseKind", Type.TEXT, "案件类别", f"What was wanted, as `Case.kind`; {_ALL}.", GROUP, length=32),
        Field("closed", Type.COUNT, "办结数", "How many cases were closed; what was withdrawn is not among them.", GROUP,
              required=True),
        Field("onTimePercent", Type.COUNT, "按期办结率", "Of a hundred of them, so many by their deadline.", GROUP,
              required=True),
        Field("overturnedPercent", Type.COUNT, "纠正率", "Of a hundred, so many in which the record or the decision was changed.",
              GROUP, required=True),
        Field("medianDays", Type.COUNT, "办理天数中位数", "Half of them took no more calendar days from filing to closing.",
              GROUP, required=True),
    ),
)  # fmt: skip
