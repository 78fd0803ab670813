"""Public keys of sources: a set that was handed in, or one at an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from services.assessment.sources.document import Source
from services.assessment.sources.formats import canvas
from services.assessment.sources.keys import Key
from shared.credentials.fetching import Fetcher, NotFetched, Refused
from shared.http.problems import invalid

PublicKey = ECKey | RSAKey | OKPKey

KINDS: Final[Mapping[str, type[PublicKey]]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
ALGORITHMS: Final[Mapping[str, type[PublicKey]]] = {
    "RS256": RSAKey,
    "RS384": RSAKey,
    "RS512": RSAKey,
    "PS256": RSAKey,
    "ES256": ECKey,
    "ES384": ECKey,
    "EdDSA": OKPKey,
    "Ed25519": OKPKey,
}
"""Public-key signatures only, each with the kind of key it takes."""

PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
MOST: Final = 50
SHORTEST_RSA: Final = 2048
AGAIN_AFTER: Final = 20.0


class NoKeys(Exception):
    """What should be a set of public keys is none. The text says why; it never repeats a key."""


def public_keys(document: object) -> dict[str | None, PublicKey]:
    """The keys for signatures in a JSON Web Key Set, by their ids. Raises NoKeys when there is none, or a private one."""
    if not isinstance(document, dict) or not isinstance(entries := document.get("keys"), list):
        raise NoKeys("a JSON Web Key Set is an object with an array `keys`")
    keys: dict[str | None, PublicKey] = {}
    for entry in entries[:MOST]:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        if PRIVATE & entry.keys():
            raise NoKeys("it has private parts; send the public key only, and use a new key pair: this one is known now")
        kind, kid = KINDS.get(str(entry.get("kty"))), entry.get("kid")
        if kind is None or not isinstance(kid, str | None):
            continue
        try:
            key = kind.import_key(entry)
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA:
            raise NoKeys(f"an RSA key has {SHORTEST_RSA} bits at least")
        keys[kid] = key
    if not keys:
        raise NoKeys("it has no public key for signatures (RSA, EC or OKP)")
    return keys


class KeySets:
    """Sets at addresses are fetched as strangers' addresses are, and kept as long as their servers allow, five minutes at most.

    One that could not be read is asked for again after twenty seconds.
    """

    def __init__(self, fetcher: Fetcher, *, clock: Callable[[], float] = monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._failed: dict[str, tuple[float, str]] = {}

    async def of(self, key: Key) -> dict[str | None, PublicKey]:
        """Raises NoKeys."""
        if key.jwks is not None:
            return public_keys(dict(key.jwks))
        if key.jwks_uri is None:
            raise NoKeys("it is no public key")
        return await self.at(key.jwks_uri)

    async def at(self, address: str) -> dict[str | None, PublicKey]:
        """Raises NoKeys."""
        at, why = self._failed.get(address, (float("-inf"), ""))
        if self._clock() - at < AGAIN_AFTER:
            raise NoKeys(why)
        try:
            return public_keys(await self._read(address))
        except NoKeys as error:
            self._failed[address] = (self._clock(), str(error))
            raise

    def check(self, address: str) -> None:
        """Raises NoKeys unless it is an address that may be fetched."""
        try:
            self._fetcher.target(address)
        except Refused as error:
            raise NoKeys(str(error)) from error

    def check_signers(self, source: Source) -> None:
        """Raises the 422 problem where the keys of whoever signs for a source are at an address that may not be fetched: nothing
        that it sends could ever be taken."""
        signers = source.options.signers if isinstance(source.options, canvas.Options) else None
        if signers is None or signers.jwks_uri is None:
            return
        try:
            self.check(signers.jwks_uri)
        except NoKeys as error:
            raise invalid([{"loc": ("body", "options", "signed_by", "jwks_uri"), "msg": str(error)}]) from error

    async def _read(self, address: str) -> Any:
        try:
            fetched = await self._fetcher.get(address, most_bytes=200_000, accept="application/json")
            return orjson.loads(fetched.body)
        except NotFetched as error:
            raise NoKeys(f"{address}: {error.says}") from error
        except ValueError as error:
            raise NoKeys(f"{address}: what is there is no JSON") from error
