"""Files as departments send them: CSV in UTF-8 or GB18030, and XLSX → a head and rows of text, one at a time.

The encoding is found out and told, never guessed on: a file that is neither UTF-8 nor GB18030 is refused with the line.
"""

import codecs
import csv
import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from gateway.errors import BadInput, Fault

Cells: TypeAlias = list[str]
BLOCK = 1 << 20
MOST_UNPACKED = 2 << 30  # bytes of an XLSX when unpacked
MOST_RATIO = 200  # of unpacked to packed: beyond it the file is a bomb
MOST_FIELD = 64 << 10  # characters of a cell

_ENCODINGS = ("utf-8-sig", "gb18030")
_NAMES: Mapping[str, str] = MappingProxyType({"utf-8-sig": "UTF-8", "gb18030": "GB18030", "xlsx": "XLSX"})


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: its encoding, the SHA-256 of its bytes, its head, and its rows with their line numbers."""

    encoding: str
    digest: bytes
    head: tuple[str, ...]
    rows: Iterator[tuple[int, Cells]]
    lines: int  # about as many as there are rows, to tell how far it is


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file. Raises BadInput for one that cannot be read as what its name says, OSError if it is not there."""
    digest, lines = _digest(path)
    if path.suffix.lower() == ".xlsx":
        with _sheet(path) as rows:
            yield _source(path, "xlsx", digest, rows, lines)
        return
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        csv.field_size_limit(MOST_FIELD)
        yield _source(path, encoding, digest, _lines(path, file), lines)


def _source(path: Path, encoding: str, digest: bytes, rows: Iterator[tuple[int, Cells]], lines: int) -> Source:
    _, head = next(rows, (1, []))
    if not any(head):
        raise BadInput(Fault((path.name, 1), "the first line must name the columns"))
    return Source(_NAMES[encoding], digest, tuple(one.strip() for one in head), rows, lines)


def _digest(path: Path) -> tuple[bytes, int]:
    found, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
            lines += block.count(b"\n")
    return found.digest(), lines


def _encoding(path: Path) -> str:
    """The first encoding in which the whole file is valid. Raises BadInput with the line that fits none."""
    place = 0
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        read = lines = 0
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    decoder.decode(block)
                    read, lines = read + len(block), lines + block.count(b"\n")
                decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            place = max(place, lines + error.object[: error.start].count(b"\n") + 1)
        else:
            return encoding
    raise BadInput(Fault((path.name, place), "the bytes are neither UTF-8 nor GB18030"))


def _lines(path: Path, file: "Iterator[str]") -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(file, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadInput(Fault((path.name, line), f"is not CSV: {error}")) from None
        if cells is None:
            return
        if any(one.strip() for one in cells):
            yield line, cells


@contextmanager
def _sheet(path: Path) -> Iterator[Iterator[tuple[int, Cells]]]:
    """The rows of the first sheet. Refused: what is no XLSX, what unpacks beyond all measure."""
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(one.file_size for one in packed.infolist())
            if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(1, path.stat().st_size):
                raise BadInput(Fault((path.name,), "unpacks to more than a file of this size may"))
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError):
        raise BadInput(Fault((path.name,), "is not an XLSX file")) from None
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        texts = ((line, [_text(one) for one in row]) for line, row in enumerate(rows, 1))
        yield (one for one in texts if any(one[1]))
    finally:
        book.close()


def _text(value: object) -> str:
    """A cell as the text that a CSV of the same sheet would hold. A formula stays one and fits no rule of a column."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
