"""A running tally service with its topics and its database, and what can be seen of them from outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from aiokafka import ConsumerRecord

from shared.events.envelope import Message
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Database, Document
from shared.stream.engine import Stream
from shared.stream.transaction import FACTS, data_of
from shared.topics import Topic
from tests.platform.eventually import eventually
from tests.platform.log import all_on
from tests.streams.tally import TICKETS, Counted, Rules, Tally, Topics, as_json, event, tally_flow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTITIONS = 4


@dataclass
class Scene:
    """What is sent is remembered, so that `settled` can compare it with what came out."""

    bootstrap: str
    uri: str
    topics: Topics
    database: Database
    publisher: Publisher
    sent: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap: str, uri: str, database: str, topics: Topics) -> AsyncIterator[Self]:
        await create_topics(bootstrap, PARTITIONS, topics=topics.all)
        found = Database(uri, database)
        for collection in ("entries", TICKETS):
            await found.create(collection)
        async with Publisher(bootstrap) as publisher:
            yield cls(bootstrap, uri, topics, found, publisher)
        found.close()

    def stream(self, **options: Any) -> Stream[Tally, Rules]:
        return Stream(tally_flow(self.topics), self.bootstrap, self.database, publications=self.topics.publications, **options)

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[Stream[Tally, Rules]]:
        stream = self.stream(**options)
        await stream.start()
        try:
            await eventually(lambda: stream.ready()["stream"] is True, within=40, why="the stream did not get ready")
            yield stream
        finally:
            await stream.stop()

    async def count(self, *counts: tuple[str, str, int], partition: int | None = None) -> None:
        """Send counts: learner, id, points."""
        for learner, _, points in counts:
            self.sent[learner] += 1
            self.points[learner] += points
        await self.send([(Counted(learner=learner, points=points), id_) for learner, id_, points in counts], partition=partition)

    async def send(self, messages: Sequence[tuple[Message, str]], *, partition: int | None = None) -> None:
        """Send other events: the model and the id. The key is the model's learner."""
        outgoing = [
            Outgoing.of(self.topics.events.name, data.learner, event(data, id_, time=NOW), partition)  # type: ignore[attr-defined]
            for data, id_ in messages
        ]
        await self.publisher.publish_all(outgoing, within=60)

    async def send_raw(self, *messages: Outgoing) -> None:
        await self.publisher.publish_all(messages, within=60)

    async def on(self, topic: Topic) -> list[ConsumerRecord[bytes, bytes]]:
        """All that is on a topic now."""
        return await all_on(self.bootstrap, topic.name)

    async def letters(self) -> list[dict[str, str]]:
        """The headers of the dead letters. One that was written twice, under the same id, counts once."""
        found = [
            {name: raw.decode(errors="replace") for name, raw in letter.headers} for letter in await self.on(self.topics.letters)
        ]
        return list({letter["ce_id"]: letter for letter in found}.values())

    async def documents(self, collection: str) -> list[Document]:
        """All of a collection; what facts say is read out of their text."""
        found = await self.database[collection].find({}).to_list(None)
        return [{**one, "data": data_of(one)} for one in found] if collection == FACTS else found

    async def applied(self) -> bool:
        """Whether all counts that were sent are in the records."""
        events = {document["_id"]: document["events"] for document in await self.documents("records")}
        return all(events.get(learner, 0) >= number for learner, number in self.sent.items())

    async def settled(self, within: float = 30) -> None:
        """Wait until all that was sent is applied and said; then assert that nothing was lost, doubled, or said differently."""
        await eventually(self.applied, within=within, every=0.2, why="not all events were applied")
        await eventually(self._all_said, within=within, every=0.2, why="not all facts were published")
        records = {document["_id"]: document for document in await self.documents("records")}
        assert {learner: document["events"] for learner, document in records.items() if document["events"]} == self.sent
        assert {learner: document["points"] for learner, document in records.items() if document["events"]} == self.points
        assert len(await self.documents("entries")) == self.sent.total()
        await self.facts_are_whole()

    async def facts_are_whole(self) -> None:
        """Each learner's revisions are there without a gap, and each fact has one form only, in the database and on the topic.

        Each fact has a ticket of its own, and the numbers of the tickets have no gap.
        """
        facts = await self.documents("facts")
        revisions: dict[str, list[int]] = {}
        for fact in facts:
            revisions.setdefault(fact["learner"], []).append(fact["revision"])
        for learner, found in revisions.items():
            assert sorted(found) == list(range(1, len(found) + 1)), learner
        said: dict[str, set[bytes]] = {}
        for record in await self.on(self.topics.tallies):
            said.setdefault(dict(record.headers)["ce_id"].decode(), set()).add(bytes(record.value or b""))
        assert {fact["_id"] for fact in facts} == said.keys()
        assert [name for name, forms in said.items() if len(forms) > 1] == []
        tickets = await self.documents(TICKETS)
        assert Counter(ticket["fact"] for ticket in tickets) == Counter(fact["_id"] for fact in facts)
        given = Counter(int(ticket["_id"].partition("-")[0]) for ticket in tickets)
        assert {ticket["_id"] for ticket in tickets} == {f"{place}-{n}" for place in given for n in range(1, given[place] + 1)}
        kept = {one["_id"]: dict(one["numbers"]).get(TICKETS) for one in await self.documents("checkpoints")}
        assert {partition: number for partition, number in kept.items() if number} == given
        assert {fact["_id"]: fact["data"] for fact in facts} == {name: as_json(next(iter(forms))) for name, forms in said.items()}

    async def _all_said(self) -> bool:
        said = {dict(record.headers)["ce_id"].decode() for record in await self.on(self.topics.tallies)}
        return said >= {fact["_id"] for fact in await self.documents("facts")}


def counts(number: int, learners: int, start: int = 0) -> list[tuple[str, str, int]]:
    return [(f"learner-{n % learners}", f"event-{n}", n % 7) for n in range(start, start + number)]


def reasons(letters: Iterable[dict[str, str]]) -> list[str]:
    return sorted(letter["reason"] for letter in letters)


async def ended(stream: Stream[Any, Any], within: float) -> BaseException:
    """The error with which the stream ends."""
    async with asyncio.timeout(within):
        await asyncio.wait({stream.failed})
    error = stream.failed.exception()
    assert error is not None
    return error
