"""What a statement's verb and result say together: a status, a score and a grade."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Final

from services.assessment.sources.claims import Nothing, Result
from services.assessment.sources.formats.xapi.values import wrong
from services.assessment.sources.formats.xapi.verbs import Meaning
from shared.events.completions import Score, Status

MASTERY: Final = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"
MOVE_ON: Final = "https://w3id.org/xapi/cmi5/context/extensions/moveon"
CLASSIFICATIONS: Final = (
    "http://www.tincanapi.co.uk/activitytypes/grade_classification",
    "http://www.tincanapi.co.uk/extensions/result/classification",
)
"""Where Open edX says a letter grade."""

OUT_OF_NOTHING: Final = Nothing("its score is out of nothing: the most is not more than the least")
UNDECIDED: Final = Nothing("its verb leaves it to the result what happened, and the result doesn't say")

_TEN_PLACES: Final = Decimal("1e-10")
_SIX_PLACES: Final = Decimal("1e-6")
_MOST_POINTS: Final = 10**6
_LONG: Final = 200
"""Bytes of a number that is too long to be worth remembering."""

Number = Decimal | int | None

_PLAIN: Final = {
    Meaning.REGISTERED: Result(Status.REGISTERED),
    Meaning.STARTED: Result(Status.STARTED),
    Meaning.WITHDRAWN: Result(Status.WITHDRAWN),
}


def concluded(meaning: Meaning, result: dict[str, Any], extensions: dict[str, Any]) -> Result | Nothing:
    """`extensions` are the context's. Raises Wrong where verb and result contradict each other."""
    if (plain := _PLAIN.get(meaning)) is not None:
        return plain
    scored = result.get("score") or {}
    nothing_to_gain = _out_of_nothing(scored)
    score = None if nothing_to_gain else _score(scored)
    grade = _grade(result.get("extensions") or {})
    if meaning is Meaning.SCORED and score is None and grade is None:
        if nothing_to_gain:
            return OUT_OF_NOTHING
        raise wrong("this verb tells a score, so there must be scaled, or raw with max", "result.score")
    status = _status(meaning, result, _mastered(scored, extensions), score is not None, extensions)
    if status is None:
        return OUT_OF_NOTHING if nothing_to_gain else UNDECIDED
    if status is Status.STARTED:
        return _PLAIN[Meaning.STARTED]
    if status is Status.SCORED and score is None and grade is None:
        return UNDECIDED
    return Result(status, score, grade)


def _status(
    meaning: Meaning, result: dict[str, Any], mastered: bool | None, scored: bool, extensions: dict[str, Any]
) -> Status | None:
    success, completion = result.get("success"), result.get("completion")
    if meaning is Meaning.PASSED:
        _agrees(success, True, "passed")
        if mastered is False:
            raise wrong("the verb says passed, but the score is less than the mastery score (cmi5)", "result.score.scaled")
        return Status.PASSED
    if meaning is Meaning.FAILED:
        _agrees(success, False, "failed")
        if mastered is True:
            raise wrong("the verb says failed, but the score reaches the mastery score (cmi5)", "result.score.scaled")
        return Status.FAILED
    if meaning is Meaning.SCORED:
        return Status.SCORED if mastered is None else Status.PASSED if mastered else Status.FAILED
    if meaning is Meaning.SATISFIED:
        passed = success is True or extensions.get(MOVE_ON) in ("Passed", "CompletedAndPassed")
        return Status.PASSED if passed else Status.COMPLETED
    success = mastered if success is None else success
    if meaning is Meaning.COMPLETED:
        if completion is False:
            raise wrong(
                "the verb says completed, and the result's completion that it was not: one of them is wrong", "result.completion"
            )
        return Status.PASSED if success else Status.COMPLETED
    if success:
        return Status.PASSED
    if completion:
        return Status.COMPLETED
    if success is False:
        return Status.FAILED
    if scored:
        return Status.SCORED
    return Status.STARTED if meaning is Meaning.STARTED_OR_RESULT else None


def _agrees(success: bool | None, expected: bool, said: str) -> None:
    if success is not None and success is not expected:
        raise wrong(f"the verb says {said}, and the result's success the contrary: one of them is wrong", "result.success")


def _mastered(scored: dict[str, Any], extensions: dict[str, Any]) -> bool | None:
    """Whether the score reaches cmi5's mastery score, if there are both."""
    needed, scaled = extensions.get(MASTERY), scaled_of(scored)
    if scaled is None or (type(needed) is not int and type(needed) is not Decimal):
        return None
    if not 0 <= needed <= 1:
        raise wrong("a mastery score lies between 0 and 1 (cmi5)", f"context.extensions.{MASTERY}")
    return scaled >= needed


def scaled_of(scored: dict[str, Any]) -> Decimal | int | None:
    found = scored.get("scaled")
    return found if type(found) is int or type(found) is Decimal else None


def _out_of_nothing(scored: dict[str, Any]) -> bool:
    """Open edX sends 0 of 0, scaled 0, for what gives no points: that is no bad result."""
    return "max" in scored and scored["max"] <= scored.get("min", 0)


def _score(scored: dict[str, Any]) -> Score | None:
    told = (scored.get("scaled"), scored.get("raw"), scored.get("min"), scored.get("max"))
    short = all(number is None or number.__sizeof__() < _LONG for number in told)
    return _remembered(*told) if short else _made(*told)


def _made(scaled: Number, raw: Number, low: Number, high: Number) -> Score | None:
    """None if a share of the whole can't be told: raw without max."""
    points = {name: _point(number) for name, number in (("raw", raw), ("min", low), ("max", high)) if number is not None}
    exact = {name: point for name, point in points.items() if point is not None}
    least = exact.get("min", Decimal(0))
    whole = raw is not None and high is not None and len(exact) == len(points) and exact["raw"] >= least
    if scaled is not None:
        share = _canonical(Decimal(scaled), _TEN_PLACES)
        return Score.model_construct(None, scaled=share, **exact if whole else {})
    if raw is None or high is None:
        return None
    if whole and exact["max"] > least:
        return Score.model_construct(None, **exact)
    return Score(scaled=_share(raw, low or 0, high))


_remembered: Final = lru_cache(maxsize=10_000)(_made)


def _share(raw: Decimal | int, low: Decimal | int, high: Decimal | int) -> Decimal:
    """For points that are too many, or too fine, to be carried as they are."""
    try:
        share = (Decimal(raw) - Decimal(low)) / (Decimal(high) - Decimal(low))
        return _canonical(min(max(share, Decimal(-1)), Decimal(1)), _TEN_PLACES)
    except ArithmeticError as error:
        raise wrong("these numbers are too large to tell a share of the whole; send scaled", "result.score") from error


def _point(value: Decimal | int) -> Decimal | None:
    """None for what completions can't carry exactly: then the share is told instead."""
    if not -_MOST_POINTS < value < _MOST_POINTS:
        return None
    found = _canonical(Decimal(value), _SIX_PLACES)
    return found if found == value else None


def _canonical(value: Decimal, places: Decimal) -> Decimal:
    """The same for 1, 1.0 and 1.00, for record stores write numbers anew."""
    rounded = value.quantize(places, ROUND_HALF_EVEN).normalize()
    if rounded.as_tuple().exponent > 0:  # type: ignore[operator]
        return rounded.quantize(Decimal(1))
    return rounded + 0 if rounded else Decimal(0)


def _grade(extensions: dict[str, Any]) -> str | None:
    for name in CLASSIFICATIONS:
        said = extensions.get(name)
        if type(said) is str and 0 < len(said) <= 100 and said.isprintable():
            return said
    return None
