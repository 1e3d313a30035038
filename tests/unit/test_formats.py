"""Formats of evidence: what a file is, found out however it is cut into chunks."""

from collections.abc import Iterable

import pytest

from gateway.catalogue.evidence import FORMATS
from gateway.rights.formats import MEDIA_TYPES, Format, Look, named
from tests.flow.evidence_bench import made


def looked(format: Format, chunks: Iterable[bytes]) -> str | None:
    """The first rule that is broken."""
    look = Look(format)
    rules = [*[look.at(one) for one in chunks], look.end()]
    return next((rule for rule in rules if rule is not None), None)


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def test_the_catalogue_has_the_same_words() -> None:
    assert tuple(one.name for one in Format) == FORMATS
    assert [named(one) for one in MEDIA_TYPES] == list(Format)


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("Application/PDF", Format.PDF),
        ("image/png; charset=binary", Format.PNG),
        ("image/jpg", None),
        ("application/zip", None),
        ("", None),
    ],
)
def test_media_types_are_read_as_http_has_them(text: str, format: Format | None) -> None:
    assert named(text) is format


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 1025, 100_000])
@pytest.mark.parametrize("format", Format, ids=lambda format: format.name)
def test_a_file_is_what_it_is_however_it_comes(format: Format, size: int) -> None:
    content = made(format, 5_000)
    assert looked(format, cut(content, size)) is None
    for other in set(Format) - {format}:
        assert looked(other, cut(content, size)) == f"the content is not {other.media_type}"
    assert looked(format, cut(content[: len(format.beginning) - 1], size)) == f"the content is not {format.media_type}"


@pytest.mark.parametrize("size", [1, 5, 11, 5_000])
@pytest.mark.parametrize("name", [b"/JavaScript", b"/Launch", b"/RichMedia"])
def test_what_is_active_is_found_across_chunks(name: bytes, size: int) -> None:
    content = made().replace(b"\n%%EOF", b" <<" + name + b" 1 0 R>>\n%%EOF")
    rule = "the PDF holds a script, a program to start or a player"
    assert looked(Format.PDF, cut(content, size)) == rule
    assert looked(Format.JPEG, cut(made(Format.JPEG) + name, size)) is None  # a picture does not start it


def test_ends_are_looked_at() -> None:
    assert looked(Format.PDF, [made() + b" " * 1000]) is None
    assert looked(Format.PDF, [made() + b" " * 1100]) == "the PDF does not end as one"
    assert looked(Format.PNG, [made(Format.PNG) + b"\0"]) == "the PNG does not end as one"
    assert looked(Format.JPEG, [made(Format.JPEG) + b"appended by a phone"]) is None
