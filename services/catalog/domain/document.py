"""Documents as authors write them: a definition, and beside it from when on it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, ValidationError

from services.catalog.domain.findings import Finding, error
from services.catalog.domain.mistakes import explained
from shared.events.definitions import Achievement, Definition, Described, Stack

Kind: TypeAlias = Literal["achievement", "stack"]

MAX_DEPTH: Final = 100
"""Deeper than any person nests, and shallow enough for every reader's call stack."""


class InForceFrom(Described):
    """When a version counts, as its author says it."""

    effective_from: Annotated[
        date | None,
        Field(
            description="The day (from midnight UTC) from which this version is in force. Left out: a first version "
            "since ever, a revision from its publication on."
        ),
    ] = None
    teach_out_of_previous: Annotated[
        date | None,
        Field(
            description="The day (midnight UTC) until which the version before stays in force beside this one. "
            "Left out: it ends when this one takes effect."
        ),
    ] = None


class AchievementDocument(Achievement, InForceFrom):
    """An achievement as an author writes it: a microcredential and what a learner must show for it."""


class StackDocument(Stack, InForceFrom):
    """A stack as an author writes it: levels, the lowest first, each with what it requires."""


MODELS: Final[dict[Kind, type[AchievementDocument] | type[StackDocument]]] = {
    "achievement": AchievementDocument,
    "stack": StackDocument,
}


@dataclass(frozen=True, slots=True)
class Submission:
    """A document that was read: what is to be published, and from when on."""

    definition: Definition
    effective_from: datetime | None = None
    teach_out_of_previous: datetime | None = None

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def kind(self) -> Kind:
        return kind_of(self.definition)


def kind_of(definition: Definition) -> Kind:
    return "stack" if isinstance(definition, Stack) else "achievement"


def read(document: object) -> Submission | tuple[Finding, ...]:
    """The submission, or all that keeps the document from being one."""
    if not isinstance(document, Mapping):
        return (error("", "a document is a mapping that begins with achievement: <id> or stack: <id>"),)
    kinds: list[Kind] = [kind for kind in MODELS if kind in document]
    if len(kinds) != 1:
        said = "both" if kinds else "neither"
        return (error("", f"a document says either achievement: <id> or stack: <id>; this one says {said}"),)
    if (place := _too_deep(document)) is not None:
        return (error(place, f"this is nested more than {MAX_DEPTH} deep; no reader could follow it"),)
    model = MODELS[kinds[0]]
    try:
        read_ = model.model_validate(document)
    except ValidationError as refusal:
        return explained(refusal, document)
    return Submission(
        definition=_definition(read_),
        effective_from=None if read_.effective_from is None else midnight(read_.effective_from),
        teach_out_of_previous=None if read_.teach_out_of_previous is None else midnight(read_.teach_out_of_previous),
    )


def _definition(document: AchievementDocument | StackDocument) -> Definition:
    plain: type[Achievement] | type[Stack] = Achievement if isinstance(document, AchievementDocument) else Stack
    said = document.model_fields_set & plain.model_fields.keys()
    values = {name: getattr(document, name) for name in plain.model_fields}
    return plain.model_construct(_fields_set=set(said), **values)


def midnight(day: date) -> datetime:
    """The moment in UTC at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _too_deep(document: object) -> str | None:
    """The place at which it becomes too deep. Without recursion, because of what it guards against."""
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return place
        if isinstance(value, Mapping):
            waiting += [(f"{place}/{key}".lstrip("/"), part, depth + 1) for key, part in value.items()]
        elif isinstance(value, (list, tuple)):
            waiting += [(f"{place}/{i}".lstrip("/"), part, depth + 1) for i, part in enumerate(value)]
    return None
