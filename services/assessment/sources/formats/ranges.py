"""Points between a least and a most, as a score."""

from __future__ import annotations

from decimal import Decimal

from services.assessment.sources.claims import Wrong
from services.assessment.sources.formats.points import TEN_PLACES, score_of
from shared.events.completions import Score


def score_between(given: Decimal, least: Decimal, most: Decimal, place: str, ends: str) -> Score:
    """`place` is that of the score, `ends` that of what says between what it is. Where the least isn't 0, only the share is said.

    Raises Wrong also for what is beyond either end: where people write tables, 158 of 100 is a slip and no extra credit.
    """
    if most <= least:
        raise Wrong("the most points must be more than the least", ends)
    if not least <= given <= most:
        raise Wrong("the score must be between the least and the most points that it can have", place)
    if least == 0:
        return score_of(given, most, ends)
    return Score(scaled=((given - least) / (most - least)).quantize(TEN_PLACES))
