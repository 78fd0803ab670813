"""What a credential says was reached. Source: https://www.imsglobal.org/spec/ob/v3p0/ (Result, ResultDescription)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from services.assessment.sources.claims import Nothing, Wrong
from services.assessment.sources.formats.members import mapping, number, text
from services.assessment.sources.formats.points import score_of
from services.assessment.sources.formats.proofs.options import ResultRule
from services.assessment.sources.patterns import fits
from shared.events.completions import Score, Status

STATUSES: Final = {"Completed": Status.PASSED, "Failed": Status.FAILED, "Withdrew": Status.WITHDRAWN}
NOT_FINAL: Final = Nothing("the credential says itself that its achievement is not completed yet")
LONGEST_GRADE: Final = 100

Described = tuple[Mapping[str, Any], Mapping[str, Any], str]
"""A result, its description, and the result's place."""


def status_of(subject: Mapping[str, Any]) -> Status | Nothing:
    """Passed, unless a result of the kind Status says something else."""
    found = Status.PASSED
    for result, _, place in _described(subject):
        said = text(result.get("status"), f"{place}.status")
        if said is None:
            continue
        if said not in STATUSES:
            return NOT_FINAL
        if STATUSES[said] is not Status.PASSED:
            found = STATUSES[said]
    return found


def score_in(subject: Mapping[str, Any], rules: Sequence[ResultRule]) -> Score | None:
    """Of the first result that a rule wants as a score. Raises Wrong."""
    for result, description, place in _wanted(subject, rules, "score"):
        if (level := _level(result, description)) is not None:
            points = [number(mapping(one).get("points"), place) for one in listed(description.get("rubricCriterionLevel"))]
            reached, most = number(level.get("points"), place), max((each for each in points if each is not None), default=None)
            if reached is not None and most is not None and most > 0:
                return score_of(reached, most, place)
        value = number(_number_in(result.get("value")), f"{place}.value")
        if value is None:
            continue
        least = number(description.get("valueMin"), f"{place}.valueMin") or Decimal(0)
        most = number(description.get("valueMax"), f"{place}.valueMax") or _usual_most(description.get("resultType"))
        if most is None:
            raise Wrong("it has no highest value (valueMax), so nobody can say how good it is", place)
        if most <= least or value < least:
            raise Wrong("its value does not lie between valueMin and valueMax", place)
        return score_of(value - least, most - least, place)
    return None


def grade_in(subject: Mapping[str, Any], rules: Sequence[ResultRule]) -> str | None:
    """Of the first result that a rule wants as a grade: its value, or the name of the level reached. Raises Wrong."""
    for result, description, place in _wanted(subject, rules, "grade"):
        level = _level(result, description)
        found = text(result.get("value"), f"{place}.value") or (None if level is None else text(level.get("name"), place))
        if found is not None:
            if len(found) > LONGEST_GRADE:
                raise Wrong(f"a grade has {LONGEST_GRADE} characters at most", f"{place}.value")
            return found
    return None


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _wanted(subject: Mapping[str, Any], rules: Sequence[ResultRule], gives: str) -> Iterator[Described]:
    described = list(_described(subject))
    for rule in rules:
        if rule.gives == gives:
            for one in described:
                names = (one[1].get("name"), one[1].get("id"), one[0].get("resultDescription"))
                if any(isinstance(name, str) and fits(rule.of, name) for name in names):
                    yield one


def _described(subject: Mapping[str, Any]) -> Iterator[Described]:
    descriptions = [mapping(one) for one in listed(mapping(subject.get("achievement")).get("resultDescription"))]
    by_id = {one["id"]: one for one in descriptions if isinstance(one.get("id"), str)}
    for place, one in enumerate(listed(subject.get("result"))):
        result = mapping(one)
        described = result.get("resultDescription")
        description = by_id.get(described, {}) if isinstance(described, str) else {}
        yield result, description, f"credential.credentialSubject.result[{place}]"


def _level(result: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any] | None:
    achieved = result.get("achievedLevel")
    levels = (mapping(one) for one in listed(description.get("rubricCriterionLevel")))
    return next((level for level in levels if isinstance(achieved, str) and level.get("id") == achieved), None)


def _number_in(value: object) -> object:
    """Open Badges has values as text; some write a percent sign into it."""
    return value.strip().removesuffix("%").strip() if isinstance(value, str) else value


def _usual_most(kind: object) -> Decimal | None:
    return {"Percent": Decimal(100), "ScaledScore": Decimal(1)}.get(kind) if isinstance(kind, str) else None
