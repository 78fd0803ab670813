"""What stands on a topic, with the broker's stamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    @property
    def cause(self) -> str | None:
        """The completion that led to this fact; None if something else did."""
        cause = orjson.loads(self.value)["cause"]
        return cause["id"] if cause["kind"] == "completion" else None


async def lines(bootstrap: str, topic: str, partitions: int) -> list[Line]:
    """All that is there now, each partition's in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in range(partitions)]
    found: list[Line] = []
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += map(_line, records)
    finally:
        await consumer.stop()
    return found


def _line(record: Any) -> Line:
    headers = {name: raw.decode() for name, raw in record.headers}
    stamp = record.timestamp / 1_000
    return Line(record.partition, record.offset, stamp, record.key, headers["ce_id"], headers["ce_type"], record.value)


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
