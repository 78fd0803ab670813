"""The Kafka clusters on which sources publish: the platform's own, and those that the operators name.

How a cluster is reached, and who we are there, is said in a file of the operators and never in a source's document: who may
register sources may not make the platform call any address.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from services.assessment.sources.topics.schemas import Schemas, login_in
from shared.broker import broker_of
from shared.requirements.model import Slug
from shared.settings import Address, Settings, Unset
from shared.stream.incoming import explained

VARIABLE: Final = "CAIRN_SOURCE_CLUSTERS"


class Described(BaseModel):
    """A cluster in the file. Passwords are in files of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bootstrap: Annotated[str, Field(min_length=1)]
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    login: Path | None = None
    """File with user:password."""
    authorities: Path | None = None
    """File with the certificates of the authorities that are trusted, PEM; by default the machine's."""
    certificate: Path | None = None
    """File with our own certificate and its key, PEM."""
    schema_registry: Address | None = None
    schema_registry_login: Path | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.security.startswith("SASL") != (self.login is not None):
            raise ValueError("a login goes with SASL_PLAINTEXT and SASL_SSL, and only with these")
        if (self.authorities or self.certificate) and not self.security.endswith("SSL"):
            raise ValueError("certificates go with SSL and SASL_SSL only")
        return self


@dataclass(frozen=True)
class Cluster:
    """`connection` is what aiokafka's clients are told."""

    connection: Mapping[str, Any]
    schemas: Schemas | None


class Clusters:
    """By name; the platform's own has none. Raises Unset when the file can't be read, or says something impossible."""

    def __init__(self, settings: Settings) -> None:
        address, login = settings.schema_registry, settings.schema_registry_login
        own = Schemas(address, login_in("CAIRN_SCHEMA_REGISTRY_LOGIN", login)) if address else None
        self._known: dict[str | None, Cluster] = {None: Cluster(broker_of(settings).connection, own)}
        for name, described in _described(settings.source_clusters).items():
            self._known[name] = _cluster(name, described)

    def get(self, name: str | None) -> Cluster | None:
        return self._known.get(name)

    async def close(self) -> None:
        for cluster in self._known.values():
            if cluster.schemas is not None:
                await cluster.schemas.close()


def _described(path: Path | None) -> dict[str, Described]:
    if path is None:
        return {}
    try:
        return TypeAdapter(dict[Slug, Described]).validate_json(path.read_bytes())
    except OSError as error:
        raise Unset(f"{VARIABLE}: the file {path} cannot be read") from error
    except ValidationError as error:
        raise Unset(f"{VARIABLE}: {path}: {explained(error)}") from error


def _cluster(name: str, described: Described) -> Cluster:
    connection: dict[str, Any] = {
        "bootstrap_servers": described.bootstrap.split(","),
        "security_protocol": described.security,
    }
    with _said_of(name):
        if (login := login_in(f"{VARIABLE}: {name}.login", described.login)) is not None:
            user, password = login
            connection |= {
                "sasl_mechanism": described.mechanism,
                "sasl_plain_username": user,
                "sasl_plain_password": password,
            }
        if described.security.endswith("SSL"):
            connection["ssl_context"] = context = ssl.create_default_context(cafile=described.authorities)
            if described.certificate is not None:
                context.load_cert_chain(described.certificate)
        address, file = described.schema_registry, described.schema_registry_login
        login = login_in(f"{VARIABLE}: {name}.schema_registry_login", file)
    return Cluster(connection, Schemas(address, login) if address else None)


@contextmanager
def _said_of(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ssl.SSLError) as error:
        raise Unset(f"{VARIABLE}: {name}: its certificates cannot be read: {type(error).__name__}") from error
