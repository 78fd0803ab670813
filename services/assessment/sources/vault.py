"""Assessment's secret at work: what is derived from it hides names of learners, and seals what may be erased.

Everything is AES-256-GCM with a nonce of 12 random bytes before the text; what the text is `about` is authenticated with it, so
that one sealed text can't stand in for another. Each owner (a learner, mostly) has a key of its own, which the database keeps
wrapped: destroying that makes all it sealed unreadable.
"""

from __future__ import annotations

import hmac
import os
from hashlib import blake2b, sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE: Final = 12


class Unreadable(Exception):
    """The text was not sealed with this key, or not about this: its key may have been destroyed."""


class SealingKey:
    """One owner's key."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: bytes, about: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Raises Unreadable."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable(about) from error


class Wrapped(NamedTuple):
    """A new key, and as the database keeps it."""

    key: SealingKey
    kept: bytes


class Vault:
    """Derives all it needs from one secret of 32 bytes or more."""

    def __init__(self, secret: bytes) -> None:
        self._wrapping = SealingKey(_derived(secret, "keys of owners"))
        self._master = SealingKey(_derived(secret, "texts of the service"))
        self._names = _derived(secret, "names of learners")
        self._digests = _derived(secret, "digests of claims")

    def name(self, directory: str, kind: str, value: str) -> str:
        """A learner's name in a directory, as 32 hex digits that nobody can compute who hasn't the secret."""
        text = "\n".join((directory, kind, value)).encode(errors="surrogatepass")
        return hmac.new(self._names, text, sha256).hexdigest()[:32]

    def digest(self, text: bytes) -> str:
        """By which the same claims are known again, as 32 hex digits."""
        return blake2b(text, key=self._digests, digest_size=16).hexdigest()

    def new_key(self, owner: str) -> Wrapped:
        key = os.urandom(32)
        return Wrapped(SealingKey(key), self._wrapping.seal(key, owner))

    def key(self, owner: str, kept: bytes) -> SealingKey:
        """The owner's key, out of what the database keeps. Raises Unreadable."""
        return SealingKey(self._wrapping.unseal(kept, owner))

    def seal(self, text: bytes, about: str) -> bytes:
        """For what belongs to no learner, such as the secret of a webhook."""
        return self._master.seal(text, about)

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Raises Unreadable."""
        return self._master.unseal(sealed, about)


def _derived(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"cairn assessment: {purpose}".encode()).derive(secret)
