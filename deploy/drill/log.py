"""All that stands on the topics during a drill, read beside the services: whole, in order, with the broker's stamps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from deploy.demo.witness import GAINS
from shared.events.envelope import Envelope, Fact, Malformed, read_envelope
from shared.topics import AWARDS, COMPLETIONS, DEAD_LETTERS, VERDICTS, Topic

MODELS: Final = {model.TYPE: model for topic in (VERDICTS, AWARDS) for model in topic.events}


@dataclass(frozen=True, slots=True)
class Line:
    """A message as it lies there. `stamp` is when the broker wrote it, in seconds since 1970."""

    topic: str
    partition: int
    offset: int
    stamp: float
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None

    def header(self, name: str) -> str:
        """Empty if it has none of that name."""
        return next((raw.decode("utf-8", "replace") for key, raw in self.headers if key == name and raw), "")

    @property
    def envelope(self) -> Envelope | None:
        """None, if nobody could read one."""
        try:
            return read_envelope(self.headers, self.value)
        except Malformed:
            return None


class Log:
    """Reads `completions`, verdicts, awards and dead letters from their beginning on, as long as it is open."""

    def __init__(self, bootstrap: str) -> None:
        self._names = (COMPLETIONS.name, VERDICTS.name, AWARDS.name, *(topic.name for topic in DEAD_LETTERS.values()))
        self._consumer = AIOKafkaConsumer(
            *self._names, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        self._reader: asyncio.Task[None] | None = None
        self.lines: dict[str, list[Line]] = {name: [] for name in self._names}

    async def __aenter__(self) -> Self:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is to be killed, and says so at length
        await self._consumer.start()
        self._reader = asyncio.create_task(self._read(), name="log")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._reader is not None
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._consumer.stop()

    def of(self, *topics: Topic) -> list[Line]:
        return [line for topic in topics for line in self.lines[topic.name]]

    async def caught_up(self) -> None:
        """Wait until all is read that is on the topics now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        while any([await self._consumer.position(partition) < end for partition, end in ends.items()]):
            await asyncio.sleep(0.05)

    async def _read(self) -> None:
        while True:
            try:
                taken = await self._consumer.getmany(timeout_ms=200, max_records=5_000)
            except KafkaError:
                await asyncio.sleep(0.2)
                continue
            for place, messages in taken.items():
                self.lines[place.topic] += map(_line, messages)


def _line(message: Any) -> Line:
    stamp = message.timestamp / 1_000
    return Line(message.topic, message.partition, message.offset, stamp, message.key, tuple(message.headers), message.value)


def facts(lines: Sequence[Line]) -> Iterator[Fact]:
    """As they lie there, repeated ones as well. Raises ValueError where it is none of ours: only services write there."""
    for line in lines:
        envelope = line.envelope
        if envelope is None or envelope.type not in MODELS:
            raise ValueError(f"{line.topic} {line.partition}/{line.offset} is no fact that anybody could read")
        fact = MODELS[envelope.type].model_validate_json(envelope.data)
        assert isinstance(fact, Fact)
        yield fact


@dataclass(frozen=True, slots=True)
class Delay:
    """From a completion to the first award or upgrade to which it led: when it came to the topic, and the seconds it took."""

    at: float
    seconds: float


class Delays:
    """Followed as the log grows; `found` has those that are known, in the order of the awards."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._read = {COMPLETIONS.name: 0, AWARDS.name: 0}
        self._stamped: dict[tuple[str, str], float] = {}
        self._led: set[tuple[str, str]] = set()
        self.found: list[Delay] = []

    def follow(self) -> None:
        for line in self._new(COMPLETIONS.name):
            self._stamped.setdefault((line.header("ce_source"), line.header("ce_id")), line.stamp)
        for line in self._new(AWARDS.name):
            if line.header("ce_type") not in GAINS:
                continue
            cause = orjson.loads(line.value or b"{}")["cause"]
            known = (cause.get("source") or "", cause["id"])
            if cause["kind"] == "completion" and known in self._stamped and known not in self._led:
                self._led.add(known)
                self.found.append(Delay(self._stamped[known], line.stamp - self._stamped[known]))

    def _new(self, topic: str) -> list[Line]:
        lines = self._log.lines[topic][self._read[topic] :]
        self._read[topic] += len(lines)
        return lines
