"""From verdicts to awards, and on to credentials and status lists: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deploy.consistency.differences import Difference
from deploy.consistency.kept import Kept
from deploy.consistency.rules import Rules
from deploy.consistency.topics import Of, Stated
from services.awarding.domain.awards import Holdings
from services.awarding.domain.issuing import credential_document
from services.awarding.domain.record import Record
from services.awarding.domain.standing import moved, progress_document
from services.awarding.domain.telling import award_document
from services.awarding.replay.deciding import BEGINNING, follows, shown, state_of, state_said
from shared.events.assessment import LearnerErased
from shared.events.awarding import AwardFact, AwardStatus, CredentialIssued


def awards(kept: Kept, of: Of, rules: Rules) -> Iterator[Difference]:
    """Who holds what follows from the inputs; the collections and the topic say the same."""
    record = kept.awarded
    newest = _newest_awards(of.awards)
    said = {} if record is None else record.said
    if record is not None:
        yield from _decided(kept, rules)
        yield from _ways(kept, rules)
    for award in sorted({*said, *newest, *kept.awards}):
        revision = said[award].revision if award in said else 0
        stated = newest.get(award)
        if (0 if stated is None else stated.fact.revision) != revision:
            found = "no fact" if stated is None else f"revision {stated.fact.revision}"
            yield Difference("awards to their topic", kept.learner, award, found, f"revision {revision}")
        document = kept.awards.get(award)
        if stated is not None and isinstance(stated.fact, AwardFact):
            expected = award_document(stated.fact, 0 if document is None else document["ordinal"])
            if document != expected and stated.fact.revision == revision:
                yield Difference("awards to their collection", kept.learner, award, _award(document), _award(expected))
        elif document is not None:
            yield Difference("awards to their collection", kept.learner, award, _award(document), "nothing")


def _decided(kept: Kept, rules: Rules) -> Iterator[Difference]:
    """The awards follow from the verdicts that awarding has read and from people's decisions, and were said so."""
    record = kept.awarded
    assert record is not None
    lines = follows(record, rules.awarding).holdings.lines
    for achievement in sorted({*record.lines, *lines}):
        is_ = {award.id: state_of(award) for award in record.lines.get(achievement, ())}
        must = {award.id: state_of(award) for award in lines.get(achievement, ())}
        for award in sorted({*is_, *must}):
            if is_.get(award) != must.get(award):
                found, expected = str(shown(is_.get(award))), str(shown(must.get(award)))
                yield Difference("verdicts to awards", kept.learner, f"{achievement} {award}", found, expected)
    held = {award.id: state_of(award) for line in record.lines.values() for award in line}
    for award in sorted({*held, *record.said}):
        said = record.said.get(award)
        state = None if said is None else state_said(said)
        never_earned = award not in held and said is not None and said.status is AwardStatus.REVOKED
        if state != held.get(award) and not never_earned:
            yield Difference("awards to facts", kept.learner, award, str(shown(state)), str(shown(held.get(award))))


def _ways(kept: Kept, rules: Rules) -> Iterator[Difference]:
    record = kept.awarded
    assert record is not None
    expected = {}
    for stack, standing in record.stacks.items():
        document = progress_document(record, stack, standing, rules.awarding).document
        expected[document["_id"]] = document
        highest = moved(record, stack, rules.awarding, Holdings(dict(record.lines)), BEGINNING).standing
        if (highest.level, highest.award) != (standing.level, standing.award):
            found, must = f"level {standing.level}", f"level {highest.level}"
            yield Difference("awards to standings", kept.learner, stack, found, must)
    for id_ in sorted({*expected, *kept.progress}):
        if kept.progress.get(id_) != expected.get(id_):
            found, must = str(kept.progress.get(id_)), str(expected.get(id_))
            yield Difference("standings to their collection", kept.learner, id_, found, must)


def credentials(kept: Kept, of: Of, rules: Rules) -> Iterator[Difference]:
    """Whoever was awarded something has a credential of it, as it was said, whose place is set if it doesn't count."""
    record = kept.awarded
    if record is None:
        return
    newest = {one.fact.subject: one.fact for one in of.awards if isinstance(one.fact, CredentialIssued)}
    for award, said in sorted(record.said.items()):
        if rules.issues and award not in record.credentials and said.status is not AwardStatus.REVOKED:
            yield Difference("awards to credentials", kept.learner, award, "no credential", "a credential")
    for award, issued in sorted(record.credentials.items()):
        id_ = rules.awarding.ids.credential(award)
        fact, document = newest.get(id_), kept.credentials.get(id_)
        if fact is None or fact.revision != issued.edition:
            found = "no fact" if fact is None else f"edition {fact.revision}"
            yield Difference("credentials to their topic", kept.learner, id_, found, f"edition {issued.edition}")
        elif isinstance(fact, CredentialIssued):
            expected = credential_document(fact)
            revoked = _status(record, award) is AwardStatus.REVOKED
            if (
                document is None
                or {**document, "revoked": None} != {**expected, "revoked": None}
                or document["revoked"] is not revoked
            ):
                found = "nothing" if document is None else f"edition {document['edition']}, revoked {document['revoked']}"
                must = f"edition {fact.revision}, revoked {revoked}"
                yield Difference("credentials to their collection", kept.learner, id_, found, must)
        counts = _status(record, award) not in (AwardStatus.REVOKED, AwardStatus.SUSPENDED)
        is_set = kept.places.get((issued.list, issued.index), False)
        if is_set is counts or issued.marked is not is_set:
            place = f"{issued.list} {issued.index}"
            yield Difference("credentials to status lists", kept.learner, place, _bit(is_set), _bit(not counts))


def _status(record: Record, award: str) -> AwardStatus | None:
    said = record.said.get(award)
    return None if said is None else said.status


def _newest_awards(stated: Iterable[Stated]) -> dict[str, Stated]:
    found: dict[str, Stated] = {}
    for one in stated:
        if isinstance(one.fact, LearnerErased):
            found.clear()
        elif isinstance(one.fact, AwardFact):
            known = found.get(one.fact.award)
            if known is None or known.fact.revision < one.fact.revision:
                found[one.fact.award] = one
    return found


def _award(document: Mapping[str, Any] | None) -> str:
    return (
        "nothing" if document is None else f"revision {document['revision']}, {document['status']}, version {document['version']}"
    )


def _bit(value: bool) -> str:
    return "set" if value else "clear"
