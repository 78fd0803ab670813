"""Activities, and the references to other statements that may stand in their place."""

from __future__ import annotations

from typing import Any, Final

from services.assessment.sources.formats.xapi.values import (
    each,
    extensions,
    iri,
    is_uuid,
    language_map,
    members,
    required,
    text,
    uuid,
    wrong,
)

_ACTIVITY: Final = frozenset({"objectType", "id", "definition"})
_REFERENCE: Final = frozenset({"objectType", "id"})
_COMPONENTS: Final = ("choices", "scale", "source", "target", "steps")
_INTERACTION: Final = frozenset({"correctResponsesPattern", *_COMPONENTS})
_DEFINITION: Final = _INTERACTION | {"name", "description", "type", "moreInfo", "extensions", "interactionType"}
_COMPONENT: Final = frozenset({"id", "description"})
_KINDS: Final = frozenset({
    "true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric", "other",
})  # fmt: skip


def activity(value: Any, place: str) -> None:
    members(value, place, _ACTIVITY)
    iri(required(value, "id", place), f"{place}.id")
    _described(value, place)


def context_activity(value: Any, place: str) -> None:
    """As an activity; its id may also be a bare UUID, for Open edX calls attempts at timed exams so."""
    members(value, place, _ACTIVITY)
    if not is_uuid(required(value, "id", place)):
        iri(value["id"], f"{place}.id")
    _described(value, place)


def reference(value: Any, place: str) -> None:
    """To a statement; it need not be one that anybody has."""
    members(value, place, _REFERENCE)
    if value.get("objectType") != "StatementRef":
        raise wrong("the objectType here must be StatementRef", f"{place}.objectType")
    uuid(required(value, "id", place), f"{place}.id")


def _described(value: dict[str, Any], place: str) -> None:
    if value.get("objectType", "Activity") != "Activity":
        raise wrong("the objectType here must be Activity", f"{place}.objectType")
    if "definition" in value:
        _definition(value["definition"], f"{place}.definition")


def _definition(value: Any, place: str) -> None:
    members(value, place, _DEFINITION)
    if "name" in value:
        language_map(value["name"], f"{place}.name")
    if "description" in value:
        language_map(value["description"], f"{place}.description")
    if "type" in value:
        iri(value["type"], f"{place}.type")
    if "moreInfo" in value:
        iri(value["moreInfo"], f"{place}.moreInfo")
    if "extensions" in value:
        extensions(value["extensions"], f"{place}.extensions")
    if "interactionType" in value or _INTERACTION & value.keys():
        _interaction(value, place)


def _interaction(value: dict[str, Any], place: str) -> None:
    kind = required(value, "interactionType", place)
    if type(kind) is not str or kind not in _KINDS:
        raise wrong(f"this must be one of {', '.join(sorted(_KINDS))}", f"{place}.interactionType")
    if "correctResponsesPattern" in value:
        each(value["correctResponsesPattern"], f"{place}.correctResponsesPattern", text)
    for name in _COMPONENTS:
        if name in value:
            listed = each(value[name], f"{place}.{name}", _component)
            if len({one["id"] for one in listed}) < len(listed):
                raise wrong("the ids of interaction components must differ", f"{place}.{name}")


def _component(value: Any, place: str) -> None:
    members(value, place, _COMPONENT)
    text(required(value, "id", place), f"{place}.id")
    if "description" in value:
        language_map(value["description"], f"{place}.description")
