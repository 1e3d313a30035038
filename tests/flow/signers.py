"""Authorities and signers of consents, and the text that is signed, written out once more for the tests."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
CONSEQUENCES = {True: "已告知", False: "不涉及"}


def subject_name(name: str, number: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    return x509.Name(parts + ([x509.NameAttribute(NameOID.SERIAL_NUMBER, number)] if number else []))


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody with a key and a certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def sign(self, text: str) -> dict[str, str]:
        """The arguments that prove it."""
        signature = self.key.sign(text.encode(), ec.ECDSA(SHA256()))
        der = self.certificate.public_bytes(Encoding.DER)
        return {
            "signature": base64.b64encode(signature).decode(),
            "certificate": base64.b64encode(der).decode(),
        }


class Authority:
    """Who certifies signers."""

    def __init__(self, name: str, *, authority: bool = True, usage: bool = True) -> None:
        """``usage``: its certificate says what its key is for."""
        self._name = subject_name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._made(self._name, self._key, authority=authority, usage=usage)
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def signer(self, name: str, number: str, *, until: datetime = UNTIL, authority: bool = False) -> Signer:
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Signer(key, self._made(subject_name(name, number), key, until=until, authority=authority))

    def _made(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        until: datetime = UNTIL,
        authority: bool = False,
        usage: bool = True,
    ) -> x509.Certificate:
        uses = {
            "digital_signature": not authority,
            "content_commitment": not authority,
            "key_cert_sign": authority,
            "crl_sign": authority,
        }
        others = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(SINCE)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if usage:
            made = made.add_extension(x509.KeyUsage(**uses, **dict.fromkeys(others, False)), critical=True)
        return made.sign(self._key, SHA256())


def authorization(given: dict[str, Any], name: str, paper: str, number: str, institution: tuple[str, str]) -> str:
    """The text to the arguments of a registration."""
    at = datetime.fromisoformat(given["signedAt"]).astimezone(UTC)
    return "\n".join(
        (
            "授权书 credit-gateway/1",
            f"授权人: {name}",
            f"证件类型: {paper}",
            f"证件号码: {number}",
            f"被授权机构: {institution[0]}",
            f"被授权机构代码: {institution[1]}",
            f"授权用途: {' '.join(given['purposes'])}",
            f"授权范围: {' '.join(given['kinds'])}",
            f"使用次数: {'单次' if given['single'] else '多次'}",
            f"有效期至: {given['until']}",
            f"签署地点: {given['place']}",
            f"签署时间: {at:%Y-%m-%dT%H:%M:%SZ}",
            f"不利后果: {CONSEQUENCES[given.get('consequencesTold', False)]}",
            "撤回权: 授权人可随时撤回本授权，撤回对此后的查询立即生效",
            f"代理人及证件: {given.get('agent', '无')}",
            f"附件摘要: {given.get('attachment', '无')}",
        )
    )


def moment_before(now: datetime) -> str:
    """A moment of the same day, as somebody would write it."""
    return (now - timedelta(hours=1)).isoformat()
