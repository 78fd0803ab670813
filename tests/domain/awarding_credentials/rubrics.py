"""Reviews of any shape, and what assessors found by them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from shared.events.definitions import Achievement
from shared.events.reviews import Criterion, Review, Rubric, RubricLevel, review_activity
from shared.requirements.tree import Judged

slugs = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    ids = draw(st.lists(slugs, min_size=2, max_size=4, unique=True))
    points = sorted(draw(st.sets(st.decimals(0, 100, places=2), min_size=len(ids), max_size=len(ids))))
    levels = tuple(
        RubricLevel(id=id_, name=draw(texts), points=worth, description=draw(st.none() | texts))
        for id_, worth in zip(ids, points, strict=True)
    )
    return Criterion(id=draw(slugs), name=draw(texts), levels=levels, must_reach=draw(st.sampled_from((None, *ids))))


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    chosen = tuple(draw(st.lists(criteria(), min_size=1, max_size=2, unique_by=lambda criterion: criterion.id)))
    half = Decimal("0.5")
    return Review(
        id=draw(slugs), name=draw(texts), instructions="i", asks=("text",), rubric=Rubric(criteria=chosen), passes_at=half
    )


reviews_asked = st.lists(reviews(), max_size=2, unique_by=lambda review: review.id).map(tuple)


@st.composite
def judgements(draw: st.DrawFn, achievement: Achievement) -> tuple[Judged, ...] | None:
    """The levels reached in each review, and some by a rubric that the version does not have."""
    found = [
        Judged(review_activity(achievement.id, review.id), criterion.id, draw(st.sampled_from(criterion.levels)).id, "1")
        for review in achievement.reviews
        for criterion in review.rubric.criteria
    ]
    return tuple(found + draw(st.sampled_from(([], [Judged("urn:cairn:review:x:y", "c", "l")])))) or None
