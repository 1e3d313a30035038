"""Every setting: its name, default, rule and help, in one tuple; README, help and tests derive from it.

This is the only file that looks at the environment. ``read`` checks all settings and reports all faults at once; a
``GATEWAY_`` variable that is no setting is a fault too, since a typing error must not leave a default in force. Folders
are looked at, nothing is made. No message repeats a value: some of them are secrets.
"""

import difflib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

PREFIX = "GATEWAY_"
DEVELOPMENT_ISSUER = "https://development.credit-gateway.example"
SHIPPED_POLICIES = Path(__file__).resolve().parents[1] / "policies"
MOST_SHARDS = 256
NEAR = 0.75  # how alike two names are, from 0 to 1, for one to be suggested in place of the other
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Mode(Enum):
    """Whether the conveniences of a demonstration (own key, own database) are allowed."""

    DEMO = "demo"
    PRODUCTION = "production"


class Form(Enum):
    """What a value must look like."""

    TEXT = "text without spaces"
    PATH = "a path"
    HOME = "a folder that can be made and written to"
    FOLDER = "a folder that is there"
    NUMBER = "a whole number"
    MODE = "demo or production"
    CONNECTION = "a PostgreSQL connection string"
    JWKS = "a path, or a URL with https (http only for this machine)"
    SWITCH = "yes or no"
    SHARDS = "numbers and ranges, e.g. 0-15 or 0,2,4"
    ORIGIN = "a host name and a path, e.g. log.example/credit"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``least`` and ``most`` bound numbers; both are allowed values."""

    name: str
    default: str
    help: str
    form: Form
    least: int = 0
    most: int = 0


SETTINGS: tuple[Setting, ...] = (
    Setting("GATEWAY_HOME", ".gateway", "Folder of everything the gateway keeps: keys, embedded database.", Form.HOME),
    Setting("GATEWAY_HOST", "127.0.0.1", "Address to listen on.", Form.TEXT),
    Setting("GATEWAY_PORT", "8000", "Port to listen on.", Form.NUMBER, 1, 65535),
    Setting("GATEWAY_MODE", "demo", "demo, or production, which refuses every convenience of the demo.", Form.MODE),
    Setting("GATEWAY_DATABASE_URL", "", "The owner's connection; empty: the embedded PostgreSQL.", Form.CONNECTION),
    Setting(
        "GATEWAY_DATABASE_SPACE", "0", "Room of the database in GiB; 0: the embedded one's disk.", Form.NUMBER, 0, 10**8
    ),
    Setting("GATEWAY_READER_URL", "", "The reader's connection; required with the owner's.", Form.CONNECTION),
    Setting("GATEWAY_WRITER_URL", "", "The writer's connection; required with the owner's.", Form.CONNECTION),
    Setting("GATEWAY_LOG_URL", "", "The log's connection, to the primary; required with the owner's.", Form.CONNECTION),
    Setting("GATEWAY_JWKS", "", "Public keys of the token issuer (JWKS); empty: the development key.", Form.JWKS),
    Setting("GATEWAY_ISSUER", DEVELOPMENT_ISSUER, "The `iss` every token must have.", Form.TEXT),
    Setting("GATEWAY_ISSUER_ASSURANCE", "3", "Up to which assurance the issuer is believed.", Form.NUMBER, 0, 3),
    Setting("GATEWAY_AUDIENCE", "credit-gateway", "The `aud` every token must contain.", Form.TEXT),
    Setting("GATEWAY_KEY_FILE", "", "The domain keys (mode 0600); empty: keys/domain.key in the home.", Form.PATH),
    Setting("GATEWAY_LOG_ORIGIN", "credit-gateway.example/log", "Name of the access log on checkpoints.", Form.ORIGIN),
    Setting("GATEWAY_POLICIES", "", "Folder of the policy; empty: the one shipped.", Form.FOLDER),
    Setting("GATEWAY_POLICY_SIGNERS", "", "Public keys of the administrators who sign policies.", Form.PATH),
    Setting("GATEWAY_LANES", "4", "Database connections for look-ups, per process.", Form.NUMBER, 1, 64),
    Setting("GATEWAY_SLOW_LANES", "2", "Database connections for searches, per process.", Form.NUMBER, 1, 64),
    Setting("GATEWAY_MAX_BODY", "262144", "Largest request body, in bytes.", Form.NUMBER, 1024, 10_485_760),
    Setting("GATEWAY_TOKEN_LIFETIME", "3600", "Longest life of a token, in seconds.", Form.NUMBER, 60, 86_400),
    Setting("GATEWAY_WITNESSES", "", "Witnesses of the access log: a file with a vkey and a URL a line.", Form.PATH),
    Setting("GATEWAY_PRIVATE_WEBHOOKS", "no", "Whether webhooks may go to private addresses.", Form.SWITCH),
    Setting(
        "GATEWAY_CONSENT_ISSUERS", "", "Who certifies signers of consents: a file of certificates (PEM).", Form.PATH
    ),
    Setting(
        "GATEWAY_SCANNED_CONSENTS", "0", "Scanned consents per institution and day; 0: none.", Form.NUMBER, 0, 10_000
    ),
    Setting("GATEWAY_SHARDS", "0-15", "Shards of the access log that this installation may own.", Form.SHARDS),
)


class SettingsError(Exception):
    """Settings that cannot be used; ``faults`` are all of them, as (setting, rule). Carries no value."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        super().__init__("\n".join(["The settings cannot be used:", *(f"  {name}: {rule}" for name, rule in faults)]))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. Connection strings hold passwords and never print."""

    home: Path
    host: str
    port: int
    mode: Mode
    jwks: str  # path or URL; "" = the development key
    issuer: str
    issuer_assurance: int  # 3: its step-up binds persons and opens what needs one; less: nobody's does
    audience: str
    key_file: Path
    log_origin: str
    policies: Path
    policy_signers: Path | None
    witnesses: Path | None
    lanes: int
    slow_lanes: int
    max_body: int  # bytes
    token_lifetime: int  # seconds
    shards: tuple[int, ...]
    private_webhooks: bool
    consent_issuers: Path | None
    scanned_consents: int  # per institution and day
    database_space: int  # GiB; 0 = not known, or the disk of the embedded server
    database_url: str = field(repr=False)
    reader_url: str = field(repr=False)
    writer_url: str = field(repr=False)
    log_url: str = field(repr=False)

    @property
    def production(self) -> bool:
        """Whether the conveniences of the demo are refused."""
        return self.mode is Mode.PRODUCTION


def from_environment() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return read(os.environ)


def read(environ: Mapping[str, str]) -> Settings:
    """Check all settings of ``environ``; an empty value means the default. Raises SettingsError with every fault."""
    values = {setting.name: environ.get(setting.name, "").strip() or setting.default for setting in SETTINGS}
    production = values["GATEWAY_MODE"] == Mode.PRODUCTION.value
    faults: dict[str, str] = {}
    for found in (_unknown(environ), _malformed(values), _connections(values), _unfit(values) if production else ()):
        for name, rule in found:
            faults.setdefault(name, rule)  # one a setting is enough
    if faults:
        raise SettingsError(*faults.items())
    return _made(values)


def _unknown(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    known = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            # without the prefix, which would make any two names look alike
            own = [one.removeprefix(PREFIX) for one in known]
            near = difflib.get_close_matches(name.removeprefix(PREFIX), own, 1, NEAR)
            yield name, "is no setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")


def _malformed(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for setting in SETTINGS:
        value = values[setting.name]
        if value and not (value.isprintable() and _FITS[setting.form](value, setting)):
            bounds = f" from {setting.least} to {setting.most}" if setting.form is Form.NUMBER else ""
            yield setting.name, f"must be {setting.form.value}{bounds}"


def _number(value: str, setting: Setting) -> bool:
    return re.fullmatch(r"[0-9]{1,9}", value) is not None and setting.least <= int(value) <= setting.most


def _place(value: str, setting: Setting) -> bool:
    try:
        _path(value)
    except RuntimeError:  # the home of somebody who has none: ~nobody-here/keys
        return False
    return True


def _home(value: str, setting: Setting) -> bool:
    """Whether the folder can be written to, or made where it is missing."""
    if not _place(value, setting):
        return False
    home = _path(value)
    there = next((folder for folder in (home, *home.parents) if os.path.lexists(folder)), home)
    return os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK)


def _folder(value: str, setting: Setting) -> bool:
    return _place(value, setting) and os.path.isdir(_path(value))


def _jwks(value: str, setting: Setting) -> bool:
    if "://" not in value:
        return True
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:
        return False
    # A password in the URL would be sent along and might be printed; a fragment is never sent.
    plain = url.username is None and url.password is None and not url.fragment
    return bool(host) and port != 0 and plain and (url.scheme == "https" or (url.scheme == "http" and host in LOOPBACK))


def _shards(value: str) -> tuple[int, ...]:
    """The numbers of ``0-3,7``, in the order given; empty if malformed, repeated or too many."""
    found: list[int] = []
    for part in value.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part.strip())
        if match is None:
            return ()
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= MOST_SHARDS:
            return ()
        found.extend(range(first, last + 1))
    return tuple(found) if len(found) == len(set(found)) <= MOST_SHARDS else ()


_FITS: Mapping[Form, Callable[[str, Setting], bool]] = MappingProxyType(
    {
        Form.TEXT: lambda value, setting: " " not in value,
        Form.PATH: _place,
        Form.HOME: _home,
        Form.FOLDER: _folder,
        Form.NUMBER: _number,
        Form.MODE: lambda value, setting: value in {mode.value for mode in Mode},
        Form.CONNECTION: lambda value, setting: value.startswith(("postgresql://", "postgres://")) or "=" in value,
        Form.JWKS: _jwks,
        Form.SWITCH: lambda value, setting: value in ("yes", "no"),
        Form.SHARDS: lambda value, setting: _shards(value) != (),
        Form.ORIGIN: lambda value, setting: re.fullmatch(r"[a-z0-9.-]+(/[A-Za-z0-9._-]+)*", value) is not None,
    }
)


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _place_of(value: str) -> Path | None:
    return _path(value) if value else None


def _key_file(values: Mapping[str, str]) -> Path:
    given = values["GATEWAY_KEY_FILE"]
    return _path(given) if given else _path(values["GATEWAY_HOME"]) / "keys" / "domain.key"


def _made(values: Mapping[str, str]) -> Settings:
    return Settings(
        home=_path(values["GATEWAY_HOME"]),
        host=values["GATEWAY_HOST"],
        port=int(values["GATEWAY_PORT"]),
        mode=Mode(values["GATEWAY_MODE"]),
        jwks=values["GATEWAY_JWKS"],
        issuer=values["GATEWAY_ISSUER"],
        issuer_assurance=int(values["GATEWAY_ISSUER_ASSURANCE"]),
        audience=values["GATEWAY_AUDIENCE"],
        key_file=_key_file(values),
        log_origin=values["GATEWAY_LOG_ORIGIN"],
        policies=_place_of(values["GATEWAY_POLICIES"]) or SHIPPED_POLICIES,
        policy_signers=_place_of(values["GATEWAY_POLICY_SIGNERS"]),
        witnesses=_place_of(values["GATEWAY_WITNESSES"]),
        lanes=int(values["GATEWAY_LANES"]),
        slow_lanes=int(values["GATEWAY_SLOW_LANES"]),
        max_body=int(values["GATEWAY_MAX_BODY"]),
        token_lifetime=int(values["GATEWAY_TOKEN_LIFETIME"]),
        shards=_shards(values["GATEWAY_SHARDS"]),
        private_webhooks=values["GATEWAY_PRIVATE_WEBHOOKS"] == "yes",
        consent_issuers=_place_of(values["GATEWAY_CONSENT_ISSUERS"]),
        scanned_consents=int(values["GATEWAY_SCANNED_CONSENTS"]),
        database_space=int(values["GATEWAY_DATABASE_SPACE"]),
        database_url=values["GATEWAY_DATABASE_URL"],
        reader_url=values["GATEWAY_READER_URL"],
        writer_url=values["GATEWAY_WRITER_URL"],
        log_url=values["GATEWAY_LOG_URL"],
    )


def _connections(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Four roles, four connections: all or none, so that no role ever works with another's rights."""
    names = [setting.name for setting in SETTINGS if setting.form is Form.CONNECTION]
    missing = [name for name in names if not values[name]]
    if len(missing) < len(names):
        for name in missing:
            yield name, "is required when another connection is set"


def _unfit(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What production refuses."""
    if not values["GATEWAY_DATABASE_URL"]:
        yield "GATEWAY_DATABASE_URL", "is required in production"
    if not values["GATEWAY_JWKS"]:
        yield "GATEWAY_JWKS", "is required in production; the development key is refused"
    if values["GATEWAY_ISSUER"] == DEVELOPMENT_ISSUER:
        yield "GATEWAY_ISSUER", "is required in production; the development issuer is refused"
    if not values["GATEWAY_POLICY_SIGNERS"]:
        yield "GATEWAY_POLICY_SIGNERS", "is required in production: a policy is signed by administrators"
    try:
        about = _key_file(values).stat()
    except (OSError, RuntimeError, ValueError):  # not there, or not even a path
        yield "GATEWAY_KEY_FILE", "must exist already in production"
        return
    if not stat.S_ISREG(about.st_mode) or stat.S_IMODE(about.st_mode) & 0o077:
        yield "GATEWAY_KEY_FILE", "must be a file that only its owner may read (mode 0600)"
