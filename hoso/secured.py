"""What a secured local Kafka needs in its home: an authority, the broker's certificate, the first passwords."""

import datetime
import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hoso.ports import LOOPBACK
from schemas.login import LoginSettings, Security

OPERATORS = "hoso-operators"
"""Who may do everything: the first name the cluster knows."""
BROKER = "hoso-broker"
"""The brokers among themselves, by certificate and by password."""
YEARS_GOOD = 10


@dataclass(frozen=True)
class Papers:
    """Files of a secured home; only their owner may read them."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate: what clients check the broker with."""
        return self.folder / "ca.pem"

    @property
    def keystore(self) -> Path:
        """The broker's key and certificate, as PEM."""
        return self.folder / "broker.pem"

    def password_file(self, user: str) -> Path:
        """Where a user's password stands."""
        return self.folder / f"{user}.password"

    def exist(self) -> bool:
        """Whether this home is a secured one."""
        return self.ca.exists()

    def operators(self) -> LoginSettings:
        """How the operators come in."""
        return self.login(OPERATORS)

    def login(self, user: str) -> LoginSettings:
        """How somebody comes in whose password is kept here."""
        return LoginSettings(
            kafka_security=Security.SASL_SSL,
            kafka_username=user,
            kafka_password_file=self.password_file(user),
            kafka_ca_file=self.ca,
        )

    def env(self, user: str = OPERATORS) -> dict[str, str]:
        """The same as settings of a process."""
        return {
            "HOSO_KAFKA_SECURITY": Security.SASL_SSL.value,
            "HOSO_KAFKA_USERNAME": user,
            "HOSO_KAFKA_PASSWORD_FILE": str(self.password_file(user)),
            "HOSO_KAFKA_CA_FILE": str(self.ca),
        }

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file that only its owner reads, whole or not at all."""
        return keep(self.folder / name, content)


def keep(file: Path, content: bytes) -> Path:
    """Write a file that only its owner reads, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    return fresh.replace(file)


def papers(home: Path) -> Papers:
    """Those of this home, whether or not they are there."""
    return Papers(home / "kafka" / "secured")


def make(home: Path) -> Papers:
    """Make what is missing; again changes nothing."""
    made = papers(home)
    if made.exist():
        return made
    for user in (OPERATORS, BROKER):
        made.keep(made.password_file(user).name, secrets.token_urlsafe(24).encode())
    ca_key, ca = _authority()
    made.keep(made.keystore.name, _broker(ca_key, ca))
    # Last: with it the home counts as secured.
    made.keep(made.ca.name, ca.public_bytes(serialization.Encoding.PEM))
    return made


def properties(made: Papers, address: str, controller: str) -> dict[str, str]:
    """What server.properties holds more, and otherwise, than a plain node's."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    password = made.password_file(BROKER).read_text()
    return {
        "listeners": f"CLIENTS://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENTS://{address}",
        "inter.broker.listener.name": "CLIENTS",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": f'{scram} username="{BROKER}" password="{password}";',
        # The controllers' line has no passwords, which it would have to keep itself: there it is by certificate.
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(made.keystore.resolve()),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(made.ca.resolve()),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{OPERATORS};User:{BROKER};User:CN={BROKER}",
        "allow.everyone.if.no.acl.found": "false",
    }


def first_users(made: Papers) -> list[str]:
    """The storage tool's options for those whom the cluster knows from its first moment."""
    return [
        option
        for user in (OPERATORS, BROKER)
        for option in (
            "--add-scram",
            f"SCRAM-SHA-512=[name={user},password={made.password_file(user).read_text()}]",
        )
    ]


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hoso local authority")])
    draft = _draft(name, name, key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    return key, draft.sign(key, hashes.SHA256())


def _broker(ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, BROKER)])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))])
    certificate = _draft(name, ca.subject, key.public_key()).add_extension(names, False).sign(ca_key, hashes.SHA256())
    form, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    return private + certificate.public_bytes(encoding)


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS_GOOD))
    )
