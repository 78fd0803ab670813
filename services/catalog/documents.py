"""The published JSON Schemas of documents, by which an editor completes and checks them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import TaggedUnionSchema

from services.catalog.domain.document import MODELS


class _Documents(GenerateJsonSchema):
    """Nodes of a requirement are told apart by their keys, so that any one of them will do: editors explain that better."""

    def tagged_union_schema(self, schema: TaggedUnionSchema) -> JsonSchemaValue:
        made = super().tagged_union_schema(schema)
        made["anyOf"] = made.pop("oneOf")
        return made


def json_schemas() -> dict[str, dict[str, Any]]:
    """By file name, the JSON Schema (2020-12) of an achievement's document and of a stack's."""
    return {
        f"{kind}.json": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{kind.capitalize()} document of Cairn",
            **_without_titles(model.model_json_schema(by_alias=True, schema_generator=_Documents)),
        }
        for kind, model in MODELS.items()
    }


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """A title that only repeats the key says nothing."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    for part in schema.get("$defs", {}).values():
        part.pop("title", None)
        for value in part.get("properties", {}).values():
            value.pop("title", None)
    for value in schema.get("properties", {}).values():
        value.pop("title", None)
    return schema
