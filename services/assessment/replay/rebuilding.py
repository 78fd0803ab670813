"""One learner's record, and what is said of them, from the archive and the rules: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final, Literal

from services.assessment.domain.entries import Entry, Retraction
from services.assessment.domain.fold import revise
from services.assessment.domain.record import PartSaid, Record, Said
from services.assessment.domain.rules import Rules
from services.assessment.replay.archived import Kept, names_of
from services.assessment.store import named_by
from shared.events.assessment import VerdictReached
from shared.events.envelope import Cause, rfc3339

UNKNOWN: Final = Cause(kind="completion", id="?", time=datetime.fromisoformat("1970-01-01T00:00:00Z"))
_SEED: Final = {(0, "?"): PartSaid((), (), "")}


@dataclass(frozen=True, slots=True)
class Erased:
    """When the learner was last erased, how often that was, and by which request."""

    at: datetime
    times: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Told:
    """The newest verdict on an achievement as it stands on its topic: `digest` is that of what it says, at `offset`."""

    revision: int
    digest: str
    cause: Cause
    offset: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`verdicts` are the newest on each achievement. `offsets` has those that are on the topic; `unsaid` are those that aren't
    there as they follow from the archive.
    """

    record: Record
    verdicts: tuple[VerdictReached, ...]
    offsets: Mapping[str, int]
    unsaid: frozenset[str]


def record_of(learner: str, kept: Kept, erased: Erased | None, floor: int) -> Record:
    """The record before anything is said."""
    activities: dict[str, list[Entry]] = {}
    for entry in kept.entries:
        activities.setdefault(entry.activity, []).append(entry)
    return Record(
        learner,
        entries={entry.key: entry for entry in kept.entries},
        activities={name: tuple(entries) for name, entries in activities.items()},
        retractions={one.key: one for one in kept.retractions},
        named=named_by(kept.entries, kept.retractions),
        decisions={made.id: made for made in kept.decisions},
        withdrawals={made.id: made for made in kept.withdrawals},
        text=names_of(kept.entries, kept.retractions),
        erased=None if erased is None else erased.at,
        erasures=0 if erased is None else erased.times,
        floor=floor,
    )


def rebuilt(record: Record, kept: Kept, told: Mapping[str, Told], rules: Rules) -> Rebuilt:
    """What is said of the learner, with the revisions and causes that it had when it was said.

    What was never said as it follows now has the next revision, and what happened last as its cause.
    """
    cause = _cause_of(kept)
    seeded = replace(record, said={name: Said(known.revision, None, _SEED) for name, known in told.items()})
    decided = revise(seeded, rules, dict.fromkeys(sorted(rules.by_definition), cause))
    after = decided.record
    assert after is not None
    said = {name: one for name, one in after.said.items() if one.parts != _SEED}
    verdicts: dict[str, VerdictReached] = {}
    unsaid: set[str] = set()
    for fact in decided.facts:
        assert isinstance(fact, VerdictReached)
        known = told.get(fact.achievement)
        if known is not None and known.digest == digest_of(fact):
            fact = fact.model_copy(update={"revision": known.revision, "cause": known.cause})
            said[fact.achievement] = replace(said[fact.achievement], revision=known.revision)
        elif known is not None or not _is_empty(fact):
            unsaid.add(fact.achievement)
        verdicts[fact.achievement] = fact
    offsets = {name: told[name].offset for name in verdicts if name in told and name not in unsaid}
    return Rebuilt(replace(after, said=said), tuple(verdicts.values()), offsets, frozenset(unsaid))


def digest_of(fact: VerdictReached) -> str:
    """Of what it says of parts that ever were met: what is open may be explained anew without being said again."""
    parts = [
        (version.version, part.path, [(_text(turn.at), _text(turn.since)) for turn in part.turns], [*map(_text, part.again)])
        for version in fact.versions
        for part in version.parts
        if part.turns or part.again
    ]
    return blake2b(repr((fact.met, sorted(parts, key=lambda part: part[:2]))).encode(), digest_size=16).hexdigest()


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)


def _is_empty(fact: VerdictReached) -> bool:
    return not any(part.turns for version in fact.versions for part in version.parts)


def _cause_of(kept: Kept) -> Cause:
    last = kept.last
    if last is None:
        return UNKNOWN
    kind: Literal["completion", "decision"] = "completion" if isinstance(last, Entry | Retraction) else "decision"
    return Cause(kind=kind, id=last.id, source=last.source, time=last.time)
