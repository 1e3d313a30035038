"""Electronic signatures of subjects, verified against their X.509 certificates (电子签名法 arts 13, 14).

A certificate counts if one of the trust anchors has issued it directly, both are in their time, it may sign, and it is
no authority itself. Whether it was revoked is not asked: nothing here goes out to a network; certificates of short life
are what to ask of an authority that is listed. SM2 certificates are not understood.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from gateway.settings import SettingsError

LEAST_RSA = 2048  # bits


class Certificates:
    """The trust anchors: certificates of the authorities whose signers are believed. None: nobody is."""

    def __init__(self, issuers: Iterable[x509.Certificate] = ()) -> None:
        self._issuers = tuple(one for one in issuers if _may_issue(one))

    def signer(
        self, certificate: bytes, signature: bytes, text: bytes, moments: Sequence[datetime]
    ) -> tuple[str, str] | None:
        """Common name and serial number of who signed ``text``; None: it is not believed that anybody did.

        ``certificate`` is DER; it and its issuer must be in their time at each of ``moments``.
        """
        try:
            found = x509.load_der_x509_certificate(certificate)
            believed = _may_sign(found) and any(_issued(found, one, moments) for one in self._issuers)
            if not believed or not _signed(found, signature, text):
                return None
            names = [found.subject.get_attributes_for_oid(oid) for oid in (NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER)]
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
            return None
        if any(len(one) != 1 for one in names):
            return None
        name, number = (str(one[0].value) for one in names)
        return name, number


def certificates_of(path: Path | None) -> Certificates:
    """The trust anchors in a PEM file. Raises SettingsError."""
    if path is None:
        return Certificates()
    try:
        return Certificates(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        raise SettingsError(("GATEWAY_CONSENT_ISSUERS", "holds no certificates in PEM, or cannot be read")) from None


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


def _may_issue(found: x509.Certificate) -> bool:
    try:
        authority = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except (x509.ExtensionNotFound, ValueError):
        return False
    return authority and usage


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
