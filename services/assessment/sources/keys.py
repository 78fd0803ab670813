"""What sources authenticate with. Several keys of a source are live at once, so that one is replaced without a gap.

source_keys  {_id: key id, source, kind, digest | sealed | jwks | jwks_uri, note, made_at, made_by, retires_at, used_at,
             failed_at, failures}

Of a secret only its SHA-256 is kept: 32 random bytes are not guessed. A webhook's secret must be known to check signatures, so
it is kept sealed. A key is looked up anew after each request has come, so that it opens nothing from the moment at which it is
retired; requests that come while others are looked up share the next look.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from services.assessment.sources.formats.format import KeyKind
from services.assessment.sources.gathering import Gathering
from services.assessment.sources.vault import Unreadable, Vault
from shared.mongo import ASCENDING, Database, DatabaseError, Document, DuplicateKey, by_ids, insert_own

log = logging.getLogger(__name__)

MOST: Final = 20
"""Live keys of one source."""

NOTED_EVERY: Final = timedelta(seconds=10)
"""How exactly it is known when a key was last used or tried."""


class TooMany(Exception):
    """The source has as many live keys as it may have."""


class MadeBefore(Exception):
    """This very key was made already: by the same form, sent twice."""


@dataclass(frozen=True, slots=True)
class Key:
    """`retires_at` is when it opens nothing any more. `failures` counts attempts with this key's id that proved nothing."""

    id: str
    source: str
    kind: KeyKind
    note: str
    made_at: datetime
    made_by: str
    retires_at: datetime | None
    used_at: datetime | None
    failed_at: datetime | None
    failures: int
    jwks_uri: str | None
    jwks: Mapping[str, Any] | None

    def is_live(self, now: datetime) -> bool:
        return self.retires_at is None or now < self.retires_at


@dataclass(frozen=True, slots=True)
class Made:
    """A new key. `secret` is shown this once; a public key has none."""

    key: Key
    secret: str | None


def digest_of(secret: str) -> bytes:
    return sha256(secret.encode(errors="surrogatepass")).digest()


NOBODYS: Final = digest_of(secrets.token_urlsafe())
"""What a secret is compared with when there is no such key, so that it takes as long."""


class Keys:
    """`vault` seals webhooks' secrets."""

    def __init__(self, database: Database, vault: Vault, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._keys = database["source_keys"]
        self._vault = vault
        self._clock = clock
        self._noted: dict[str, datetime] = {}
        self._failures: dict[str, tuple[int, datetime]] = {}
        self._noting: asyncio.Task[None] | None = None
        self._looking = Gathering(self._looked_up, blames=lambda failure: not isinstance(failure, DatabaseError))

    async def create_indexes(self) -> None:
        await self._database.create("source_keys", [("source", ASCENDING)])

    async def make(
        self,
        source: str,
        kind: KeyKind,
        by: str,
        *,
        note: str = "",
        jwks: Mapping[str, Any] | None = None,
        jwks_uri: str | None = None,
        once: str | None = None,
    ) -> Made:
        """A new live key. Of the same words in `once` a source has one key only. Raises TooMany and MadeBefore."""
        now = self._clock()
        id_, secret = f"key-{secrets.token_hex(10) if once is None else _short(f'{source}/{once}')}", None
        if once is not None and await self._keys.find_one({"_id": id_}, {"_id": 1}) is not None:
            raise MadeBefore(id_)
        if sum(key.is_live(now) for key in await self.all(source)) >= MOST:
            raise TooMany(f"{source} has {MOST} live keys")
        document: Document = {"source": source, "kind": kind, "note": note, "made_at": now, "made_by": by, "failures": 0}
        if kind == "secret":
            secret = secrets.token_urlsafe(32)
            document["digest"] = digest_of(secret)
        elif kind == "webhook":
            secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
            document["sealed"] = self._vault.seal(secret.encode(), id_)
        elif jwks is not None:
            document["jwks"] = orjson.dumps(jwks).decode()
        else:
            document["jwks_uri"] = jwks_uri
        made = {"_id": id_, **document}
        if once is None:
            await insert_own(self._keys, made)
        else:
            try:
                await self._keys.insert_one(made)
            except DuplicateKey as error:
                raise MadeBefore(id_) from error
        return Made(_key(made), secret)

    async def all(self, source: str) -> list[Key]:
        """Live and retired, the oldest first."""
        await self.note_failures(force=True)
        found = await self._keys.find({"source": source}).to_list(None)
        return sorted(map(_key, found), key=lambda key: (key.made_at, key.id))

    async def one(self, id_: str) -> Key | None:
        found = await self._looking.made(id_)
        return None if found is None else _key(found)

    async def retire(self, source: str, id_: str, at: datetime | None = None) -> Key | None:
        """It opens nothing any more, at once or from `at` on. What is over stays over. None: the source has no such key."""
        now = self._clock()
        live = {"$or": [{"retires_at": None}, {"retires_at": {"$gt": now}}]}
        await self._keys.update_one({"_id": id_, "source": source, **live}, {"$set": {"retires_at": max(at or now, now)}})
        found = await self._keys.find_one({"_id": id_, "source": source})
        return None if found is None else _key(found)

    async def by_secret(self, id_: str, secret: str) -> Key | None:
        """The live key with this id, if that is its secret."""
        found = await self._looking.made(id_)
        kept = NOBODYS if found is None or "digest" not in found else bytes(found["digest"])
        if not hmac.compare_digest(kept, digest_of(secret)) or found is None:
            if found is not None:
                await self._failed(id_)
            return None
        return await self._opened(_key(found))

    async def live(self, id_: str) -> Key | None:
        """The key with this id, if it is live. Whoever proves to have it calls `used`, and `failed` whoever fails to."""
        key = await self.one(id_)
        return key if key is not None and key.is_live(self._clock()) else None

    async def of(self, source: str, kind: KeyKind) -> list[Key]:
        """The live ones of a kind."""
        now = self._clock()
        found = await self._keys.find({"source": source}).to_list(None)
        return [key for key in map(_key, found) if key.kind == kind and key.is_live(now)]

    async def webhook_secrets(self, source: str) -> list[tuple[Key, bytes]]:
        """Live webhook keys with what they sign with."""
        now = self._clock()
        opened = []
        for document in await self._keys.find({"source": source}).to_list(None):
            if (key := _key(document)).kind == "webhook" and key.is_live(now):
                try:
                    opened.append((key, self._vault.unseal(bytes(document["sealed"]), key.id)))
                except Unreadable:
                    log.warning("the secret of %s was sealed under another CAIRN_SOURCES_KEY", key.id)
        return opened

    async def used(self, id_: str) -> None:
        """Note that it was used; not each time, which would cost a write."""
        now = self._clock()
        if now - self._noted.get(id_, datetime.min.replace(tzinfo=UTC)) < NOTED_EVERY:
            return
        _bounded(self._noted)[id_] = now
        await self._keys.update_one({"_id": id_}, {"$max": {"used_at": now}})

    async def failed(self, id_: str) -> None:
        """Note that somebody used its id without being able to prove anything."""
        await self._failed(id_)

    async def note_failures(self, *, force: bool = False) -> None:
        """Write down what was counted. A flood of attempts is a write every ten seconds, and no more."""
        now = self._clock()
        for id_, (count, since) in list(self._failures.items()):
            if count and (force or now - since >= NOTED_EVERY):
                self._failures[id_] = (0, now)
                await self._keys.update_one({"_id": id_}, {"$inc": {"failures": count}, "$max": {"failed_at": now}})

    async def _looked_up(self, ids: Sequence[str]) -> list[Document | None]:
        found = {document["_id"]: document for document in await by_ids(self._keys, list(dict.fromkeys(ids)))}
        return [found.get(id_) for id_ in ids]

    async def _failed(self, id_: str) -> None:
        count, since = self._failures.get(id_, (0, datetime.min.replace(tzinfo=UTC)))
        _bounded(self._failures)[id_] = (count + 1, since)
        await self.note_failures()
        if self._failures[id_][0] and (self._noting is None or self._noting.done()):
            self._noting = asyncio.create_task(self._note_later())

    async def _note_later(self) -> None:
        """What comes after the first attempt, should nobody try again."""
        await asyncio.sleep(NOTED_EVERY.total_seconds())
        try:
            await self.note_failures(force=True)
        except DatabaseError as error:
            log.warning("failed attempts with keys are noted later: %s", type(error).__name__)

    async def _opened(self, key: Key) -> Key | None:
        if not key.is_live(self._clock()):
            await self._failed(key.id)
            return None
        await self.used(key.id)
        return key


def _short(text: str) -> str:
    return digest_of(text).hex()[:20]


def _bounded(remembered: dict[str, Any], most: int = 10_000) -> dict[str, Any]:
    if len(remembered) >= most:
        remembered.clear()
    return remembered


def _key(found: Document) -> Key:
    return Key(
        id=found["_id"],
        source=found["source"],
        kind=found["kind"],
        note=found["note"],
        made_at=found["made_at"],
        made_by=found["made_by"],
        retires_at=found.get("retires_at"),
        used_at=found.get("used_at"),
        failed_at=found.get("failed_at"),
        failures=found["failures"],
        jwks_uri=found.get("jwks_uri"),
        jwks=orjson.loads(found["jwks"]) if "jwks" in found else None,
    )
