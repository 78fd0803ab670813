"""The whole entries and decisions, as the documents that keep them; the record has only what decides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from services.assessment.domain.entries import Key
from services.assessment.domain.record import Record
from shared.decisions import Drop, Event, Put
from shared.events.assessment import DecisionWithdrawn, ErasureRequested, LeafSubstituted, LeafWaived, VerdictReached
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Cause, rfc3339

Document = dict[str, Any]

AGAIN: Final = re.compile(r"~[1-9][0-9]*\Z")
"""How the id of an event ends that says in other words what an earlier one of the same original said."""


def entry_id(learner: str, source: str, id_: str) -> str:
    """Of the document that keeps an event: the same for the same learner, source and event id, without showing them."""
    return sha256("\n".join((learner, source, id_)).encode()).hexdigest()[:32]


def original_id(source: str, id_: str) -> str:
    """Of the document that keeps the original of an event, by the event's source and id."""
    return sha256("\n".join((source, id_)).encode(errors="surrogatepass")).hexdigest()[:32]


def originals_of(learner: str, keys: Iterable[Key]) -> Drop:
    """Forget the originals of these events of the learner, also where one was said again under `<id>~<n>`."""
    named = {id_ for source, name in keys for id_ in (original_id(source, name), original_id(source, AGAIN.sub("", name)))}
    return Drop("originals", {"_id": {"$in": sorted(named)}, "learner": learner})


def entry_document(event: Event[CompletionReported] | Event[CompletionRetracted]) -> Document:
    """The event as it came, its data as JSON text. Times are text with all their digits: the database keeps milliseconds only."""
    learner = event.data.learner
    return {
        "_id": entry_id(learner, event.source, event.id),
        "learner": learner,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": rfc3339(event.time),
        "digest": event.digest,
        "traceparent": event.traceparent,
        "data": event.data.to_json().decode(),
    }


def ruling_document(event: Event[LeafWaived] | Event[LeafSubstituted]) -> Document:
    said = event.data
    return {
        "_id": event.id,
        "learner": said.learner,
        "kind": "substitution" if isinstance(said, LeafSubstituted) else "waiver",
        "achievement": said.achievement,
        "version": said.version,
        "path": said.path,
        "activity": said.activity if isinstance(said, LeafSubstituted) else None,
        "reason": said.reason,
        "decided_by": said.decided_by,
        "at": rfc3339(event.time),
        "source": event.source,
        "digest": event.digest,
    }


def withdrawal_document(event: Event[DecisionWithdrawn]) -> Document:
    said = event.data
    return {
        "_id": event.id,
        "learner": said.learner,
        "kind": "withdrawal",
        "decision": said.decision,
        "reason": said.reason,
        "decided_by": said.decided_by,
        "at": rfc3339(event.time),
        "source": event.source,
        "digest": event.digest,
    }


def erasure_writes(record: Record, event: Event[ErasureRequested]) -> tuple[Put | Drop, ...]:
    """Of the learner nothing stays but the instant of it; of the decision who made it and when, but not about whom or why.

    The key goes under which their originals are sealed, and so goes what leads from names in sources to them. Entries and facts
    are named one by one, so that the collections need no index for it; of submissions there are few.
    """
    learner = record.learner
    cause = Cause(kind="erasure", id=event.id, source=event.source, time=event.time)
    entries = [entry_id(learner, source, id_) for source, id_ in (*record.entries, *record.retractions)]
    facts = [
        VerdictReached(learner=learner, achievement=achievement, met=None, versions=(), revision=revision, cause=cause).id
        for achievement, said in record.said.items()
        for revision in range(record.floor + 1, said.revision + 1)
    ]
    decisions = [*record.decisions, *record.withdrawals]
    kept = {"_id": event.id, "kind": "erasure", "decided_by": event.data.decided_by, "at": rfc3339(event.time)}
    at = rfc3339(event.time)
    return (
        Put("people", {"_id": learner, "erased_at": at}),
        Put("erasures", {"_id": learner, "at": at}),
        Drop("names", {"learner": learner}),
        originals_of(learner, (*record.entries, *record.retractions)),
        Drop("entries", {"_id": {"$in": entries}}),
        Drop("decisions", {"_id": {"$in": decisions}}),
        Drop("facts", {"_id": {"$in": facts}}),
        Drop("submissions", {"learner": learner}),
        Drop("evidence", {"learner": learner}),
        Put("decisions", kept),
    )
