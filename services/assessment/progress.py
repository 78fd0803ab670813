"""How far a learner has come with an achievement: each version's requirement, with what meets it and what is still open.

It is the evaluation that decides, on the record as it is: parts that are met are shown as they were when they were met.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.assessment.domain.achievements import cases, is_met
from services.assessment.domain.attempts import Archive
from services.assessment.domain.record import PartSaid, Record
from services.assessment.domain.rules import AchievementRule, VersionRule
from services.assessment.domain.verdicts import assess
from shared.events.envelope import Instant
from shared.requirements.model import AWARD_LEAVES, Leaf, Requirement
from shared.requirements.sentences import Names, label, sentence
from shared.requirements.tree import EARLIEST, Finding, Judged, Moment, evaluate, joined, parts_of


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True)


class Node(Shown):
    """One node of a requirement. `met` is None where that depends on awards, which awarding decides."""

    path: Annotated[str, Field(description="the way from the root, as waivers name it")]
    says: str
    met: bool | None
    since: Annotated[Instant | None, Field(description="since when a part that assessment decides has been met")] = None
    by: Annotated[tuple[str, ...], Field(description="ids of the entries that count here")] = ()
    value: Annotated[str | None, Field(description="the score, mean or number of parts reached")] = None
    waived: Annotated[str | None, Field(description="the decision that stands in for it")] = None
    results: Annotated[tuple[Judged, ...] | None, Field(description="what people judged, by a rubric's criteria")] = None
    links: Annotated[tuple[str, ...] | None, Field(description="what the learner shows of it")] = None
    decided_by: Literal["assessment", "awarding"] | None = None
    of: tuple[Node, ...] = ()


class VersionProgress(Shown):
    version: int
    effective_from: Instant | None
    teach_out_ends: Instant | None
    says: Annotated[str, Field(description="the whole requirement as a sentence")]
    met: bool | None
    requirement: Node


class Progress(Shown):
    learner: str
    achievement: str
    name: str
    met: bool | None
    versions: tuple[VersionProgress, ...]


def progress(record: Record, rule: AchievementRule, names: Names) -> Progress:
    """Evaluated now, so that it holds also for what no verdict was reached on yet."""
    archive = Archive(record)
    found: dict[tuple[int, str], tuple[PartSaid | None, Finding]] = {}
    for case in cases(rule, archive, record.rulings(rule.id)):
        said = assess(case, None)
        finding = case.view().explained(said.since if said is not None else None)
        found[case.version.version, case.part.path] = said, finding
    parts = {key: said for key, (said, _) in found.items() if said is not None}
    return Progress(
        learner=record.learner,
        achievement=rule.id,
        name=names("achievement", rule.id),
        met=is_met(rule, parts),
        versions=tuple(
            _version(version, {path: told for (number, path), told in found.items() if number == version.version}, names)
            for version in rule.versions
        ),
    )


def _version(version: VersionRule, parts: dict[str, tuple[PartSaid | None, Finding]], names: Names) -> VersionProgress:
    """Awards are taken once as not held and once as held: where that makes a difference, nobody knows here."""

    def known(path: str, _: Moment) -> Finding | None:
        told = parts.get(path)
        if told is None or (not told[1].met and not any(part.path == path for part in version.parts)):
            return None
        return told[1]

    def seen(held: bool) -> Finding:
        def look_up(leaf: Leaf, path: str, moment: Moment) -> Finding:
            return Finding(met=held)

        return evaluate(version.requirement, look_up, Moment(EARLIEST), known)

    tree = _node("", version.requirement, seen(False), seen(True), parts, names)
    return VersionProgress(
        version=version.version,
        effective_from=version.effective_from,
        teach_out_ends=version.teach_out_ends,
        says=sentence(version.requirement, names),
        met=tree.met,
        requirement=tree,
    )


def _node(
    path: str,
    node: Requirement,
    least: Finding,
    most: Finding,
    parts: dict[str, tuple[PartSaid | None, Finding]],
    names: Names,
) -> Node:
    said = parts[path][0] if path in parts else None
    steps = parts_of(node) if len(least.of) == len(parts_of(node)) else ()
    awards = isinstance(node, AWARD_LEAVES)
    return Node(
        path=path,
        says=label(node, names),
        met=True if least.met else None if most.met else False,
        since=said.since if said is not None else None,
        by=least.by,
        value=least.value,
        waived=least.waived,
        results=least.results,
        links=least.links,
        decided_by="awarding" if awards else "assessment" if not steps else None,
        of=tuple(_node(joined(path, step), part, least.of[i], most.of[i], parts, names) for i, (step, part) in enumerate(steps)),
    )
