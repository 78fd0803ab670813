"""What is said of one learner and one achievement: the parts of all its versions, and the verdict that tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from services.assessment.domain.attempts import Archive
from services.assessment.domain.decisions import Ruling
from services.assessment.domain.record import PartKey, PartSaid
from services.assessment.domain.rules import AchievementRule, PartRule, VersionRule
from services.assessment.domain.verdicts import Case
from shared.events.assessment import Part, Turn, VerdictReached, VersionVerdict
from shared.events.envelope import Cause
from shared.requirements.tree import Finding

MOST_NODES: Final = 4_000
"""How many nodes a verdict explains: a message has room for one megabyte. What is met goes before what is open."""


def cases(rule: AchievementRule, archive: Archive, rulings: tuple[Ruling, ...]) -> Iterator[Case]:
    """Every part of every version, and every waived node outside of them."""
    for version in rule.versions:
        own = tuple(ruling for ruling in rulings if ruling.decision.version == version.version)
        for part in version.parts:
            yield Case(version, part, archive, tuple(r for r in own if part.covers(r.decision.path)))
        for part in _waived_parts(version, own):
            yield Case(version, part, archive, tuple(r for r in own if r.decision.path == part.path))


def _waived_parts(version: VersionRule, rulings: tuple[Ruling, ...]) -> Iterator[PartRule]:
    paths = sorted({ruling.decision.path for ruling in rulings if ruling.decision.waives})
    for path in paths:
        if not any(part.covers(path) for part in version.parts) and (part := version.waivable(path)) is not None:
            yield part


def is_met(rule: AchievementRule, parts: Mapping[PartKey, PartSaid]) -> bool | None:
    """Whether a version's whole requirement is met; None where that also depends on awards."""
    if any(said.since is not None for (_, path), said in parts.items() if not path):
        return True
    entries_only = all(len(version.parts) == 1 and not version.parts[0].path for version in rule.versions)
    return False if entries_only else None


def verdict(
    learner: str,
    rule: AchievementRule,
    archive: Archive,
    rulings: tuple[Ruling, ...],
    parts: Mapping[PartKey, PartSaid],
    revision: int,
    cause: Cause,
) -> VerdictReached:
    """The fact that tells what is said of the parts, with what meets them and how far the others have come."""
    found: dict[int, list[Part]] = {}
    room = MOST_NODES
    for case in sorted(cases(rule, archive, rulings), key=lambda case: _is_open(case, parts)):
        said = parts.get((case.version.version, case.part.path))
        since = said.since if said is not None else None
        finding = case.view().explained(since)
        room -= nodes(finding)
        part = Part(
            path=case.part.path,
            turns=tuple(Turn(at=at, since=met_since) for at, met_since in said.turns) if said is not None else (),
            again=said.again if said is not None else (),
            finding=finding if room >= 0 else Finding(finding.met, waived=finding.waived),
        )
        found.setdefault(case.version.version, []).append(part)
    return VerdictReached(
        learner=learner,
        achievement=rule.id,
        met=is_met(rule, parts),
        versions=tuple(
            VersionVerdict(version=version, parts=tuple(sorted(found[version], key=lambda part: part.path)))
            for version in sorted(found)
        ),
        revision=revision,
        cause=cause,
    )


def _is_open(case: Case, parts: Mapping[PartKey, PartSaid]) -> bool:
    said = parts.get((case.version.version, case.part.path))
    return said is None or said.since is None


def nodes(finding: Finding) -> int:
    return 1 + len(finding.by) + len(finding.results or ()) + len(finding.links or ()) + sum(map(nodes, finding.of))
