"""How the brokers are reached and who we are there: plainly, over TLS, with a password, a certificate, or a token (OAuth 2.0)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import httpx
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from shared.certificates import show, trusting
from shared.settings import KafkaSettings, Unset

log = logging.getLogger(__name__)

NEARBY: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PASSWORDS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
WITHIN: Final = 10.0
UNSAID: Final = 60.0
"""Seconds for which a token is taken to be good whose end the provider doesn't say."""
USED_FOR: Final = 0.8
"""The part of its time for which a token is used: then the next one is asked for, and there is time left to ask again."""
AGAIN_AFTER: Final = 1.0


@dataclass(frozen=True)
class Broker:
    """`bootstrap` are servers, host:port, by commas. Without a `mechanism` a certificate in `context` may say who we are."""

    bootstrap: str
    context: ssl.SSLContext | None = field(default=None, repr=False)
    mechanism: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tokens: AbstractTokenProvider | None = field(default=None, repr=False)

    @property
    def connection(self) -> dict[str, Any]:
        """What aiokafka's clients are told."""
        told: dict[str, Any] = {"bootstrap_servers": self.bootstrap.split(",")}
        if self.context is not None:
            told["ssl_context"] = self.context
        if self.context is not None or self.mechanism is not None:
            told["security_protocol"] = ("SASL_" if self.mechanism else "") + ("SSL" if self.context else "PLAINTEXT")
        if self.tokens is not None:
            return told | {"sasl_mechanism": self.mechanism, "sasl_oauth_token_provider": self.tokens}
        if self.mechanism is not None:
            told |= {"sasl_mechanism": self.mechanism}
            told |= {"sasl_plain_username": self.user, "sasl_plain_password": self.password}
        return told


At = Broker | str
"""Brokers, or the bootstrap servers of ones that are reached plainly."""


def connection(at: At) -> dict[str, Any]:
    """What aiokafka's clients are told to reach them."""
    return brokers(at).connection


def brokers(at: At) -> Broker:
    return at if isinstance(at, Broker) else Broker(at)


@lru_cache(maxsize=16)
def broker_of(settings: KafkaSettings) -> Broker:
    """The brokers that the settings name; files are read at the first call.

    Raises Unset where settings are missing, can't be together, or name files that can't be read.
    """
    security, mechanism = settings.kafka_security, settings.kafka_sasl
    _fits(settings)
    context = _context(settings) if security.endswith("SSL") else None
    if mechanism is None:
        return Broker(settings.kafka, context)
    if mechanism == "OAUTHBEARER":
        assert settings.kafka_token_url is not None
        assert settings.kafka_client_id is not None
        secret = _secret("CAIRN_KAFKA_CLIENT_SECRET", settings.kafka_client_secret)
        tokens = ClientCredentials(settings.kafka_token_url, settings.kafka_client_id, secret, settings.kafka_scope)
        return Broker(settings.kafka, context, mechanism, tokens=tokens)
    password = _secret("CAIRN_KAFKA_PASSWORD", settings.kafka_password)
    return Broker(settings.kafka, context, mechanism, settings.kafka_user, password)


def _fits(settings: KafkaSettings) -> None:
    """Raises Unset, naming what would be right."""
    security, mechanism = settings.kafka_security, settings.kafka_sasl
    if security.startswith("SASL") and mechanism is None:
        raise Unset(f"CAIRN_KAFKA_SASL: {security} needs one of {', '.join((*PASSWORDS, 'OAUTHBEARER'))}")
    if mechanism is not None and not security.startswith("SASL"):
        raise Unset(f"CAIRN_KAFKA_SASL: {mechanism} goes with CAIRN_KAFKA_SECURITY=SASL_SSL (or SASL_PLAINTEXT), not {security}")
    passwords = {"CAIRN_KAFKA_USER": settings.kafka_user, "CAIRN_KAFKA_PASSWORD": settings.kafka_password}
    needed = {
        "CAIRN_KAFKA_TOKEN_URL": settings.kafka_token_url,
        "CAIRN_KAFKA_CLIENT_ID": settings.kafka_client_id,
        "CAIRN_KAFKA_CLIENT_SECRET": settings.kafka_client_secret,
    }
    _all_or_none(passwords, mechanism in PASSWORDS, f"CAIRN_KAFKA_SASL={'|'.join(PASSWORDS)}", mechanism)
    _all_or_none(needed, mechanism == "OAUTHBEARER", "CAIRN_KAFKA_SASL=OAUTHBEARER", mechanism)
    if settings.kafka_scope is not None and mechanism != "OAUTHBEARER":
        raise Unset("CAIRN_KAFKA_SCOPE: goes with CAIRN_KAFKA_SASL=OAUTHBEARER only")
    files = {
        "CAIRN_KAFKA_CA": settings.kafka_ca,
        "CAIRN_KAFKA_CERTIFICATE": settings.kafka_certificate,
        "CAIRN_KAFKA_KEY": settings.kafka_key,
    }
    if not security.endswith("SSL"):
        for name, value in files.items():
            if value is not None:
                raise Unset(f"{name}: goes with CAIRN_KAFKA_SECURITY=SSL or SASL_SSL, not {security}")
    if (settings.kafka_certificate is None) != (settings.kafka_key is None):
        raise Unset("CAIRN_KAFKA_CERTIFICATE, CAIRN_KAFKA_KEY: either both or none")
    address = urlsplit(settings.kafka_token_url or "https://nowhere")
    if address.scheme != "https" and address.hostname not in NEARBY:
        raise Unset("CAIRN_KAFKA_TOKEN_URL: an address that begins with https:// (http:// only on this machine)")


def _all_or_none(values: Mapping[str, object], needed: bool, where: str, mechanism: str | None) -> None:
    if needed and (missing := [name for name, value in values.items() if value is None]):
        raise Unset(f"{', '.join(missing)}: needed with CAIRN_KAFKA_SASL={mechanism}")
    if not needed and (surplus := [name for name, value in values.items() if value is not None]):
        raise Unset(f"{', '.join(surplus)}: goes with {where} only")


def _context(settings: KafkaSettings) -> ssl.SSLContext:
    context = trusting("CAIRN_KAFKA_CA", settings.kafka_ca)
    if settings.kafka_certificate is not None:
        show(context, "CAIRN_KAFKA_CERTIFICATE, CAIRN_KAFKA_KEY", settings.kafka_certificate, settings.kafka_key)
    return context


def _secret(variable: str, path: Path | None) -> str:
    assert path is not None
    try:
        secret = path.read_text().strip()
    except (OSError, ValueError) as error:
        raise Unset(f"{variable}: the file {path} cannot be read") from error
    if not secret:
        raise Unset(f"{variable}: the file {path} is empty")
    return secret


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """OAuth 2.0 access tokens for a client with a secret (RFC 6749, 4.4), one for all connections of the process.

    The next one is asked for by the first connection after four fifths of a token's time. While the provider is away, the last
    one is used until it ends.
    """

    def __init__(
        self, url: str, client: str, secret: str, scope: str | None = None, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._url = url
        self._login = httpx.BasicAuth(quote_plus(client), quote_plus(secret))
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._clock = clock
        self._token: str | None = None
        self._renew_at = self._ends_at = float("-inf")
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Raises KafkaConnectionError, on which clients of the broker try again."""
        async with self._asking:
            now = self._clock()
            if self._token is None or now >= self._renew_at:
                try:
                    self._token, lasts = await self._asked()
                    self._renew_at, self._ends_at = now + lasts * USED_FOR, now + lasts
                except _NoToken as error:
                    if self._token is None or now >= self._ends_at:
                        raise KafkaConnectionError(f"no token for the broker: {error}") from error
                    self._renew_at = now + AGAIN_AFTER
                    log.warning("the token for the broker could not be renewed yet: %s", error)
            return self._token

    async def _asked(self) -> tuple[str, float]:
        """A token, and for how many seconds it is good."""
        try:
            async with asyncio.timeout(WITHIN), httpx.AsyncClient(timeout=WITHIN, follow_redirects=False) as client:
                answer = await client.post(self._url, data=self._form, auth=self._login, headers={"accept": "application/json"})
            said = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise _NoToken(f"the provider's answer is none ({type(error).__name__})") from error
        if not answer.is_success:
            raise _NoToken(f"the provider answered with {answer.status_code}")
        token, lasts = (said.get("access_token"), said.get("expires_in", UNSAID)) if isinstance(said, dict) else (None, 0)
        if not isinstance(token, str) or not token or not isinstance(lasts, int | float) or lasts <= 0:
            raise _NoToken("the provider's answer has no token that is good for a while")
        return token, float(lasts)


class _NoToken(Exception):
    """The text repeats no secret."""
