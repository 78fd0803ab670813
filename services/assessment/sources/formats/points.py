"""Points given of points possible, as a score."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Final

from pydantic import Field

from services.assessment.sources.claims import Wrong
from services.assessment.sources.patterns import Glob, fits
from shared.events.completions import Score
from shared.events.definitions import Described

SIX_PLACES: Final = Decimal("0.000001")
TEN_PLACES: Final = Decimal("0.0000000001")
MOST: Final = Decimal(1_000_000)
"""Points that a score can hold; of more than these, and of tiny ones, only the share is said."""


class Maximum(Described):
    """The points possible where the source does not send them: `of` is the source's name of the activity, with * for anything."""

    of: Glob
    points: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]


def maximum_of(activity: str, maxima: Iterable[Maximum]) -> Decimal | None:
    """That of the first rule which fits."""
    return next((maximum.points for maximum in maxima if fits(maximum.of, activity)), None)


def score_of(given: Decimal, possible: Decimal, place: str) -> Score:
    """More than what is possible (extra credit) counts as all of it, less than nothing as nothing. Raises Wrong."""
    if possible <= 0:
        raise Wrong("the points possible must be more than 0", place)
    counted = min(max(given, Decimal(0)), possible)
    if SIX_PLACES <= possible < MOST and (whole := _rounded(possible, SIX_PLACES)) < MOST:
        return Score(raw=_rounded(counted, SIX_PLACES), max=whole)
    return Score(scaled=_rounded(counted / possible, TEN_PLACES))


def percent(given: Decimal, place: str) -> Score:
    return score_of(given, Decimal(100), place)


def _rounded(value: Decimal, places: Decimal) -> Decimal:
    return value.quantize(places, ROUND_HALF_EVEN).normalize() + Decimal(0)
