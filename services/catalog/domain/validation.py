"""Everything that is checked before documents are published, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from services.catalog.domain.dependencies import Dependencies, cycles, not_counted
from services.catalog.domain.document import Submission, kind_of
from services.catalog.domain.entitlements import Entitlements, unentitled
from services.catalog.domain.findings import Finding, error, warning
from services.catalog.domain.known import Known, achievements_of
from services.catalog.domain.learning_outcomes import unassessed
from services.catalog.domain.places import leaves_of, requirements_of
from services.catalog.domain.possibility import impossible, same_levels
from services.catalog.domain.references import unknown_references
from services.catalog.domain.reviews import reviews_asked_for
from shared.events.definitions import Definition, Stack
from shared.requirements.model import MAX_LEAVES
from shared.requirements.tree import leaves

Owners: TypeAlias = dict[str, set[str]]
"""The definitions that use an id, for themselves or for a level."""

NONE: Final[Entitlements] = MappingProxyType({})


def validated(
    submissions: Sequence[Submission], published: Known, now: datetime, entitlements: Entitlements = NONE
) -> Mapping[str, tuple[Finding, ...]]:
    """What is found in each of the definitions, by its id, if they were published together; they may refer to each other.

    Each id stands among the submissions once.
    """
    definitions = [submission.definition for submission in submissions]
    known = published.with_(definitions)
    owners = _owners(version for versions in known.definitions.values() for version in versions)
    found: dict[str, list[Finding]] = {definition.id: [*_own(definition, published, owners)] for definition in definitions}
    for definition in definitions:
        found[definition.id] += unentitled(definition, entitlements)
        found[definition.id] += reviews_asked_for(definition)
    dependencies = Dependencies(known)
    for definition in definitions:
        found[definition.id] += unknown_references(definition, known)
    for id_, finding in cycles(definitions, dependencies):
        found[id_].append(finding)
    for definition in definitions:
        found[definition.id] += not_counted(definition, dependencies)
        found[definition.id] += impossible(definition, dependencies)
        found[definition.id] += unassessed(definition, known)
        found[definition.id] += _abandoned(definition, published, known)
    for submission in submissions:
        found[submission.id] += _window(submission, published, now)
    return {id_: tuple(findings) for id_, findings in found.items()}


def _own(definition: Definition, published: Known, owners: Owners) -> Iterator[Finding]:
    for place, _, requirement in requirements_of(definition):
        count = sum(1 for _ in leaves(requirement))
        if count > MAX_LEAVES:
            yield error(place, f"this has {count} leaves, more than the {MAX_LEAVES} that a requirement may have; split it")
    yield from same_levels(definition)
    yield from _taken(definition, published, owners)


def _taken(definition: Definition, published: Known, owners: Owners) -> Iterator[Finding]:
    """An id means one thing, for ever: an achievement, a stack, or a level of one stack."""
    kind = kind_of(definition)
    before = published.definitions.get(definition.id)
    if before and kind_of(before[-1]) != kind:
        article = "a stack" if kind == "achievement" else "an achievement"
        yield error(kind, f"{definition.id} is {article} already; take another id")
    if definition.id in published.retired:
        yield error(kind, f"{definition.id} is retired; publish this under another id")
    for stack in sorted(owners.get(definition.id, set()) - {definition.id}):
        yield error(kind, f"{definition.id} is taken by a level of the stack {stack}; take another id")
    if isinstance(definition, Stack):
        for i, achievement in enumerate(achievements_of(definition)):
            for other in sorted(owners[achievement.id] - {definition.id}):
                what = "an id of its own" if other == achievement.id else f"a level of the stack {other}"
                yield error(f"levels/{i}/level", f"this level would be awarded as {achievement.id}, which is {what} already")


def _owners(definitions: Iterable[Definition]) -> Owners:
    found: Owners = {}
    for definition in definitions:
        for id_ in (definition.id, *(achievement.id for achievement in achievements_of(definition))):
            found.setdefault(id_, set()).add(definition.id)
    return found


def _abandoned(definition: Definition, published: Known, known: Known) -> Iterator[Finding]:
    """Levels that were there before and that others ask for."""
    before = published.definitions.get(definition.id, ())
    if not isinstance(definition, Stack) or not before:
        return
    gone = {a.id for a in achievements_of(before[-1])} - {a.id for a in achievements_of(definition)}
    if not gone:
        return
    for id_, versions in known.definitions.items():
        for _, _, leaf in leaves_of(versions[-1]):
            named = {getattr(leaf, "achievement", None), f"{getattr(leaf, 'stack', '')}.{getattr(leaf, 'level', '')}"}
            for level in sorted(gone & {name for name in named if name}):
                yield warning("levels", f"the level {level} is gone, but {id_} asks for it: nobody can reach it any more")


def _window(submission: Submission, published: Known, now: datetime) -> Iterator[Finding]:
    starts, teach_out = submission.effective_from or now, submission.teach_out_of_previous
    if teach_out is None:
        return
    if submission.id not in published.definitions:
        yield error("teach_out_of_previous", "there is no version before this one whose teach-out could be set")
    elif teach_out < starts:
        yield error(
            "teach_out_of_previous",
            "the version before would end before this one takes effect, and nothing would count between; "
            "name an earlier effective_from or a later day",
        )
    elif teach_out < now:
        yield warning(
            "teach_out_of_previous",
            "this day has passed: what was earned under the version before since then counts only if it meets this one",
        )
