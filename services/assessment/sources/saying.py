"""What is said of learners, onto the topic."""

from __future__ import annotations

from collections.abc import Iterable

from shared.events.envelope import Envelope
from shared.kafka import Outgoing, Publisher
from shared.topics import Topic


class Saying:
    def __init__(self, publisher: Publisher, completions: Topic) -> None:
        self._publisher = publisher
        self._topic = completions.name

    async def publish(self, said: Iterable[tuple[str, Iterable[Envelope]]]) -> None:
        """Each learner's events; returns when the broker has them. Raises `kafka.Unavailable`."""
        messages = [Outgoing.of(self._topic, learner, event) for learner, events in said for event in events]
        if messages:
            await self._publisher.publish_all(messages)
