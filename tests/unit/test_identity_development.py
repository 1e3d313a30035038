"""The development key: made once, for its owner only, good for every persona, and refused in production."""

import dataclasses
import os
import pickle
import stat
from pathlib import Path

import pytest

from gateway.errors import KeysRefused, Unauthenticated
from gateway.identity.assemble import verifier_of
from gateway.identity.development import PERSONAS, DevelopmentKey, development_key
from gateway.settings import DEVELOPMENT_ISSUER, Mode, Settings, SettingsError, read
from gateway.values import Caller, Role
from tests.unit.identity_bench import ED, START, Counter, Hands, jwk, jwks

pytestmark = pytest.mark.anyio


def settings(home: Path, **changes: str) -> Settings:
    return read({"GATEWAY_HOME": str(home), **changes})


def test_there_is_a_persona_of_every_role_but_the_public() -> None:
    assert {persona.role for persona in PERSONAS} == set(Role) - {Role.PUBLIC}
    assert len({persona.name for persona in PERSONAS}) == len(PERSONAS)


@pytest.mark.parametrize("persona", [persona.name for persona in PERSONAS])
async def test_each_persona_is_who_it_is(persona: str, tmp_path: Path) -> None:
    made = settings(tmp_path)
    who = next(one for one in PERSONAS if one.name == persona)
    token = development_key(made, Counter()).issue(persona, START, Counter())
    found = await verifier_of(made, Hands(), Counter()).verify(f"Bearer {token}")
    expected = Caller(who.role, who.subject, who.client, who.department, "220800", who.assurance, found.token)
    assert found == expected
    assert found.token


async def test_step_up_and_a_shorter_life(tmp_path: Path) -> None:
    made, hands = settings(tmp_path), Hands()
    key, verifier = development_key(made, Counter()), verifier_of(made, hands, Counter())
    header = f"Bearer {key.issue('citizen', START, Counter(), step_up=True, lifetime=60)}"
    assert (await verifier.verify(header)).assurance == 3
    hands.pass_by(60)
    with pytest.raises(Unauthenticated):
        await verifier.verify(header)
    longer = key.issue("citizen", hands.wall, Counter(), lifetime=10**6)
    assert (await verifier.verify(f"Bearer {longer}")).assurance == 2


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    made = settings(tmp_path)
    first = development_key(made, Counter())
    assert development_key(made, Counter(7)).kid == first.kid
    path = tmp_path / "keys" / "development.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "keys") == ["development.key"]
    assert development_key(settings(tmp_path / "other"), Counter(7)).kid != first.kid


@pytest.mark.parametrize("damage", [b"", b"AAAA", b"\xff" * 40, b"not base64!"])
def test_a_damaged_key_is_refused(tmp_path: Path, damage: bytes) -> None:
    made = settings(tmp_path)
    development_key(made, Counter())
    (tmp_path / "keys" / "development.key").write_bytes(damage)
    with pytest.raises(KeysRefused):
        development_key(made, Counter())


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    made = settings(tmp_path)
    development_key(made, Counter())
    (tmp_path / "keys" / "development.key").chmod(0o640)
    with pytest.raises(KeysRefused):
        development_key(made, Counter())


def test_the_key_never_prints_or_pickles() -> None:
    key = DevelopmentKey(b"\x07" * 32, "i", "a", 60)
    assert repr(key) == f"DevelopmentKey({key.kid})"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert b'"d"' not in key.jwks()


async def test_the_key_of_another_machine_is_not_known(tmp_path: Path) -> None:
    other = development_key(settings(tmp_path / "other"), Counter(7)).issue("bank", START, Counter())
    with pytest.raises(Unauthenticated):
        await verifier_of(settings(tmp_path / "one"), Hands(), Counter()).verify(f"Bearer {other}")


def test_production_has_no_development_key(tmp_path: Path) -> None:
    production = dataclasses.replace(settings(tmp_path), mode=Mode.PRODUCTION)
    for refused in (production, dataclasses.replace(production, jwks="keys.json")):
        assert refused.issuer == DEVELOPMENT_ISSUER
        with pytest.raises(SettingsError, match="refused in production"):
            verifier_of(refused, Hands(), Counter())
        with pytest.raises(SettingsError, match="refused in production"):
            development_key(refused, Counter())
    assert not (tmp_path / "keys").exists()


def test_production_refuses_a_set_that_holds_a_development_key(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(development_key(settings(tmp_path), Counter()).jwks())
    demo = settings(tmp_path, GATEWAY_JWKS=str(path), GATEWAY_ISSUER="https://issuer.example")
    verifier_of(demo, Hands(), Counter())
    with pytest.raises(SettingsError, match="development key"):
        verifier_of(dataclasses.replace(demo, mode=Mode.PRODUCTION), Hands(), Counter())


def test_another_issuer_leaves_the_development_key_unused(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(jwks(jwk(ED, kid="ed", alg="EdDSA")))
    with pytest.raises(SettingsError, match="GATEWAY_JWKS"):
        development_key(settings(tmp_path, GATEWAY_JWKS=str(path)), Counter())


def test_a_key_set_that_is_not_there_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_JWKS: the file cannot be read"):
        verifier_of(settings(tmp_path, GATEWAY_JWKS=str(tmp_path / "none")), Hands(), Counter())
