"""A service's latest dead letters, as one process has read them: what was read stays in memory, without the originals' data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.broker import At
from shared.dead_letters.letters import Letter, bounds_of, everything, letter_of, note_of, reading
from shared.topics import DEAD_LETTERS

MOST: Final = 2_000
"""Messages of the topic that are looked through, the latest ones of each partition. `python -m shared.dead_letters` reads all."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest first. `more`: there are older ones."""

    letters: tuple[Letter, ...]
    more: bool

    @property
    def waiting(self) -> int:
        """How many were never sent again."""
        return sum(letter.redriven_at is None for letter in self.letters)


class Tray:
    def __init__(self, broker: At, service: str, most: int = MOST) -> None:
        self._broker = broker
        self._service = service
        self._topic = DEAD_LETTERS[service].name
        self._most = most
        self._reading = asyncio.Lock()
        self._begin()

    def _begin(self) -> None:
        self._letters: dict[tuple[int, int], Letter] = {}
        self._redriven: dict[str, str] = {}
        self._next: dict[int, int] = {}
        self._from: dict[int, int] = {}

    async def latest(self) -> Latest:
        """Reads what came since it was asked last. Raises KafkaError or Unavailable."""
        async with self._reading, reading(self._broker) as consumer:
            bounds = {place.partition: found for place, found in (await bounds_of(consumer, [self._topic])).items()}
            if any(self._next.get(partition, 0) > end for partition, (_, end) in bounds.items()):
                self._begin()  # the topic was made anew
            for partition, (first, end) in bounds.items():
                earliest = max(first, end - self._most // len(bounds))
                self._from[partition] = max(earliest, self._from.get(partition, 0))
                self._next.setdefault(partition, self._from[partition])
            async for record in everything(consumer, self._topic, self._next):
                self._next[record.partition] = record.offset + 1
                if (note := note_of(record)) is not None:
                    self._redriven[note[0]] = note[1]
                else:
                    self._letters[record.partition, record.offset] = replace(letter_of(record, self._service), value=None)
            self._forget()
            more = any(self._from[partition] > first for partition, (first, _) in bounds.items())
            return Latest(tuple(self._newest_first()), more)

    def _forget(self) -> None:
        """What is older than what would be read now."""
        self._letters = {place: one for place, one in self._letters.items() if place[1] >= self._from.get(place[0], 0)}
        known = {letter.id for letter in self._letters.values()}
        self._redriven = {id_: at for id_, at in self._redriven.items() if id_ in known}

    def _newest_first(self) -> Iterator[Letter]:
        """One that was written twice is one, where it came first."""
        once: dict[str, Letter] = {}
        for _, letter in sorted(self._letters.items(), key=lambda item: (item[1].came_at, item[0])):
            once.setdefault(letter.id, letter)
        for letter in reversed(once.values()):
            yield replace(letter, redriven_at=self._redriven.get(letter.id))
