"""Consents that institutions bring: signed by the subject, or scanned; also for whom the platform does not know."""

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509

from gateway.clock import SystemRandom
from gateway.intake.sample_codes import citizen_number
from gateway.intake.sample_demo import DEMO
from gateway.store.database import Connections
from tests.flow.consents import (
    BANK,
    CITIZEN,
    FREEZE,
    PERSON,
    REGISTER,
    TERMS,
    UNFREEZE,
    WITHDRAW,
    access,
    code_of,
    number_of,
    read,
    signed,
    uses,
)
from tests.flow.signers import Authority, authorization, moment_before
from tests.harness import Body, House, opened

pytestmark = pytest.mark.anyio

LISTED, FOREIGN = Authority("白城样例电子认证"), Authority("外地样例电子认证")
NOBODY = ("戊辰五", citizen_number("222301", 1_234, 993))
CONTACT = """query($uscc: String!, $access: Access) { enterprise(by: {uscc: $uscc}, access: $access) { phone } }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    (made / "issuers.pem").write_bytes(LISTED.pem)
    return made


@pytest.fixture
async def house(database: Connections, home: Path) -> AsyncIterator[House]:
    settings = {"GATEWAY_CONSENT_ISSUERS": str(home / "issuers.pem"), "GATEWAY_SCANNED_CONSENTS": "2"}
    async with opened(database, home, random=SystemRandom(), settings=settings) as made:
        yield made


def of_citizen(house: House, authority: Authority = LISTED, **changes: Any) -> Body:
    """What the citizen has signed."""
    name, number = DEMO.citizen_name, DEMO.citizen_id_number
    return signed(house, authority.signer(name, number), name, number, **changes)


async def registered(house: House, given: Body, persona: str = "bank") -> Body:
    found: Body = (await house.data(persona, REGISTER, given))["registerConsent"]
    return found


async def refused(house: House, given: Body, persona: str = "bank") -> list[tuple[list[object], str]]:
    """The faults: where, and what is said."""
    before = await house.sql("SELECT count(*) FROM consent")
    _, body = await house.ask(persona, REGISTER, given)
    assert code_of(body) == "BAD_USER_INPUT", body
    assert await house.sql("SELECT count(*) FROM consent") == before
    return [(error["path"], error["message"]) for error in body["errors"]]


# --- signed ---


async def test_what_the_person_signed_opens_what_it_covers(house: House) -> None:
    given = of_citizen(house, single=True, agent="无权代理人 甲", consequencesTold=True)
    receipt = await registered(house, given)
    assert (receipt["state"], receipt["deadline"]) == ("ACTIVE", None)
    found = await read(house, "bank", receipt["id"])
    assert (found["assurance"], found["single"], found["state"]) == ("B", True, "ACTIVE")
    shown = await house.data("bank", PERSON, {**CITIZEN, "access": access(found["number"], "k")})
    assert shown["person"] == {"name": DEMO.citizen_name} and await uses(house, found["number"]) == 1
    listed = (await house.data("citizen", "{ consents(first: 100) { nodes { id number } } }"))["consents"]["nodes"]
    (own,) = [one["id"] for one in listed if one["number"] == found["number"]]
    await house.data("citizen", WITHDRAW, {"consent": own})
    assert (await read(house, "bank", receipt["id"]))["state"] == "WITHDRAWN"


async def test_of_the_proof_digests_are_told(house: House) -> None:
    """Nothing with the number or the name, to whomever."""
    name, number = DEMO.citizen_name, DEMO.citizen_id_number
    given = of_citizen(house, agent=f"代理人 {name} {number}")
    await registered(house, given)
    listed = (await house.data("citizen", "{ consents(first: 1) { nodes { evidence } } }"))["consents"]["nodes"]
    text, der = authorization(given, name, "公民身份号码", number, BANK), base64.b64decode(given["certificate"])
    told = orjson.loads(listed[0]["evidence"])
    serial = told.pop("serial")
    assert told == {
        "text": hashlib.sha256(text.encode()).hexdigest(),
        "certificate": hashlib.sha256(der).hexdigest(),
        "issuer": LISTED.certificate.subject.rfc4514_string(),
        "place": "白城",
        "signedAt": "2026-11-23T01:00:00Z",
    }
    assert int(serial, 16) == x509.load_der_x509_certificate(der).serial_number
    assert name not in listed[0]["evidence"] and number not in listed[0]["evidence"]


@pytest.mark.parametrize(
    "place", [f"白城 {DEMO.citizen_name}", f"白城 {DEMO.citizen_id_number}"], ids=["name", "number"]
)
async def test_the_place_which_is_told_names_nobody(house: House, place: str) -> None:
    ((path, _),) = await refused(house, of_citizen(house, place=place))
    assert path == ["registerConsent", "place"]


async def test_nothing_of_the_proof_is_kept_in_clear(house: House) -> None:
    await registered(house, of_citizen(house))
    ((row,),) = await house.sql("SELECT consent::text FROM consent ORDER BY id DESC LIMIT 1")
    assert DEMO.citizen_id_number.encode().hex() not in row and DEMO.citizen_name.encode().hex() not in row
    assert DEMO.citizen_id_number not in row and DEMO.citizen_name not in row


WRONG = {
    "another term": {"until": "2027-06-29"},
    "another purpose": {"purposes": ["CREDIT_REVIEW"]},
    "wider": {"kinds": ["person", "license", "penalty", "honor"]},
    "repeated": {"single": True},
    "elsewhere": {"place": "长春"},
    "at another time": {"signedAt": "2026-11-20T01:00:00+00:00"},
    "told": {"consequencesTold": True},
    "by an agent": {"agent": "某甲"},
    "with an attachment": {"attachment": "00" * 32},
    "no signature": {"signature": "AAAA"},
    "no certificate": {"certificate": "AAAA"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
async def test_a_signature_over_anything_else_is_refused(house: House, changes: Body) -> None:
    ((path, said),) = await refused(house, {**of_citizen(house), **changes})
    assert path == ["registerConsent", "signature"] and "is not a signature" in said


async def test_a_signature_for_another_institution_is_refused(house: House) -> None:
    ((path, _),) = await refused(house, of_citizen(house), "agency")
    assert path == ["registerConsent", "signature"]


async def test_a_certificate_must_be_listed_in_time_for_signing_and_the_subjects(house: House) -> None:
    name, number = DEMO.citizen_name, DEMO.citizen_id_number
    signers = [
        FOREIGN.signer(name, number),
        LISTED.signer(DEMO.stranger_name, number),
        LISTED.signer(name, DEMO.stranger_id_number),
        LISTED.signer(name, number, until=datetime(2026, 11, 1, tzinfo=UTC)),
        LISTED.signer(name, number, authority=True),
    ]
    for signer in signers:
        ((path, _),) = await refused(house, signed(house, signer, name, number))
        assert path == ["registerConsent", "signature"]


async def test_an_enterprise_signs_by_its_own_certificate(house: House) -> None:
    given: Body = {**TERMS, "kinds": ["enterprise"], "place": "白城", "signedAt": moment_before(house.clock.now())}
    text = authorization(given, DEMO.enterprise_name, "统一社会信用代码", DEMO.enterprise_uscc, BANK)
    signer = LISTED.signer(DEMO.enterprise_name, DEMO.enterprise_uscc)
    receipt = await registered(house, {**given, "uscc": DEMO.enterprise_uscc, **signer.sign(text)})
    number = await number_of(house, "bank", receipt["id"])
    shown = await house.data("bank", CONTACT, {"uscc": DEMO.enterprise_uscc, "access": access(number)})
    assert shown["enterprise"]["phone"]


async def test_a_deregistered_enterprise_gives_none(house: House) -> None:
    given: Body = {**TERMS, "kinds": ["enterprise"], "place": "通榆", "signedAt": moment_before(house.clock.now())}
    text = authorization(given, DEMO.enterprise_name, "统一社会信用代码", DEMO.enterprise_uscc, BANK)
    signer = LISTED.signer(DEMO.enterprise_name, DEMO.enterprise_uscc)
    closing = "UPDATE enterprise SET status = %s WHERE uscc = %s"
    await house.sql(closing, "DEREGISTERED", DEMO.enterprise_uscc)
    try:
        for proof in (signer.sign(text), {"scan": secrets.token_hex(32), "place": None, "signedAt": None}):
            ((path, said),) = await refused(house, {**given, "uscc": DEMO.enterprise_uscc, **proof})
            assert path == ["registerConsent", "uscc"] and "deregistered" in said
    finally:
        await house.sql(closing, "ACTIVE", DEMO.enterprise_uscc)


# --- one text, one consent ---


async def test_one_text_is_one_consent_whatever_became_of_it(house: House) -> None:
    """Active, used up, withdrawn; with the same signature or another one; for the known as for the unknown."""
    found = []
    for name, number in ((DEMO.citizen_name, DEMO.citizen_id_number), NOBODY):
        signer = LISTED.signer(name, number)
        given = signed(house, signer, name, number, single=True)
        again = {**given, **signer.sign(authorization(given, name, "公民身份号码", number, BANK))}
        assert again["signature"] != given["signature"]
        id = (await registered(house, given))["id"]
        keys = await house.sql("SELECT count(*) FROM subject_key")
        faults = [await refused(house, given), await refused(house, again)]
        consent = await number_of(house, "bank", id)
        await house.data("bank", PERSON, {"id": number, "name": name, "access": access(consent, "k")})
        faults.append(await refused(house, given))
        await house.data("bank", WITHDRAW, {"consent": id})
        faults.append(await refused(house, again))
        house.clock.advance(timedelta(minutes=1))
        faults.append(await refused(house, given))
        assert await house.sql("SELECT count(*) FROM subject_key") == keys
        found.append(faults)
    assert found[0] == found[1] == [[(["registerConsent", "signature"], found[0][0][0][1])]] * 5
    assert "registered before" in found[0][0][0][1]


async def test_of_many_who_bring_one_text_at_once_one_registers_it(house: House) -> None:
    given = of_citizen(house)
    answers = await asyncio.gather(*[house.ask("bank", REGISTER, given) for _ in range(6)])
    codes = sorted("registered" if "errors" not in body else code_of(body) for _, body in answers)
    assert codes == ["BAD_USER_INPUT"] * 5 + ["registered"]


@pytest.mark.parametrize(("known", "days", "taken"), [(True, 30, True), (True, 31, False), (False, 31, False)])
async def test_what_was_signed_long_ago_is_refused(house: House, known: bool, days: int, taken: bool) -> None:
    name, number = (DEMO.citizen_name, DEMO.citizen_id_number) if known else NOBODY
    at = (house.clock.now() - timedelta(days=days)).isoformat()
    given = signed(house, LISTED.signer(name, number), name, number, signedAt=at)
    if taken:
        await registered(house, given)
    else:
        assert await refused(house, given) == [
            (["registerConsent", "signedAt"], "registerConsent.signedAt: is more than 30 days ago")
        ]


# --- whom nobody knows ---


async def test_unknown_persons_are_registered_like_known_ones(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """The same answer but for id and places, the same statements, the same entries; and it never covers anybody."""
    known, unknown = (DEMO.citizen_name, DEMO.citizen_id_number), NOBODY
    mismatched = (DEMO.citizen_name, NOBODY[1])
    shapes, read_back, ran, entries = [], [], [], []
    for name, number in (known, unknown, mismatched):
        caplog.clear()
        before = await house.entry_count()
        with caplog.at_level(logging.DEBUG, "gateway.store.sessions"):
            given = signed(house, LISTED.signer(name, number), name, number)
            receipt = await registered(house, given)
        ran.append([record.message for record in caplog.records if record.name == "gateway.store.sessions"])
        entries.append(await house.entry_count() - before)
        assert len(receipt["id"]) == 22
        found = await read(house, "bank", receipt.pop("id"))
        receipt["receipt"].pop("index")
        shown = await house.data("bank", PERSON, {"id": number, "name": name, "access": access(found["number"])})
        assert (shown["person"] is not None) == ((name, number) == known)
        assert len(found.pop("number")) == len("SQ-") + 26
        shapes.append(receipt)
        read_back.append(found)
    assert shapes[0] == shapes[1] == shapes[2] and read_back[0] == read_back[1] == read_back[2]
    assert ran[0] == ran[1] == ran[2] and len(ran[0]) > 5
    assert entries == [1, 1, 1]


async def test_a_frozen_or_ended_person_is_answered_like_an_unknown_one(house: House) -> None:
    ((subject,),) = await house.sql("SELECT subject_id FROM consent WHERE number = %s", DEMO.consent_citizen)
    dead = "INSERT INTO subject_relation VALUES (%s, 0, 'DEAD', '2026-11-01')"
    numbers: list[str] = []
    for change, back in (
        (None, None),
        (dead, "DELETE FROM subject_relation WHERE subject_id = %s AND related_id = 0"),
    ):
        if change is None:
            await house.data("citizen", FREEZE, step_up=True)
        else:
            await house.sql(change, subject)
        receipt = await registered(house, of_citizen(house))
        assert receipt["state"] == "ACTIVE"
        numbers.append(await number_of(house, "bank", receipt["id"]))
        if back is None:
            await house.data("citizen", UNFREEZE, step_up=True)
        else:
            await house.sql(back, subject)
    for number in numbers:  # also afterwards
        assert (await house.data("bank", PERSON, {**CITIZEN, "access": access(number)}))["person"] is None


# --- scanned ---


def scanned(**changes: Any) -> Body:
    scan = {"scan": secrets.token_hex(32), "uscc": DEMO.enterprise_uscc}
    return {**TERMS, "kinds": ["enterprise"], **scan, **changes}


async def test_a_scan_waits_is_capped_and_can_be_withdrawn(house: House) -> None:
    receipt = await registered(house, first := scanned())
    assert receipt["state"] == "WAITING" and receipt["rule"] == "consent.scan.wait/1"
    assert (receipt["deadline"]["on"], receipt["deadline"]["verified"]) == ("2026-11-26", False)
    number = await number_of(house, "bank", receipt["id"])
    given = {"uscc": DEMO.enterprise_uscc, "access": access(number)}

    async def phone() -> object:
        return (await house.data("bank", CONTACT, given))["enterprise"]["phone"]

    assert await phone() is None
    ((path, said),) = await refused(house, {**first, "until": "2027-06-29"})
    assert path == ["registerConsent", "scan"] and "registered before" in said
    await registered(house, {**first, "kinds": ["license"]}, "agency")  # another institution has the same paper
    await registered(house, scanned())
    ((path, said),) = await refused(house, scanned())
    assert path == ["registerConsent", "scan"] and "today" in said
    house.clock.advance(datetime(2026, 11, 26, 16, tzinfo=UTC) - house.clock.now() - timedelta(seconds=1))
    assert await phone() is None
    house.clock.advance(timedelta(seconds=1))
    assert await phone()
    listed = await house.data("enterprise-rep", "{ consents(first: 9) { nodes { id number } } }")
    (own,) = [one["id"] for one in listed["consents"]["nodes"] if one["number"] == number]
    await house.data("enterprise-rep", WITHDRAW, {"consent": own})
    assert await phone() is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"uscc": None, "idNumber": DEMO.citizen_id_number, "name": DEMO.citizen_name}, ["scan"]),
        ({"uscc": DEMO.individual_uscc}, ["scan"]),
        ({"scan": "AB" * 32}, ["scan"]),
        ({"scan": None}, []),
        ({"signature": "AAAA"}, []),
        ({"uscc": "91220800DEM000012"}, ["uscc"]),
        ({"idNumber": DEMO.citizen_id_number}, []),
        ({"uscc": None}, []),
    ],
    ids=["person", "individual", "no digest", "no proof", "half a proof", "no code", "person and code", "nobody"],
)
async def test_what_does_not_do(house: House, changes: Body, place: list[str]) -> None:
    faults = await refused(house, {**scanned(), **changes})
    assert ["registerConsent", *place] in [path for path, _ in faults]


async def test_scans_are_off_unless_a_setting_allows_them(database: Connections, home: Path) -> None:
    async with opened(database, home, random=SystemRandom()) as plain:
        ((path, said),) = await refused(plain, scanned())
        assert path == ["registerConsent", "scan"] and "not accepted" in said
        name, number = DEMO.citizen_name, DEMO.citizen_id_number
        given = signed(plain, LISTED.signer(name, number), name, number)
        assert [path for path, _ in await refused(plain, given)] == [
            ["registerConsent", "signature"]
        ]  # nobody is listed


async def test_a_scan_never_opens_what_is_a_persons(house: House) -> None:
    """Whatever is written: the seed has one, and it does not look as if it did."""
    given = {**CITIZEN, "access": access(DEMO.consent_scan)}
    assert (await house.data("bank", PERSON, given))["person"] is None
    listed = (await house.data("citizen", "{ consents(first: 100) { nodes { number state } } }"))["consents"]["nodes"]
    assert {"number": DEMO.consent_scan, "state": "SUSPENDED"} in listed
