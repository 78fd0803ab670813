"""The JSON Schema of every event type: what may be on its topic, and so what a reader must be able to read."""

from __future__ import annotations

from typing import Any, Final

from shared.events.envelope import Message
from shared.topics import TOPICS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def events() -> dict[str, type[Message]]:
    """Every event model in the registry, by its type."""
    return {model.TYPE: model for topic in TOPICS for model in topic.events}


def schema_of(model: type[Message]) -> Schema:
    """In the order in which people read it; without the titles that only repeat the names."""
    schema = _untitled(model.model_json_schema())
    return {"$schema": DIALECT, "$id": f"urn:cairn:{model.TYPE}", "title": model.TYPE} | {
        name: said for name, said in schema.items() if name != "title"
    }


def schemas() -> dict[str, Schema]:
    """By event type."""
    return {name: schema_of(model) for name, model in events().items()}


def _untitled(schema: Any, *, names: bool = False) -> Any:
    """`names`: whether the keys of this object are names of fields, where `title` would be a field."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: part
        if key in ("default", "const", "enum", "examples") and not names
        else _untitled(part, names=key in ("properties", "$defs"))
        for key, part in schema.items()
        if names or not (key == "title" and isinstance(part, str))
    }
