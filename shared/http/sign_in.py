"""The OpenID Connect provider with which people sign in: code flow with PKCE, and what its identity token says, verified."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc.errors import JoseError

from shared.http.auth import DISCOVERY, SKEW, KeysAway, Tokens, Untrusted
from shared.settings import Settings, Unset

SCOPE: Final = "openid profile"
WITHIN: Final = 10.0
STALE_AFTER: Final = 600.0
AGAIN_AFTER: Final = 1.0
LARGEST: Final = 262_144
NEARBY: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderAway(Exception):
    """It does not answer at the moment."""


class NotSignedIn(Exception):
    """What the provider answered proves nothing. The text says why, and repeats no secret."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the provider and back: what it was sent with, and what it must come back with."""

    state: str
    nonce: str
    verifier: str
    next: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The provider's own word about itself (OpenID Connect Discovery 1.0), and the keys that go with it."""

    authorization: str
    token: str
    end_session: str | None
    names_itself: bool
    secret_in_body: bool
    tokens: Tokens


class Provider:
    """Talks to the provider at `issuer` as its client `client_id`. Its configuration is read at first use, then every 10 min."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        back: str,
        *,
        clock: Callable[[], float] = monotonic,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self.back = back
        self._secret = client_secret
        self._clock = clock
        self._transport = transport
        self._known: tuple[float, Configuration] | None = None
        self._failed_at = float("-inf")
        self._reading = asyncio.Lock()

    @classmethod
    def from_settings(cls, settings: Settings, back: str) -> Self | None:
        """None if no provider is named; raises Unset if it is not to be trusted with codes, or the secret cannot be read."""
        if settings.oidc_issuer is None:
            return None
        address = urlsplit(settings.oidc_issuer)
        if not address.hostname or (address.scheme != "https" and (address.scheme != "http" or address.hostname not in NEARBY)):
            raise Unset("CAIRN_OIDC_ISSUER: an address that begins with https:// (http:// only on this machine)")
        try:
            secret = None if settings.oidc_client_secret is None else settings.oidc_client_secret.read_text().strip()
        except (OSError, ValueError) as error:
            raise Unset(f"CAIRN_OIDC_CLIENT_SECRET: {settings.oidc_client_secret} cannot be read") from error
        return cls(settings.oidc_issuer, settings.oidc_client_id, secret, back)

    async def address(self, attempt: Attempt) -> str:
        """Where the browser is sent to. Raises ProviderAway or NotSignedIn."""
        configuration = await self._configuration()
        return str(
            prepare_grant_uri(
                configuration.authorization,
                client_id=self.client_id,
                response_type="code",
                redirect_uri=self.back,
                scope=SCOPE,
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
            )
        )

    async def claims(self, attempt: Attempt, code: str, issuer: str | None) -> Mapping[str, Any]:
        """What the provider says of who signed in, for the code that came back. `issuer` is who says to have sent it (RFC 9207).

        Raises ProviderAway or NotSignedIn.
        """
        configuration = await self._configuration()
        if issuer != self.issuer and (issuer is not None or configuration.names_itself):
            raise NotSignedIn("the answer comes from another provider")
        answer = await self._exchanged(configuration, code, attempt.verifier)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotSignedIn("the provider sent no identity token")
        try:
            header, claims = await configuration.tokens.opened(token)
            expected = {"nonce": attempt.nonce, "client_id": self.client_id, "access_token": answer.get("access_token")}
            CodeIDToken(claims, header, params=expected).validate(leeway=SKEW)
        except KeysAway as error:
            raise ProviderAway("its keys cannot be read") from error
        except Untrusted as error:
            raise NotSignedIn(f"the identity token is not accepted: {error}") from error
        except JoseError as error:
            raise NotSignedIn(f"the identity token is not accepted: {error.description or error.error}") from error
        return claims

    async def end(self, landing: str) -> str | None:
        """Where to sign out there, too, coming back to `landing`; None if it has no such place or does not answer now."""
        try:
            address = (await self._configuration()).end_session
        except (ProviderAway, NotSignedIn):
            return None
        if address is None:
            return None
        return str(httpx.URL(address).copy_merge_params({"client_id": self.client_id, "post_logout_redirect_uri": landing}))

    async def _exchanged(self, configuration: Configuration, code: str, verifier: str) -> Mapping[str, Any]:
        """The code for tokens."""
        way = "none" if self._secret is None else "client_secret_post" if configuration.secret_in_body else "client_secret_basic"
        body = prepare_token_request("authorization_code", redirect_uri=self.back, code=code, code_verifier=verifier)
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        address, headers, body = ClientAuth(self.client_id, self._secret, way).prepare("POST", configuration.token, headers, body)
        status, answer = await self._asked("POST", address, headers, body.encode())
        if status >= 500:
            raise ProviderAway(f"it answered with {status}")
        if status != 200:
            raise NotSignedIn("the provider did not take the code; it may have been used before, or be too old")
        return answer

    async def _configuration(self) -> Configuration:
        """What was read last counts while it cannot be read again; who waited for a reading that failed shares its failure."""
        async with self._reading:
            now = self._clock()
            if self._known is not None and now - self._known[0] <= STALE_AFTER:
                return self._known[1]
            if now - self._failed_at > AGAIN_AFTER:
                try:
                    self._known = (now, await self._discovered(self._known[1].tokens if self._known else None))
                except ProviderAway:
                    self._failed_at = self._clock()
            if self._known is None:
                raise ProviderAway("its configuration cannot be read")
            return self._known[1]

    async def _discovered(self, before: Tokens | None) -> Configuration:
        address = self.issuer.rstrip("/") + DISCOVERY
        status, said = await self._asked("GET", address, {"accept": "application/json"})
        if status != 200:
            raise ProviderAway(f"its configuration was answered with {status}")
        if said.get("issuer") != self.issuer:
            raise NotSignedIn("the provider calls itself by another name than CAIRN_OIDC_ISSUER")
        places = {name: said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        for name, place in places.items():
            if not isinstance(place, str) or not self._is_safe(place):
                raise NotSignedIn(f"the provider's configuration has no usable {name}")
        end = said.get("end_session_endpoint")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        keys = str(places["jwks_uri"])
        return Configuration(
            authorization=str(places["authorization_endpoint"]),
            token=str(places["token_endpoint"]),
            end_session=end if isinstance(end, str) and self._is_safe(end) else None,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            secret_in_body=isinstance(methods, list) and "client_secret_basic" not in methods,
            tokens=before
            if before is not None and before.jwks == keys
            else Tokens(keys, self.issuer, self.client_id, clock=self._clock),
        )

    def _is_safe(self, address: str) -> bool:
        """As well kept as the issuer's own address is."""
        return address.startswith("https://") or (self.issuer.startswith("http://") and address.startswith("http://"))

    async def _asked(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON object. Redirects are not followed: codes and secrets go where the configuration says."""
        try:
            async with (
                asyncio.timeout(WITHIN),
                httpx.AsyncClient(timeout=WITHIN, follow_redirects=False, transport=self._transport) as client,
                client.stream(method, address, headers=dict(headers), content=body) as response,
            ):
                content = b""
                async for part in response.aiter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        raise NotSignedIn("the provider's answer is too long")
                status, answer = response.status_code, content
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ProviderAway(f"it does not answer ({type(error).__name__})") from error
        return status, _object(answer) if status == 200 else {}


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotSignedIn("the provider's answer is not JSON") from error
    if not isinstance(found, dict):
        raise NotSignedIn("the provider's answer is not a JSON object")
    return found
