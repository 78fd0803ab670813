"""What a service is told by its environment. Read once, at start; nothing else reads the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _like(pattern: str, what: str) -> AfterValidator:
    """A text that fits as a whole; people are told `what` they should have written, and not the pattern."""
    fits = re.compile(pattern)

    def checked(value: str) -> str:
        if not fits.fullmatch(value):
            raise PydanticCustomError("unlike", "this must be {what}", {"what": what})
        return value

    return AfterValidator(checked)


Endpoint = Annotated[str, _like(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}", "host:port")]

Address = Annotated[
    str,
    _like(
        r"https?://[^\s/?#]+(/[^\s?#]*[^\s?#/])?", "an address like https://host or https://host/path, without a slash at its end"
    ),
]
"""An origin, with the path that an ingress may put before."""


class Unset(Exception):
    """The environment lacks something, or says it wrongly. The text names each variable."""


class KafkaSettings(BaseSettings):
    """What is said of the brokers: all that tools need which speak to them only. `shared.broker` says what may be together."""

    model_config = SettingsConfigDict(env_prefix="CAIRN_", frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka: Annotated[str, Field(min_length=1, description="bootstrap servers, host:port, separated by commas")]
    kafka_security: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], Field(description="how the brokers are spoken to")
    ] = "PLAINTEXT"
    kafka_sasl: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None,
        Field(description="the mechanism by which we say who we are, with SASL_SSL and SASL_PLAINTEXT"),
    ] = None
    kafka_user: Annotated[str | None, Field(min_length=1, description="who we are there, by PLAIN or SCRAM")] = None
    kafka_password: Annotated[Path | None, Field(description="file with the password for it")] = None
    kafka_ca: Annotated[
        Path | None, Field(description="file with the authorities trusted to certify brokers, PEM; by default the machine's")
    ] = None
    kafka_certificate: Annotated[Path | None, Field(description="file with our own certificate and its chain, PEM")] = None
    kafka_key: Annotated[Path | None, Field(description="file with the key that belongs to it, PEM, not encrypted")] = None
    kafka_token_url: Annotated[
        Address | None, Field(description="the OAuth provider's token endpoint, where OAUTHBEARER gets its tokens")
    ] = None
    kafka_client_id: Annotated[str | None, Field(min_length=1, description="what we are called there")] = None
    kafka_client_secret: Annotated[Path | None, Field(description="file with the secret for it")] = None
    kafka_scope: Annotated[str | None, Field(min_length=1, description="the scope to ask for there, if any")] = None

    @classmethod
    def read(cls, **said: Any) -> Self:
        """From the environment, but for what is `said` here, by fields. Raises Unset."""
        try:
            return cls(**said)
        except ValidationError as error:
            raise Unset("; ".join(cls._wrong(str(one["loc"][0]), one["msg"]) for one in error.errors())) from error

    @classmethod
    def _wrong(cls, field: str, why: str) -> str:
        """With what the variable is for."""
        meant = cls.model_fields[field].description
        return f"CAIRN_{field.upper()}: {why}" + (f" ({meant})" if meant else "")


class Settings(KafkaSettings):
    """Each field is the variable `CAIRN_<FIELD>`. Secrets are never shown by `repr`."""

    mongodb: Annotated[str, Field(min_length=1, repr=False, description="a MongoDB connection string")]
    mongodb_ca: Annotated[
        Path | None,
        Field(description="file with the authorities trusted to certify database servers, PEM: with it, TLS is spoken"),
    ] = None
    mongodb_certificate: Annotated[
        Path | None, Field(description="file with our own certificate for it and the key that belongs to it, PEM")
    ] = None
    jwks: Annotated[
        str,
        Field(
            min_length=1,
            description="path or URL of the key set that verifies tokens, or URL of their issuer's OpenID configuration",
        ),
    ]
    token_issuer: Annotated[str, Field(min_length=1, description="what a token's iss must be")]
    token_audience: Annotated[str, Field(min_length=1, description="what a token's aud must contain")]
    roles: Annotated[
        Path | None,
        Field(description="file that says which scopes the provider's roles have here: {claim: …, roles: {role: [scopes]}}"),
    ] = None
    database_prefix: Annotated[
        str,
        _like(r"[A-Za-z0-9_-]{1,40}", "1 to 40 letters, digits, - or _"),
        Field(description="beginning of the database's name"),
    ] = "cairn"
    http_host: Annotated[str, Field(min_length=1, description="the address to listen on")] = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535, description="the port to listen on; 0: a free one")] = 8000
    http_requests: Annotated[
        int, Field(ge=1, le=100_000, description="requests that a process answers at a time; more are answered with 429")
    ] = 200
    http_bytes: Annotated[
        int, Field(ge=1_000_000, description="bytes of their bodies, and as many again of those with more than a megabyte")
    ] = 16_000_000
    public_id_key: Annotated[
        Path | None, Field(description="file with the secret behind public ids, 32 bytes in hexadecimal")
    ] = None
    sources_key: Annotated[
        Path | None,
        Field(description="file with assessment's secret for originals, evidence and names of learners, 32 bytes in hexadecimal"),
    ] = None
    schema_registry: Annotated[
        Address | None, Field(description="the schema registry of sources that publish Avro on Kafka, such as Open edX")
    ] = None
    schema_registry_login: Annotated[Path | None, Field(description="file with user:password for it, if it asks for that")] = None
    source_clusters: Annotated[
        Path | None, Field(description="file with other Kafka clusters on which sources publish: {name: {bootstrap, …}}")
    ] = None
    catalog_url: Annotated[Address, Field(description="where people and wallets reach the catalog")] = "http://localhost:8000"
    assessment_url: Annotated[Address, Field(description="where sources and people reach assessment: its doors and pages")] = (
        "http://localhost:8001"
    )
    awarding_url: Annotated[Address, Field(description="where they reach awarding: identity documents, status lists, pages")] = (
        "http://localhost:8002"
    )
    notifications_url: Annotated[Address, Field(description="where learners reach notifications: their settings")] = (
        "http://localhost:8003"
    )
    reviews_webhook: Annotated[
        Annotated[str, _like(r"https?://\S+", "an address that begins with https:// or http://")] | None,
        Field(repr=False, description="where to tell of evidence that waits: a messenger's incoming webhook"),
    ] = None
    reviews_webhook_secret: Annotated[
        Path | None, Field(description="file with the secret (whsec_…) that such messages are signed with, if they shall be")
    ] = None
    institution: Annotated[
        str, Field(min_length=1, max_length=200, description="the institution's name, on pages and records")
    ] = "Cairn"
    issuer_keys: Annotated[
        str | None,
        Field(repr=False, description="the issuers' private keys: a file with a JSON Web Key Set, or the set itself"),
    ] = None
    sealing_key: Annotated[
        Path | None, Field(description="file with awarding's public JSON Web Key, for which notifications seals identities")
    ] = None
    unsealing_key: Annotated[Path | None, Field(description="file with the private key that belongs to it, for awarding")] = None
    session_key: Annotated[
        Path | None, Field(description="file with the secret behind sign-in cookies, 32 bytes in hexadecimal")
    ] = None
    oidc_issuer: Annotated[str | None, Field(description="the OpenID Connect provider with which people sign in to pages")] = None
    oidc_client_id: Annotated[str, Field(min_length=1, description="what Cairn is called there")] = "cairn"
    oidc_client_secret: Annotated[Path | None, Field(description="file with the client's secret, if it has one")] = None
    known_issuers: Annotated[
        Path | None, Field(description="file with the issuers known here, beside its own: a JSON array of {id, name}")
    ] = None
    entitlements: Annotated[
        Path | None,
        Field(description="file with the types of award beyond microcredentials that issuers may give: {issuer: [types]}"),
    ] = None
    fetch_from: Annotated[
        str, Field(description="hosts of the own network that may be asked for documents when checking, host:port by commas")
    ] = ""
    check_seconds: Annotated[
        float, Field(ge=0.5, le=60, description="seconds after which checking a credential is given up, and says so")
    ] = 1.7
    smtp: Annotated[Endpoint, Field(description="the mail server, host:port")] = "127.0.0.1:25"
    smtp_user: Annotated[str | None, Field(description="whom to log in there as, if it asks for that")] = None
    smtp_password: Annotated[Path | None, Field(description="file with the password for it")] = None
    mail_from: Annotated[
        str, _like(r"[^@\s]+@[^@\s]+", "an address like cairn@example.edu"), Field(description="the sender's address")
    ] = "cairn@localhost.localdomain"
    instance: Annotated[str, Field(min_length=1, description="this process's name in logs, traces and metrics")] = "1"
    partitions: Annotated[int, Field(ge=1, le=10_000, description="partitions of every topic keyed by learner")] = 4
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="the least level that is logged")] = (
        "INFO"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    def database(self, service: str) -> str:
        """The name of a service's own database."""
        return f"{self.database_prefix}_{service}"

    @property
    def smtp_address(self) -> tuple[str, int]:
        host, _, port = self.smtp.rpartition(":")
        return host.strip("[]"), int(port)

    def smtp_login(self) -> tuple[str, str] | None:
        """User and password. Raises Unset when there is only one of them, or the file cannot be read."""
        if self.smtp_user is None and self.smtp_password is None:
            return None
        if self.smtp_user is None or self.smtp_password is None:
            raise Unset("CAIRN_SMTP_USER, CAIRN_SMTP_PASSWORD: either both or none")
        try:
            return self.smtp_user, self.smtp_password.read_text().strip()
        except (OSError, ValueError) as error:
            raise Unset(f"CAIRN_SMTP_PASSWORD: the file {self.smtp_password} cannot be read") from error

    def secret_of_public_ids(self) -> bytes:
        """The key of public ids. Raises Unset when no file is named, or it holds no 16 bytes or more in hexadecimal."""
        if self.public_id_key is None:
            raise Unset("CAIRN_PUBLIC_ID_KEY: Field required")
        return _secret_in("CAIRN_PUBLIC_ID_KEY", self.public_id_key)

    def secret_of_sources(self) -> bytes:
        """Assessment's secret. Raises Unset when no file is named, or it holds no 32 bytes or more in hexadecimal."""
        if self.sources_key is None:
            raise Unset("CAIRN_SOURCES_KEY: Field required")
        secret = _secret_in("CAIRN_SOURCES_KEY", self.sources_key)
        if len(secret) < 32:
            raise Unset(f"CAIRN_SOURCES_KEY: the key in {self.sources_key} is shorter than 32 bytes")
        return secret

    def secret_of_reviews_webhook(self) -> bytes | None:
        """The secret as its text is; None: messages are not signed. Raises Unset when the file can't be read."""
        if self.reviews_webhook_secret is None:
            return None
        try:
            return self.reviews_webhook_secret.read_text().strip().encode()
        except (OSError, ValueError) as error:
            raise Unset(f"CAIRN_REVIEWS_WEBHOOK_SECRET: the file {self.reviews_webhook_secret} cannot be read") from error

    def secret_of_sessions(self) -> bytes | None:
        """The key of sign-in cookies; None: nobody can sign in to pages. Raises Unset when the file holds no such key."""
        return None if self.session_key is None else _secret_in("CAIRN_SESSION_KEY", self.session_key)


def _secret_in(variable: str, path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise Unset(f"{variable}: {path} holds no key in hexadecimal") from error
    if len(secret) < 16:
        raise Unset(f"{variable}: the key in {path} is shorter than 16 bytes")
    return secret
