"""Facts about submissions, on their way to the topic."""

from __future__ import annotations

from collections.abc import Sequence

from services.assessment.domain.announcing import fact_of
from services.assessment.domain.submissions import Saying
from shared.events.envelope import envelope_of
from shared.kafka import Outgoing, Publisher
from shared.topics import Topic


class Announcer:
    def __init__(self, publisher: Publisher, topic: Topic) -> None:
        self._publisher = publisher
        self._topic = topic

    async def publish(self, sayings: Sequence[Saying]) -> None:
        """In their order. Raises `kafka.Unavailable`."""
        await self._publisher.publish_all([self._outgoing(saying) for saying in sayings])

    def _outgoing(self, saying: Saying) -> Outgoing:
        fact = fact_of(saying)
        return Outgoing.of(self._topic.name, fact.key, envelope_of(fact, "cairn/assessment", saying.traceparent))
