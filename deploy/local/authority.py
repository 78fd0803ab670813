"""This machine's own certificate authority: certificates for servers, and for clients that show one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.keys import created

NAME: Final = "Authority of this machine"
LASTS: Final = timedelta(days=365)
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM: the certificate, its key (PKCS #8), and both in one."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Kept in `folder`, made at first use. `ca` is the file with its certificate, for those who are to trust it."""

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca = self.folder / "ca.pem"
        self._name = _named(name)
        self._key = _key_in(self.folder / "ca-key.pem")
        created(self.ca, self._own)

    def certificate(self, name: str, hosts: tuple[str, ...] = ("localhost", "127.0.0.1")) -> Certificate:
        """For the common name `name`, on these hosts: as server and as client. Made at the first call."""
        found = Certificate(*(self.folder / f"{name}{ending}" for ending in (".pem", "-key.pem", "-both.pem")))
        key = _key_in(found.key)
        created(found.certificate, lambda: self._made(name, hosts, key))
        created(found.both, lambda: found.key.read_text() + found.certificate.read_text())
        return found

    def _own(self) -> str:
        usage = _usage(key_cert_sign=True, crl_sign=True)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = _begun(self._name, self._name, self._key).add_extension(constraints, critical=True)
        return _signed(builder.add_extension(usage, critical=True), self._key)

    def _made(self, name: str, hosts: tuple[str, ...], key: ec.EllipticCurvePrivateKey) -> str:
        both_ways = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _begun(_named(name), self._name, key).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        builder = builder.add_extension(_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(both_ways, critical=False).add_extension(authority, critical=False)
        return _signed(
            builder.add_extension(x509.SubjectAlternativeName([_host(one) for one in hosts]), critical=False), self._key
        )


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - SKEW).not_valid_after(now + LASTS)
    return builder.add_extension(own, critical=False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> str:
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _key_in(path: Path) -> ec.EllipticCurvePrivateKey:
    created(path, _new_key)
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
