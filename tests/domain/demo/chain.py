"""What the services decide about completions, one decision after another, without broker and database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from deploy.demo.documents import FIRST, REVISIONS, documents
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.ids import PublicIds
from services.awarding.stream import flow as awarding
from services.catalog.domain.document import Submission, read
from services.catalog.domain.versions import Version, published
from shared.events.catalog import Published
from shared.events.envelope import Envelope, Fact, Message, envelope_of
from shared.stream import Event, Flow
from shared.topics import COMPLETIONS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = {model.TYPE: model for model in COMPLETIONS.events}


def publications() -> list[Published]:
    """The demonstration's catalog with its revisions, as the catalog announces it."""
    versions: dict[str, tuple[Version, ...]] = defaultdict(tuple)
    for document in (*documents(FIRST), *documents(REVISIONS)):
        submission = read(document)
        assert isinstance(submission, Submission)
        new = published(submission, versions[submission.id], NOW)
        kept = tuple(version for version in versions[submission.id] if version.number not in {each.number for each in new})
        versions[submission.id] = kept + new
    return [version.announcement() for each in versions.values() for version in each]


class Worker:
    """One service's decisions on its learners' records."""

    def __init__(self, flow: Flow[Any, Any], rules: Iterable[Published]) -> None:
        self._flow = flow
        self._rules = flow.rules(list(rules))
        self._records: dict[str, Any] = {}

    def decide(self, learner: str, envelope: Envelope, model: type[Message]) -> tuple[Fact, ...]:
        data = model.model_validate_json(envelope.data)
        digest = sha256(envelope.data).hexdigest()[:16]
        event = Event(data, envelope.id, envelope.source, envelope.type, envelope.time, digest)
        record = self._records.get(learner) or self._flow.blank(learner)
        decided = self._flow.table[model](record, event, self._rules)
        self._records[learner] = decided.record
        return decided.facts


def awarded(completions: Iterable[tuple[str, Envelope]]) -> list[Fact]:
    """All that awarding says about these completions, before anything falls due."""
    said = publications()
    assessment, awards = Worker(ASSESSMENT, said), Worker(awarding(PublicIds(b"k" * 32)), said)
    facts: list[Fact] = []
    for learner, envelope in completions:
        for verdict in assessment.decide(learner, envelope, MODELS[envelope.type]):
            facts += awards.decide(learner, envelope_of(verdict, "cairn/assessment", None), type(verdict))
    return facts
