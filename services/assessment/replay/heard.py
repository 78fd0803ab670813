"""What the topics still have of what was said: the newest verdicts, with their revisions; and who was erased, for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from services.assessment.replay.rebuilding import Erased, Told, digest_of
from shared.events.assessment import LearnerErased, VerdictReached
from shared.replay.reading import Topics
from shared.stream.incoming import Incoming
from shared.topics import AWARDS, VERDICTS

_TYPE: Final = "ce_type"


@dataclass(slots=True)
class Heard:
    """Of the learners of one partition. `floors` are the greatest revisions from before erasures; `lapsed` says whether older
    verdicts are no longer kept.
    """

    verdicts: dict[str, dict[str, Told]] = field(default_factory=dict)
    erased: dict[str, Erased] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)
    lapsed: bool = False

    def hear(self, incoming: Incoming) -> None:
        """A message of either topic; what can't be read says nothing."""
        kind = dict(incoming.headers).get(_TYPE, b"")
        try:
            if kind == VerdictReached.TYPE.encode():
                self._verdict(VerdictReached.model_validate_json(incoming.value or b""), incoming.offset)
            elif kind == LearnerErased.TYPE.encode():
                self._erasure(LearnerErased.model_validate_json(incoming.value or b""), incoming.topic)
        except ValueError:
            return

    def _verdict(self, fact: VerdictReached, offset: int) -> None:
        of = self.verdicts.setdefault(fact.learner, {})
        known = of.get(fact.achievement)
        if known is None or known.revision < fact.revision:
            of[fact.achievement] = Told(fact.revision, digest_of(fact), fact.cause, offset)

    def _erasure(self, fact: LearnerErased, topic: str) -> None:
        known = self.erased.get(fact.learner)
        if known is None or known.times < fact.revision:
            self.erased[fact.learner] = Erased(fact.cause.time, fact.revision, fact.cause)
        if topic == VERDICTS.name:
            before = self.verdicts.pop(fact.learner, {})
            self.floors[fact.learner] = max(
                self.floors.get(fact.learner, 0), max((told.revision for told in before.values()), default=0)
            )


async def heard(topics: Topics, partition: int) -> Heard:
    """Verdicts are kept for some weeks, erasures for good with the awards."""
    found = Heard(lapsed=await topics.beginning(VERDICTS.name, partition) > 0)
    for topic in (VERDICTS.name, AWARDS.name):
        async for taken in topics.read(topic, partition, "reads"):
            for incoming in taken:
                if topic == VERDICTS.name or dict(incoming.headers).get(_TYPE) == LearnerErased.TYPE.encode():
                    found.hear(incoming)
    return found


def with_people(found: Heard, applied: Mapping[str, Erased]) -> list[str]:
    """The erasures that were applied and that no topic has: whose they are."""
    unsaid = []
    for learner, erasure in applied.items():
        known = found.erased.get(learner)
        if known is None or known.at < erasure.at:
            found.erased[learner] = replace(erasure, times=1 if known is None else known.times + 1)
            unsaid.append(learner)
    return unsaid
