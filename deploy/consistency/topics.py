"""What is on a partition of the topics, by learner: read whole once, and then as far as it has grown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from shared.decisions import Event
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Fact, Malformed, Message, read_envelope
from shared.kafka import home
from shared.replay.reading import Topics
from shared.stream.incoming import Incoming
from shared.topics import AWARDS, COMPLETIONS, DEAD_LETTERS, VERDICTS

MODELS: Final[Mapping[str, type[Message]]] = {
    model.TYPE: model for topic in (VERDICTS, AWARDS) for model in topic.events if issubclass(model, Fact)
}
REPORTS: Final = frozenset((CompletionReported.TYPE, CompletionRetracted.TYPE))
READ: Final = (COMPLETIONS.name, VERDICTS.name, AWARDS.name)


@dataclass(frozen=True, slots=True)
class Reported:
    """A completion or a retraction on its topic."""

    source: str
    id: str
    time: datetime
    offset: int


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact on its topic."""

    fact: Fact
    offset: int

    def event(self, source: str) -> Event[Fact]:
        fact = self.fact
        return Event(fact, fact.id, source, fact.TYPE, fact.cause.time, "")


@dataclass(slots=True)
class Of:
    """What the topics have of one learner, each in its order."""

    reported: list[Reported] = field(default_factory=list)
    verdicts: list[Stated] = field(default_factory=list)
    awards: list[Stated] = field(default_factory=list)


class PartitionView:
    """One partition number of the topics that are keyed by learner. `lapsed`: the oldest verdicts are no longer kept."""

    def __init__(self, topics: Topics, partition: int, partitions: int) -> None:
        self._topics = topics
        self._partition = partition
        self._partitions = partitions
        self._next = dict.fromkeys(READ, 0)
        self.of: defaultdict[str, Of] = defaultdict(Of)
        self.lapsed = False

    async def catch_up(self) -> dict[str, int]:
        """Reads what is new; the ends of the topics as they were then."""
        ends = {topic: await self._topics.end(topic, self._partition) for topic in READ}
        self.lapsed = await self._topics.beginning(VERDICTS.name, self._partition) > 0
        for topic, end in ends.items():
            async for taken in self._topics.read(topic, self._partition, "reads", self._next[topic], end):
                for incoming in taken:
                    self._note(incoming)
            self._next[topic] = max(end, self._next[topic])
        return ends

    def _note(self, incoming: Incoming) -> None:
        """What can't be read is a dead letter, and nothing follows from it."""
        if incoming.key is None or home(incoming.key, self._partitions) != incoming.partition:
            return
        try:
            envelope = read_envelope(incoming.headers, incoming.value)
            learner = incoming.key.decode()
            if incoming.topic == COMPLETIONS.name:
                if envelope.type in REPORTS:
                    reported = Reported(envelope.source, envelope.id, envelope.time, incoming.offset)
                    self.of[learner].reported.append(reported)
                return
            model = MODELS.get(envelope.type)
            if model is None:
                return
            fact = model.model_validate_json(envelope.data)
        except (Malformed, ValidationError, UnicodeDecodeError):
            return
        assert isinstance(fact, Fact)
        stated = Stated(fact, incoming.offset)
        (self.of[learner].verdicts if incoming.topic == VERDICTS.name else self.of[learner].awards).append(stated)


async def buried(topics: Topics, partitions: int) -> frozenset[tuple[int, int]]:
    """Partition and offset of the completions that are dead letters: refused, and so not in the archive."""
    found = set()
    name = DEAD_LETTERS["assessment"].name
    for partition in range(partitions):
        async for taken in topics.read(name, partition, "reads"):
            for incoming in taken:
                said = {header: raw for header, raw in incoming.headers if raw is not None}
                if said.get("origin_topic") == COMPLETIONS.name.encode():
                    found.add((int(said["origin_partition"]), int(said["origin_offset"])))
    return frozenset(found)
