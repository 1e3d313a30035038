"""Evidence: who adds a file to a case and reads it, and what is taken; for everybody else there is none."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from gateway.evidence.add import add
from gateway.evidence.offer import Limits, Offer
from gateway.evidence.spool import PIECE
from gateway.intake.sample_demo import DEMO
from gateway.rights.formats import Format
from gateway.store.database import Connections
from tests.flow.acting import RECORD, REVOKE, VERIFY, do
from tests.flow.documents import CITIZEN, LEGAL, PERSON
from tests.flow.evidence_bench import FILE_TYPE, case_of, code, fetch, flow, kept, made, send, told, where
from tests.flow.objections import FILE
from tests.harness import NOW, House, opened, stored

pytestmark = pytest.mark.anyio

NOBODYS = "AAAAAAAAAAAAAAAAAAAAAA"
COMPLAIN = """mutation($facts: String!) { fileComplaint(against: {department: "TAX"}, facts: $facts) { id } }"""
COMPLAIN_FOR = """mutation($subject: ID, $facts: String!) {
  fileComplaint(against: {department: "TAX"}, facts: $facts, subject: $subject) { id } }"""
SUPPLEMENT = 'mutation($case: ID!) { supplementCase(case: $case, text: "补充。") { id } }'
SUBJECT = "query($uscc: String!) { enterprise(by: {uscc: $uscc}) { id } }"
LARGEST = 20 << 20
PATH = "C:\\证据/发票.pdf"  # what some browsers send


@pytest.fixture(scope="module")
async def house(database: Connections, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A gateway for this module; at the end the trees of its log are those of its entries."""
    async with opened(database, tmp_path_factory.mktemp("home")) as made_:
        yield made_
        await stored(made_.connections)


@pytest.fixture(autouse=True)
async def emptied(house: House) -> AsyncIterator[None]:
    """Each test begins with a case that holds no file."""
    yield
    await house.sql("TRUNCATE evidence, evidence_piece")


@pytest.mark.parametrize("format", Format, ids=lambda format: format.name)
async def test_a_party_adds_and_both_sides_read(house: House, format: Format) -> None:
    content = made(format, 2 * PIECE + 10)
    named = f"attachment; filename*=UTF-8''{quote(PATH, safe='')}"
    response = await send(
        house, "enterprise-rep", await case_of(house), content, format.media_type, content_disposition=named
    )
    body = response.json()
    digest = hashlib.sha256(content).hexdigest()
    assert (response.status_code, body["sha256"], body["size"], body["type"]) == (
        201,
        digest,
        len(content),
        format.media_type,
    )
    assert set(body) == {"id", "sha256", "size", "type", "receipt"} and await kept(house) == (1, 3)
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["operation"]["roots"], entry["sha256"]) == ("PERFORMED", ["addEvidence"], digest)
    assert len(entry["rows"]["evidence"]["ids"]) == len(entry["rows"]["case"]["ids"]) == len(entry["subjects"]) == 1
    assert (entry["held"], entry["fields"]["clear"]) == (1, [])
    for persona in ("enterprise-rep", "handler"):
        (card,) = await told(house, persona)
        assert card == {
            "id": body["id"],
            "fileName": "发票.pdf",
            "format": format.name,
            "size": len(content),
            "sha256": digest,
            "addedAt": NOW.isoformat().replace("+00:00", ".000000Z"),
            "addedBy": "PARTY",
            "state": "KEPT",
        }
        read = await fetch(house, persona, body["id"])
        assert (read.status_code, read.content, read.headers["content-type"]) == (200, content, format.media_type)
        assert read.headers["x-content-type-options"] == "nosniff"
        assert read.headers["content-disposition"] == (
            f"attachment; filename=\"evidence{format.suffix}\"; filename*=UTF-8''{quote('发票.pdf')}"
        )
        (entry,) = await house.entries(1)
        assert (entry["outcome"], entry["sha256"], list(entry["rows"])) == ("DISCLOSED", digest, ["evidence"])


async def test_the_handler_adds_and_the_party_reads(house: House) -> None:
    response = await send(house, "handler", await case_of(house, "handler"), made())
    assert response.status_code == 201
    (card,) = await told(house, "enterprise-rep")
    assert (card["addedBy"], card["fileName"]) == ("HANDLER", None)
    assert (await fetch(house, "enterprise-rep", card["id"])).content == made()
    (entry, _) = await house.entries(2)
    assert entry["held"] == 8 or entry["operation"]["roots"] != ["addEvidence"]


async def test_the_head_of_a_file_is_an_access_too(house: House) -> None:
    file = (await send(house, "enterprise-rep", await case_of(house), made())).json()["id"]
    before = await house.entry_count()
    response = await house.http.head(where(house, file), headers=house.headers("handler"))
    assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "1000")
    assert (await house.http.put(where(house, file), content=b"x")).status_code == 405
    assert await house.entry_count() == before + 1


async def test_nothing_of_it_lies_in_clear(house: House) -> None:
    content = made(size=PIECE + 5)
    await send(
        house, "enterprise-rep", await case_of(house), content, content_disposition='attachment; filename="x.pdf"'
    )
    pieces = [row[0] for row in await house.sql("SELECT sealed FROM evidence_piece ORDER BY number")]
    assert [len(one) for one in pieces] == [PIECE + 34, 5 + 34]
    assert not any(content[at : at + 32] in one for one in pieces for at in (0, 1000, PIECE - 32))
    assert b"x.pdf" not in (await house.sql("SELECT file_name_sealed FROM evidence"))[0][0]


STRANGERS = ("bank", "agency", "tax-officer", "market-officer", "auditor", "citizen", "desk", "system-admin")


@pytest.mark.parametrize("persona", STRANGERS)
async def test_for_others_it_is_as_if_there_were_none(house: House, persona: str) -> None:
    """A case and a file of others, ids of nothing, of something else: answered alike, each with its entry."""
    case = await case_of(house)
    file = (await send(house, "enterprise-rep", case, made())).json()["id"]
    before = await kept(house)
    answers = []
    for id in (case, file, NOBODYS, "x", DEMO.enterprise_uscc):
        for response in (await send(house, persona, id, made()), await fetch(house, persona, id)):
            answers.append((response.status_code, response.json()["errors"]))
            (entry,) = await house.entries(1)
            assert (entry["rows"], entry["subjects"], entry.get("sha256")) == ({}, [], None)
    assert answers == answers[:1] * 10 and answers[0][0] == 404
    assert await kept(house) == before


async def test_the_public_needs_a_token(house: House) -> None:
    case = await case_of(house)
    entries = await house.entry_count()
    for response in (
        await house.http.post(f"http://127.0.0.1:{house.port}/evidence/{case}", content=made()),
        await house.http.get(f"http://127.0.0.1:{house.port}/evidence/{case}"),
        await house.http.get(f"http://127.0.0.1:{house.port}/evidence/{case}", headers={"authorization": "Bearer x"}),
    ):
        assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"].startswith("Bearer ")
    assert await house.entry_count() == entries


async def test_nothing_is_added_to_a_closed_case(house: House) -> None:
    """Its party may know that it is closed; from its handler it is gone, with every file of it."""
    case, of_handler = await case_of(house), await case_of(house, "handler")
    file = (await send(house, "enterprise-rep", case, made())).json()["id"]
    await house.sql('UPDATE "case" SET closed_at = %s', NOW)
    try:
        response = await send(house, "enterprise-rep", case, made())
        assert (response.status_code, code(response)) == (409, "CASE_CLOSED")
        assert (await send(house, "handler", of_handler, made())).status_code == 404
        assert (await fetch(house, "handler", file)).status_code == 404
        assert (await fetch(house, "enterprise-rep", file)).status_code == 200
    finally:
        await house.sql('UPDATE "case" SET closed_at = NULL')
    assert await kept(house) == (1, 1)


async def test_who_filed_a_complaint_adds_to_it_and_the_desk_reads(house: House) -> None:
    """An institution is shown no case (row 36): it adds what it has, and reads nothing back. The desk has the case."""
    complaint = (await house.data("bank", COMPLAIN, {"facts": "查询无据。"}))["fileComplaint"]["id"]
    response = await send(house, "bank", complaint, made())
    assert response.status_code == 201
    assert (await house.entries(1))[0]["held"] == 0
    assert (await send(house, "agency", complaint, made())).status_code == 404
    assert (await fetch(house, "bank", response.json()["id"])).status_code == 404
    assert (await fetch(house, "desk", response.json()["id"])).content == made()
    assert (await send(house, "desk", complaint, made())).status_code == 201
    assert await house.sql("SELECT added_by, consumer FROM evidence ORDER BY id") == [
        ("PARTY", "bank-demo"),
        ("DESK", "platform-desk"),
    ]


async def mandated(house: House, *scope: str) -> str:
    """The demo citizen is an agent of the enterprise, as far as ``scope`` says: the mandate."""
    given = {"agent": DEMO.citizen, "scope": list(scope), "document": "公证〔2026〕8号"}
    mandate = str((await do(house, "enterprise-rep", RECORD, **given))["id"])
    assert (await do(house, "enterprise-rep", VERIFY, mandate=mandate))["state"] == "VERIFIED"
    return mandate


async def test_an_agent_adds_only_if_the_mandate_lets_it_file(house: House) -> None:
    mandate = await mandated(house, "READ")
    try:
        case = await case_of(house, "citizen")
        assert (await send(house, "citizen", case, made())).status_code == 404
        assert await kept(house) == (0, 0)
        await send(house, "enterprise-rep", await case_of(house), made())
        (card,) = await told(house, "citizen")  # what is there it reads
        assert (await fetch(house, "citizen", card["id"])).content == made()
    finally:
        await do(house, "enterprise-rep", REVOKE, mandate=mandate)
    mandate = await mandated(house, "FILE")
    try:
        assert (await send(house, "citizen", case, made())).status_code == 201
        assert (await house.entries(1))[0]["held"] == 1
    finally:
        await do(house, "enterprise-rep", REVOKE, mandate=mandate)


async def test_a_persons_file_has_another_id_for_everybody(house: House) -> None:
    person = await house.data("citizen", PERSON, CITIZEN)
    record = person["person"]["penalties"]["nodes"][0]["id"]
    case = (await house.data("citizen", FILE, {"record": record, "claim": "不是本人。"}))["fileObjection"]["id"]
    file = (await send(house, "citizen", case, made())).json()["id"]
    assert (await fetch(house, "citizen", file)).content == made()
    assert (await fetch(house, "enterprise-rep", file)).status_code == 404


WRONG: dict[str, tuple[str, bytes, str]] = {
    "another type": ("text/html", made(), "must be one of"),
    "no type": ("", made(), "must be one of"),
    "a program": ("application/pdf", b"MZ" + made(), "the content is not application/pdf"),
    "a picture as a document": ("application/pdf", made(Format.PNG), "the content is not application/pdf"),
    "a document as a picture": ("image/png", made(), "the content is not image/png"),
    "nothing": ("image/jpeg", b"", "the content is not image/jpeg"),
    "a beginning": ("image/png", b"\x89PN", "the content is not image/png"),
    "cut off": ("application/pdf", made()[:-20], "the PDF does not end as one"),
    "with an archive behind": ("image/png", made(Format.PNG) + b"PK\x03\x04", "the PNG does not end as one"),
    "with a script": ("application/pdf", made().replace(b"\n%%EOF", b"<</S /JavaScript>>\n%%EOF"), "holds a script"),
}


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.replace(" ", "-"))
async def test_what_is_not_on_the_list_or_not_what_it_says_is_refused(house: House, case: str) -> None:
    media_type, content, rule = WRONG[case]
    response = await send(house, "enterprise-rep", await case_of(house), content, media_type)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert rule in response.json()["errors"][0]["message"]
    assert response.headers["accept"] == "application/pdf, image/png, image/jpeg"
    (entry,) = await house.entries(1)
    assert (entry["outcome"], entry["code"], entry["operation"]["roots"]) == (
        "REFUSED",
        "UNSUPPORTED_MEDIA_TYPE",
        ["addEvidence"],
    )
    assert await kept(house) == (0, 0)


async def test_a_packed_body_is_refused(house: House) -> None:
    response = await send(house, "enterprise-rep", await case_of(house), made(), content_encoding="gzip")
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")


async def test_the_largest_file_is_taken_and_one_byte_more_is_not(house: House) -> None:
    case = await case_of(house)
    response = await send(house, "enterprise-rep", case, flow(LARGEST))
    assert (response.status_code, response.json()["size"], await kept(house)) == (201, LARGEST, (1, 80))
    digest = hashlib.sha256((await fetch(house, "handler", response.json()["id"])).content).hexdigest()
    assert digest == response.json()["sha256"]
    response = await send(house, "enterprise-rep", case, flow(LARGEST + 1))
    assert (response.status_code, code(response)) == (413, "CONTENT_TOO_LARGE")
    assert await kept(house) == (1, 80)


async def test_names_are_checked(house: House) -> None:
    case = await case_of(house)
    for name in ("a\u202efdp.exe", "a%00b", "é" * 256):
        given = f"attachment; filename*=UTF-8''{quote(name, safe='%')}"
        response = await send(house, "enterprise-rep", case, made(), content_disposition=given)
        assert (response.status_code, code(response)) == (400, "BAD_REQUEST"), name
    assert await kept(house) == (0, 0)


async def test_the_same_key_is_one_file(house: House) -> None:
    """Sent again it is answered byte for byte the same; another file under the key is a conflict."""
    case = await case_of(house)
    first, again = [await send(house, "enterprise-rep", case, made(), idempotency_key='"k"') for _ in range(2)]
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    other = await send(house, "enterprise-rep", case, made(size=2_000), idempotency_key='"k"')
    assert (other.status_code, code(other), await kept(house)) == (409, "IDEMPOTENCY_CONFLICT", (1, 1))
    bad = await send(house, "enterprise-rep", case, made(), idempotency_key="a b")
    assert (bad.status_code, bad.json()["errors"][0]["path"]) == (400, ["Idempotency-Key"])


def offer(house: House, case: str, content: AsyncIterator[bytes]) -> Offer:
    authorization = house.headers("enterprise-rep")["authorization"]
    return Offer(authorization, case, FILE_TYPE, None, None, None, content)


@pytest.mark.parametrize("limits", [Limits(files=1), Limits(together=1_500)], ids=["as many files", "as many bytes"])
async def test_a_case_takes_so_much(house: House, limits: Limits) -> None:
    case = await case_of(house)
    replies = [await add(house.gateway, offer(house, case, flow(1_000)), limits) for _ in range(2)]
    assert [one.status for one in replies] == [201, 400] and b"LIMIT_EXCEEDED" in replies[1].body
    assert await kept(house) == (1, 1)


async def test_a_file_has_its_time(house: House) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield made()
        await asyncio.get_running_loop().create_future()  # nothing more comes

    reply = await add(house.gateway, offer(house, await case_of(house), slow()), Limits(seconds=0.05))
    assert reply.status == 400 and b"did not come within" in reply.body
    assert await kept(house) == (0, 0)


async def test_who_filed_for_a_subject_and_acts_for_it_no_more_adds_nothing(house: House) -> None:
    """The case is the subject's, whoever filed it; only a case that is nobody else's stays its filer's."""
    mandate = await mandated(house, "FILE")
    try:
        subject = (await house.data("citizen", SUBJECT, LEGAL))["enterprise"]["id"]
        given = {"subject": subject, "facts": "未答复。"}
        case = (await house.data("citizen", COMPLAIN_FOR, given))["fileComplaint"]["id"]
        assert (await send(house, "citizen", case, made())).status_code == 201
        assert (await house.data("citizen", SUPPLEMENT, {"case": case}))["supplementCase"]["id"] == case
    finally:
        await do(house, "enterprise-rep", REVOKE, mandate=mandate)
    assert await house.sql('SELECT filer FROM "case" ORDER BY id DESC LIMIT 1') == [(DEMO.citizen,)]
    before = await kept(house)
    assert (await send(house, "citizen", case, made())).status_code == 404
    _, body = await house.ask("citizen", SUPPLEMENT, {"case": case})
    assert body["errors"][0]["message"].endswith("is not a case of the caller")
    assert await kept(house) == before
    complaint = (await house.data("bank", COMPLAIN, {"facts": "查询无据。"}))["fileComplaint"]["id"]
    assert (await send(house, "bank", complaint, made())).status_code == 201
    assert (await house.data("bank", SUPPLEMENT, {"case": complaint}))["supplementCase"]["id"] == complaint
