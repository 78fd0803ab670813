"""Caliper's entities: each is an object or, anywhere, nothing but its id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.assessment.sources.claims import Name, Wrong
from services.assessment.sources.formats.members import mapping, text, the_text

PERSON: Final = "caliper:person"
"""The kind of names that are a person's id."""

NOT_ONE_PERSON: Final = frozenset(
    {"Group", "Organization", "CourseSection", "CourseOffering", "SoftwareApplication", "Membership", "Collection"}
)


def term(value: Any) -> str:
    """The last part of a type or action, which may be written as an IRI; empty where there is none."""
    return value.rpartition("/")[2].rpartition("#")[2] if isinstance(value, str) else ""


def id_of(entity: Any, place: str) -> str | None:
    """None where there is no entity. Raises Wrong."""
    if isinstance(entity, Mapping):
        return the_text(entity.get("id"), f"{place}.id")
    return text(entity, place)


def type_of(entity: Any) -> str:
    return term(mapping(entity).get("type"))


def names_of(person: Any, place: str, extensions: Sequence[str]) -> tuple[Name, ...]:
    """How a person is named: by the id, by what the document chose of the extensions, by other identifiers. Raises Wrong."""
    if type_of(person) in NOT_ONE_PERSON:
        raise Wrong("this is no person; a completion is one learner's", place)
    id_ = id_of(person, place)
    if id_ is None:
        return ()
    told = mapping(person).get("extensions")
    others = mapping(person).get("otherIdentifiers")
    chosen = ((path, _extension(told, path)) for path in extensions)
    further = ((mapping(o).get("identifierType"), mapping(o).get("identifier")) for o in _some(others))
    named = [Name(PERSON, id_)]
    named += [
        Name(f"caliper:{kind}", value)
        for kind, sent in (*chosen, *further)
        if isinstance(kind, str) and 0 < len(kind) <= 200 and kind.isascii() and (value := _plain(sent)) is not None
    ]
    return tuple(dict.fromkeys(named))


def _some(items: Any) -> Sequence[Any]:
    return items[:20] if isinstance(items, list) else ()


def _plain(value: Any) -> str | None:
    try:
        return text(value, "")
    except Wrong:
        return None


def _extension(extensions: Any, path: str) -> Any:
    """Names of extensions have dots themselves: the longest that fits is a step."""
    members = mapping(extensions)
    if path in members:
        return members[path]
    for at in reversed([match.start() for match in re.finditer(r"\.", path)]):
        if path[:at] in members:
            return _extension(members[path[:at]], path[at + 1 :])
    return None
