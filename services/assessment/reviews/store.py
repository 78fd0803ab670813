"""Submissions <-> MongoDB documents. They belong to no stream and are written directly, each write on condition of its revision.

submissions  {_id, learner, achievement, review, issuer, attempt, submitted_by, state, waits (microseconds), assessors,
              due, remind_at, notice, untold, unsaid, revision, sealed}

What people wrote (evidence, comments, questions, the history) is sealed under the learner's key; in clear is what is looked for.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.assessment.domain.submissions import State, Submission
from services.assessment.sources.people import People
from services.assessment.sources.vault import Unreadable
from shared.mongo import ASCENDING, DESCENDING, Database, Document, DuplicateKey

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
WAITS: Final = (State.WAITING.value, State.ASKED.value)

NOTICES: Final = ("handed_in", "asked", "decided", "appealed", "withdrawn", "overdue")

Position = tuple[int, str]
"""Of a submission in a queue: since when it waits (in microseconds), and its id."""


class Moved(Exception):
    """Somebody else changed it in the meantime, or it was erased."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A submission as it is kept. `issuer` is its achievement's. `due`: when it has waited for too long; `remind_at`: when
    people are reminded of it next; `notice`: what happened to it that is still to be told (a `Did`, or `overdue`)."""

    submission: Submission
    issuer: str
    revision: int = 0
    due: datetime | None = None
    remind_at: datetime | None = None
    notice: str | None = None

    def position(self) -> Position:
        return micros(self.submission.waits_since or EPOCH), self.submission.id


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of an issuer's submissions wait for assessors, since when the oldest does, and for how many it is too long."""

    issuer: str
    number: int
    oldest: datetime
    overdue: int


class Submissions:
    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._all = database["submissions"]
        self._people = people

    async def create_indexes(self) -> None:
        await self._database.create(
            "submissions",
            {"keys": [(n, ASCENDING) for n in ("learner", "achievement", "review", "attempt")], "unique": True},
            [("submitted_by", ASCENDING)],
            [("state", ASCENDING), ("waits", ASCENDING)],
            [("remind_at", ASCENDING)],
            [("untold", ASCENDING)],
            [("unsaid", ASCENDING)],
            [("notice", ASCENDING)],
        )

    async def add(self, shelved: Shelved) -> Shelved:
        """Raises Moved if the learner has another one with the same attempt."""
        new = replace(shelved, revision=1)
        try:
            await self._all.insert_one(await self._document(new))
        except DuplicateKey as error:
            raise Moved from error
        return new

    async def put(self, shelved: Shelved) -> Shelved:
        """In the place of the revision that it was made of. Raises Moved."""
        newer = replace(shelved, revision=shelved.revision + 1)
        where = {"_id": shelved.submission.id, "revision": shelved.revision}
        if (await self._all.replace_one(where, await self._document(newer))).matched_count == 0:
            raise Moved
        return newer

    async def one(self, id_: str) -> Shelved | None:
        found = await self._opened([document] if (document := await self._all.find_one({"_id": id_})) else [])
        return found[0] if found else None

    async def of_review(self, learner: str, achievement: str, review: str) -> list[Shelved]:
        """A learner's submissions for one review, the first attempt first."""
        where = {"learner": learner, "achievement": achievement, "review": review}
        return await self._opened(await self._all.find(where).sort("attempt", ASCENDING).to_list(None))

    async def of_learner(self, learner: str, after: str | None, limit: int) -> list[Shelved]:
        """In the order of their ids."""
        return await self._by_id({"learner": learner}, after, limit)

    async def submitted_by(self, person: str, after: str | None, limit: int) -> list[Shelved]:
        return await self._by_id({"submitted_by": person}, after, limit)

    async def _by_id(self, where: Document, after: str | None, limit: int) -> list[Shelved]:
        if after is not None:
            where = {**where, "_id": {"$lt": after}}
        return await self._opened(await self._all.find(where).sort("_id", DESCENDING).limit(limit).to_list(limit))

    async def queue(
        self,
        states: Some[State],
        issuers: Some[str] | None,
        after: Position | None,
        limit: int,
        *,
        assessor: str | None = None,
        learner: str | None = None,
    ) -> list[Shelved]:
        """What waits in these states, of these issuers (None: of all), what waits longest first."""
        where: Document = {"state": {"$in": [state.value for state in states]}}
        if issuers is not None:
            where["issuer"] = {"$in": sorted(issuers)}
        if assessor is not None:
            where["assessors"] = assessor
        if learner is not None:
            where["learner"] = learner
        if after is not None:
            where["$or"] = [{"waits": {"$gt": after[0]}}, {"waits": after[0], "_id": {"$gt": after[1]}}]
        found = self._all.find(where).sort([("waits", ASCENDING), ("_id", ASCENDING)]).limit(limit)
        return await self._opened(await found.to_list(limit))

    async def waiting(self, issuers: Some[str] | None, at: datetime) -> list[Waiting]:
        """By issuer. Nothing sealed is opened for it."""
        where: Document = {"state": State.WAITING.value}
        if issuers is not None:
            where["issuer"] = {"$in": sorted(issuers)}
        by_issuer: dict[str, list[Document]] = {}
        async for document in self._all.find(where, {"issuer": 1, "waits": 1, "due": 1}):
            by_issuer.setdefault(document["issuer"], []).append(document)
        return [
            Waiting(
                issuer,
                len(documents),
                moment(min(document["waits"] for document in documents)),
                sum(document["due"] is not None and document["due"] <= micros(at) for document in documents),
            )
            for issuer, documents in sorted(by_issuer.items())
        ]

    async def untold(self, limit: int) -> list[Shelved]:
        """Those with a verdict that was not published yet."""
        return await self._opened(await self._all.find({"untold": True}).limit(limit).to_list(limit))

    async def unsaid(self, limit: int) -> list[Shelved]:
        """Those with facts that were not published yet."""
        return await self._opened(await self._all.find({"unsaid": True}).limit(limit).to_list(limit))

    async def noticeable(self, limit: int) -> list[Shelved]:
        """Those of which something is still to be told."""
        return await self._opened(await self._all.find({"notice": {"$in": list(NOTICES)}}).limit(limit).to_list(limit))

    async def to_remind_of(self, at: datetime, limit: int) -> list[Shelved]:
        where = {"remind_at": {"$lte": micros(at), "$gt": 0}}
        return await self._opened(await self._all.find(where).sort("remind_at", ASCENDING).limit(limit).to_list(limit))

    async def _document(self, shelved: Shelved) -> Document:
        submission = shelved.submission
        key = (await self._people.owners([submission.learner]))[submission.learner].key
        assert key is not None
        return {
            "_id": submission.id,
            "learner": submission.learner,
            "achievement": submission.achievement,
            "review": submission.review,
            "issuer": shelved.issuer,
            "attempt": submission.attempt,
            "submitted_by": submission.submitted_by,
            "state": submission.state.value,
            "waits": micros(submission.waits_since or EPOCH),
            "assessors": [seat.assessor for seat in submission.seats],
            "due": None if shelved.due is None else micros(shelved.due),
            "remind_at": None if shelved.remind_at is None else micros(shelved.remind_at),
            "notice": shelved.notice,
            "untold": submission.told < len(submission.verdicts),
            "unsaid": bool(submission.sayings),
            "revision": shelved.revision,
            "sealed": key.seal(submission.model_dump_json().encode(), f"submission {submission.id}"),
        }

    async def _opened(self, documents: Sequence[Document]) -> list[Shelved]:
        """Those that can be read: of an erased learner none can."""
        owners = await self._people.known({document["learner"] for document in documents})
        found = []
        for document in documents:
            owner = owners.get(document["learner"])
            if owner is None or owner.key is None:
                continue
            try:
                text = owner.key.unseal(bytes(document["sealed"]), f"submission {document['_id']}")
            except Unreadable:
                continue
            found.append(_shelved(document, Submission.model_validate_json(text)))
        return found


def _shelved(document: Document, submission: Submission) -> Shelved:
    due, remind_at = (None if (at := document[name]) is None else moment(at) for name in ("due", "remind_at"))
    return Shelved(submission, document["issuer"], document["revision"], due, remind_at, document["notice"])


def micros(at: datetime) -> int:
    """Microseconds since 1970: the database's own times have milliseconds only."""
    return (at - EPOCH) // MICROSECOND


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
