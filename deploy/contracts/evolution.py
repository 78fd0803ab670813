"""Whether a schema changed so that somebody who reads (or still sends) the older form would break.

Two versions of a schema are walked together. A difference is *breaking*, or it asks that *readers come first*: the newer
schema allows what a reader of the older one refuses, so all readers must be upgraded before the first producer. On topics that
strangers write, they are the producers and we the readers, so what is only wider there is no difference at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.topics import TOPICS, Topic

Schema = dict[str, Any]
Weight = Literal["breaking", "readers first"]

AT_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
AT_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
FORMS: Final = ("pattern", "format", "multipleOf", "uniqueItems")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference at a place such as `levels[].name`."""

    weight: Weight
    place: str
    says: str

    def __str__(self) -> str:
        return f"{self.weight}: {self.place or 'the message'} {self.says}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A form that a value can have, without references; `reference` is the one that led to it, if any."""

    schema: Schema
    reference: str


def changes(old: Schema, new: Schema) -> list[Change]:
    """All differences that matter to somebody, in the order of the older schema."""
    return list(dict.fromkeys(_Walk(old, new).at(old, new, "")))


def verdicts(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """What a release would break or ask for: each line names the topic and the readers. Both maps are by event type."""
    said = []
    for name, schema in old.items():
        topics = [topic for topic in TOPICS if any(name == model.TYPE for model in topic.events)]
        where = "; ".join(f"topic {topic.name}, read by {', '.join(topic.readers)}" for topic in topics)
        if name not in new:
            said.append(f"breaking: {name} is gone; whoever reads it waits for ever, and what is kept of it cannot be read")
            continue
        said += [f"{change} ({name}, {where})" for change in changes(schema, new[name]) if _concerns(change, topics)]
    return said


def _concerns(change: Change, topics: Sequence[Topic]) -> bool:
    return change.weight == "breaking" or not all(topic.strangers_write for topic in topics)


class _Walk:
    """Two documents walked side by side. A pair of references is entered once, since schemas lead back to themselves."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._entered: set[tuple[str, str]] = set()

    def at(self, old: Any, new: Any, place: str) -> Iterator[Change]:
        before, after = _variants(self._old, old), _variants(self._new, new)
        if len(before) == len(after) == 1:  # then they are compared whatever they are called
            yield from self._entered_once(next(iter(before.values())), next(iter(after.values())), place)
            return
        for name, variant in before.items():
            if name in after:
                yield from self._entered_once(variant, after[name], place)
            else:
                yield Change("breaking", place, f"can no longer be {name}")
        for name in after.keys() - before.keys():
            yield Change("readers first", place, f"can now also be {name}")

    def _entered_once(self, old: Variant, new: Variant, place: str) -> Iterator[Change]:
        references = (old.reference, new.reference)
        if all(references):
            if references in self._entered:
                return
            self._entered.add(references)
        yield from self._form(old.schema, new.schema, place)

    def _form(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        yield from _types(old, new, place)
        yield from _values(old, new, place)
        yield from _limits(old, new, place)
        yield from self._members(old, new, place)
        if "items" in old and "items" in new:
            yield from self.at(old["items"], new["items"], f"{place}[]")
        before, after = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self.at(before, after, f"{place}.*".lstrip("."))
        elif before is not False and after is False:
            yield Change("breaking", place, "no longer allows further members")

    def _members(self, old: Schema, new: Schema, place: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, member in before.items():
            inside = f"{place}.{name}".lstrip(".")
            if name not in after:
                yield Change("breaking", inside, "is gone (or renamed): its readers find nothing there")
                continue
            yield from self.at(member, after[name], inside)
            if name in needs - needed:
                yield Change("breaking", inside, "is required now: what was sent without it cannot be read")
            if name in needed - needs:
                yield Change("readers first", inside, "may be left out now")
        for name in after.keys() - before.keys():
            inside = f"{place}.{name}".lstrip(".")
            if name in needs:
                yield Change("breaking", inside, "is new and required: what was sent without it cannot be read")
            elif old.get("additionalProperties") is False:
                yield Change("readers first", inside, "is new where nothing unknown is allowed")


def _reference(schema: Any) -> str:
    return str(schema.get("$ref", "")) if isinstance(schema, dict) else ""


def _resolved(document: Schema, schema: Any) -> Schema:
    """Without references; what stands beside a reference counts too. `true` is a schema without demands."""
    if not isinstance(schema, dict):
        return {} if schema is not False else {"not": {}}
    while (reference := schema.get("$ref")) is not None:
        target: Any = document
        for step in str(reference).removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **{name: said for name, said in schema.items() if name != "$ref"}}
    return dict(schema)


def _variants(document: Schema, schema: Any) -> dict[str, Variant]:
    """The forms it can have, by a name that stays when other forms come or go."""
    reference, schema = _reference(schema), _resolved(document, schema)
    forms = next((schema[name] for name in ("anyOf", "oneOf") if name in schema), None)
    if forms is None:
        return {reference.rpartition("/")[2] or _name(schema): Variant(schema, reference)}
    return {name: variant for form in forms for name, variant in _variants(document, form).items()}


def _name(schema: Schema) -> str:
    kind = schema.get("type", "anything")
    return "/".join(sorted(kind)) if isinstance(kind, list) else str(kind)


def _types(old: Schema, new: Schema, place: str) -> Iterator[Change]:
    before, after = _kinds(old), _kinds(new)
    if after is not None and (before is None or not before <= after):
        yield Change("breaking", place, f"is {_said(after)} now and was {_said(before)}")
    elif before is not None and (after is None or not after <= before):
        yield Change("readers first", place, f"is {_said(after)} now and was {_said(before)}")


def _kinds(schema: Schema) -> frozenset[str] | None:
    """The types that it allows; None: any. Every integer is a number."""
    kind = schema.get("type")
    if kind is None:
        return None
    kinds = frozenset(kind if isinstance(kind, list) else [kind])
    return kinds | {"integer"} if "number" in kinds else kinds


def _said(kinds: frozenset[str] | None) -> str:
    return "anything" if kinds is None else " or ".join(sorted(kinds))


def _values(old: Schema, new: Schema, place: str) -> Iterator[Change]:
    before, after = _allowed(old), _allowed(new)
    if before is None and after is None:
        return
    if after is not None:
        gone = "other values" if before is None else ", ".join(sorted(map(repr, before - after)))
        if gone:
            yield Change("breaking", place, f"no longer allows {gone}")
    if before is not None and (after is None or after - before):
        came = "any value" if after is None else ", ".join(sorted(map(repr, after - before)))
        yield Change("readers first", place, f"now allows {came}")


def _allowed(schema: Schema) -> frozenset[Any] | None:
    if "const" in schema:
        return frozenset([schema["const"]])
    return frozenset(schema["enum"]) if "enum" in schema else None


def _limits(old: Schema, new: Schema, place: str) -> Iterator[Change]:
    for names, sign in ((AT_MOST, 1), (AT_LEAST, -1)):
        for name in names:
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            narrower = before is None or (after is not None and sign * after < sign * before)
            yield Change("breaking" if narrower else "readers first", place, f"has {name} {after} and had {before}")
    for name in FORMS:
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change("readers first" if after is None else "breaking", place, f"has {name} {after} and had {before}")
