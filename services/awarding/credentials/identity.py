"""What a learner lets their credentials say of who they are: opened here, and nowhere else, from what notifications sealed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from shared.settings import Settings, Unset

LONGEST: Final = 1_000
ALGORITHMS: Final = ["ECDH-ES", "ECDH-ES+A256KW", "ECDH-ES+A128KW", "A256GCM", "A128GCM", "A256CBC-HS512", "A128CBC-HS256"]


class Sealed(ValueError):
    """What was sealed can't be opened, or says no identity. The text never repeats what was inside."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is shared of one learner in one edition of a credential; `salt` is that edition's own."""

    salt: str
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    def objects(self) -> list[dict[str, Any]]:
        """Open Badges identity objects: the address as a salted hash that one can only compare with, the name as it is."""
        found: list[dict[str, Any]] = []
        if self.email:
            hash_ = identity_hash(self.email, self.salt)
            found.append({"type": "IdentityObject", "hashed": True, "identityHash": hash_} | self._email)
        if self.name:
            found.append({"type": "IdentityObject", "hashed": False, "identityHash": self.name, "identityType": "name"})
        return found

    @property
    def _email(self) -> dict[str, str]:
        return {"identityType": "emailAddress", "salt": self.salt}


def identity_hash(email: str, salt: str) -> str:
    """As Open Badges has it: `sha256$` and the hexadecimal hash of the address, in lower case, with the salt after it."""
    return "sha256$" + hashlib.sha256(f"{email.strip().lower()}{salt}".encode()).hexdigest()


class Unsealing:
    """Opens what was sealed for awarding (a compact JWE with ECDH-ES)."""

    def __init__(self, key: ECKey) -> None:
        self._key = key

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where no key is named: no identity is said then. Raises Unset."""
        if settings.unsealing_key is None:
            return None
        try:
            key = ECKey.import_key(json.loads(settings.unsealing_key.read_text()))
            private = key.is_private
        except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
            raise Unset(f"CAIRN_UNSEALING_KEY: {settings.unsealing_key} holds no private EC JSON Web Key") from error
        if not private:
            raise Unset(f"CAIRN_UNSEALING_KEY: the key in {settings.unsealing_key} is public only; it needs its member d")
        return cls(key)

    def opened(self, sealed: str) -> tuple[str | None, str | None]:
        """Name and e-mail address, each None if it isn't shared. Raises Sealed."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key, algorithms=ALGORITHMS).plaintext
            said = json.loads(plain or b"")
        except (JoseError, ValueError) as error:
            raise Sealed("what was sealed can't be opened with this key") from error
        if not isinstance(said, dict):
            raise Sealed("what was sealed is no JSON object")
        return _text(said.get("name")), _text(said.get("email"))


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) and len(value) <= LONGEST else None
