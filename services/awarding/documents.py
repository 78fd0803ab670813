"""Records as documents: compact, and exact to the microsecond.

What a record holds is one JSON text: nobody looks for anything inside it, and the database reads and writes one text many times
faster than hundreds of small values. Instants in it are microseconds since 1970.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from services.awarding.domain.awards import Award, Change
from services.awarding.domain.inputs import Decision, Part, Verdict
from services.awarding.domain.record import Identity, Issued, Record, Said, Standing
from shared.events.awarding import AwardStatus
from shared.mongo import Document
from shared.requirements.tree import Finding

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


def to_document(record: Record) -> Document:
    """Without `_id`, which is the learner. What is empty is left out."""
    kept: dict[str, Any] = {
        "verdicts": [[id_, *_verdict_out(verdict)] for id_, verdict in record.verdicts.items()],
        "decisions": [[id_, [_decision_out(one) for one in made]] for id_, made in record.decisions.items()],
        "horizon": _out(record.horizon),
        "awards": [_award_out(award) for line in record.lines.values() for award in line],
        "said": [[id_, *_said_out(said)] for id_, said in record.said.items()],
        "stacks": [[id_, found.revision, found.level, found.award] for id_, found in record.stacks.items()],
        "credentials": [[id_, *_issued_out(issued)] for id_, issued in record.credentials.items()],
        "identity": record.identity and [record.identity.revision, record.identity.shared],
        "erased": _out(record.erased),
        "erasures": record.erasures,
    }
    return {"kept": orjson.dumps({name: value for name, value in kept.items() if value not in (None, [], 0)}).decode()}


def from_document(learner: str, document: Document) -> Record:
    kept: dict[str, Any] = orjson.loads(document["kept"])
    lines: dict[str, tuple[Award, ...]] = {}
    for listed in kept.get("awards", ()):
        award = _award_in(listed)
        lines[award.achievement] = (*lines.get(award.achievement, ()), award)
    return Record(
        learner,
        verdicts={id_: Verdict(revision, _versions_in(versions)) for id_, revision, versions in kept.get("verdicts", ())},
        decisions={id_: tuple(_decision_in(one) for one in made) for id_, made in kept.get("decisions", ())},
        horizon=_maybe(kept.get("horizon")),
        lines=lines,
        said={id_: _said_in(listed) for id_, *listed in kept.get("said", ())},
        stacks={id_: Standing(revision, level, award) for id_, revision, level, award in kept.get("stacks", ())},
        credentials={id_: _issued_in(listed) for id_, *listed in kept.get("credentials", ())},
        identity=Identity(*kept["identity"]) if "identity" in kept else None,
        erased=_maybe(kept.get("erased")),
        erasures=kept.get("erasures", 0),
    )


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
    return [finding.met, list(finding.by), finding.value, finding.waived, [_finding_out(part) for part in finding.of]]


def _finding_in(kept: Any) -> Finding:
    if isinstance(kept, bool):
        return Finding(kept)
    met, by, value, waived, of = kept
    return Finding(met, tuple(by), value, waived, tuple(_finding_in(part) for part in of))


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
