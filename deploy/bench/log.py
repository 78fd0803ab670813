"""What stands on a topic, with the broker's stamps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.events.awarding import AwardGranted, StackUpgraded

GAINS: Final = (AwardGranted.TYPE, StackUpgraded.TYPE)


@dataclass(frozen=True, slots=True)
class Line:
    """`stamp` is when the broker wrote it, in seconds since 1970."""

    partition: int
    offset: int
    stamp: float
    key: bytes
    id: str
    type: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of key, value and headers, uncompressed."""
        return len(self.key) + len(self.value) + sum(len(name) + len(raw) for name, raw in self.headers)

    @property
    def cause(self) -> str | None:
        """The completion that led to this fact; None if something else did."""
        cause = orjson.loads(self.value)["cause"]
        return cause["id"] if cause["kind"] == "completion" else None


async def lines(bootstrap: str, topic: str, partitions: int, since: Mapping[int, int] | None = None) -> list[Line]:
    """All that is there now, each partition's in order; from the offsets in `since` on, if it is given."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in range(partitions)]
    found: list[Line] = []
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        for place in places:
            if since is not None and place.partition in since:
                consumer.seek(place, since[place.partition])
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += map(_line, records)
    finally:
        await consumer.stop()
    return found


def _line(record: Any) -> Line:
    headers = dict(record.headers)
    id_, type_ = headers["ce_id"].decode(), headers["ce_type"].decode()
    kept = tuple(record.headers)
    return Line(record.partition, record.offset, record.timestamp / 1_000, record.key, id_, type_, record.value, kept)


def delays(completions: Sequence[Line], awards: Sequence[Line], kind: str) -> list[float]:
    """Sorted: the seconds from each completion to the first gain of that kind which it led to."""
    stamped: dict[str, float] = {}
    for line in completions:
        stamped.setdefault(line.id, line.stamp)
    first: dict[str, float] = {}
    for line, cause in caused(awards):
        if line.type == kind and cause in stamped:
            first.setdefault(cause, line.stamp)
    return sorted(stamp - stamped[cause] for cause, stamp in first.items())


def caused(facts: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """Those that a completion led to, with its id."""
    for line in facts:
        if (cause := line.cause) is not None:
            yield line, cause
