"""Who may come to the local broker, and what they may do there: TLS, a user for each service, and access lists."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest

from deploy.acls import Acl
from deploy.local.authority import Authority
from deploy.local.keys import created
from shared.broker import At, Broker, broker_of, connection
from shared.settings import KafkaSettings

BROKER: Final = "broker"
ADMIN: Final = "admin"
"""Who may do everything: the broker itself, by its certificate, and who gives rights to the others."""

AUDIENCE: Final = "kafka"
"""What tokens for the broker are meant for."""

ITERATIONS: Final = 4096
SCRAM: Final = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}

RESOURCES: Final[Mapping[str, int]] = {"topic": 2, "group": 3, "cluster": 4, "transactional_id": 5}
PATTERNS: Final[Mapping[str, int]] = {"literal": 3, "prefix": 4}
OPERATIONS: Final[Mapping[str, int]] = {
    "All": 2,
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "ClusterAction": 9,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
    "IdempotentWrite": 12,
}
ALLOW: Final = 3
"""Kafka's numbers for them."""

Way = Literal["scram", "certificates", "oauth"]
"""How users say who they are: by SCRAM-SHA-512 over TLS, by their certificates, or by tokens of `provider` over TLS."""

LISTENERS: Final = """\
inter.broker.listener.name=MUTUAL
listeners=LOGIN://127.0.0.1:{port},MUTUAL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=LOGIN://127.0.0.1:{port},MUTUAL://127.0.0.1:{mutual}
listener.security.protocol.map=LOGIN:SASL_SSL,MUTUAL:SSL,CONTROLLER:SSL
ssl.keystore.type=PEM
ssl.keystore.location={certificate}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.mutual.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{broker};User:{admin}
listener.name.login.sasl.enabled.mechanisms={mechanisms}
listener.name.login.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""
TOKENS: Final = """\
listener.name.login.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.login.oauthbearer.sasl.server.callback.handler.class={handler}
sasl.oauthbearer.jwks.endpoint.url={issuer}/jwks.json
sasl.oauthbearer.expected.issuer={issuer}
sasl.oauthbearer.expected.audience={audience}
"""
HANDLER: Final = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"


@dataclass(frozen=True, slots=True)
class Doors:
    """The ports: for users with a password or a token, and for those with a certificate."""

    login: int
    mutual: int


class Guard:
    """Certificates and passwords of users in `folder`, made at first use. Tokens of the provider `issuer` are taken, too.

    `users` says by which way each comes, if nothing else is said.
    """

    def __init__(self, folder: Path, users: Mapping[str, Way], issuer: str | None = None) -> None:
        self.folder = folder
        self.issuer = issuer
        self.users = dict(users)
        self.authority = Authority(folder / "authority")

    def password(self, user: str) -> Path:
        """The file with it: for SCRAM, and as a client's secret at the provider."""
        path = self.folder / f"{user}.password"
        created(path, lambda: secrets.token_urlsafe(24))
        return path

    def properties(self, doors: Doors, controller: int) -> str:
        """The broker's listeners and rules."""
        told = LISTENERS.format(
            port=doors.login,
            mutual=doors.mutual,
            controller=controller,
            certificate=self.authority.certificate(BROKER).both,
            ca=self.authority.ca,
            broker=BROKER,
            admin=ADMIN,
            mechanisms=",".join([*SCRAM, *(["OAUTHBEARER"] if self.issuer else [])]),
        )
        if self.issuer is None:
            return told
        return told + TOKENS.format(handler=HANDLER, issuer=self.issuer, audience=AUDIENCE)

    def options(self) -> list[str]:
        """What Java is told: the only addresses that may be asked for keys."""
        return [f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.issuer}/jwks.json"] if self.issuer else []

    def formatting(self) -> list[str]:
        """The users as the broker's storage begins with them. Their passwords are not in it, only what SCRAM makes of them."""
        found = []
        for user in (*self.users, ADMIN):
            for mechanism, digest in SCRAM.items():
                salt = secrets.token_bytes(24)
                salted = hashlib.pbkdf2_hmac(digest, self.password(user).read_bytes(), salt, ITERATIONS)
                said = {"name": user, "iterations": ITERATIONS, "salt": _quoted(salt), "saltedpassword": _quoted(salted)}
                found += ["--add-scram", f"{mechanism}=[{','.join(f'{name}={value}' for name, value in said.items())}]"]
        return found

    def environment(self, user: str, doors: Doors, way: Way | None = None) -> dict[str, str]:
        """What a service is told that comes as this user, by its way or by another."""
        way = way or self.users[user]
        ca = {"CAIRN_KAFKA_CA": str(self.authority.ca)}
        if way == "certificates":
            own = self.authority.certificate(user)
            return ca | {
                "CAIRN_KAFKA": f"127.0.0.1:{doors.mutual}",
                "CAIRN_KAFKA_SECURITY": "SSL",
                "CAIRN_KAFKA_CERTIFICATE": str(own.certificate),
                "CAIRN_KAFKA_KEY": str(own.key),
            }
        told = ca | {"CAIRN_KAFKA": f"127.0.0.1:{doors.login}", "CAIRN_KAFKA_SECURITY": "SASL_SSL"}
        if way == "oauth":
            return told | {
                "CAIRN_KAFKA_SASL": "OAUTHBEARER",
                "CAIRN_KAFKA_TOKEN_URL": f"{self.issuer}/token",
                "CAIRN_KAFKA_CLIENT_ID": user,
                "CAIRN_KAFKA_CLIENT_SECRET": str(self.password(user)),
                "CAIRN_KAFKA_SCOPE": AUDIENCE,
            }
        return told | {
            "CAIRN_KAFKA_SASL": "SCRAM-SHA-512",
            "CAIRN_KAFKA_USER": user,
            "CAIRN_KAFKA_PASSWORD": str(self.password(user)),
        }

    def as_user(self, user: str, doors: Doors, way: Way | None = None) -> Broker:
        """The broker, for this process, as one of the users."""
        told = self.environment(user, doors, way)
        return broker_of(KafkaSettings.read(**{name.removeprefix("CAIRN_").lower(): value for name, value in told.items()}))


async def allow(broker: At, rights: Mapping[str, Iterable[Acl]]) -> None:
    """Give the rights, by user. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**connection(broker))
    await admin.start()
    try:
        for user, lists in rights.items():
            for one in lists:
                for operation in one.operations:
                    await _create(admin, user, one, operation)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, user: str, one: Acl, operation: str) -> None:
    numbers = RESOURCES[one.resource], PATTERNS[one.pattern], OPERATIONS[operation]
    request = CreateAclsRequest(numbers[0], one.name, numbers[1], f"User:{user}", "*", numbers[2], ALLOW)
    answer = await admin._send_to_controller(request)
    for code, message in answer.creation_responses:
        if code:
            raise KafkaError(f"{user} could not be given {operation} on {one.resource} {one.name}: {message}")


def _quoted(value: bytes) -> str:
    return base64.b64encode(value).decode()
