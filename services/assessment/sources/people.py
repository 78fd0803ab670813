"""The keys under which originals are sealed, one per owner.

people    {_id: owner, key (wrapped), erased_at}: an erased learner's document is replaced by one without a key
erasures  {_id: learner, at, seen}: who was erased lately, so that nobody goes on with a key that is destroyed; `seen` is when
          the upkeep found it

An owner is a learner; of originals that nobody could assign to a learner yet, it is a space and what they wait for (learner ids
have no spaces).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from services.assessment.sources.vault import SealingKey, Unreadable, Vault
from shared.mongo import Database, Document, by_ids, insert_new

MOST_REMEMBERED: Final = 50_000
REMEMBERED_FOR: Final = 240.0
"""Seconds: less than erasures stay listed, so that whoever goes by memory finds them there."""
ERASED_LISTED_FOR: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Owner:
    """`erased_at` is when all that was known until then was erased. Without a key there is nothing to read."""

    key: SealingKey | None
    erased_at: datetime | None = None


NOBODY: Final = Owner(None)


class People:
    """Keys are remembered; whoever was erased in the meantime is noticed before each use."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._people = database["people"]
        self._erasures = database["erasures"]
        self._vault = vault
        self._remembered: OrderedDict[str, tuple[float, Owner]] = OrderedDict()

    async def create_indexes(self) -> None:
        await self._database.create("people")
        await self._database.create("erasures")

    async def known(self, names: Iterable[str]) -> dict[str, Owner]:
        """These owners, as far as they are known; nobody gets a key."""
        wanted = set(names)
        found = await self._recalled(wanted)
        return found | await self._asked([name for name in wanted if name not in found])

    async def owners(self, names: Iterable[str]) -> dict[str, Owner]:
        """These owners, each with a key: who has none gets one."""
        wanted = set(names)
        found = await self.known(wanted)
        while keyless := [name for name in wanted if found.get(name, NOBODY).key is None]:
            await self._give_keys(keyless, found)
            found |= await self._asked(keyless)
        return found

    async def _give_keys(self, names: Iterable[str], known: dict[str, Owner]) -> None:
        """Whoever is faster gives the key; nobody's is replaced."""
        new: list[Document] = []
        for name in names:
            kept = self._vault.new_key(name).kept
            if name in known:
                await self._people.update_one({"_id": name, "key": None}, {"$set": {"key": kept}})
            else:
                new.append({"_id": name, "key": kept})
        await insert_new(self._people, new)

    async def _recalled(self, names: set[str]) -> dict[str, Owner]:
        """Out of the memory, but for those who were erased lately."""
        oldest = monotonic() - REMEMBERED_FOR
        recalled = {name: kept[1] for name in names if (kept := self._remembered.get(name)) is not None and kept[0] > oldest}
        for document in await by_ids(self._erasures, list(recalled)):
            self._remembered.pop(document["_id"], None)
            del recalled[document["_id"]]
        return recalled

    async def _asked(self, names: list[str]) -> dict[str, Owner]:
        """Out of the database, and remembered from when it was asked."""
        asked_at = monotonic()
        found = {document["_id"]: self._read(document) for document in await by_ids(self._people, names)}
        for name, owner in found.items():
            self._remembered[name] = (asked_at, owner)
            self._remembered.move_to_end(name)
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def _read(self, document: Document) -> Owner:
        kept = document.get("key")
        erased_at = document.get("erased_at")
        try:
            key = None if kept is None else self._vault.key(document["_id"], bytes(kept))
        except Unreadable as error:
            raise RuntimeError("a learner's key was wrapped with another secret: is CAIRN_SOURCES_KEY the right one?") from error
        return Owner(key, None if erased_at is None else datetime.fromisoformat(erased_at))
