"""What a document refers to must be there: published, or published together with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from services.catalog.domain.findings import Finding, error, warning
from services.catalog.domain.known import Known
from services.catalog.domain.places import leaves_of
from shared.events.definitions import Definition
from shared.requirements.model import Achievements, AtLevel, Credits, Held, Leaf, Selection, Skills


def unknown_references(definition: Definition, known: Known) -> Iterator[Finding]:
    """Errors about ids, levels, tags and issuers that match nothing; warnings about retired ones and skills nobody gives."""
    for place, _, leaf in leaves_of(definition):
        yield from _in_leaf(place, leaf, known)


def _in_leaf(place: str, leaf: Leaf, known: Known) -> Iterator[Finding]:
    match leaf:
        case Held():
            yield from _achievement(f"{place}/achievement", leaf.achievement, known)
            yield from _from_version(place, leaf, known)
        case AtLevel():
            yield from _level(place, leaf, known)
        case Credits() | Achievements():
            yield from _selection(f"{place}/from", leaf.from_, known)
        case Skills():
            for i, code in enumerate(leaf.among):
                if code not in known.by_skill:
                    near = _near(code, known.by_skill)
                    yield warning(f"{place}/among/{i}", f"no achievement assesses or teaches the skill {code} as yet{near}")
        case _:
            return


def _achievement(place: str, id_: str, known: Known) -> Iterator[Finding]:
    if id_ in known.stacks and id_ not in known.achievements:
        levels = ", ".join(f"{id_}.{level.level}" for level in known.stacks[id_].levels)
        yield error(place, f"{id_} is a stack, not an achievement; what is held are its levels: {levels}")
    elif id_ not in known.achievements:
        yield error(place, f"there is no achievement {id_}{_near(id_, known.achievements)}")
    elif known.level_stack.get(id_, id_) in known.retired:
        yield warning(place, f"{id_} is retired: only those who hold it already can meet this")
    elif (stack := known.level_stack.get(id_)) and id_ not in _current_levels(stack, known):
        yield warning(place, f"{id_} is no level of {stack} any more: only those who hold it already can meet this")


def _from_version(place: str, leaf: Held, known: Known) -> Iterator[Finding]:
    versions = known.definitions.get(known.level_stack.get(leaf.achievement, leaf.achievement))
    if leaf.from_version and versions and leaf.from_version > len(versions):
        newest = f"the newest is version {len(versions)}"
        yield error(f"{place}/from_version", f"there is no version {leaf.from_version} of {leaf.achievement}; {newest}")


def _level(place: str, leaf: AtLevel, known: Known) -> Iterator[Finding]:
    stack = known.stacks.get(leaf.stack)
    if stack is None:
        if leaf.stack in known.achievements:
            yield error(f"{place}/stack", f"{leaf.stack} is an achievement, not a stack; write achievement: {leaf.stack}")
        else:
            yield error(f"{place}/stack", f"there is no stack {leaf.stack}{_near(leaf.stack, known.stacks)}")
        return
    ids = [level.level for level in stack.levels]
    if leaf.level not in ids:
        yield error(f"{place}/level", f"{leaf.stack} has no level {leaf.level}; its levels are {', '.join(ids)}")
    elif leaf.stack in known.retired:
        yield warning(f"{place}/stack", f"{leaf.stack} is retired: only those who stand at this level already can meet this")


def _selection(place: str, selection: Selection, known: Known) -> Iterator[Finding]:
    for i, id_ in enumerate(selection.achievements):
        yield from _achievement(f"{place}/achievements/{i}", id_, known)
    for i, tag in enumerate(selection.tags):
        if tag not in known.by_tag:
            yield error(f"{place}/tags/{i}", f"nothing is tagged {tag}{_near(tag, known.by_tag)}")
    for i, issuer in enumerate(selection.issuers):
        if issuer not in known.by_issuer:
            yield error(f"{place}/issuers/{i}", f"nothing is issued by {issuer}{_near(issuer, known.by_issuer)}")


def _current_levels(stack: str, known: Known) -> set[str]:
    return {f"{stack}.{level.level}" for level in known.stacks[stack].levels}


def _near(wanted: str, there: Iterable[str]) -> str:
    near = get_close_matches(wanted, list(there), n=1)
    return f"; did you mean {near[0]}?" if near else ""
