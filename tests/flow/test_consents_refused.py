"""Who gives no consent, and who certifies nobody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.clock import SystemRandom
from gateway.identity.certificates import certificates_of
from gateway.intake.sample_demo import DEMO
from gateway.settings import SettingsError
from gateway.store.database import Connections
from tests.flow.consents import GIVE, REGISTER, TERMS, code_of, give, signed
from tests.flow.signers import Authority
from tests.flow.test_start_up import on, run
from tests.harness import House, opened

pytestmark = pytest.mark.anyio

SILENT = Authority("白城样例电子认证", usage=False)  # its certificate does not say what its key is for
NAME, NUMBER = DEMO.citizen_name, DEMO.citizen_id_number


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    (made / "issuers.pem").write_bytes(SILENT.pem)
    return made


@pytest.fixture
async def house(database: Connections, home: Path) -> AsyncIterator[House]:
    settings = {"GATEWAY_CONSENT_ISSUERS": str(home / "issuers.pem")}
    async with opened(database, home, random=SystemRandom(), settings=settings) as made:
        yield made


@pytest.mark.parametrize("relation", ["DEAD", "INCAPABLE"])
async def test_who_is_dead_or_without_capacity_gives_none(house: House, relation: str) -> None:
    """An answer that says so, and no row: one that is ended at once is no consent."""
    ((subject,),) = await house.sql("SELECT subject_id FROM consent WHERE number = %s", DEMO.consent_citizen)
    before = await house.sql("SELECT count(*) FROM consent")
    await house.sql("INSERT INTO subject_relation VALUES (%s, 0, %s, '2026-11-01')", subject, relation)
    try:
        _, body = await house.ask("citizen", GIVE, {"consumer": "bank-demo", **TERMS}, step_up=True)
        assert (code_of(body), body["errors"][0]["path"]) == ("BAD_USER_INPUT", ["giveConsent", "subject"])
        assert await house.sql("SELECT count(*) FROM consent") == before
    finally:
        await house.sql("DELETE FROM subject_relation WHERE subject_id = %s AND related_id = 0", subject)
    assert (await give(house))["state"] == "ACTIVE"


async def test_a_deregistered_body_gives_none(house: House) -> None:
    given = {"consumer": "bank-demo", **TERMS, "kinds": ["enterprise"]}
    closing = "UPDATE enterprise SET status = %s WHERE uscc = %s"
    await house.sql(closing, "DEREGISTERED", DEMO.enterprise_uscc)
    try:
        _, body = await house.ask("enterprise-rep", GIVE, given, step_up=True)
        assert (code_of(body), body["errors"][0]["path"]) == ("BAD_USER_INPUT", ["giveConsent", "subject"])
        assert "deregistered" in body["errors"][0]["message"]
    finally:
        await house.sql(closing, "ACTIVE", DEMO.enterprise_uscc)
    assert (await house.data("enterprise-rep", GIVE, given, step_up=True))["giveConsent"]["state"] == "ACTIVE"


async def test_an_authority_that_does_not_say_what_its_key_is_for_is_one(house: House) -> None:
    """As RFC 5280 (6.1.4) reads it; its signers still have to say it."""
    given = signed(house, SILENT.signer(NAME, NUMBER), NAME, NUMBER)
    assert (await house.data("bank", REGISTER, given))["registerConsent"]["state"] == "ACTIVE"
    _, body = await house.ask("bank", REGISTER, signed(house, Authority("外地").signer(NAME, NUMBER), NAME, NUMBER))
    assert code_of(body) == "BAD_USER_INPUT"


def test_what_is_no_authority_stops_the_start(database: Connections, home: Path, tmp_path: Path) -> None:
    """Every one of them is named with its reason, and none is passed over."""
    signer, bare = Authority("某甲", authority=False), Authority("某乙", authority=False, usage=False)
    file = tmp_path / "issuers.pem"
    file.write_bytes(SILENT.pem + signer.pem + bare.pem)
    no_authority = "is no authority: its basic constraints do not say CA"
    faults = [
        f"certificate 2 (CN=某甲) {no_authority}",
        "certificate 2 (CN=某甲) may not sign certificates: its key usage does not say keyCertSign",
        f"certificate 3 (CN=某乙) {no_authority}",
    ]
    with pytest.raises(SettingsError) as raised:
        certificates_of(file)
    assert [rule for _, rule in raised.value.faults] == faults
    status, said = run("serve", **on(database, home), GATEWAY_CONSENT_ISSUERS=str(file))
    assert status == 2
    assert said.splitlines() == [
        "The settings cannot be used:",
        *(f"  GATEWAY_CONSENT_ISSUERS: {rule}" for rule in faults),
    ]
