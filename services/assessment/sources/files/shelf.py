"""Where files are while they are worked on, and what is remembered of them.

files           {_id, source, revision, …: see File; since, lease, lease_until}
file_parts      {_id: file:number, file, at, sealed}: the content, until the file is through
file_refusals   {_id: file:line's place, file, place: …, line, id, detail, column, status}
file_trials     {_id: file:first line's place, file, upto, at, learners, sealed}: what a dry run has found, some lines together
file_turns      {_id: source, at}: when one of the source's files had its turn last

A file is worked on by whoever has its `lease`, and its progress moves on that condition. `since` is when the
portion that follows `done` was begun: what of it is in the ledger since then was entered by this very work.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson

from services.assessment.sources.claims import Kind
from services.assessment.sources.files.file import File, State
from services.assessment.sources.vault import Unreadable, Vault
from shared.mongo import ASCENDING, DESCENDING, Database, Document, DuplicateKey, by_ids, insert_new

FILES: Final = "files"
PARTS: Final = "file_parts"
REFUSALS: Final = "file_refusals"
TRIALS: Final = "file_trials"
TURNS: Final = "file_turns"
GOING: Final = {"state": {"$in": [State.WAITING.value, State.WORKING.value]}}

PART: Final = 4_000_000
"""Bytes of a document in the database that holds a part of a file."""

LEASE: Final = timedelta(seconds=20)
REMEMBERED: Final = timedelta(days=90)
TRIALS_KEPT: Final = timedelta(days=1)
"""They have what learners did, and nobody needs them for long."""
ORPHANED: Final = timedelta(hours=1)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
ERASED: Final = "what it said was erased with all of its learner"
MOST_REFUSALS: Final = 100_000
"""Of one file that are kept. All are counted."""


@dataclass(frozen=True)
class Lease:
    """`resumed`: somebody else had begun a portion and may have entered some of it."""

    file: File
    id: str
    since: datetime
    resumed: bool


class Shelf:
    def __init__(self, database: Database, vault: Vault, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._files = database[FILES]

    async def create_indexes(self) -> None:
        await self._database.create(FILES, [("state", ASCENDING)], [("source", ASCENDING), ("at", DESCENDING)])
        await self._database.create(TURNS)
        for collection in (PARTS, REFUSALS):
            await self._database.create(collection, [("file", ASCENDING)])
        await self._database.create(TRIALS, [("file", ASCENDING)], [("learners", ASCENDING)])

    async def put(self, file: File, content: bytes) -> bool:
        """To be worked on from the beginning, unless somebody else has put it just now; whether it was put.

        Its parts are the same whoever puts them, so that those who work on it always find all.
        """
        await insert_new(
            self._database[PARTS],
            [
                {"_id": name, "file": file.id, "at": file.at, "sealed": self._vault.seal(content[start : start + PART], name)}
                for number, start in enumerate(range(0, max(len(content), 1), PART))
                for name in [f"{file.id}:{number:05d}"]
            ],
        )
        document = file.document() | {"since": file.at, "lease": "", "lease_until": file.at}
        ended = {"_id": file.id, "state": {"$in": [state.value for state in State if state.ended]}}
        try:
            if await self._files.find_one(ended, {"_id": 1}) is not None:
                await self._forget(file.id, REFUSALS, TRIALS)
            await self._files.replace_one(ended, document, upsert=True)
        except DuplicateKey:
            return False
        return True

    async def content(self, file: File) -> bytes:
        """Raises `vault.Unreadable`, also when not all of it is there."""
        parts = await self._database[PARTS].find({"file": file.id}).sort("_id", ASCENDING).to_list(None)
        content = b"".join(self._vault.unseal(bytes(part["sealed"]), part["_id"]) for part in parts)
        if len(content) != file.size:
            raise Unreadable(file.id)
        return content

    async def one(self, source: str, file: str) -> File | None:
        found = await self._files.find_one({"_id": file, "source": source})
        return None if found is None else File.from_document(found)

    async def latest(self, source: str, most: int) -> list[File]:
        """The newest first."""
        found = await self._files.find({"source": source}).sort("at", DESCENDING).to_list(most)
        return [File.from_document(document) for document in found]

    async def going(self, source: str) -> list[File]:
        """Those that are not through yet."""
        return [File.from_document(found) for found in await self._files.find(GOING | {"source": source}).to_list(None)]

    async def lease(self) -> Lease | None:
        """A file that nobody works on, to be worked on: sources take turns, and so do the files of one."""
        now = self._clock()
        free = [found for found in await self._files.find(GOING).to_list(None) if found["lease_until"] <= now]
        sources = sorted({found["source"] for found in free})
        turns = {turn["_id"]: turn["at"] for turn in await by_ids(self._database[TURNS], sources)}
        for found in sorted(free, key=lambda one: (turns.get(one["source"], LONG_AGO), one["since"], one["at"], one["_id"])):
            resumed = found["state"] == State.WORKING.value
            since = found["since"] if resumed else now
            where = {"_id": found["_id"], "lease": found["lease"], "state": found["state"]}
            id_ = uuid4().hex
            change = {"state": State.WORKING.value, "lease_until": now + LEASE, "since": since, "lease": id_}
            if (await self._files.update_one(where, {"$set": change})).matched_count:
                await self._database[TURNS].update_one({"_id": found["source"]}, {"$set": {"at": now}}, upsert=True)
                return Lease(File.from_document(found | change), id_, since, resumed)
        return None

    async def others_wait(self, lease: Lease) -> bool:
        """Whether there is another file that could be worked on now."""
        others = GOING | {"_id": {"$ne": lease.file.id}, "lease_until": {"$lte": self._clock()}}
        return await self._files.find_one(others, {"_id": 1}) is not None

    async def move(self, lease: Lease, done: int, upto: int, counts: Mapping[Kind, int], refusals: Sequence[Document]) -> bool:
        """Lines from `done` up to `upto` are through. Whether the lease is still good: if not, others count them.

        What was taken while the file was cancelled is counted as well.
        """
        await insert_new(self._database[REFUSALS], refusals)
        now = self._clock()
        change: Document = {"$set": {"done": upto, "since": now, "lease_until": now + LEASE}}
        if counts:
            change["$inc"] = {f"counts.{kind.value}": number for kind, number in counts.items()}
        where = {"_id": lease.file.id, "lease": lease.id, "done": done}
        return bool((await self._files.update_one(where, change)).matched_count)

    async def goes_on(self, lease: Lease) -> bool:
        """Whether the lease is still good and the file not cancelled."""
        return await self._files.find_one(self._held(lease), {"_id": 1}) is not None

    async def note(self, file: File, first: int, upto: int, found: Sequence[Mapping[str, Any]]) -> None:
        """What a dry run has found of some lines, the last of which is `upto`."""
        name = f"{file.id}:{first:08d}"
        document = {"_id": name, "file": file.id, "upto": upto, "at": self._clock()}
        await self._database[TRIALS].replace_one({"_id": name}, document | self._noted(name, found), upsert=True)

    async def trials(self, file: str, after: int, most: int) -> list[dict[str, Any]]:
        """What a dry run has found of lines after that one, in their order."""
        found: list[dict[str, Any]] = []
        portions = self._database[TRIALS].find({"file": file, "upto": {"$gt": after}}).sort("_id", ASCENDING)
        async for document in portions:
            lines = orjson.loads(self._vault.unseal(bytes(document["sealed"]), document["_id"]))
            found += [line for line in lines if line["line"] > after]
            if len(found) >= most:
                break
        return found[:most]

    async def refusals(self, file: str, most: int | None = None) -> list[Document]:
        """The first ones, in the order of lines."""
        return await self._database[REFUSALS].find({"file": file}).sort("_id", ASCENDING).to_list(most)

    async def each_refusal(self, file: str) -> AsyncIterator[Document]:
        async for document in self._database[REFUSALS].find({"file": file}).sort("_id", ASCENDING):
            yield document

    async def later(self, lease: Lease, wait: timedelta, state: State = State.WORKING) -> None:
        """Let go of it for a while. `waiting`: nothing was begun that isn't done."""
        await self._files.update_one(self._held(lease), {"$set": {"lease_until": self._clock() + wait, "state": state.value}})

    async def end(self, lease: Lease, state: State, problem: str | None = None) -> None:
        change = {"state": state.value, "ended_at": self._clock(), "problem": problem}
        if (await self._files.update_one(self._held(lease), {"$set": change})).matched_count:
            await self._database[PARTS].delete_many({"file": lease.file.id})

    async def cancel(self, source: str, file: str) -> File | None:
        """What is through stays so; the rest is left."""
        change = {"state": State.CANCELLED.value, "ended_at": self._clock()}
        where = GOING | {"_id": file, "source": source}
        if (await self._files.update_one(where, {"$set": change})).matched_count:
            await self._database[PARTS].delete_many({"file": file})
        return await self.one(source, file)

    async def forget_old(self) -> None:
        now = self._clock()
        old = await self._files.find({"ended_at": {"$lt": now - REMEMBERED}}, {"_id": 1}).to_list(None)
        for document in old:
            await self._forget(document["_id"], PARTS, REFUSALS, TRIALS)
            await self._files.delete_one({"_id": document["_id"]})
        await self._database[TRIALS].delete_many({"at": {"$lt": now - TRIALS_KEPT}})
        parts = await self._database[PARTS].find({"at": {"$lt": now - ORPHANED}}, {"file": 1}).to_list(None)
        for file in {part["file"] for part in parts}:
            found = await self._files.find_one({"_id": file})
            if found is None or State(found["state"]).ended:
                await self._database[PARTS].delete_many({"file": file})

    async def forget_learner(self, learner: str) -> None:
        """What dry runs have found of the learner, and names of files that have the learner's id in them."""
        of_theirs = await self._database[TRIALS].find({"learners": learner}).to_list(None)
        for document in of_theirs:
            name = document["_id"]
            lines = orjson.loads(self._vault.unseal(bytes(document["sealed"]), name))
            left = [without(line) if learner in learners_of(line) else line for line in lines]
            await self._database[TRIALS].update_one({"_id": name}, {"$set": self._noted(name, left)})
        named = re.compile(rf"(?<![^\W_]){re.escape(learner)}(?![^\W_])", re.IGNORECASE)
        async for found in self._files.find({"name": {"$ne": ""}}, {"name": 1}):
            if named.search(found["name"]):
                await self._files.update_one({"_id": found["_id"]}, {"$set": {"name": ""}})

    def _noted(self, name: str, found: Sequence[Mapping[str, Any]]) -> Document:
        learners = sorted({learner for line in found for learner in learners_of(line)})
        return {"learners": learners, "sealed": self._vault.seal(orjson.dumps(found), name)}

    async def _forget(self, file: str, *collections: str) -> None:
        for collection in collections:
            await self._database[collection].delete_many({"file": file})

    def _held(self, lease: Lease) -> Document:
        return {"_id": lease.file.id, "lease": lease.id, "state": State.WORKING.value}


def learners_of(line: Mapping[str, Any]) -> frozenset[str]:
    """Of whom something would be published because of it."""
    return frozenset(event["data"]["learner"] for event in line["events"])


def without(line: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a line whose learner was erased, so that the lines still add up."""
    return (
        {"line": line["line"], "outcome": line["outcome"], "detail": ERASED}
        | dict.fromkeys(("id", "column", "status"))
        | {"events": []}
    )
