"""A source's document, read from JSON or YAML with everything that is wrong in it, and its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import ValidationError

from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.formats.format import Format
from shared.http import Problem
from shared.http.problems import invalid

YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")


def source_in(value: object) -> Source:
    """The source that a document describes. Raises the 422 problem with each mistake and its place."""
    if not isinstance(value, dict):
        raise invalid([{"loc": ("body",), "msg": "The document of a source is an object"}])
    known = FORMATS.get(str(value.get("format")))
    errors: list[dict[str, Any]] = []
    if known is not None:
        if not known.registered:
            errors.append({"loc": ("format",), "msg": f"no source can be registered for {known.title}"})
        errors += _mistakes(known.options.model_validate, value.get("options", {}), "options")
    without = {name: part for name, part in value.items() if name != "options" or known is None}
    rest = _mistakes(Source.model_validate, without if errors else value)
    errors += [mistake for mistake in rest if not errors or mistake["loc"][:1] != ("options",)]
    if errors:
        raise invalid([{**error, "loc": ("body", *error["loc"])} for error in errors])
    return Source.model_validate(value)


def _mistakes(validate: Any, value: object, *place: str) -> list[dict[str, Any]]:
    try:
        validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return [{"loc": (*place, *_keys(mistake["loc"])), "msg": mistake["msg"]} for mistake in found]
    return []


def _keys(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Without what pydantic adds of its own, such as the kind of model that it tried."""
    return tuple(step for step in location if isinstance(step, int) or not set(step) & set("(["))


def yaml_in(body: bytes) -> Any:
    """YAML of one document, its numbers and dates as they are written. Raises the 400 problem.

    Aliases are refused: with them, a short text is an endless document.
    """
    try:
        text = body.decode()
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                number = event.start_mark.line + 1 if event.start_mark else 1
                says = f"line {number}: aliases (*name) are not understood here; write it out"
                raise Problem(400, "The body cannot be read as YAML", says)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe one
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Problem(400, "The body cannot be read as YAML", f"{line}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Problem(400, "The body cannot be read as YAML", "It is not UTF-8, or nested too deeply.") from error


class _Loader(yaml.CSafeLoader):
    """No key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name[1][:100]} stands here twice", key.start_mark)
            seen.add(name)
        return dict(super().construct_mapping(node, deep))

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above has it
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def json_schema(known: Format) -> dict[str, Any]:
    """Of the documents of sources of a format, for editors (JSON Schema 2020-12)."""
    schema, options = Source.model_json_schema(), known.options.model_json_schema()
    definitions: Mapping[str, Any] = {**schema.pop("$defs", {}), **options.pop("$defs", {})}
    schema["properties"]["format"] = {"const": known.name, "description": known.title}
    schema["properties"]["options"] = options
    if options.get("required"):
        schema["required"] = [*schema["required"], "options"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "$defs": {name: part for name, part in definitions.items() if name != "Options"},
        "title": f"Source of {known.title}",
    }
