"""Who calls, and what they may do: bearer tokens (JWT), verified against a key set at a path or an address."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Annotated, Any, Final, Self, TypeGuard

import httpx
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.http.problems import Problem, unavailable
from shared.http.roles import Roles
from shared.settings import Settings

log = logging.getLogger(__name__)

ALGORITHMS: Final[Mapping[str, type[ECKey | RSAKey | OKPKey]]] = {
    "ES256": ECKey,
    "RS256": RSAKey,
    "Ed25519": OKPKey,
    "EdDSA": OKPKey,
}
"""Public-key signatures only, each with the kind of key it takes: a public key is never a secret for HMAC."""

SKEW: Final = 60
AGAIN_AFTER: Final = 30.0
STALE_AFTER: Final = 600.0
LONGEST: Final = 16_384
DISCOVERY: Final = "/.well-known/openid-configuration"

PublicKey = ECKey | RSAKey | OKPKey

bearer = HTTPBearer(scheme_name="bearer", bearerFormat="JWT", description="A JWT of the institution's issuer.", auto_error=False)


class Untrusted(Exception):
    """The token proves nothing. The text says why, without repeating the token."""


class KeysAway(Exception):
    """The key set could not be read yet."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`subject` is the token's; `learner` the learner whom the token speaks for: its `learner` claim, or else its subject.

    `is_learner` is whether the token says so itself, by a `learner` claim.
    """

    subject: str
    scopes: frozenset[str]
    learner: str
    is_learner: bool = False

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_see(self, learner: str, scope: str) -> bool:
        """With the scope anybody's; without it one's own."""
        return self.may(scope) or (learner == self.learner and (self.is_learner or self.may("self:read")))


class Tokens:
    """Verifies tokens of one issuer for one audience.

    The key set is read at first use, again when a token names a key that is not in it (every 30 s at most, whatever tokens say),
    and when it is older than ten minutes, so that a withdrawn key is forgotten. While it cannot be read, the last one counts.
    `jwks` may name the issuer's OpenID configuration instead, which says where the key set is.
    """

    def __init__(
        self, jwks: str, issuer: str, audience: str, *, roles: Roles | None = None, clock: Callable[[], float] = monotonic
    ) -> None:
        self.roles = roles
        self.jwks = jwks
        self.issuer = issuer
        self.audience = audience
        self._clock = clock
        self._keys: dict[str | None, PublicKey] | None = None
        self._asked_at = float("-inf")
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say. Raises Unset."""
        return cls(settings.jwks, settings.token_issuer, settings.token_audience, roles=Roles.of(settings))

    async def caller(self, token: str) -> Caller:
        """Raises Untrusted, or KeysAway when there is no key set to go by."""
        return caller_of((await self.opened(token))[1], self.roles)

    async def opened(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of a token whose signature, issuer, audience and times are right, and which has a subject.

        Raises Untrusted, or KeysAway when there is no key set to go by.
        """
        header = _header_of(token)
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or (kind := ALGORITHMS.get(algorithm)) is None:
            raise Untrusted(f"its algorithm is not one of {', '.join(ALGORITHMS)}")
        key = await self._key(header.get("kid"))
        if not isinstance(key, kind):
            raise Untrusted("its algorithm does not fit its key")
        registry = jws.JWSRegistry(algorithms=[algorithm])
        try:
            claims = jwt.decode(token, key, registry=registry).claims
        except (JoseError, ValueError) as error:
            raise Untrusted("its signature does not verify") from error
        self._check(claims)
        return header, dict(claims)

    def _check(self, claims: Mapping[str, Any]) -> None:
        now = time()
        if claims.get("iss") != self.issuer:
            raise Untrusted("its issuer is not trusted here")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Untrusted("it is meant for another audience")
        expires = claims.get("exp")
        if not _is_time(expires):
            raise Untrusted("it does not say when it expires")
        if expires + SKEW < now:
            raise Untrusted("it has expired")
        not_before = claims.get("nbf", now)
        if not _is_time(not_before) or not_before - SKEW > now:
            raise Untrusted("it is not valid yet")
        if not isinstance(subject := claims.get("sub"), str) or not subject:
            raise Untrusted("it has no subject")

    async def _key(self, kid: object) -> PublicKey:
        """A token without a key id is taken only while there is just one key."""
        if not isinstance(kid, str | None):
            raise Untrusted("its key id is not text")
        if (key := self._known(kid)) is None or self._clock() - self._read_at > STALE_AFTER:
            await self._refresh()
            key = self._known(kid)
        if key is None:
            if self._keys is None:
                raise KeysAway
            raise Untrusted("it is signed with a key that is not in the key set")
        return key

    def _known(self, kid: str | None) -> PublicKey | None:
        keys = self._keys or {}
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        return keys.get(kid) if kid is not None else None

    async def _refresh(self) -> None:
        async with self._reading:
            if self._clock() - self._asked_at < (AGAIN_AFTER if self._keys is not None else 1.0):
                return
            self._asked_at = self._clock()
            try:
                document = await self._read()
                self._keys = _public_keys(document)
                self._read_at = self._clock()
            except (OSError, httpx.HTTPError, ValueError) as error:
                log.warning("the key set could not be read: %s", type(error).__name__)

    async def _read(self) -> object:
        if not self.jwks.startswith(("http://", "https://")):
            return json.loads(await asyncio.to_thread(Path(self.jwks).read_bytes))
        async with httpx.AsyncClient(timeout=5.0, follow_redirects=False) as client:
            found = await _document(client, self.jwks)
            return await _document(client, self._keys_named(found)) if self.jwks.endswith(DISCOVERY) else found

    def _keys_named(self, configuration: object) -> str:
        """Raises ValueError, unless it is the issuer's own, and its keys are as well kept as it is itself."""
        said = configuration if isinstance(configuration, dict) else {}
        keys = said.get("jwks_uri")
        if said.get("issuer") != self.issuer:
            raise ValueError("the configuration is another issuer's")
        if not isinstance(keys, str) or not (keys.startswith("https://") or self.jwks.startswith("http://")):
            raise ValueError("the configuration has no usable jwks_uri")
        return keys


async def _document(client: httpx.AsyncClient, address: str) -> object:
    answer = await client.get(address, headers={"accept": "application/json"})
    return json.loads(answer.raise_for_status().content)


def caller_of(claims: Mapping[str, Any], roles: Roles | None = None) -> Caller:
    """With the scopes that the token names, and those of its roles. Raises Untrusted when scope or learner is other than text."""
    subject, learner, scope = claims["sub"], claims.get("learner"), claims.get("scope", "")
    if not isinstance(scope, str) or not isinstance(learner, str | None):
        raise Untrusted("its claims scope and learner must be text")
    scopes = frozenset(scope.split()) | (frozenset() if roles is None else roles.scopes(claims))
    return Caller(subject, scopes, learner or subject, is_learner=bool(learner))


def _is_time(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _header_of(token: str) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise Untrusted("it is too long")
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, UnicodeError) as error:
        raise Untrusted("it is not a signed JWT") from error


def _public_keys(document: object) -> dict[str | None, PublicKey]:
    """The keys of a JWKS document that verify signatures of the known algorithms; others are passed over.

    Raises ValueError when the document is no key set.
    """
    if not isinstance(document, dict) or not isinstance(entries := document.get("keys"), list):
        raise ValueError("a key set is an object with an array `keys`")
    kinds: dict[object, type[PublicKey]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
    keys: dict[str | None, PublicKey] = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or (kind := kinds.get(entry.get("kty"))) is None:
            continue
        try:
            keys[entry.get("kid")] = kind.import_key(entry)
        except (JoseError, ValueError, KeyError):
            log.warning("a key of the key set could not be read and is passed over")
    return keys


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def authenticated(request: Request, credentials: Credentials) -> Caller:
    """The caller, by their token. Raises the 401 problem, or 503 while no key set could be read."""
    if credentials is None or credentials.scheme.lower() != "bearer":
        raise Problem(401, detail="This needs a bearer token.", headers={"www-authenticate": "Bearer"})
    return await caller_by_token(request, credentials)


async def caller_by_token(request: Request, credentials: HTTPAuthorizationCredentials) -> Caller:
    """Raises the 401 problem, or 503 while no key set could be read."""
    tokens: Tokens | None = request.app.state.tokens
    if tokens is None:
        raise unavailable(60, "This service was started without a key set to verify tokens against.")
    try:
        return await tokens.caller(credentials.credentials)
    except Untrusted as error:
        raise Problem(
            401,
            detail=f"The token is not accepted: {error}.",
            headers={"www-authenticate": f'Bearer error="invalid_token", error_description="{error}"'},
        ) from error
    except KeysAway as error:
        raise unavailable(5, "The key set that tokens are verified against cannot be read.") from error


Authenticated = Annotated[Caller, Depends(authenticated)]
Dependency = Callable[..., Awaitable[Caller]]


def forbidden(scope: str, detail: str) -> Problem:
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return Problem(403, detail=detail, headers={"www-authenticate": challenge}, scope=scope)


def requires(scope: str) -> Dependency:
    """A dependency: the caller, who has the scope. `caller: Annotated[Caller, Depends(requires("awards:read"))]`."""

    async def caller(caller: Authenticated) -> Caller:
        if not caller.may(scope):
            raise forbidden(scope, f"This needs the scope {scope}.")
        return caller

    return caller


def may_see_learner(scope: str) -> Dependency:
    """A dependency for paths with `{learner}`: the caller, who has the scope or is that learner."""

    async def caller(request: Request, caller: Authenticated) -> Caller:
        if not caller.may_see(request.path_params["learner"], scope):
            raise forbidden(scope, f"This needs the scope {scope}; with self:read a learner sees their own.")
        return caller

    return caller
