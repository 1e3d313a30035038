"""Electronic signatures of subjects, verified against their X.509 certificates (电子签名法 arts 13, 14).

A certificate counts if one of the trust anchors has issued it directly, both are in their time, it may sign, and it is
no authority itself. A trust anchor is an authority by its basic constraints; if it says what its key is for, that must
be to sign certificates (RFC 5280, 6.1.4: older roots do not say it). One that cannot be a trust anchor is refused when
it is read: whoever lists it must not learn of it from signatures that nobody believes.

Whether a certificate was revoked is not asked: nothing here goes out to a network; certificates of short life are what
to ask of an authority that is listed. SM2 certificates are not understood.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from gateway.settings import SettingsError

LEAST_RSA = 2048  # bits
KEYS = (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, rsa.RSAPublicKey)
SETTING = "GATEWAY_CONSENT_ISSUERS"


class Certificates:
    """The trust anchors: certificates of the authorities whose signers are believed. None: nobody is."""

    def __init__(self, issuers: Iterable[x509.Certificate] = ()) -> None:
        self._issuers = tuple(issuers)

    def signer(
        self, certificate: bytes, signature: bytes, text: bytes, moments: Sequence[datetime]
    ) -> tuple[str, str, str, str] | None:
        """Who signed ``text``; None: it is not believed that anybody did.

        Common name and serial number of the signer (what its certificate says of it), then the issuer (RFC 4514) and
        the serial number of the certificate, in hex. ``certificate`` is DER; it and its issuer must be in their time at
        each of ``moments``.
        """
        try:
            found = x509.load_der_x509_certificate(certificate)
            believed = _may_sign(found) and any(_issued(found, one, moments) for one in self._issuers)
            if not believed or not _signed(found, signature, text):
                return None
            issuer, serial = found.issuer.rfc4514_string(), f"{found.serial_number:x}"
            names = [found.subject.get_attributes_for_oid(oid) for oid in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)]
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
            return None
        if any(len(one) != 1 for one in names):
            return None
        name, number = (str(one[0].value) for one in names)
        return name, number, issuer, serial


def certificates_of(path: Path | None) -> Certificates:
    """The trust anchors in a PEM file. Raises SettingsError, which names each certificate that cannot be one."""
    if path is None:
        return Certificates()
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise SettingsError((SETTING, "holds no certificates in PEM, or cannot be read")) from None
    faults = [(SETTING, f"{_called(one, at)} {rule}") for at, one in enumerate(found, 1) for rule in _unfit(one)]
    if faults:
        raise SettingsError(*faults)
    return Certificates(found)


def _issued(found: x509.Certificate, issuer: x509.Certificate, moments: Sequence[datetime]) -> bool:
    if not all(
        one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in (found, issuer) for moment in moments
    ):
        return False
    try:
        found.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _called(found: x509.Certificate, at: int) -> str:
    try:
        return f"certificate {at} ({found.subject.rfc4514_string()})"
    except ValueError:
        return f"certificate {at}"


def _unfit(found: x509.Certificate) -> Iterator[str]:
    """Why a certificate is no trust anchor."""
    try:
        extensions = found.extensions
        key = found.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        yield "is not understood: its extensions, or the sort of its key"
        return
    if not isinstance(key, KEYS):
        yield "has a key that is neither EC, Ed25519 nor RSA"
    try:
        authority = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    if not authority:
        yield "is no authority: its basic constraints do not say CA"
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        usage = True
    if not usage:
        yield "may not sign certificates: its key usage does not say keyCertSign"


def _may_sign(found: x509.Certificate) -> bool:
    """No authority, and for signatures."""
    try:
        if found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature or usage.content_commitment


def _signed(found: x509.Certificate, signature: bytes, text: bytes) -> bool:
    key = found.public_key()
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, text, ec.ECDSA(SHA256()))
            case ed25519.Ed25519PublicKey():
                key.verify(signature, text)
            case rsa.RSAPublicKey() if key.key_size >= LEAST_RSA:
                key.verify(signature, text, padding.PKCS1v15(), SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
