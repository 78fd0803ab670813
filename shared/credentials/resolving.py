"""Who an issuer is: identity documents of did:web, did:key, did:jwk and of issuers with an https address, and the keys in them.

A document comes from our own origin without any network, else from where it is served, else, if nobody answers there, from what
whoever asks has kept. That never outweighs what the issuer says now, nor that there is none, and is marked as given.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, Literal
from urllib.parse import unquote

import orjson

from shared.credentials.fetching import MOST_BYTES, Fetched, Fetcher, NotFetched
from shared.credentials.keys import BadKey, PublicKey, public_key_of_did_key, public_key_of_jwk, public_key_of_multikey
from shared.credentials.shapes import instant

Own = Callable[[str], Awaitable[bytes | None]]
"""The document at an address of our own origin; None if there is none."""

Origin = Literal["derived", "own", "live", "given"]

MOST_DOCUMENTS: Final = 24
"""Addresses that one check asks for, whatever a credential names."""

ANSWERS: Final = frozenset({"not_there", "too_large", "redirected"})
"""Of what fetching can end with, what only somebody who was reached can have said."""

MOST_KEYS: Final = 200
WEB: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)
SEGMENT: Final = re.compile(r"[A-Za-z0-9._%~!$&'()*+,;=@-]+")
JSON_KINDS: Final = (
    "application/did+json, application/vc, application/vc+ld+json, application/ld+json, application/json, */*;q=0.5"
)


class NotFound(Exception):
    """There is no such document, or it can't be had. `says` completes "could not be read from …: "; `answered` if that is so."""

    def __init__(self, address: str, says: str, *, answered: bool = True) -> None:
        super().__init__(says)
        self.address = address
        self.says = says
        self.answered = answered


class Unresolvable(Exception):
    """An identity of a kind that can't be looked up."""


@dataclass(frozen=True, slots=True)
class Method:
    """A key in an identity document. `key` is None if it is of an unknown kind; `ended` if it may no longer be used; `given` if
    only whoever asks says that it is the key."""

    id: str
    controller: str | None
    key: PublicKey | None
    ended: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """`trusted` are the ids of the methods that may sign credentials (assertionMethod); None if the document names no keys."""

    id: str
    origin: Origin
    methods: Mapping[str, Method]
    trusted: frozenset[str] | None
    name: str | None = None

    def listed(self, method: Method) -> Method | None:
        """The trusted method of this identity that has the same key; one that is only named here is the method itself."""
        if method.id in (self.trusted or ()) and method.id not in self.methods:
            return method
        for id_ in sorted(self.trusted or ()):
            mine = self.methods.get(id_)
            if mine is not None and method.key is not None and mine.key is not None and mine.key.jwk() == method.key.jwk():
                return mine
        return None


@dataclass
class Resolver:
    """Of one check. `until` is the moment, by `monotonic`, after which nothing more is asked for; `afresh`: not from memory."""

    fetcher: Fetcher
    own: Own
    origins: Sequence[str]
    until: float
    given: Mapping[str, Any] = field(default_factory=dict)
    afresh: bool = False
    asked: int = 0
    identities: dict[str, Identity | NotFound] = field(default_factory=dict)

    async def bytes_at(self, address: str, accept: str = JSON_KINDS, most_bytes: int = MOST_BYTES) -> tuple[bytes, Origin]:
        """What is served there now. Raises NotFound."""
        bare = address.partition("#")[0]
        if self.is_ours(bare):
            if (mine := await self.own(bare)) is None:
                raise NotFound(bare, "there is no such document")
            return mine, "own"
        self.asked += 1
        if self.asked > MOST_DOCUMENTS:
            raise NotFound(bare, "it names more addresses than one check asks for", answered=False)
        try:
            within = self.until - monotonic()
            fetched: Fetched = await self.fetcher.get(
                bare, within=within, most_bytes=most_bytes, accept=accept, afresh=self.afresh
            )
        except NotFetched as error:
            raise NotFound(bare, error.says, answered=error.code in ANSWERS) from error
        return fetched.body, "live"

    def is_ours(self, address: str) -> bool:
        rest = address.partition("://")[2].lower()
        return any(rest == own or rest.startswith(f"{own}/") for own in map(_without_scheme, self.origins))

    async def object_at(self, address: str, *, kept_first: bool = False) -> tuple[dict[str, Any], Origin]:
        """The JSON object served there now, or else, where nobody answers, kept by whoever asks. Raises NotFound.

        Schemas say the same for good and only compare, so of these what is kept comes first.
        """
        kept = self.given.get(address)
        if kept_first and isinstance(kept, dict):
            return kept, "given"
        try:
            body, origin = await self.bytes_at(address)
            return _object(address, body), origin
        except NotFound as missing:
            if isinstance(kept, dict) and not missing.answered:
                return kept, "given"
            raise missing

    async def identity(self, id_: str) -> Identity:
        """Raises NotFound, and Unresolvable for other kinds of identity."""
        if id_ not in self.identities:
            try:
                self.identities[id_] = await self._identity(id_)
            except NotFound as missing:
                self.identities[id_] = missing
        found = self.identities[id_]
        if isinstance(found, NotFound):
            raise found
        return found

    async def _identity(self, id_: str) -> Identity:
        if id_.startswith(("did:key:", "did:jwk:")):
            method = derived(id_)
            return Identity(id_, "derived", {method.id: method}, frozenset({method.id}))
        if id_.startswith("did:web:"):
            return _identity_in(id_, *await self._did_document(id_))
        if id_.startswith(("https://", "http://")):
            return _identity_in(id_, *await self.object_at(id_))
        if isinstance(kept := self.given.get(id_), dict):
            return _identity_in(id_, kept, "given")
        raise Unresolvable(id_)

    async def _did_document(self, did: str) -> tuple[dict[str, Any], Origin]:
        missing: list[NotFound] = []
        try:
            for address in self.addresses_of(did):
                try:
                    body, origin = await self.bytes_at(address)
                    return _object(address, body), origin
                except NotFound as error:
                    missing.append(error)
        except ValueError as error:
            raise NotFound(did, str(error)) from error
        if isinstance(kept := self.given.get(did), dict) and not any(error.answered for error in missing):
            return kept, "given"
        raise missing[-1]

    def addresses_of(self, did: str) -> list[str]:
        """Where a did:web's document is: by https, and by http on hosts of the own network. Raises ValueError."""
        host, *path = did.removeprefix("did:web:").split(":")
        host = unquote(host)
        if not WEB.fullmatch(host) or not all(SEGMENT.fullmatch(step) and step not in (".", "..") for step in path):
            raise ValueError("a did:web is a host, with its port after %3A, and a path, with colons between")
        place = f"{host}/{'/'.join(path) if path else '.well-known'}/did.json"
        schemes = ["https"]
        if self.is_ours(f"https://{place}") or (host if ":" in host else f"{host}:80").lower() in self.fetcher.allowed:
            schemes.append("http")
        return [f"{scheme}://{place}" for scheme in schemes]

    async def method(self, id_: str) -> Method:
        """The key that a proof or a token names, wherever it is. Raises NotFound, Unresolvable and BadKey."""
        identity, _, fragment = id_.partition("#")
        if id_.startswith(("did:key:", "did:jwk:")):
            return derived(id_)
        if id_.startswith(("https://", "http://")):
            if re.fullmatch(r"z[1-9A-HJ-NP-Za-km-z]{40,200}", fragment):
                return Method(id_, identity, public_key_of_multikey(fragment))
            document, origin = await self.object_at(id_ if id_ in self.given else identity)
            return replace(_method_at(id_, identity, fragment, document), given=origin == "given")
        owner = await self.identity(identity)
        if (found := owner.methods.get(id_)) is None:
            raise NotFound(identity, "its document has no such key")
        return replace(found, given=owner.origin == "given")


def derived(id_: str) -> Method:
    """The key that a did:key or did:jwk is. Raises BadKey."""
    did, _, fragment = id_.partition("#")
    if did.startswith("did:key:"):
        return Method(f"{did}#{did.removeprefix('did:key:')}", did, public_key_of_did_key(id_))
    try:
        text = did.removeprefix("did:jwk:")
        jwk = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadKey("a did:jwk is a JSON Web Key in base64url") from error
    if not isinstance(jwk, dict) or fragment not in ("", "0"):
        raise BadKey("a did:jwk is a JSON Web Key in base64url, and its only key is #0")
    return Method(f"{did}#0", did, public_key_of_jwk(jwk))


def _identity_in(id_: str, document: Mapping[str, Any], origin: Origin) -> Identity:
    if document.get("id", id_) != id_:
        raise NotFound(id_, "the document there is another's")
    methods: dict[str, Method] = {}
    for entry in _dicts(document.get("verificationMethod")) + _dicts(document.get("assertionMethod")):
        method = _method_in(entry, id_)
        methods[method.id] = method
    trusted = None
    if "assertionMethod" in document or "verificationMethod" in document:
        asserted = document.get("assertionMethod", [])
        entries = asserted if isinstance(asserted, list) else [asserted]
        ids = [entry.get("id") if isinstance(entry, dict) else entry for entry in entries[:MOST_KEYS]]
        trusted = frozenset(absolute(one, id_) for one in ids if isinstance(one, str))
    name = document.get("name")
    return Identity(id_, origin, methods, trusted, name if isinstance(name, str) else None)


def _method_at(id_: str, address: str, fragment: str, document: Mapping[str, Any]) -> Method:
    """A key served at an address of its own: as a JWK, in a JWK set, as a Multikey, or in a document of several."""
    if "kty" in document:
        return Method(id_, None, public_key_of_jwk(document))
    if "publicKeyMultibase" in document or "publicKeyJwk" in document:
        return _method_in(document, address)
    for jwk in _dicts(document.get("keys")):
        if jwk.get("kid") in (id_, fragment):
            return Method(id_, None, public_key_of_jwk(jwk))
    found = _identity_in(str(document.get("id", address)), document, "live").methods.get(id_)
    if found is None:
        raise NotFound(address, "there is no such key")
    return found


def _method_in(entry: Mapping[str, Any], owner: str) -> Method:
    key: PublicKey | None = None
    try:
        if isinstance(jwk := entry.get("publicKeyJwk"), dict):
            key = public_key_of_jwk(jwk)
        elif isinstance(text := entry.get("publicKeyMultibase"), str):
            key = public_key_of_multikey(text)
    except BadKey:
        key = None
    controller = entry.get("controller")
    id_ = entry.get("id")
    return Method(
        absolute(id_ if isinstance(id_, str) else "", owner),
        controller if isinstance(controller, str) else None,
        key,
        any(_is_past(entry.get(member)) for member in ("revoked", "expires")),
    )


def absolute(id_: str, owner: str) -> str:
    return f"{owner}{id_}" if id_.startswith("#") else id_


def _is_past(text: object) -> bool:
    try:
        return isinstance(text, str) and instant(text) <= datetime.now(UTC)
    except ValueError:
        return True


def _dicts(value: object) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries[:MOST_KEYS] if isinstance(entry, dict)]


def _object(address: str, body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotFound(address, "what is there is not JSON") from error
    if not isinstance(found, dict):
        raise NotFound(address, "what is there is not a JSON object")
    return found


def _without_scheme(origin: str) -> str:
    return origin.partition("://")[2].lower().rstrip("/")
