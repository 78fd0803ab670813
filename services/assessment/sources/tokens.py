"""Access tokens of sources: opaque, good for an hour, and for no longer than the key they were given for.

source_tokens      {_id: SHA-256 of the token, key, made_at, ends_at}
source_assertions  {_id: SHA-256 of key and jti, ends_at}: assertions are used once
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from services.assessment.sources.keys import Key, Keys, digest_of
from shared.mongo import Database, DatabaseError, DuplicateKey, insert_own

PREFIX: Final = "cairn-source-"
"""By which a door tells them from the institution's tokens, and a scanner finds one that has leaked."""

LIFETIME: Final = timedelta(hours=1)
FORGOTTEN_EVERY: Final = 1_800.0
MOST_REMEMBERED: Final = 10_000

log = logging.getLogger(__name__)


class AccessTokens:
    def __init__(self, database: Database, keys: Keys, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._tokens = database["source_tokens"]
        self._assertions = database["source_assertions"]
        self._keys = keys
        self._clock = clock
        self._remembered: dict[bytes, tuple[str, datetime]] = {}

    async def create_indexes(self) -> None:
        await self._database.create("source_tokens")
        await self._database.create("source_assertions")

    async def issue(self, key: Key) -> str:
        token = f"{PREFIX}{secrets.token_urlsafe(32)}"
        now = self._clock()
        issued = {"_id": digest_of(token), "key": key.id, "made_at": now, "ends_at": now + LIFETIME}
        await insert_own(self._tokens, issued)
        return token

    async def key_of(self, token: str) -> Key | None:
        """The key that a token was given for, if both are good still."""
        digest = digest_of(token)
        # What a token was given for and when it ends never changes; whether the key is good does, and is asked each time.
        if (known := self._remembered.get(digest)) is None:
            if (found := await self._tokens.find_one({"_id": digest})) is None:
                return None
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[digest] = (found["key"], found["ends_at"])
        id_, ends_at = known
        if ends_at <= self._clock() or (key := await self._keys.live(id_)) is None:
            return None
        await self._keys.used(key.id)
        return key

    async def first_time(self, key: Key, jti: str, until: datetime) -> bool:
        """Whether an assertion comes for the first time. It is remembered until it is too old anyway."""
        try:
            await self._assertions.insert_one({"_id": digest_of(f"{key.id} {jti}"), "ends_at": until})
        except DuplicateKey:
            return False
        return True

    async def run(self) -> None:
        """For ever: forget what has ended. Several processes may do so."""
        while True:
            try:
                await self.forget()
            except DatabaseError as error:
                log.warning("access tokens that ended are forgotten later: %s", type(error).__name__)
            await asyncio.sleep(FORGOTTEN_EVERY)

    async def forget(self) -> None:
        """Delete what has ended."""
        over = {"ends_at": {"$lt": self._clock() - timedelta(minutes=5)}}
        await self._tokens.delete_many(over)
        await self._assertions.delete_many(over)
