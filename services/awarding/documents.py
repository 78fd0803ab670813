"""Records as documents: compact, and exact to the microsecond.

What a record holds is text: nobody looks for anything inside it, and the database reads and writes one text many times faster
than hundreds of small values. What grows with the learner (verdicts, awards, what was said, credentials) has a line for each, so
that only what is asked for is read, and only what changed is written anew. Instants are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import orjson

from services.awarding.domain.awards import Award, Change
from services.awarding.domain.inputs import Decision, Part, Verdict
from services.awarding.domain.record import Identity, Issued, Record, Said, Standing
from shared.events.awarding import AwardStatus
from shared.mongo import Document
from shared.pieces import Pieces, as_lines, of_lines
from shared.requirements.tree import Finding, Judged

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

LINES: Final = frozenset({"verdicts", "awards", "said", "credentials"})

V = TypeVar("V")


def to_document(record: Record) -> Document:
    """Without `_id`, which is the learner. What is empty is left out."""
    kept: dict[str, Any] = {
        "decisions": [[id_, [_decision_out(one) for one in made]] for id_, made in record.decisions.items()],
        "horizon": _out(record.horizon),
        "ending": sorted(record.ending),
        "stacks": [[id_, found.revision, found.level, found.award] for id_, found in record.stacks.items()],
        "identity": record.identity and [record.identity.revision, record.identity.shared],
        "erased": _out(record.erased),
        "erasures": record.erasures,
    }
    lines = {
        "verdicts": _lines_out(record.verdicts, _verdict_out),
        "awards": _lines_out(record.lines, lambda line: [_award_out(award) for award in line]),
        "said": _lines_out(record.said, _said_out),
        "credentials": _lines_out(record.credentials, _issued_out),
    }
    small = orjson.dumps({name: value for name, value in kept.items() if value not in (None, [], 0)}).decode()
    return {"kept": small, **{name: text for name, text in lines.items() if text}}


def from_document(learner: str, document: Document) -> Record:
    kept: dict[str, Any] = orjson.loads(document["kept"])
    if not LINES.isdisjoint(kept):
        document, kept = _in_lines(kept)
    return Record(
        learner,
        verdicts=_lines_in(document.get("verdicts"), lambda _, listed: Verdict(listed[0], _versions_in(listed[1]))),
        decisions={id_: tuple(_decision_in(one) for one in made) for id_, made in kept.get("decisions", ())},
        horizon=_maybe(kept.get("horizon")),
        lines=_lines_in(document.get("awards"), lambda _, listed: tuple(_award_in(award) for award in listed)),
        ending=frozenset(kept.get("ending", ())),
        said=_lines_in(document.get("said"), lambda _, listed: _said_in(listed)),
        stacks={id_: Standing(revision, level, award) for id_, revision, level, award in kept.get("stacks", ())},
        credentials=_lines_in(document.get("credentials"), lambda _, listed: _issued_in(listed)),
        identity=Identity(*kept["identity"]) if "identity" in kept else None,
        erased=_maybe(kept.get("erased")),
        erasures=kept.get("erasures", 0),
    )


def _in_lines(kept: dict[str, Any]) -> tuple[Document, dict[str, Any]]:
    """Documents from before there were lines have all in one text."""
    awards: dict[str, list[Any]] = {}
    for award in kept.get("awards", ()):
        awards.setdefault(award[1], []).append(award)
    found = {name: {id_: listed for id_, *listed in kept.get(name, ())} for name in LINES - {"awards"}} | {"awards": awards}
    ending = sorted(achievement for achievement, line in awards.items() if _award_in(line[-1]).valid_for is not None)
    return {name: _lines_out(each, lambda listed: listed) for name, each in found.items()}, kept | {"ending": ending}


def _lines_out(found: Mapping[str, V], out: Callable[[V], list[Any]]) -> str:
    return as_lines(found, lambda value: orjson.dumps(out(value)).decode())


def _lines_in(text: str | None, in_: Callable[[str, list[Any]], V]) -> Pieces[V]:
    return of_lines(text or "", lambda id_, one: in_(id_, orjson.loads(one)))


def _out(instant: datetime | None) -> int | None:
    return None if instant is None else (instant - EPOCH) // MICROSECOND


def _in(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _maybe(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _in(microseconds)


def _verdict_out(verdict: Verdict) -> list[Any]:
    return [verdict.revision, [[number, [_part_out(part) for part in parts]] for number, parts in verdict.versions]]


def _versions_in(listed: list[Any]) -> tuple[tuple[int, tuple[Part, ...]], ...]:
    return tuple((number, tuple(_part_in(part) for part in parts)) for number, parts in listed)


def _part_out(part: Part) -> list[Any]:
    turns = [[_out(at), _out(since)] for at, since in part.turns]
    return [part.path, turns, [_out(moment) for moment in part.again], _finding_out(part.finding)]


def _part_in(listed: list[Any]) -> Part:
    path, turns, again, finding = listed
    return Part(
        path,
        tuple((_in(at), _maybe(since)) for at, since in turns),
        tuple(_in(moment) for moment in again),
        _finding_in(finding),
    )


def _finding_out(finding: Finding) -> Any:
    """A mere yes or no is a boolean."""
    if not (finding.by or finding.value or finding.waived or finding.of):
        return finding.met
    kept = [finding.met, list(finding.by), finding.value, finding.waived, [_finding_out(part) for part in finding.of]]
    if finding.results is None:
        return kept
    judged = [[one.activity, one.criterion, one.level, one.points] for one in finding.results]
    return [*kept, judged] if finding.links is None else [*kept, judged, list(finding.links)]


def _finding_in(kept: Any) -> Finding:
    if isinstance(kept, bool):
        return Finding(kept)
    met, by, value, waived, of, *judged = kept
    results = tuple(Judged(*one) for one in judged[0]) if judged else None
    links = tuple(judged[1]) if len(judged) > 1 else None
    return Finding(met, tuple(by), value, waived, tuple(_finding_in(part) for part in of), results, links)


def _decision_out(one: Decision) -> list[Any]:
    return [_out(one.at), one.id, one.digest, one.grants, one.decided_by, one.note, one.version]


def _decision_in(listed: list[Any]) -> Decision:
    at, *others = listed
    return Decision(_in(at), *others)


def _award_out(award: Award) -> list[Any]:
    return [
        award.id,
        award.achievement,
        award.ordinal,
        award.version,
        _out(award.awarded_at),
        None if award.valid_for is None else award.valid_for // MICROSECOND,
        [_change_out(change) for change in award.changes],
        [_out(moment) for moment in award.renewed],
    ]


def _award_in(listed: list[Any]) -> Award:
    id_, achievement, ordinal, version, awarded_at, valid_for, changes, renewed = listed
    return Award(
        id_,
        achievement,
        ordinal,
        version,
        _in(awarded_at),
        None if valid_for is None else timedelta(microseconds=valid_for),
        tuple(_change_in(change) for change in changes),
        tuple(_in(moment) for moment in renewed),
    )


def _change_out(change: Change) -> list[Any]:
    return [
        _out(change.at),
        change.status.value,
        change.expired,
        _out(change.met_at),
        list(change.rests_on),
        change.decision,
        change.renewals,
    ]


def _change_in(listed: list[Any]) -> Change:
    at, status, expired, met_at, rests_on, decision, renewals = listed
    return Change(_in(at), AwardStatus(status), expired, _maybe(met_at), tuple(rests_on), decision, renewals)


def _said_out(said: Said) -> list[Any]:
    instants = (said.awarded_at, said.status_since, said.valid_until, said.noticed)
    return [said.revision, said.status.value, said.version, *(_out(instant) for instant in instants)]


def _said_in(listed: list[Any]) -> Said:
    revision, status, version, awarded_at, status_since, valid_until, noticed = listed
    return Said(revision, AwardStatus(status), version, _in(awarded_at), _in(status_since), _maybe(valid_until), _maybe(noticed))


def _issued_out(issued: Issued) -> list[Any]:
    return [
        issued.edition,
        issued.award_revision,
        issued.version,
        *(_out(instant) for instant in (issued.awarded_at, issued.valid_until, issued.valid_from)),
        issued.list,
        issued.index,
        issued.marked,
        issued.signed_with,
        issued.jwt_signed_with,
        issued.identity,
    ]


def _issued_in(listed: list[Any]) -> Issued:
    edition, award_revision, version, awarded_at, valid_until, valid_from, *others = listed
    return Issued(edition, award_revision, version, _in(awarded_at), _maybe(valid_until), _in(valid_from), *others)
