"""The matrix of the shipped policy: equal to the policy table row by row, kept golden, the same in every form."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gateway.errors import Fault
from gateway.policy import matrix, words
from gateway.policy.files import PolicyRefused
from gateway.policy.ways import Way, told
from gateway.values import Level, Relation, Role
from tests.harness import shipped

POLICIES = Path(__file__).parents[2] / "policies"
GOLDEN = Path(__file__).parents[1] / "golden"
COLUMNS = {
    "public": Role.PUBLIC,
    "government": Role.GOVERNMENT,
    "financial": Role.FINANCIAL,
    "agency": Role.AGENCY,
    "self": Role.SUBJECT,
    "handler": Role.HANDLER,
    "auditor": Role.AUDITOR,
}
# Where the shipped policy does not say what the table says, and why. The other cells must be equal.
DIFFERS = {
    # The same number is "M; C after step-up" in row 13; what shows less was taken.
    ("individual business: operator ID number", "self"): "C step-up, M",
    # Never masked beside the birth date, which the subject sees (an invariant): withheld until proven anew.
    ("person: ID number", "self"): "C step-up",
    # Pseudonyms are made by the log alone; the auditor's own view of rows comes with it.
    ("individual business: code, trade name, status, scope", "auditor"): "W",
    ("case of a person: kind, state, clocks", "auditor"): "W",
    # A case has no contact of its own yet.
    ("person: phone, e-mail, address", "handler"): "W",
    # An auditor reads the log in an engagement, whose pseudonyms are those of no other.
    ("access entries: institution, unit, purpose, time, fields, outcome", "auditor"): "C m",
    ("access entries: officer", "auditor"): "C m",
    # The deciding organ sees its own internal risk class, as the row says in words.
    ("other ratings", "government"): "C m, C src",
    ("all scores", "government"): "C m, C src",
    # A mandate is a principal's, never an institution's; no case is about one yet; auditors read who acted in the log.
    ("mandates: who acts, as what, how far, until when", "financial"): "W",
    ("mandates: who acts, as what, how far, until when", "agency"): "W",
    ("mandates: who acts, as what, how far, until when", "handler"): "W",
    ("mandates: who acts, as what, how far, until when", "auditor"): "W",
    ("mandates: documents and names", "financial"): "W",
    ("mandates: documents and names", "agency"): "W",
    ("mandates: documents and names", "handler"): "W",
}


def table() -> tuple[matrix.Part, ...]:
    return matrix.parts((POLICIES / matrix.TABLE).read_text("utf-8"))


def of_oneself(ways: tuple[Way, ...]) -> str:
    """The column ``self``: what is seen once one is the subject, without saying so."""
    own = [Way(way.level, way.held & ~Relation.SELF) for way in ways]
    return told(way for at, way in enumerate(own) if not any(way.held & other.held == other.held for other in own[:at]))


def test_the_matrix_equals_the_policy_table_row_by_row() -> None:
    lines = {line.head[1]: line for line in matrix.by_row(shipped(), table())}
    with (Path(__file__).parent / "table.csv").open(encoding="utf-8") as file:
        wanted = list(csv.DictReader(file))
    assert len(wanted) > 45 and {row["row"] for row in wanted} >= {str(number) for number in range(1, 34)}
    differing = {}
    for row in wanted:
        line = lines[row["part"]]
        assert line.head[0] == row["row"]
        for name, role in COLUMNS.items():
            texts = {of_oneself(ways) if name == "self" else told(ways) for ways in line.seen[role]}
            if texts != {row[name]}:
                differing[row["part"], name] = " / ".join(sorted(texts))
    assert differing == DIFFERS


def test_administrators_see_nothing_in_any_row() -> None:
    for line in matrix.by_row(shipped(), table()):
        assert {line.text(role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)} == {"W"}


@pytest.mark.parametrize("form", ["csv", "md"])
def test_the_matrix_is_as_it_was_reviewed(form: str) -> None:
    """Renewed by `python -m tests.golden.renew`: whoever changes the policy sees here what that changes."""
    made = matrix.FORMS[form](shipped(), table())
    assert made.replace(shipped().version, "VERSION") == (GOLDEN / f"matrix.{form}").read_text("utf-8")


class Cells(HTMLParser):
    """The cells of every table row of a page: (class, text)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, str]]] = []
        self.told: list[str] = []
        self.open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.told.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.open = dict(attrs).get("class") or ""
            self.rows[-1].append((self.open, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.open = None

    def handle_data(self, data: str) -> None:
        if self.open is not None:
            shade, text = self.rows[-1][-1]
            self.rows[-1][-1] = shade, text + data


def test_the_page_says_the_same_as_the_csv() -> None:
    """Every cell of the policy with the same words; nothing is loaded from elsewhere and nothing runs."""
    page = Cells()
    text = matrix.as_html(shipped(), table())
    page.feed(text)
    assert not {"script", "link", "img", "iframe"} & set(page.told) and "://" not in text
    lines = list(csv.reader(matrix.as_csv(shipped(), table()).splitlines()))[1:]
    shown = {(row[0][1].split(" ")[0], row[1][1]): row[2:] for row in page.rows if len(row) == 2 + len(Role)}
    assert len(lines) == len(words.CELLS)
    for line in lines:
        cells = shown[line[0], line[3]]
        assert [text for _, text in cells] == line[4:]
        for (shade, _), said in zip(cells, line[4:], strict=True):
            first = said.split(" / ")[0].split(",")[0]
            assert shade == first[0].upper() + (" if" if " " in first else "")


def test_marks_are_read_from_the_relations() -> None:
    assert told(()) == "W"
    assert (
        told((Way(Level.CLEAR, Relation.CONSENT | Relation.LICENSED), Way(Level.MASKED, Relation.NONE))) == "C a L, M"
    )


def test_a_wrong_line_of_the_table_is_named() -> None:
    text = "- {row: 1, part: a, zh: b, cells: 'enterprise@legal/ordinary'}\n- {row: x, part: a, zh: b, cells: ''}\n"
    text += "- {row: 2, part: a, zh: b, cells: 'persn.name@person/ordinary remark@legal/gone'}\n"
    with pytest.raises(PolicyRefused) as caught:
        matrix.parts(text)
    assert caught.value.faults == (
        Fault((matrix.TABLE, 2), "a line of the table has exactly cells, part, row, zh"),
        Fault((matrix.TABLE, 3), "no cell is called 'persn.name@person/ordinary'"),
        Fault((matrix.TABLE, 3), "no cell is called 'remark@legal/gone'"),
    )
    assert re.search(r"table.yaml:3: ", str(caught.value))
