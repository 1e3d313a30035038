"""Settings → Verifier."""

from pathlib import Path

from gateway.clock import Clock, Random
from gateway.identity.claims import Expected
from gateway.identity.development import development_key, is_development
from gateway.identity.keys import KeysInvalid, parse
from gateway.identity.sources import FileKeys, FixedKeys, KeySource, UrlKeys
from gateway.identity.verifier import Verifier
from gateway.settings import Settings, SettingsError


def verifier_of(settings: Settings, clock: Clock, random: Random) -> Verifier:
    """The verifier for these settings; without GATEWAY_JWKS it trusts the development key of this machine.

    Raises SettingsError for keys that cannot be read and for any part of the development issuer in production.
    """
    if settings.production and is_development(settings):
        raise SettingsError(("GATEWAY_ISSUER", "the development issuer is refused in production"))
    expected = Expected(settings.issuer, settings.audience, settings.token_lifetime, settings.issuer_assurance)
    return Verifier(_source(settings, clock, random), expected, clock)


def _source(settings: Settings, clock: Clock, random: Random) -> KeySource:
    if not settings.jwks:
        return FixedKeys(parse(development_key(settings, random).jwks(), development=True))
    development = not settings.production
    if "://" in settings.jwks:
        return UrlKeys(settings.jwks, clock, development=development)
    try:
        return FileKeys(Path(settings.jwks).expanduser(), clock, development=development)
    except KeysInvalid as error:
        raise SettingsError(("GATEWAY_JWKS", str(error))) from None
    except OSError:
        raise SettingsError(("GATEWAY_JWKS", "the file cannot be read")) from None
