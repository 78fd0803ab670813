"""The issuers' keys: which one signs now, which are still relied on, and the identity documents that say so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from services.awarding.credentials.addresses import Addresses
from shared.credentials.keys import BadKey, PublicKey, SigningKey, public_key_of_jwk, signing_key
from shared.settings import Settings, Unset

CONTEXT: Final = "https://www.w3.org/ns/did/v1"
MULTIKEY_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
JWK_CONTEXT: Final = "https://w3id.org/security/jwk/v1"

PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi"})

_KID: Final = re.compile(r"^[A-Za-z0-9._~-]{1,200}$")
_SLUG: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


class NoKey(LookupError):
    """There is no key for this. The text says which would be needed."""


class State(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"
    """Signs nothing new; what it signed stays valid."""
    COMPROMISED = "compromised"
    """What it signed can't be relied on: it leaves the identity documents."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the set. `unit` is the issuing unit that it belongs to (None: every unit), `private` is None where its
    private part was removed.
    """

    kid: str
    public: PublicKey
    private: SigningKey | None
    state: State = State.ACTIVE
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """When its owners want it to be replaced. It signs on: that is watched and told, and they decide."""

    def belongs_to(self, unit: str) -> bool:
        return self.unit is None or self.unit == unit


class Keyring:
    """The keys in the order of their age: by `since` where they say it, otherwise as they stand in the set."""

    def __init__(self, keys: Sequence[Key], addresses: Addresses) -> None:
        self.addresses = addresses
        self._keys = tuple(sorted(keys, key=lambda key: key.since or _OLDEST))
        self._by_id = {key.kid: key for key in self._keys}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where no keys are named: nothing is issued then. Raises Unset."""
        if settings.issuer_keys is None:
            return None
        return cls.of(_text_of(settings.issuer_keys), Addresses.of(settings))

    @classmethod
    def of(cls, text: str, addresses: Addresses) -> Self:
        """The keys of a JSON Web Key Set. Raises Unset, whose text names the key that is wrong."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise _unset("it is not JSON: write a JSON Web Key Set, or the path of a file with one") from error
        if not isinstance(document, dict) or not isinstance(listed := document.get("keys"), list):
            raise _unset("a JSON Web Key Set is an object with an array `keys`")
        keys = [_key(entry, place) for place, entry in enumerate(listed, 1)]
        kids = [key.kid for key in keys]
        if twice := sorted({kid for kid in kids if kids.count(kid) > 1}):
            raise _unset(f"two keys have the kid {', '.join(twice)}")
        ring = cls(keys, addresses)
        if not any(_signs(key, "Ed25519") for key in keys):
            raise _unset("no active Ed25519 key with its private part (kty OKP, crv Ed25519) is in it: that one signs the proofs")
        return ring

    @property
    def keys(self) -> tuple[Key, ...]:
        return self._keys

    @property
    def ends(self) -> dict[str, datetime]:
        """When keys that sign are to be replaced, where they say it."""
        return {key.kid: key.until for key in self._keys if key.state is State.ACTIVE and key.until is not None}

    @property
    def unusable(self) -> frozenset[str]:
        """The ids of the set's keys whose credentials are to be issued again. A key that it does not have is no better."""
        return frozenset(kid for kid in self._by_id if not self.usable(kid))

    def usable(self, kid: str) -> bool:
        """Whether credentials signed with the key stay as they are. Those of a compromised key don't; nor do those of a key
        without its private part, or that is not in the set at all, with which their bytes could not be made again.
        """
        key = self._by_id.get(kid)
        return key is not None and key.private is not None and key.state is not State.COMPROMISED

    def by_id(self, kid: str) -> Key:
        """Raises NoKey."""
        if (key := self._by_id.get(kid)) is None:
            raise NoKey(f"The issuers' keys have none with the kid {kid}.")
        return key

    def signing(self, kid: str) -> SigningKey:
        """The key to make a credential's bytes again with. Raises NoKey if it is not usable."""
        key = self.by_id(kid)
        if key.private is None or key.state is State.COMPROMISED:
            lacks = "compromised" if key.state is State.COMPROMISED else "without its private part"
            raise NoKey(f"Nothing can be signed with the key {kid}: it is {lacks}.")
        return key.private

    def proof_key(self, unit: str) -> SigningKey:
        """The newest active Ed25519 key, one of the unit's own before one for all. Raises NoKey."""
        if (key := self._newest(unit, "Ed25519")) is None:
            raise NoKey(f"There is no active Ed25519 key for the issuer {unit}, nor one for all issuers.")
        return key

    def jwt_key(self, unit: str) -> SigningKey | None:
        """The newest active RSA key, chosen likewise."""
        return self._newest(unit, "RS256")

    def kids_of(self, unit: str) -> tuple[str, str | None] | None:
        """The ids of the keys that sign now: of embedded proofs, and of JWTs if there is one. None if nothing can be signed."""
        try:
            proof, jwt = self.proof_key(unit), self.jwt_key(unit)
        except NoKey:
            return None
        return proof.kid, None if jwt is None else jwt.kid

    def _newest(self, unit: str, algorithm: str) -> SigningKey | None:
        for owner in (unit, None):
            for key in reversed(self._keys):
                if key.unit == owner and _signs(key, algorithm):
                    return key.private
        return None

    def did_document(self, unit: str) -> dict[str, Any]:
        """The unit's identity document as it is now: every key that is relied on, active or retired.

        Source: https://www.w3.org/TR/did-core/, https://www.w3.org/TR/cid-1.0/#verification-methods
        """
        did = self.addresses.did(unit)
        methods = [
            _method(key, did, self.addresses.key(unit, key.kid))
            for key in self._keys
            if key.belongs_to(unit) and key.state is not State.COMPROMISED
        ]
        kinds = {method["type"] for method in methods}
        contexts = [CONTEXT]
        contexts += [MULTIKEY_CONTEXT] if "Multikey" in kinds else []
        contexts += [JWK_CONTEXT] if "JsonWebKey" in kinds else []
        return {
            "@context": contexts,
            "id": did,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }


def _method(key: Key, did: str, id_: str) -> dict[str, Any]:
    if key.public.algorithm == "Ed25519":
        return {"id": id_, "type": "Multikey", "controller": did, "publicKeyMultibase": key.public.multikey()}
    return {"id": id_, "type": "JsonWebKey", "controller": did, "publicKeyJwk": {**key.public.jwk(), "kid": key.kid}}


def _signs(key: Key, algorithm: str) -> bool:
    return key.state is State.ACTIVE and key.private is not None and key.public.algorithm == algorithm


def _text_of(setting: str) -> str:
    if setting.lstrip().startswith("{"):
        return setting
    try:
        return Path(setting).read_text()
    except (OSError, ValueError) as error:
        raise _unset(f"the file {setting[:200]} cannot be read") from error


def _key(entry: object, place: int) -> Key:
    if not isinstance(entry, dict):
        raise _unset(f"key {place} is not an object")
    kid = entry.get("kid")
    if not isinstance(kid, str) or not _KID.match(kid):
        raise _unset(f"key {place} needs a kid of letters, digits, '.', '_', '~' and '-'")
    state, unit = entry.get("state", State.ACTIVE.value), entry.get("issuer")
    if state not in {known.value for known in State}:
        raise _unset(f"the key {kid} has the state {state!r}; it can be {', '.join(State)}")
    if unit is not None and (not isinstance(unit, str) or not _SLUG.match(unit)):
        raise _unset(f"the key {kid} has an issuer that is no issuer's id in the catalog: {unit!r}")
    try:
        private = signing_key(entry) if "d" in entry else None
        public = public_key_of_jwk({name: value for name, value in entry.items() if name not in PRIVATE})
    except BadKey as error:
        raise _unset(f"the key {kid}: {error}") from error
    if private is not None and private.public.jwk() != public.jwk():
        raise _unset(f"the key {kid}: its private part does not belong to its public one")
    if private is None and state == State.ACTIVE.value:
        raise _unset(f'the key {kid} is active but has no private part; say "state": "retired" if it is to sign nothing')
    return Key(kid, public, private, State(state), unit, _time(entry, kid, "since"), _time(entry, kid, "until"))


def _time(entry: Mapping[str, Any], kid: str, name: str) -> datetime | None:
    if (text := entry.get(name)) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise _unset(f"the key {kid}: {name} is no time such as 2026-11-23T12:00:00Z") from error
    if found.tzinfo is None:
        raise _unset(f"the key {kid}: {name} has no offset; write 2026-11-23T12:00:00Z")
    return found.astimezone(UTC)


def _unset(why: str) -> Unset:
    return Unset(f"CAIRN_ISSUER_KEYS: {why}")
