"""Who sees what, worked out from a compiled policy: row by row of the policy table, and cell by cell.

``table.yaml`` says which cells each row of the policy table speaks of; everything else comes from the role files.
"""

import csv
import html
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from gateway.errors import Fault
from gateway.policy import words
from gateway.policy.cases import entries
from gateway.policy.compile import Policy
from gateway.policy.files import PolicyRefused
from gateway.policy.ways import LETTERS, MARKS, WORDS, Sights, Ways, in_words, told
from gateway.values import Level, Relation, Role, RowClass

TABLE = "table.yaml"
_KEYS = frozenset({"row", "part", "zh", "cells"})
_HEAD: tuple[str, ...] = ("coordinate", "zh", "group", "class")

Cells: TypeAlias = tuple[tuple[str, RowClass], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the policy table, or a part of one: the cells it speaks of."""

    row: int
    part: str
    zh: str
    cells: Cells


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a matrix: what it is about, and by role every different way in which its cells are seen."""

    head: tuple[str, ...]
    seen: Mapping[Role, tuple[Ways, ...]]

    def text(self, role: Role) -> str:
        """``C m``; several where the cells differ, parted by a slash."""
        return " / ".join(told(ways) for ways in self.seen[role])


def parts(text: str) -> tuple[Part, ...]:
    """The table in a ``table.yaml``. Raises PolicyRefused with every line that names an unknown cell."""
    faults: list[Fault] = []
    found: list[Part] = []
    for line, entry in entries(TABLE, text):
        if set(entry) != _KEYS or not entry.get("row", "").isdigit():
            faults.append(Fault((TABLE, line), f"a line of the table has exactly {', '.join(sorted(_KEYS))}"))
            continue
        cells: list[tuple[str, RowClass]] = []
        for word in entry["cells"].split():
            name, _, row_class = word.partition("@")
            fitting = [(one, row_class) for one in _members(name) if row_class in words.CLASSES_OF[one]]
            if not fitting:
                faults.append(Fault((TABLE, line), f"no cell is called {word!r}"))
            cells.extend(fitting)
        found.append(Part(int(entry["row"]), entry["part"], entry["zh"], tuple(cells)))
    if faults:
        raise PolicyRefused(*faults)
    return tuple(found)


def _members(name: str) -> tuple[str, ...]:
    """What a word stands for: a coordinate is itself, even where a group is called like it."""
    return (name,) if name in words.GROUP_OF else words.MEMBERS.get(name, ())


def by_row(policy: Policy, table: Iterable[Part]) -> tuple[Line, ...]:
    """The policy table, row by row."""
    sights = Sights()
    return tuple(Line((str(one.row), one.part, one.zh), _seen(policy, one.cells, sights)) for one in table)


def by_cell(policy: Policy) -> tuple[Line, ...]:
    """Every coordinate in every class of rows."""
    sights = Sights()
    return tuple(Line(_about(*cell), _seen(policy, (cell,), sights)) for cell in words.CELLS)


def _about(coordinate: str, row_class: RowClass) -> tuple[str, ...]:
    field = words.FIELDS.get(coordinate)
    return coordinate, field.zh if field else "", words.GROUP_OF[coordinate], row_class


def _seen(policy: Policy, cells: Cells, sights: Sights) -> Mapping[Role, tuple[Ways, ...]]:
    return MappingProxyType(
        {role: tuple(dict.fromkeys(sights.of(policy.visibility(role), *cell) for cell in cells)) for role in Role}
    )


def as_csv(policy: Policy, table: Iterable[Part]) -> str:
    """Every cell, one a line: coordinate, Chinese name, group, class, and what each role sees."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_HEAD, *(role.value for role in Role)])
    for line in by_cell(policy):
        writer.writerow([*line.head, *(line.text(role) for role in Role)])
    return out.getvalue()


def as_markdown(policy: Policy, table: Iterable[Part]) -> str:
    """The policy table, row by row, with a key to its marks."""
    roles = [role.value for role in Role]
    lines = [
        f"# Who sees what (policy {policy.version})",
        "",
        f"{_key()}. A slash parts what differs from field to field.",
        "",
        _bar(["#", "what", *roles]),
        _bar(["---"] * (len(roles) + 2)),
    ]
    for line in by_row(policy, table):
        number, part, zh = line.head
        lines.append(_bar([number, f"{part} ({zh})", *(line.text(role) for role in Role)]))
    return "\n".join(lines) + "\n"


def as_html(policy: Policy, table: Iterable[Part]) -> str:
    """One page without script or outside parts: the policy table in colors, then every cell, folded by kind."""
    columns = "".join(f"<th scope=col>{role.value}</th>" for role in Role)
    body = [
        f"<h1>Who sees what <small>policy {html.escape(policy.version)}</small></h1>",
        f"<p>{html.escape(_key())}. <span class=C>clear</span> <span class=R>released text</span> "
        "<span class=M>masked</span> <span class=W>withheld</span>; "
        "<span class='C if'>hatched</span>: only under the condition. Point at a cell to read it in words.</p>",
        f"<table><thead><tr><th scope=col>#</th><th scope=col>what</th>{columns}</tr></thead><tbody>",
    ]
    for line in by_row(policy, table):
        number, part, zh = map(html.escape, line.head)
        body.append(f"<tr><td>{number}</td><th scope=row>{part}<br><small>{zh}</small></th>{_colored(line)}</tr>")
    body.append("</tbody></table>")
    kinds: dict[str, list[Line]] = {}
    for line in by_cell(policy):
        kinds.setdefault(words.kind_of(line.head[0]), []).append(line)
    for kind, lines in kinds.items():
        head = f"<tr><th scope=col>coordinate</th><th scope=col>rows</th>{columns}</tr>"
        body.append(f"<details><summary>{kind}: {len(lines)} cells</summary><table><thead>{head}</thead><tbody>")
        for line in lines:
            coordinate, zh, _, row_class = map(html.escape, line.head)
            title = f"{coordinate} <small>{zh}</small>"
            body.append(f"<tr><th scope=row>{title}</th><td>{row_class}</td>{_colored(line)}</tr>")
        body.append("</tbody></table></details>")
    head = f"<meta charset=utf-8><title>Who sees what: policy {policy.version}</title><style>{_STYLE}</style>"
    return f"<!doctype html>\n<html lang=en><head>{head}</head><body>\n" + "\n".join(body) + "\n</body></html>\n"


FORMS: Mapping[str, Callable[[Policy, Iterable[Part]], str]] = MappingProxyType(
    {"csv": as_csv, "md": as_markdown, "html": as_html}
)


def _colored(line: Line) -> str:
    cells: list[str] = []
    for role in Role:
        best = line.seen[role][0][:1]
        level = best[0].level if best else Level.WITHHELD
        conditional = " if" if best and best[0].held else ""
        said = html.escape("; ".join(_spelled(line.seen[role])), quote=True)
        text = html.escape(line.text(role))
        cells.append(f"<td class='{LETTERS[level][0].upper()}{conditional}' title=\"{said}\">{text}</td>")
    return "".join(cells)


def _spelled(seen: tuple[Ways, ...]) -> Iterator[str]:
    """``clear with a matter in scope``, once for every different way."""
    for way in dict.fromkeys(way for ways in seen for way in ways):
        yield f"{way.level.value.lower()}" + (f" with {in_words(way.held)}" if way.held else " always")
    if any(not ways for ways in seen):
        yield "withheld"


def _key() -> str:
    levels = "C: clear · rel: the released text · M: masked · W: withheld"
    marks = " · ".join(f"{mark}: {WORDS[Relation(relation)][0]}" for relation, mark in MARKS.items())
    return f"{levels} · {marks}"


def _bar(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; margin: 1em 0 } small { color: #555; font-weight: normal }
th, td { border: 1px solid #bbb; padding: .25em .5em; vertical-align: top }
thead th { position: sticky; top: 0; background: #fff }
th[scope=row] { text-align: left; font-weight: normal } summary { cursor: pointer; padding: .3em 0 }
.C { background-color: #bfe6bf } .R { background-color: #d6ecf5 } .M { background-color: #fbe7a1 }
.W { background-color: #f2f2f2; color: #555 }
.if { background-image: repeating-linear-gradient(135deg, transparent 0 6px, rgba(255,255,255,.65) 6px 10px) }
""".strip()
