"""Somebody who reads the topics beside the services, as any campus system may, and keeps count."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

import orjson
from aiokafka import AIOKafkaConsumer

from shared.events.assessment import VerdictReached
from shared.events.awarding import AwardGranted, StackUpgraded
from shared.topics import AWARDS, COMPLETIONS, DEAD_LETTERS, VERDICTS

GAINS: Final = (AwardGranted.TYPE, StackUpgraded.TYPE)


class Witness:
    """Counts what is said on completions, verdicts, awards and dead letters, each fact once however often it is said.

    `delays` holds, for each completion that led to an award or an upgrade, the seconds between the broker's stamps of the two.
    """

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(
            COMPLETIONS.name,
            VERDICTS.name,
            AWARDS.name,
            *(topic.name for topic in DEAD_LETTERS.values()),
            bootstrap_servers=bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        self._buried: Final = {topic.name for topic in DEAD_LETTERS.values()}
        self._stamped: dict[str, int] = {}
        self._first_gain: dict[tuple[str, str], int] = {}
        self._seen: set[str] = set()
        self.said: Counter[str] = Counter()
        self.dead_letters: list[str] = []
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._reader = asyncio.create_task(self._read(), name="witness")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._reader is not None
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._consumer.stop()

    @property
    def completions(self) -> int:
        """Different completions on the topic; those that came twice are counted once."""
        return len(self._stamped)

    @property
    def verdicts(self) -> int:
        return self.said[VerdictReached.TYPE]

    def delays(self, kind: str = AwardGranted.TYPE) -> list[float]:
        """Seconds from each completion to the first gain of that kind which it led to, sorted."""
        return sorted(
            (stamp - self._stamped[cause]) / 1_000
            for (type_, cause), stamp in self._first_gain.items()
            if type_ == kind and cause in self._stamped
        )

    async def caught_up(self) -> None:
        """Wait until all is read that is on the topics now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        while any([await self._consumer.position(partition) < end for partition, end in ends.items()]):
            await asyncio.sleep(0.05)

    async def _read(self) -> None:
        while True:
            taken = await self._consumer.getmany(timeout_ms=200, max_records=5_000)
            for partition, messages in taken.items():
                if partition.topic == COMPLETIONS.name:
                    self._completions(messages)
                elif partition.topic in self._buried:
                    self.dead_letters += [_header(message, "reason") for message in messages]
                else:
                    self._facts(messages)

    def _completions(self, messages: Iterable[Any]) -> None:
        for message in messages:
            self._stamped.setdefault(_header(message, "ce_id"), message.timestamp)

    def _facts(self, messages: Iterable[Any]) -> None:
        for message in messages:
            id_, type_ = _header(message, "ce_id"), _header(message, "ce_type")
            if id_ in self._seen:
                continue
            self._seen.add(id_)
            self.said[type_] += 1
            if type_ in GAINS:
                cause = orjson.loads(message.value)["cause"]
                if cause["kind"] == "completion":
                    self._first_gain.setdefault((type_, cause["id"]), message.timestamp)


def _header(message: Any, name: str) -> str:
    return next((raw.decode() for key, raw in message.headers if key == name), "")


def median_and_p95(delays: list[float]) -> tuple[float, float] | None:
    """Of sorted figures; None if there are none."""
    if not delays:
        return None
    return delays[len(delays) // 2], delays[min(len(delays) - 1, int(len(delays) * 0.95))]
