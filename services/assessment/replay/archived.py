"""The archive as events again: what `entries` and `decisions` keep of a learner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from services.assessment.domain.decisions import Decision, Withdrawal
from services.assessment.domain.entries import Entry, Retraction, as_entry, as_retraction
from shared.decisions import Event
from shared.events.assessment import DecisionWithdrawn, LeafSubstituted, LeafWaived
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Message

Document = dict[str, Any]
Happened = Entry | Retraction | Decision | Withdrawal

REQUESTED_BY: Final = "cairn/assessment"
"""The source of decisions from before it was kept with them: the service's own HTTP side."""


@dataclass(slots=True)
class Kept:
    """What is in the archive of one learner."""

    entries: list[Entry] = field(default_factory=list)
    retractions: list[Retraction] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)

    def after(self, instant: datetime) -> Kept:
        """What is later: the rest was erased then."""
        return Kept(
            [one for one in self.entries if one.time > instant],
            [one for one in self.retractions if one.time > instant],
            [one for one in self.decisions if one.time > instant],
            [one for one in self.withdrawals if one.time > instant],
        )

    @property
    def last(self) -> Happened | None:
        """What happened last, by source time."""
        everything: tuple[Happened, ...] = (*self.entries, *self.retractions, *self.decisions, *self.withdrawals)
        return max(everything, key=_in_time, default=None)


def kept(documents: Iterable[Document]) -> Kept:
    """Of one learner, from documents of either collection; an erasure's is no learner's. In source-time order."""
    found = Kept()
    for document in documents:
        match document.get("kind") or document["type"]:
            case CompletionReported.TYPE:
                found.entries.append(as_entry(_event(document, CompletionReported)))
            case CompletionRetracted.TYPE:
                found.retractions.append(as_retraction(_event(document, CompletionRetracted)))
            case "withdrawal":
                found.withdrawals.append(_withdrawal(document))
            case "waiver" | "substitution":
                found.decisions.append(_decision(document))
            case _:
                continue
    for each in (found.entries, found.retractions, found.decisions, found.withdrawals):
        each.sort(key=_in_time)
    return found


def _in_time(one: Happened) -> tuple[datetime, str]:
    return one.time, one.id


def _event(document: Document, model: type[Any]) -> Event[Any]:
    return Event(
        model.model_validate_json(document["data"]),
        document["id"],
        document["source"],
        document["type"],
        datetime.fromisoformat(document["time"]),
        document["digest"],
    )


def _decision(document: Document) -> Decision:
    said = {name: document[name] for name in ("learner", "achievement", "version", "path", "reason", "decided_by")}
    activity = document["activity"]
    request = LeafWaived(**said) if activity is None else LeafSubstituted(**said, activity=activity)
    return Decision(*_named(document, request), document["achievement"], document["version"], document["path"], activity)


def _withdrawal(document: Document) -> Withdrawal:
    request = DecisionWithdrawn(**{name: document[name] for name in ("learner", "decision", "reason", "decided_by")})
    return Withdrawal(*_named(document, request), document["decision"])


def _named(document: Document, request: Message) -> tuple[datetime, str, str, str]:
    """Time, id, source and digest; the digest of one from before it was kept is that of the request as it was published."""
    digest = document.get("digest") or blake2b(request.to_json(), digest_size=8).hexdigest()
    return datetime.fromisoformat(document["at"]), document["_id"], document.get("source", REQUESTED_BY), digest


def names_of(entries: Sequence[Entry], retractions: Sequence[Retraction]) -> int:
    """The bytes of ids and names as a record counts them: of each activity once."""
    text = sum(len(name.encode()) for one in retractions for name in (one.id, one.source, one.retracts))
    for activity in {entry.activity for entry in entries}:
        text += len(activity.encode())
    for entry in entries:
        judged = (*(name for scored in entry.results for name in scored), *entry.links)
        names = (entry.id, entry.source, entry.grade, entry.corrects, *judged)
        text += sum(len(name.encode()) for name in names if name is not None)
    return text
