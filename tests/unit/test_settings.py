"""Settings: every fault at once, no value repeated, nothing of the demo in production."""

import dataclasses
import os
from pathlib import Path

import pytest

from gateway.settings import SETTINGS, SHIPPED_POLICIES, Form, Mode, Settings, SettingsError, from_environment, read

URLS = {
    "GATEWAY_DATABASE_URL": "postgresql://owner:hunter2@db/credit",
    "GATEWAY_READER_URL": "postgresql://reader:hunter2@db/credit",
    "GATEWAY_WRITER_URL": "host=db user=writer password=hunter2",
    "GATEWAY_LOG_URL": "postgres://log:hunter2@db/credit",
}


def faults(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    assert len(dict(caught.value.faults)) == len(caught.value.faults)
    return dict(caught.value.faults)


def production(tmp_path: Path, **changes: str) -> dict[str, str]:
    key = tmp_path / "domain.key"
    key.write_bytes(b"key")
    key.chmod(0o600)
    return {
        **URLS,
        "GATEWAY_MODE": "production",
        "GATEWAY_JWKS": "https://issuer.example/jwks",
        "GATEWAY_ISSUER": "https://issuer.example",
        "GATEWAY_KEY_FILE": str(key),
        "GATEWAY_POLICY_SIGNERS": "/srv/signers",
        **changes,
    }


def test_the_defaults_are_a_demo_on_this_machine() -> None:
    made = read({})
    assert (made.host, made.port, made.mode, made.database_url) == ("127.0.0.1", 8000, Mode.DEMO, "")
    assert made.home == Path(".gateway").absolute()
    assert made.key_file == made.home / "keys" / "domain.key"
    assert made.policies == SHIPPED_POLICIES
    assert made.shards == tuple(range(16))
    assert (made.lanes, made.slow_lanes, made.max_body, made.token_lifetime) == (4, 2, 262_144, 3600)


def test_every_setting_reaches_its_field(tmp_path: Path) -> None:
    given = {
        **URLS,
        "GATEWAY_HOME": str(tmp_path / "home"),
        "GATEWAY_HOST": "::1",
        "GATEWAY_PORT": "9000",
        "GATEWAY_MODE": "demo",
        "GATEWAY_JWKS": "/srv/jwks.json",
        "GATEWAY_ISSUER": "https://i.example",
        "GATEWAY_ISSUER_ASSURANCE": "2",
        "GATEWAY_AUDIENCE": "aud",
        "GATEWAY_KEY_FILE": "/srv/k",
        "GATEWAY_LOG_ORIGIN": "log.example/a/b",
        "GATEWAY_POLICIES": str(tmp_path),
        "GATEWAY_POLICY_SIGNERS": "/srv/signers",
        "GATEWAY_WITNESSES": "/srv/witnesses",
        "GATEWAY_LANES": "8",
        "GATEWAY_SLOW_LANES": "3",
        "GATEWAY_MAX_BODY": "2048",
        "GATEWAY_TOKEN_LIFETIME": "600",
        "GATEWAY_SHARDS": "3,5-7",
        "GATEWAY_DATABASE_SPACE": "500",
        "GATEWAY_PRIVATE_WEBHOOKS": "yes",
        "GATEWAY_CONSENT_ISSUERS": "/srv/issuers.pem",
        "GATEWAY_SCANNED_CONSENTS": "5",
    }
    assert given.keys() == {setting.name for setting in SETTINGS}
    made = read(given)
    for setting in SETTINGS:
        value = getattr(made, setting.name.removeprefix("GATEWAY_").lower())
        if isinstance(value, Mode):
            value = value.value
        if isinstance(value, bool):
            value = "yes" if value else "no"
        assert (made.shards == (3, 5, 6, 7)) if setting.form is Form.SHARDS else str(value) == given[setting.name]
    assert {f"GATEWAY_{field.name.upper()}" for field in dataclasses.fields(Settings)} == given.keys()


def test_every_setting_says_what_it_is() -> None:
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.name.startswith("GATEWAY_") and setting.help.endswith(".")
        assert (setting.form is Form.NUMBER) == (setting.most > 0)


def test_all_faults_come_at_once() -> None:
    found = faults({"GATEWAY_PORT": "0", "GATEWAY_MODE": "test", "GATEWAY_SHARDS": "x", "GATEWAY_PROT": "8000"})
    assert found.keys() == {"GATEWAY_PORT", "GATEWAY_MODE", "GATEWAY_SHARDS", "GATEWAY_PROT"}
    assert found["GATEWAY_PORT"] == "must be a whole number from 1 to 65535"
    assert found["GATEWAY_PROT"] == "is no setting; did you mean GATEWAY_PORT?"


def test_whatever_the_faults_are_about_they_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    given = {
        "GATEWAY_HOME": str(tmp_path / "file" / "home"),
        "GATEWAY_POLICIES": str(tmp_path / "none"),
        "GATEWAY_LANES": "0",
        "GATEWAY_MODE": "production",
        "GATEWAY_READER_URL": URLS["GATEWAY_READER_URL"],
        "GATEWAY_NOTHING": "1",
    }
    missing = {"GATEWAY_DATABASE_URL", "GATEWAY_WRITER_URL", "GATEWAY_LOG_URL"}
    unfit = {"GATEWAY_JWKS", "GATEWAY_ISSUER", "GATEWAY_KEY_FILE", "GATEWAY_POLICY_SIGNERS"}
    assert faults(given).keys() == (given.keys() - {"GATEWAY_MODE", "GATEWAY_READER_URL"}) | missing | unfit


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("GATEWAY_HOMES", "GATEWAY_HOME"),
        ("GATEWAY_LOG_ORIGN", "GATEWAY_LOG_ORIGIN"),
        ("GATEWAY_DATABASE", "GATEWAY_DATABASE_URL"),
        ("GATEWAY_FOO", ""),
        ("GATEWAY_BAR", ""),
        ("GATEWAY_SECRET", ""),
        ("GATEWAY_", ""),
    ],
)
def test_only_a_name_that_is_near_is_suggested(name: str, suggestion: str) -> None:
    rule = "is no setting" + (f"; did you mean {suggestion}?" if suggestion else "")
    assert faults({name: "1"}) == {name: rule}


def test_the_home_can_be_made_and_nothing_is_made_to_know_it(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    assert read({"GATEWAY_HOME": str(home)}).home == home
    assert not (tmp_path / "a").exists()
    home.mkdir(parents=True)
    assert read({"GATEWAY_HOME": str(home)}).home == home


def test_a_home_that_cannot_be_made_or_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"GATEWAY_HOME": "must be a folder that can be made and written to"}
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in ("file", "file/home", "link", "link/home"):
        assert faults({"GATEWAY_HOME": str(tmp_path / place)}) == rule
    assert faults({"GATEWAY_HOME": "~nobody-has-this-name/home"}) == rule
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # nothing else is closed to root
    for place in (".", "a", "a/b"):
        assert faults({"GATEWAY_HOME": str(tmp_path / place)}) == rule


def test_a_missing_policy_folder_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in ("none", "file"):
        found = faults({"GATEWAY_POLICIES": str(tmp_path / place)})
        assert found == {"GATEWAY_POLICIES": "must be a folder that is there"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("GATEWAY_PORT", value) for value in ("-1", "65536", "8e3", "0x50", "٨٠٠٠", "1" * 5000, "8000.0", "+80")],
        *[("GATEWAY_SHARDS", value) for value in ("-", "3-1", "1,1", "0-3,2", "1,,2", "0-99999", "0-255,256", "a")],
        *[
            ("GATEWAY_JWKS", value)
            for value in (
                "http://issuer.example/jwks",
                "ftp://issuer.example/jwks",
                "file:///etc/jwks",
                "https://",
                "https://user:hunter2@issuer.example/jwks",
                "https://issuer.example/jwks#part",
                "https://issuer.example:99999/jwks",
                "http://127.0.0.1.evil.example/jwks",
                "https://[::1/jwks",
            )
        ],
        ("GATEWAY_HOST", "local host"),
        ("GATEWAY_ISSUER", "https://issuer.example\x1b[0m"),
        ("GATEWAY_HOME", "a\nb"),
        ("GATEWAY_KEY_FILE", "~nobody-has-this-name/key"),
        ("GATEWAY_LOG_ORIGIN", "log example"),
        ("GATEWAY_LOG_ORIGIN", "log.example/+1"),
        ("GATEWAY_DATABASE_URL", "mysql"),
        ("GATEWAY_LANES", "65"),
        ("GATEWAY_MAX_BODY", "1023"),
        ("GATEWAY_TOKEN_LIFETIME", "59"),
    ],
)
def test_each_form_is_checked(name: str, value: str) -> None:
    assert faults({**URLS, name: value}).keys() == {name}


@pytest.mark.parametrize(
    "value", ["https://issuer.example:8443/jwks", "http://localhost:9/jwks", "http://[::1]/j", "k.json"]
)
def test_good_key_sources(value: str) -> None:
    assert read({"GATEWAY_JWKS": value}).jwks == value


def test_connections_come_together() -> None:
    for name in URLS:
        assert faults({name: URLS[name]}).keys() == URLS.keys() - {name}
        assert faults({other: URLS[other] for other in URLS if other != name}).keys() == {name}


def test_no_secret_prints() -> None:
    made = read(URLS)
    assert "hunter2" not in repr(made) and "hunter2" not in str(made)
    with pytest.raises(SettingsError) as caught:
        read(
            {
                **URLS,
                "GATEWAY_LOG_URL": "hunter2",
                "GATEWAY_JWKS": "https://u:hunter2@i.example",
                "GATEWAY_X": "hunter2",
            }
        )
    assert "hunter2" not in str(caught.value) and "hunter2" not in repr(caught.value)
    assert len(caught.value.faults) == 3


def test_production_with_everything(tmp_path: Path) -> None:
    made = read(production(tmp_path))
    assert made.production
    assert made.log_url == URLS["GATEWAY_LOG_URL"]


def test_production_refuses_the_conveniences_of_the_demo(tmp_path: Path) -> None:
    found = faults({"GATEWAY_MODE": "production", "GATEWAY_HOME": str(tmp_path)})
    unfit = {"GATEWAY_DATABASE_URL", "GATEWAY_JWKS", "GATEWAY_ISSUER", "GATEWAY_KEY_FILE", "GATEWAY_POLICY_SIGNERS"}
    assert found.keys() == unfit
    assert faults(production(tmp_path, GATEWAY_ISSUER="")).keys() == {"GATEWAY_ISSUER"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_production_wants_a_domain_key_for_its_owner_only(tmp_path: Path, mode: int) -> None:
    environ = production(tmp_path)
    Path(environ["GATEWAY_KEY_FILE"]).chmod(mode)
    assert faults(environ).keys() == {"GATEWAY_KEY_FILE"}
    assert faults({**environ, "GATEWAY_KEY_FILE": str(tmp_path)}).keys() == {"GATEWAY_KEY_FILE"}


def test_the_environment_is_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "8123")
    assert from_environment().port == 8123
    monkeypatch.setenv("GATEWAY_NONSENSE", "1")
    with pytest.raises(SettingsError, match="GATEWAY_NONSENSE: is no setting"):
        from_environment()
