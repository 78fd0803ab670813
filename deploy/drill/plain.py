"""What the services decide about completions, one decision after another, without broker, database and time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from deploy.demo.documents import FIRST, REVISIONS, documents
from services.assessment.stream import FLOW as ASSESSMENT
from services.awarding.domain.ids import PublicIds
from services.awarding.stream import flow as awarding
from services.catalog.domain.document import Submission, read
from services.catalog.domain.versions import Version, published
from services.notifications.domain.telling import DELIVERIES, INBOX
from services.notifications.stream import FLOW as NOTIFICATIONS
from shared.decisions import Decided, Event, Put
from shared.events.awarding import AwardFact, AwardStatus
from shared.events.catalog import Published
from shared.events.envelope import Envelope, Fact, Message, envelope_of
from shared.stream import Flow
from shared.topics import COMPLETIONS

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
MODELS: Final = {model.TYPE: model for model in COMPLETIONS.events}

Editions = Sequence[Sequence[Mapping[str, Any]]]
"""Documents as authors publish them, those of one edition together."""


def demonstration() -> Editions:
    return documents(FIRST), documents(REVISIONS)


def publications(editions: Editions | None = None) -> list[Published]:
    """All versions, as the catalog announces them; by default the demonstration's catalog with its revisions."""
    versions: dict[str, tuple[Version, ...]] = defaultdict(tuple)
    for document in (one for edition in (demonstration() if editions is None else editions) for one in edition):
        submission = read(dict(document))
        assert isinstance(submission, Submission), submission
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

    def decide(self, learner: str, envelope: Envelope, model: type[Message]) -> Decided[Any]:
        data = model.model_validate_json(envelope.data)
        digest = sha256(envelope.data).hexdigest()[:16]
        event = Event(data, envelope.id, envelope.source, envelope.type, envelope.time, digest)
        record = self._records.get(learner) or self._flow.blank(learner)
        decided = self._flow.table[model](record, event, self._rules)
        self._records[learner] = decided.record
        return decided

    def fall_due(self, until: datetime) -> Iterator[Fact]:
        """What follows when all has fallen due until then, and what falls due because of that."""
        assert self._flow.fell_due is not None
        for learner in sorted(self._records):
            while due := self._flow.fell_due(self._records[learner], until):
                before = self._records[learner]
                for message, instant in due:
                    envelope = Envelope(f"{instant}", message.TYPE, "due", instant, data=message.to_json())
                    yield from self.decide(learner, envelope, type(message)).facts
                assert self._records[learner] != before, "what fell due changes nothing, so it would fall due for ever"


def awarded(
    completions: Iterable[tuple[str, Envelope]], until: datetime | None = None, editions: Editions | None = None
) -> list[Fact]:
    """All that awarding says about these completions, before anything falls due; with `until`, after it did until then."""
    said = publications(editions)
    assessment, awards = Worker(ASSESSMENT, said), Worker(awarding(PublicIds(b"k" * 32)), said)
    facts: list[Fact] = []
    for learner, envelope in completions:
        for verdict in assessment.decide(learner, envelope, MODELS[envelope.type]).facts:
            facts += awards.decide(learner, envelope_of(verdict, "cairn/assessment", None), type(verdict)).facts
    if until is not None:
        facts += awards.fall_due(until)
    return facts


@dataclass(frozen=True, order=True, slots=True)
class Held:
    """An award as it stands, but for its public id."""

    learner: str
    achievement: str
    version: int
    awarded_at: datetime
    status: AwardStatus


def newest(facts: Iterable[Fact]) -> dict[str, AwardFact]:
    """What was said last of each award, by its id."""
    found: dict[str, AwardFact] = {}
    for fact in facts:
        if isinstance(fact, AwardFact) and (fact.award not in found or found[fact.award].revision < fact.revision):
            found[fact.award] = fact
    return found


def held(facts: Iterable[Fact]) -> list[Held]:
    """The awards that stand after these facts, sorted. Revoked ones are history, and were perhaps never told in another order."""
    return sorted(
        Held(one.learner, one.achievement, one.version, one.awarded_at, one.status)
        for one in newest(facts).values()
        if one.status is not AwardStatus.REVOKED
    )


def told(facts: Iterable[Fact], editions: Editions | None = None) -> Counter[str]:
    """The ids of the messages that notifications puts into inboxes about these facts, in the order in which they come."""
    return told_and_mailed(facts, editions)[0]


def told_and_mailed(facts: Iterable[Fact], editions: Editions | None = None) -> tuple[Counter[str], Counter[str]]:
    """The ids of messages in inboxes, and of those that are mailed, too."""
    notifications = Worker(NOTIFICATIONS, publications(editions))
    found: dict[str, Counter[str]] = {INBOX: Counter(), DELIVERIES: Counter()}
    for fact in (one for one in facts if type(one) in NOTIFICATIONS.table):
        for write in notifications.decide(fact.key, envelope_of(fact, "cairn/awarding", None), type(fact)).writes:
            if isinstance(write, Put) and write.collection in found:
                found[write.collection][write.document["_id"]] += 1
    return found[INBOX], found[DELIVERIES]
