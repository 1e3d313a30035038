"""What the tests of evidence share: files of every format, and a house that files are sent to and fetched from."""

from collections.abc import AsyncIterator, Mapping
from itertools import repeat
from types import MappingProxyType

import httpx

from gateway.rights.formats import Format
from tests.flow.documents import LEGAL
from tests.harness import Body, House

OF_ENTERPRISE = """query($uscc: String!) { enterprise(by: {uscc: $uscc}) { cases(first: 1) { nodes { id evidence {
  nodes { id fileName format size sha256 addedAt addedBy state } } } } } }"""
FILE_TYPE = "application/pdf"
BEGINNINGS: Mapping[Format, bytes] = MappingProxyType(
    {
        Format.PDF: b"%PDF-1.7\n",
        Format.PNG: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        Format.JPEG: b"\xff\xd8\xff\xe0\x00\x10JFIF",
    }
)
ENDS: Mapping[Format, bytes] = MappingProxyType(
    {Format.PDF: b"\n%%EOF\n", Format.PNG: b"\x00\x00\x00\x00IEND\xaeB\x60\x82", Format.JPEG: b"\xff\xd9"}
)
CHUNK = bytes(range(256)) * 256  # 64 KiB


def made(format: Format = Format.PDF, size: int = 1_000) -> bytes:
    """A file of a format, of so many bytes."""
    inside = size - len(BEGINNINGS[format]) - len(ENDS[format])
    return BEGINNINGS[format] + (CHUNK * (inside // len(CHUNK) + 1))[:inside] + ENDS[format]


async def flow(size: int, taken: list[int] | None = None) -> AsyncIterator[bytes]:
    """A PDF of so many bytes, chunk by chunk; ``taken`` holds the sizes of those that somebody took."""
    head, end = BEGINNINGS[Format.PDF], ENDS[Format.PDF]
    inside = size - len(head) - len(end)
    whole, rest = divmod(inside, len(CHUNK))
    for chunk in (head, *repeat(CHUNK, whole), CHUNK[:rest] + end):
        if taken is not None:
            taken.append(len(chunk))
        yield chunk


def where(house: House, id: str) -> str:
    """The address of a case's or a file's evidence."""
    return f"http://127.0.0.1:{house.port}/evidence/{id}"


async def send(
    house: House,
    persona: str,
    case: str,
    content: bytes | AsyncIterator[bytes],
    media_type: str = FILE_TYPE,
    **headers: str,
) -> httpx.Response:
    """Add a file as a persona; header names with underscores."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    all_headers = {**house.headers(persona), "content-type": media_type, **told}
    return await house.http.post(where(house, case), content=content, headers=all_headers)


async def fetch(house: House, persona: str, id: str) -> httpx.Response:
    """Read a file as a persona."""
    return await house.http.get(where(house, id), headers=house.headers(persona))


async def case_of(house: House, persona: str = "enterprise-rep") -> str:
    """The id of the newest case of the enterprise, as a persona knows it."""
    data = await house.data(persona, OF_ENTERPRISE, LEGAL)
    return str(data["enterprise"]["cases"]["nodes"][0]["id"])


async def told(house: House, persona: str) -> list[Body]:
    """What is told of the files of that case."""
    data = await house.data(persona, OF_ENTERPRISE, LEGAL)
    found: list[Body] = data["enterprise"]["cases"]["nodes"][0]["evidence"]["nodes"]
    return found


async def kept(house: House) -> tuple[int, int]:
    """How many files and how many pieces there are."""
    ((files, pieces),) = await house.sql(
        "SELECT (SELECT count(*) FROM evidence), (SELECT count(*) FROM evidence_piece)"
    )
    return int(files), int(pieces)


def code(response: httpx.Response) -> str:
    """The code of a refusal."""
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found
