"""What pydantic says about a document, said so that its author knows where to look and what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.catalog.domain.findings import Finding, error
from shared.events.definitions import (
    Achievement,
    Cost,
    CreditAmount,
    LearningOutcome,
    Level,
    Party,
    Programme,
    Skill,
    Stack,
)
from shared.events.reviews import Criterion, Review, Rubric, RubricLevel
from shared.requirements.model import NODE_KEYS, AtLeast, Selection, Weighted, WeightedMean

Step = str | int

PARTS: Final[dict[str, type[BaseModel]]] = {
    "levels": Level,
    "issuer": Party,
    "designed_by": Party,
    "assessed_by": Party,
    "vouched_for_by": Party,
    "skills": Skill,
    "learning_outcomes": LearningOutcome,
    "credits": CreditAmount,
    "cost": Cost,
    "towards": Programme,
    "reviews": Review,
    "rubric": Rubric,
    "criteria": Criterion,
    "from": Selection,
}
"""What stands under a key of a document. Requirements stand under `requirement`, `all`, `any` and `of`."""

BESIDE: Final = ("effective_from", "teach_out_of_previous")

EXPECTED: Final[dict[str, str]] = {
    "string_type": "this must be text",
    "int_type": "this must be a whole number",
    "int_parsing": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "decimal_type": "this must be a number",
    "decimal_parsing": "this must be a number",
    "bool_type": "this must be true or false",
    "bool_parsing": "this must be true or false",
    "tuple_type": "this must be a list",
    "dict_type": "this must be a mapping of keys to values",
    "missing": "this is missing",
    "finite_number": "this must be an ordinary number",
    "date_from_datetime_parsing": "this must be a day, like 2027-09-01",
    "date_from_datetime_inexact": "this must be a day without a time, like 2027-09-01",
    "date_type": "this must be a day, like 2027-09-01",
    "date_parsing": "this must be a day, like 2027-09-01",
    "time_delta_parsing": "a period is written like P730D (days), P52W (weeks) or P2Y (years of 365 days)",
    "time_delta_type": "a period is written like P730D (days), P52W (weeks) or P2Y (years of 365 days)",
    "url_parsing": "this must be a web address, like https://example.org/…",
    "url_scheme": "this must be a web address that begins with https:// or http://",
    "url_type": "this must be a web address, like https://example.org/…",
    "grade_type": "a grade is text, or a list of texts of which any will do",
    "recursion_loop": "this contains itself",
}

MOST: Final = 200
"""Mistakes of a document that are said at once."""

PATTERNS: Final[dict[str, str]] = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$": "an id has up to 100 letters, digits, dots, hyphens and underscores, and begins with "
    "a letter or digit",
    r"^[^\s\x00-\x1f]+$": "an activity's name has no spaces",
    r"^[A-Z]{3}$": "a currency is three capital letters, like EUR",
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$": "a country is two capital letters, like DE, or a region of it, like DE-BY",
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "a language is a code like en or pt-BR",
}


def explained(refusal: ValidationError, document: Mapping[str, Any]) -> tuple[Finding, ...]:
    """One finding per mistake, in the order of the document, at most one per place and message; the first of very many."""
    found: dict[tuple[str, str], Finding] = {}
    for details in refusal.errors(include_url=False)[:MOST]:
        place, model = _located(details["loc"], document)
        value = _at(document, place)
        if place and place[-1] == "grade":
            details = {**details, "type": "grade_type"}
        if details["type"] == "too_short" and isinstance(value, Sequence) and len(value) >= details["ctx"]["min_length"]:
            continue  # It only seems too short because some of it was refused, and that is said already.
        path = "/".join(map(str, place))
        message = _message(details, place, model, document)
        found.setdefault((path, message), error(path, message))
    return tuple(found.values())


def _located(loc: Sequence[Step], document: Mapping[str, Any]) -> tuple[tuple[Step, ...], type[BaseModel]]:
    """The place in the document, without the names of union members that pydantic puts between, and the model it stands in."""
    model: type[BaseModel] = Stack if "stack" in document else Achievement
    if not loc:
        return (), model
    place: list[Step] = []
    parent = model
    steps = list(loc)
    while steps:
        step = steps.pop(0)
        place.append(step)
        parent = model
        if isinstance(step, str) and step in PARTS:
            model = PARTS[step]
        elif step == "of" and model is WeightedMean:
            model = Weighted
        if step == "levels" and parent is Criterion:
            model = RubricLevel
        if _opens_requirement(place, parent) and steps and steps[0] in NODE_KEYS:
            model = NODE_KEYS[str(steps.pop(0))]
        if step == "grade":
            steps = [later for later in steps if isinstance(later, int)]
        elif step in ("system", "amount", "url", "image"):
            steps = []
    return tuple(place), model if isinstance(place[-1], int) else parent


def _opens_requirement(place: Sequence[Step], model: type[BaseModel]) -> bool:
    if place[-1] == "requirement":
        return True
    if isinstance(place[-1], int) and len(place) > 1:
        return place[-2] in ("all", "any") or (place[-2] == "of" and model is AtLeast)
    return False


def _at(document: object, place: Sequence[Step]) -> object:
    value = document
    for step in place:
        try:
            value = value[step]  # type: ignore[index]  # what can't be looked into raises TypeError
        except (LookupError, TypeError):
            return None
    return value


def _message(details: ErrorDetails, place: Sequence[Step], model: type[BaseModel], document: Mapping[str, Any]) -> str:
    kind, context = details["type"], details.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return _unknown_key(str(place[-1]), model, _at(document, place[:-1]))
        case "missing":
            return f"{place[-1]} is missing"
        case "requirement_unknown" | "union_tag_not_found" | "union_tag_invalid":
            return _not_a_requirement(_at(document, place))
        case "greater_than_equal":
            return f"this must be {context['ge']} or more, but is {_shown(details['input'])}"
        case "greater_than":
            return f"this must be more than {_plain(context['gt'])}, but is {_shown(details['input'])}"
        case "less_than_equal":
            hint = "; write a percentage as a share, like 0.7 for 70%" if str(context["le"]) == "1" else ""
            return f"this must be {context['le']} or less, but is {_shown(details['input'])}{hint}"
        case "too_short":
            return f"at least {context['min_length']} must be given, but there are {context['actual_length']}"
        case "too_long":
            return f"at most {context['max_length']} may be given, but there are {context['actual_length']}"
        case "string_too_short":
            return "this must not be empty"
        case "string_too_long":
            return f"this may have {context['max_length']} characters at most, but has {len(str(details['input']))}"
        case "string_pattern_mismatch":
            rule = PATTERNS.get(context["pattern"], f"this must match {context['pattern']}")
            return f"{_shown(details['input'])} won't do: {rule}"
        case "enum" | "literal_error":
            return f"this must be {re.sub(r'True', 'true', str(context['expected']))}, but is {_shown(details['input'])}"
        case "value_error":
            return str(context["error"])
        case "decimal_max_digits" | "decimal_max_places" | "decimal_whole_digits":
            return f"{_shown(details['input'])} has too many digits: {details['msg'][0].lower()}{details['msg'][1:]}"
        case "model_type" | "dict_type" | "model_attributes_type":
            wanted = PARTS.get(next(step for step in reversed(place) if isinstance(step, str)), model)
            return f"this must be a mapping with {', '.join(wanted.model_fields)}, but is {_shown(details['input'])}"
        case _:
            said = EXPECTED.get(kind, details["msg"][0].lower() + details["msg"][1:])
            return f"{said}, but is {_shown(details['input'])}"


def _unknown_key(key: str, model: type[BaseModel], siblings: object) -> str:
    if model in NODE_KEYS.values() and key in NODE_KEYS:
        own = next(name for name, node in NODE_KEYS.items() if node is model)
        return f"{own} and {key} stand together, but a requirement says one thing; put both under all: or any:"
    known = [field.alias or name for name, field in model.model_fields.items()]
    if model in (Achievement, Stack):
        known += BESIDE
    unused = [name for name in known if not (isinstance(siblings, Mapping) and name in siblings)]
    near = get_close_matches(key, unused, n=1)
    if near:
        return f"{key} is not known here; did you mean {near[0]}?"
    return f"{key} is not known here" + (f"; known are {', '.join(known)}" if len(known) < 10 else "")


def _not_a_requirement(value: object) -> str:
    asks = f"a requirement says one of {', '.join(NODE_KEYS)}"
    if isinstance(value, Mapping):
        near = [match[0] for key in value if (match := get_close_matches(str(key), NODE_KEYS, n=1))]
        said = f"; this says {', '.join(map(str, value))}" if value else "; this says nothing"
        return asks + said + (f": did you mean {near[0]}?" if near else "")
    return f"{asks}, but this is {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, value))}" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if value is None:
        return "empty"
    text = "true" if value is True else "false" if value is False else f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _plain(value: object) -> str:
    return "0" if str(value) == "0:00:00" else str(value)
