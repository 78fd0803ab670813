"""Dead letters as they lie on their topics, and how their originals are sent again.

That a letter was redriven is itself a message on the topic of the letter, under the same key: whoever lists the letters, sees it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.broker import At, connection
from shared.events.envelope import Headers, rfc3339
from shared.kafka import LARGEST_MESSAGE, Outgoing, Publisher, Unavailable
from shared.topics import DEAD_LETTERS, REQUESTS

LETTER: Final = "cairn.dead-letter.v1"
REDRIVEN: Final = "cairn.dead-letter.redriven.v1"
ORIGINAL: Final = "original_"
REDRIVEN_FROM: Final = "redriven_from"

LOOKS_UP: Final = 5

RawHeaders = tuple[tuple[str, bytes], ...]


class NotWhole(Exception):
    """The letter kept only the beginning of its original, so the original cannot be sent again as it was."""


class NotTheirs(Exception):
    """The original asks for something on a topic that may not ask for it; sent again by an operator, it would be granted."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: where it lies, why, where its original stood, and the original itself.

    `came_at` is the broker's stamp of the original. `redriven_at` is when it was last sent again. `value` is None where it was
    not asked for, or the original had none.
    """

    id: str
    service: str
    topic: str
    partition: int
    offset: int
    reason: str
    origin: str
    came_at: str
    traceparent: str | None
    key: bytes | None
    headers: RawHeaders
    value: bytes | None = None
    truncated_from: int | None = None
    redriven_at: str | None = None

    @property
    def type(self) -> str:
        """The original's."""
        return self.header("ce_type") or "?"

    @property
    def trace(self) -> str | None:
        return self.traceparent.split("-")[1] if self.traceparent and self.traceparent.count("-") >= 3 else None

    def header(self, name: str) -> str | None:
        return next((raw.decode("utf-8", "replace") for found, raw in self.headers if found == name), None)


@asynccontextmanager
async def reading(broker: At) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group: it leaves no trace."""
    consumer = AIOKafkaConsumer(
        **connection(broker),
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=2 * LARGEST_MESSAGE,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def survey(consumer: AIOKafkaConsumer, services: Iterable[str]) -> list[Letter]:
    """All letters of these services, without values, in the order in which their originals came. One written twice is one."""
    found: dict[str, Letter] = {}
    redriven: dict[str, str] = {}
    for service in services:
        async for record in everything(consumer, DEAD_LETTERS[service].name):
            if (note := note_of(record)) is not None:
                redriven[note[0]] = note[1]
            elif (letter := letter_of(record, service)).id not in found:
                found[letter.id] = replace(letter, value=None)
    letters = [replace(letter, redriven_at=redriven.get(letter.id)) for letter in found.values()]
    return sorted(letters, key=lambda letter: (letter.came_at, letter.id))


async def whole(consumer: AIOKafkaConsumer, letter: Letter) -> Letter:
    """The letter with its value."""
    partition = TopicPartition(letter.topic, letter.partition)
    consumer.assign([partition])
    consumer.seek(partition, letter.offset)
    record = await consumer.getone(partition)
    return replace(letter, value=record.value)


async def letter_at(consumer: AIOKafkaConsumer, service: str, partition: int, offset: int) -> Letter | None:
    """The letter that lies there, with its value; None if none does."""
    place = TopicPartition(DEAD_LETTERS[service].name, partition)
    bounds = await bounds_of(consumer, [place.topic])
    if place not in bounds or not bounds[place][0] <= offset < bounds[place][1]:
        return None
    consumer.assign([place])
    consumer.seek(place, offset)
    while await consumer.position(place) <= offset:
        for records in (await consumer.getmany(place, timeout_ms=500)).values():
            for record in records[:1]:
                is_letter = record.offset == offset and note_of(record) is None
                return letter_of(record, service) if is_letter else None
    return None


async def redrive(publisher: Publisher, letter: Letter) -> None:
    """Send the original to the service's requests, under its own key and headers, and note that it was sent.

    Dying in between leaves it sent and not noted; sent once more, it decides nothing. Raises NotWhole or NotTheirs.
    """
    requests = REQUESTS[letter.service]
    if letter.type in {event.TYPE for event in requests.events} and not letter.origin.startswith(f"{requests.name}/"):
        raise NotTheirs(f"{letter.id}: a {letter.type} is taken from {requests.name} alone, and this one came by {letter.origin}")
    if letter.truncated_from is not None:
        raise NotWhole(f"{letter.id}: only {len(letter.value or b'')} of {letter.truncated_from} bytes were kept")
    headers: Headers = [(name, raw) for name, raw in letter.headers if name != REDRIVEN_FROM]
    headers.append((REDRIVEN_FROM, letter.id.encode()))
    original = Outgoing(requests.name, letter.key, letter.value, headers)
    await publisher.publish_all([original])
    await publisher.publish_all([_note(letter, datetime.now(UTC))])


def _note(letter: Letter, now: datetime) -> Outgoing:
    own = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_type": REDRIVEN,
        "ce_source": "cairn/operators",
        "ce_time": rfc3339(now),
        "redrives": letter.id,
    }
    return Outgoing(letter.topic, letter.key, None, [(name, said.encode()) for name, said in own.items()], letter.partition)


def chosen(letters: Sequence[Letter], *, reason: re.Pattern[str] | None = None, ids: Sequence[str] = ()) -> list[Letter]:
    """Those whose reason the pattern finds, and whose id begins with one of these, where there are any."""
    return [
        letter
        for letter in letters
        if (reason is None or reason.search(letter.reason)) and (not ids or letter.id.startswith(tuple(ids)))
    ]


def letter_of(record: Any, service: str) -> Letter:
    """A record of a dead-letter topic. What it lacks is shown as `?`: a letter is never a reason not to see the others."""
    own = _texts(record.headers)
    original = tuple((name.removeprefix(ORIGINAL), raw or b"") for name, raw in record.headers if name.startswith(ORIGINAL))
    origin = f"{own.get('origin_topic', '?')}/{own.get('origin_partition', '?')}/{own.get('origin_offset', '?')}"
    truncated = own.get("truncated_from", "")
    return Letter(
        id=own.get("ce_id", f"{record.partition}-{record.offset}"),
        service=service,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=own.get("reason", "?"),
        origin=origin,
        came_at=own.get("ce_time", "?"),
        traceparent=own.get("traceparent"),
        key=record.key,
        headers=original,
        value=record.value,
        truncated_from=int(truncated) if truncated.isdigit() else None,
    )


def note_of(record: Any) -> tuple[str, str] | None:
    """Which letter was redriven and when, if the record says that one was."""
    headers = _texts(record.headers)
    return (headers.get("redrives", ""), headers.get("ce_time", "")) if headers.get("ce_type") == REDRIVEN else None


def _texts(headers: Iterable[tuple[str, bytes | None]]) -> Mapping[str, str]:
    return {name: (raw or b"").decode("utf-8", "replace") for name, raw in headers if not name.startswith(ORIGINAL)}


async def _look_up(consumer: AIOKafkaConsumer) -> None:
    """Which topics there are now: a busy broker may not say at once, and what was known before may lack the topic."""
    for _ in range(LOOKS_UP):
        if await consumer._client.force_metadata_update():
            return
    raise Unavailable("the broker does not say which topics there are")


async def bounds_of(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> dict[TopicPartition, tuple[int, int]]:
    """The first offset that each partition still has, and the one that comes next; nothing of topics that aren't there.

    Raises Unavailable.
    """
    await _look_up(consumer)
    places = [TopicPartition(topic, number) for topic in topics for number in sorted(consumer.partitions_for_topic(topic) or ())]
    if not places:
        return {}
    ends = await consumer.end_offsets(places)
    firsts = await consumer.beginning_offsets(places)
    return {place: (firsts[place], ends[place]) for place in places}


async def everything(consumer: AIOKafkaConsumer, topic: str, since: Mapping[int, int] | None = None) -> AsyncIterator[Any]:
    """Everything on a topic up to its end at this moment, of partitions that are in `since` from that offset on; nothing if there
    is no such topic. Raises Unavailable.
    """
    bounds = await bounds_of(consumer, [topic])
    ends = {place: end for place, (_, end) in bounds.items()}
    starts = {place: max(first, (since or {}).get(place.partition, 0)) for place, (first, _) in bounds.items()}
    open_ = {place for place in bounds if ends[place] > starts[place]}
    if not open_:
        return
    consumer.assign(open_)
    for place in open_:
        consumer.seek(place, starts[place])
    while open_:
        for place, records in (await consumer.getmany(timeout_ms=500)).items():
            for record in records:
                if record.offset < ends[place]:
                    yield record
        open_ = {place for place in open_ if await consumer.position(place) < ends[place]}
