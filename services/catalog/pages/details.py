"""What the page of one version shows, put together for the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from markupsafe import Markup

from services.catalog.domain.changes import changes
from services.catalog.domain.versions import Version
from services.catalog.pages.cards import Shelves, credits_of, shown, skills_of
from services.catalog.pages.criteria import Node, Reader
from services.catalog.publishing import Stock
from shared.events.catalog import Endorsement
from shared.events.definitions import Achievement, CreditAmount, Definition, LearningOutcome, Level, Skill, Stack
from shared.requirements.sentences import sentence

SHORT: Final = 60
"""Characters of a value up to which a change shows it before and after."""

Standing = Literal["now", "later", "ended", "retired"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A learning outcome, and what assesses it."""

    id: str
    text: str
    assessed_by: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A level of a stack. `states` are the stones of the cairn that has grown up to it."""

    level: Level
    achievement: Achievement
    states: tuple[str, ...]
    tree: Node
    skills: tuple[Skill, ...]
    outcomes: tuple[Outcome, ...]
    credits: CreditAmount | None
    vouching: tuple[Vouching, ...]
    wanted_by: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Vouching:
    """An endorsement as it stands: `ended` if its time has passed."""

    endorsement: Endorsement
    ended: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of the document that changed. `level` names the level it belongs to; `old` and `new` are texts short enough to
    show, or None."""

    member: str
    level: str | None
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Edition:
    """A version in the history, and how it differs from the one before."""

    version: Version
    standing: Standing
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    version: Version
    definition: Definition
    current: Version
    standing: Standing
    tree: Node | None
    states: tuple[str, ...]
    steps: tuple[Step, ...]
    skills: tuple[Skill, ...]
    outcomes: tuple[Outcome, ...]
    credits: CreditAmount | None
    vouching: tuple[Vouching, ...]
    wanted_by: tuple[Version, ...]
    editions: tuple[Edition, ...]
    summary: str


def detail(version: Version, stock: Stock, shelves: Shelves, reader: Reader, now: datetime) -> Detail:
    definition = version.definition
    versions = stock.shelf.of(version.id)
    return Detail(
        version=version,
        definition=definition,
        current=shown(versions, now),
        standing=standing(version, now),
        tree=None if isinstance(definition, Stack) else reader.tree(definition.requirement),
        states=("valid",) * len(version.levels) if version.levels else ("valid",),
        steps=tuple(_steps(version, shelves, reader, now)),
        skills=tuple(skills_of(definition)),
        outcomes=_outcomes(definition.learning_outcomes, reader),
        credits=credits_of(definition),
        vouching=_vouching(version, version.id, now),
        wanted_by=shelves.wanted_by.get(version.id, ()),
        editions=tuple(reversed([*_editions(versions, reader, now)])),
        summary=definition.description.split("\n")[0][:200],
    )


def standing(version: Version, now: datetime) -> Standing:
    if version.counts_at(now):
        return "now"
    if version.effective_from is not None and version.effective_from > now:
        return "later"
    return "retired" if version.retired else "ended"


def _steps(version: Version, shelves: Shelves, reader: Reader, now: datetime) -> Iterable[Step]:
    definition = version.definition
    assert isinstance(definition, Stack) or not version.levels
    levels = definition.levels if isinstance(definition, Stack) else ()
    for number, (level, achievement) in enumerate(zip(levels, version.levels, strict=True), 1):
        yield Step(
            level=level,
            achievement=achievement,
            states=("valid",) * number + ("open",) * (len(levels) - number),
            tree=reader.tree(level.requirement),
            skills=level.skills,
            outcomes=_outcomes(level.learning_outcomes, reader),
            credits=level.credits,
            vouching=_vouching(version, achievement.id, now),
            wanted_by=shelves.wanted_by.get(achievement.id, ()),
        )


def _outcomes(outcomes: Iterable[LearningOutcome], reader: Reader) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(outcome.id, outcome.text, tuple(reader.assessed_by(name) for name in outcome.assessed_by)) for outcome in outcomes
    )


def _vouching(version: Version, about: str, now: datetime) -> tuple[Vouching, ...]:
    return tuple(
        Vouching(each, each.valid_until is not None and each.valid_until <= now)
        for each in version.endorsements
        if each.about == about
    )


def _editions(versions: Sequence[Version], reader: Reader, now: datetime) -> Iterable[Edition]:
    before: Version | None = None
    for version in versions:
        found = () if before is None else tuple(_differences(before.definition, version.definition, reader))
        yield Edition(version, standing(version, now), found)
        before = version


def _differences(old: Definition, new: Definition, reader: Reader) -> Iterable[Difference]:
    """One for each member that changed, in the order of the document."""
    told: set[tuple[str, str | None]] = set()
    for change in changes(old, new):
        path = change.place.split("/")
        level: str | None = None
        before: str | None
        after: str | None
        if path[0] == "levels" and len(path) > 1 and isinstance(new, Stack):
            level, path = new.levels[int(path[1])].name, path[2:]
        member = path[0] if path else "levels"
        if (member, level) in told:
            continue
        told.add((member, level))
        whole = len(path) == 1
        if member == "requirement":
            before, after = (_requirement(definition, change.place, reader) for definition in (old, new))
        else:
            before, after = (_short(value) if whole else None for value in (change.old, change.new))
        yield Difference(member, level, before, after)


def _requirement(definition: Definition, place: str, reader: Reader) -> str:
    requirement = (
        definition.levels[int(place.split("/")[1])].requirement if isinstance(definition, Stack) else definition.requirement
    )
    return sentence(requirement, reader.names, reader.language)


def _short(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and len(str(value)) <= SHORT else None
