"""The load of a drill: completions on the topic and through the doors, with garbage and repetitions among the good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any, Final
from zlib import crc32

from deploy.demo.run import Keyed
from deploy.drill.doors import SPEAKS_AS, Doors, in_json
from deploy.drill.garbage import Bin
from shared.events.envelope import Envelope
from shared.kafka import Outgoing, Publisher, home
from shared.topics import COMPLETIONS

PORTION: Final = 0.25
"""Seconds' worth of completions that are sent together."""

AT_A_DOOR: Final = 20
"""Events of a request."""

SPOILT: Final = 0.02
AGAIN: Final = 0.03
ASTRAY: Final = 0.02
"""Shares of what is sent that is garbage, is sent again, and lies on another partition than its learner's."""


@dataclass(frozen=True)
class Shares:
    """The completions by the way they take. Of a registered source, all are said as its own."""

    topic: tuple[Keyed, ...]
    source: tuple[Keyed, ...]
    trusted: tuple[Keyed, ...]

    @classmethod
    def of(cls, completions: Sequence[Keyed]) -> Shares:
        """By learner, so that each learner's come in their order."""
        ways: list[list[Keyed]] = [[], [], [], [], []]
        for learner, envelope in completions:
            ways[crc32(learner.encode()) % 5].append((learner, envelope))
        spoken = tuple((learner, spoken_by_source(envelope)) for learner, envelope in ways[0])
        topic = [keyed for keyed in completions if crc32(keyed[0].encode()) % 5 > 1]
        return cls(tuple(topic), spoken, tuple(ways[1]))

    @property
    def all(self) -> tuple[Keyed, ...]:
        return self.topic + self.source + self.trusted


def spoken_by_source(envelope: Envelope) -> Envelope:
    return Envelope(envelope.id, envelope.type, SPEAKS_AS, envelope.time, data=envelope.data)


@dataclass
class Load:
    """Sends each share evenly over `seconds`, and goes on until all of it is acknowledged. `sent` counts what is."""

    publisher: Publisher
    doors: Doors
    bin: Bin
    random: Random
    partitions: int
    sent: int = 0
    refused: int = 0
    """Events of garbage that doors refused, each once."""
    trouble: list[str] = field(default_factory=list)
    """What became of good events that should have been taken."""

    async def send(self, shares: Shares, seconds: float) -> None:
        async with asyncio.TaskGroup() as senders:
            senders.create_task(self._paced(shares.topic, seconds, self._on_topic))
            senders.create_task(self._paced(shares.source, seconds, self._by_source))
            senders.create_task(self._paced(shares.trusted, seconds, self._by_trusted))

    async def _paced(self, share: Sequence[Keyed], seconds: float, send: Callable[[Sequence[Keyed]], Awaitable[None]]) -> None:
        """Evenly; what could not be sent in its time follows as fast as it is taken."""
        began, done = monotonic(), 0
        while done < len(share):
            due = min(len(share), int(len(share) * (monotonic() - began + PORTION) / seconds) + 1)
            while done < due:
                portion = share[done : done + 200]
                portion = portion[: due - done]
                await send(portion)
                done += len(portion)
                self.sent += len(portion)
            await asyncio.sleep(PORTION)

    async def _on_topic(self, portion: Sequence[Keyed]) -> None:
        messages = [self._outgoing(learner, envelope) for learner, envelope in portion]
        at_home = [keyed for keyed, message in zip(portion, messages, strict=True) if message.partition is None]
        again = [one for one in messages if self.random.random() < AGAIN]
        garbage = [self.bin.message() for _ in portion if self.random.random() < SPOILT]
        await self.publisher.publish_all(_mixed(self.random, messages, garbage), within=None)
        late = [self.bin.other_words(*keyed) for keyed in at_home if self.random.random() < SPOILT / 10]
        await self.publisher.publish_all([*again, *late], within=None)

    def _outgoing(self, learner: str, envelope: Envelope) -> Outgoing:
        astray = None
        if self.random.random() < ASTRAY:
            astray = (home(learner, self.partitions) + self.random.randrange(1, self.partitions)) % self.partitions
        return Outgoing.of(COMPLETIONS.name, learner, envelope, astray)

    async def _by_source(self, portion: Sequence[Keyed]) -> None:
        await self._by_door(portion, self.doors.by_source, SPEAKS_AS)

    async def _by_trusted(self, portion: Sequence[Keyed]) -> None:
        await self._by_door(portion, self.doors.by_trusted, "urn:drill:trusted")

    async def _by_door(
        self, portion: Sequence[Keyed], send: Callable[[Sequence[dict[str, Any]]], Awaitable[list[str]]], source: str
    ) -> None:
        for start in range(0, len(portion), AT_A_DOOR):
            good = [in_json(envelope) for _, envelope in portion[start : start + AT_A_DOOR]]
            spoilt = [self.bin.event(source) for _ in good if self.random.random() < SPOILT]
            self.refused += len(spoilt)
            for _ in range(2 if self.random.random() < AGAIN else 1):
                outcomes = await send([*good, *spoilt])
                strange = [one for one in outcomes[: len(good)] if one == "refused"]
                strange += [one for one in outcomes[len(good) :] if one != "refused"]
                if strange:
                    self.trouble.append(f"of a batch of {len(good)} good and {len(spoilt)} spoilt events: {outcomes}")


def _mixed(random: Random, messages: Sequence[Outgoing], garbage: Sequence[Outgoing]) -> list[Outgoing]:
    """Garbage among them; the order of the others stays."""
    mixed = list(messages)
    for piece in garbage:
        mixed.insert(random.randrange(len(mixed) + 1), piece)
    return mixed
