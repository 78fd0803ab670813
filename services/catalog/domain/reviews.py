"""Requirements and the reviews they ask for: each asks for a review of its own achievement, and each review is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from services.catalog.domain.findings import Finding, error
from services.catalog.domain.places import leaves_of
from shared.events.definitions import Definition, Stack, level_achievement
from shared.events.reviews import REVIEWS, Review, review_activity
from shared.requirements.model import ENTRY_LEAVES, Graded, Leaf, WeightedMean


def reviews_asked_for(definition: Definition) -> Iterator[Finding]:
    """Errors about leaves that name no review of the achievement, or ask what no review gives, and about idle reviews."""
    own = {owner: (place, reviews) for place, owner, reviews in _reviews_of(definition)}
    asked: set[str] = set()
    for place, owner, leaf in leaves_of(definition):
        for at, activity in _activities(place, leaf):
            asked.add(activity)
            if activity.startswith(REVIEWS):
                yield from _in_leaf(at, activity, leaf, owner, own[owner][1])
    for owner, (place, reviews) in own.items():
        for i, review in enumerate(reviews):
            if (activity := review_activity(owner, review.id)) not in asked:
                yield error(
                    f"{place}/{i}",
                    f"the requirement does not ask for the review {review.id}; "
                    f'ask for it by {{activity: "{activity}", passed: true}}, or leave the review out',
                )


def _reviews_of(definition: Definition) -> Iterator[tuple[str, str, tuple[Review, ...]]]:
    """Place, the id of the achievement, and its reviews."""
    if isinstance(definition, Stack):
        for i, level in enumerate(definition.levels):
            yield f"levels/{i}/reviews", level_achievement(definition.id, level.level), level.reviews
    else:
        yield "reviews", definition.id, definition.reviews


def _activities(place: str, leaf: Leaf) -> Iterator[tuple[str, str]]:
    """The activities that a leaf names, each with its place."""
    if isinstance(leaf, WeightedMean):
        yield from ((f"{place}/of/{i}/activity", item.activity) for i, item in enumerate(leaf.of))
    elif isinstance(leaf, ENTRY_LEAVES):
        yield f"{place}/activity", leaf.activity


def _in_leaf(place: str, activity: str, leaf: Leaf, owner: str, reviews: Iterable[Review]) -> Iterator[Finding]:
    own = [review_activity(owner, review.id) for review in reviews]
    if activity not in own:
        yield error(place, _unknown(activity, owner, own))
    elif isinstance(leaf, Graded):
        yield error(place, "a review gives no grade; ask for passed: true, or for score_at_least: with a share of its points")


def _unknown(activity: str, owner: str, own: list[str]) -> str:
    achievement = activity.removeprefix(REVIEWS).partition(":")[0]
    if achievement != owner:
        near = get_close_matches(activity, own, n=1, cutoff=0.9)
        if near:
            return f"{owner} has no review {activity}; did you mean {near[0]}?"
        return (
            f"this is a review of {achievement}, and {owner} can only ask for its own; "
            f"ask for achievement: {achievement}, or give {owner} a review of its own"
        )
    if not own:
        return f"{owner} has no reviews; describe this one under reviews: (id, name, instructions, asks, rubric)"
    near = get_close_matches(activity, own, n=1)
    return f"{owner} has no review {activity}" + (f"; did you mean {near[0]}?" if near else f"; it has {', '.join(own)}")
