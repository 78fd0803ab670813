"""Access tokens for sources, by OAuth 2's client credentials: the client is a key, by its id.

It shows its secret (by Basic or in the form), or signs an assertion, as RFC 7523 and the 1EdTech Security Framework have it.
"""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time
from typing import Any, Final, NamedTuple, TypeGuard
from urllib.parse import unquote_plus

from joserfc import jws, jwt
from joserfc.errors import JoseError

from services.assessment.sources.jwks import ALGORITHMS, KeySets, NoKeys
from services.assessment.sources.keys import Key, Keys
from services.assessment.sources.registry import Registry
from services.assessment.sources.tokens import LIFETIME, AccessTokens

log = logging.getLogger(__name__)

GRANT: Final = "client_credentials"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW: Final = 60
LONGEST_LIFE: Final = 3_600
"""Seconds that an assertion may be good for."""
LONGEST: Final = 16_384

UNPROVEN: Final = (
    "there is no such client with a key pair, or the assertion's kid and alg name none of its public keys, or those cannot be "
    "had, or the signature does not verify"
)
"""The same, whichever it is: who has proven nothing learns nothing of which clients there are."""

SCOPE: Final = "completions:publish"
SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    "ags": ("https://purl.imsglobal.org/spec/lti-ags/scope/score",),
    "oneroster": ("https://purl.imsglobal.org/spec/or/v1p2/scope/gradebook.createput",),
    "xapi": ("statements/write",),
}
"""What a token is good for, in the words of the formats that have some of their own. Whatever the words, it is the same."""


class Refusal(Exception):
    """`error` is one of those of RFC 6749, 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.error = error
        self.description = description
        self.status = status
        super().__init__(f"{error}: {description}")


class Granted(NamedTuple):
    token: str
    seconds: int
    scope: str


def _not_known(description: str) -> Refusal:
    return Refusal("invalid_client", description, 401)


class Grants:
    """`address` is where people reach the service; tokens are had at `<address>/oauth/token`."""

    def __init__(self, registry: Registry, keys: Keys, tokens: AccessTokens, key_sets: KeySets, address: str) -> None:
        self.registry = registry
        self.keys = keys
        self.tokens = tokens
        self.key_sets = key_sets
        self.address = address.rstrip("/")

    @property
    def endpoint(self) -> str:
        return f"{self.address}/oauth/token"

    async def grant(self, form: Mapping[str, str], authorization: str | None) -> Granted:
        """Raises Refusal."""
        if (asked := form.get("grant_type")) != GRANT:
            if not asked:
                raise Refusal("invalid_request", f"grant_type is missing; it is {GRANT}")
            raise Refusal("unsupported_grant_type", f"of grants there is {GRANT} only")
        key = await self._client(form, authorization)
        registered = await self.registry.one(key.source)
        if registered is None:
            raise _not_known("its source is registered no more")
        known = (*SCOPES.get(registered.source.format, ()), SCOPE)
        scopes = [scope for scope in known if scope in form["scope"].split()] if form.get("scope") else list(known)
        if not scopes:
            raise Refusal("invalid_scope", f"there is {' '.join(known)}")
        return Granted(await self.tokens.issue(key), int(LIFETIME.total_seconds()), " ".join(scopes))

    async def _client(self, form: Mapping[str, str], authorization: str | None) -> Key:
        ways = [authorization is not None, "client_secret" in form, "client_assertion" in form]
        if sum(ways) > 1:
            raise Refusal("invalid_request", "the client shows who it is in more than one way")
        if authorization is not None:
            id_, secret = _basic(authorization)
            if form.get("client_id", id_) != id_:
                raise Refusal("invalid_request", "client_id is not the one in Authorization")
        elif "client_secret" in form:
            id_, secret = form.get("client_id", ""), form["client_secret"]
        elif "client_assertion" in form:
            return await self._signer(form)
        else:
            raise _not_known("the client doesn't show who it is: by Basic, client_secret or client_assertion")
        if (key := await self.keys.by_secret(id_, secret)) is None:
            raise _not_known("there is no such client, or that is not its secret")
        return key

    async def _signer(self, form: Mapping[str, str]) -> Key:
        if form.get("client_assertion_type") != ASSERTION:
            raise Refusal("invalid_request", f"client_assertion_type must be {ASSERTION}")
        assertion = form["client_assertion"]
        header, unproven = _parts(assertion)
        id_ = unproven.get("sub")
        if not isinstance(id_, str) or unproven.get("iss") != id_ or form.get("client_id", id_) != id_:
            raise _not_known("iss and sub of the assertion must be the client's id, and client_id too if it is there")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _not_known(f"the assertion's algorithm is not one of {', '.join(ALGORITHMS)}")
        key = await self.keys.live(id_)
        if key is None or key.kind != "public_key":
            raise _not_known(UNPROVEN)
        try:
            claims = await self._proven(key, assertion, algorithm, header.get("kid"))
            until = self._checked(claims)
            if not await self.tokens.first_time(key, claims["jti"], until):
                raise _not_known("the assertion was used before; each is good once, by its jti")
        except Refusal:
            await self.keys.failed(key.id)
            raise
        await self.keys.used(key.id)
        return key

    async def _proven(self, key: Key, assertion: str, algorithm: str, kid: object) -> Mapping[str, Any]:
        try:
            known = await self.key_sets.of(key)
        except NoKeys as error:
            log.warning("the public keys of a source's key cannot be had: %s", error, extra={"source": key.source, "key": key.id})
            raise _not_known(UNPROVEN) from error
        found = (
            known.get(kid) if isinstance(kid, str) else next(iter(known.values())) if kid is None and len(known) == 1 else None
        )
        if found is None or not isinstance(found, ALGORITHMS[algorithm]):
            raise _not_known(UNPROVEN)
        try:
            return dict(jwt.decode(assertion, found, registry=jws.JWSRegistry(algorithms=[algorithm])).claims)
        except (JoseError, ValueError) as error:
            raise _not_known(UNPROVEN) from error

    def _checked(self, claims: Mapping[str, Any]) -> datetime:
        """When it ends."""
        now = time()
        audience = claims.get("aud")
        if not {self.endpoint, self.address} & set(map(str, audience if isinstance(audience, list) else [audience])):
            raise _not_known(f"the assertion's aud must be {self.endpoint}")
        expires = claims.get("exp")
        if not _is_time(expires):
            raise _not_known("the assertion needs exp")
        if expires + SKEW < now:
            raise _not_known("the assertion has expired")
        if expires > now + LONGEST_LIFE + SKEW:
            raise _not_known(f"the assertion's exp is more than {LONGEST_LIFE} seconds from now")
        for name in ("iat", "nbf"):
            if name in claims and (not _is_time(begins := claims[name]) or begins - SKEW > now):
                raise _not_known(f"the assertion's {name} is later than now")
        if not isinstance(jti := claims.get("jti"), str) or not 0 < len(jti) <= 1_000:
            raise _not_known("the assertion needs a jti, each time another one")
        return datetime.fromtimestamp(expires + 2 * SKEW, UTC)


def _is_time(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


def _basic(authorization: str) -> tuple[str, str]:
    """Client id and secret, each form-encoded as RFC 6749, 2.3.1, has it."""
    scheme, _, value = authorization.partition(" ")
    try:
        id_, colon, secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        id_, colon, secret = "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise _not_known("Authorization must be Basic with the client's id and secret")
    return unquote_plus(id_), unquote_plus(secret)


def _parts(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, of which nothing is proven yet."""
    try:
        if len(assertion) > LONGEST:
            raise ValueError("too long")
        taken = jws.extract_compact(assertion.encode())
        claims = _object(taken.payload)
        return dict(taken.headers()), claims
    except (JoseError, ValueError, RecursionError) as error:
        raise _not_known("the client_assertion is not a signed JWT") from error


def _object(payload: bytes) -> dict[str, Any]:
    found = json.loads(payload)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found
