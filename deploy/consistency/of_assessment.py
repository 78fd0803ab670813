"""From completions to entries, from entries to verdicts, and on to awarding: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from deploy.consistency.differences import Difference
from deploy.consistency.kept import Kept
from deploy.consistency.rules import Done, Rules
from deploy.consistency.topics import Of, Stated
from services.assessment.domain.archive import entry_id
from services.assessment.domain.record import PartSaid
from services.assessment.replay.archived import kept as archived
from services.assessment.replay.rebuilding import Erased, rebuilt, record_of
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.envelope import Cause, rfc3339

_NO_CAUSE: Final = Cause(kind="erasure", id="?", time=datetime(1970, 1, 1, tzinfo=UTC))


def entries(kept: Kept, of: Of, done: Done) -> Iterator[Difference]:
    """Completions that were read are in the archive, and the record names what is in the archive."""
    record = kept.assessed
    erased = record.erased if record is not None else None
    known = {*record.entries, *record.retractions} if record is not None else set()
    for one in of.reported:
        forgotten = erased is not None and one.time <= erased
        if (
            one.offset < done.completions
            and one.offset not in done.buried
            and not forgotten
            and (one.source, one.id) not in known
        ):
            yield Difference("completions to entries", kept.learner, f"{one.source} {one.id}", "no entry", "an entry")
    for source, id_ in known:
        document = kept.entries.get(entry_id(kept.learner, source, id_))
        if document is None:
            yield Difference("records to entries", kept.learner, f"{source} {id_}", "no entry", "an entry")
        elif record is not None:
            named = record.entries.get((source, id_)) or record.retractions[source, id_]
            if document["digest"] != named.digest:
                found, expected = f"content {document['digest']}", f"content {named.digest}"
                yield Difference("records to entries", kept.learner, f"{source} {id_}", found, expected)


def verdicts(kept: Kept, of: Of, rules: Rules, done: Done) -> Iterator[Difference]:
    """What is said follows from the archive; what is said is on the topic; what awarding has read of it, it knows."""
    record = kept.assessed
    said = {} if record is None else record.said
    if record is not None:
        archive = archived([*kept.entries.values(), *kept.decisions])
        erased = None
        if record.erased is not None:
            erased = Erased(record.erased, record.erasures, _NO_CAUSE)
        follows = rebuilt(record_of(kept.learner, archive, erased, record.floor), archive, {}, rules.assessment).record.said
        for achievement in sorted({*said, *follows}):
            was, is_ = said.get(achievement), follows.get(achievement)
            was_parts, is_parts = (was.parts if was else {}), (is_.parts if is_ else {})
            if was_parts != is_parts:
                yield Difference("entries to verdicts", kept.learner, achievement, _parts(was_parts), _parts(is_parts))
    newest = _newest_verdicts(of.verdicts)
    for achievement in sorted({*said, *newest}):
        revision = said[achievement].revision if achievement in said else 0
        stated = newest.get(achievement)
        on_topic = 0 if stated is None else stated.fact.revision
        if on_topic != revision and not (stated is None and done.lapsed):
            found, expected = f"revision {on_topic}", f"revision {revision}"
            yield Difference("verdicts to their topic", kept.learner, achievement, found, expected)
    read = _newest_verdicts([one for one in of.verdicts if one.offset < done.verdicts])
    known = {} if kept.awarded is None else kept.awarded.verdicts
    for achievement, stated in sorted(read.items()):
        revision = known[achievement].revision if achievement in known else 0
        if revision < stated.fact.revision:
            found, expected = f"revision {revision}", f"revision {stated.fact.revision}"
            yield Difference("verdicts to awarding", kept.learner, achievement, found, expected)


def _newest_verdicts(stated: Iterable[Stated]) -> dict[str, Stated]:
    found: dict[str, Stated] = {}
    for one in stated:
        if isinstance(one.fact, LearnerErased):
            found.clear()
        elif isinstance(one.fact, VerdictReached):
            known = found.get(one.fact.achievement)
            if known is None or known.fact.revision < one.fact.revision:
                found[one.fact.achievement] = one
    return found


def _parts(parts: Mapping[tuple[int, str], PartSaid]) -> str:
    return (
        "; ".join(
            f"version {version} {path or 'whole'}: {'met since ' + rfc3339(said.since) if said.since else 'not met'}"
            for (version, path), said in sorted(parts.items())
        )
        or "never met"
    )
