"""What people judged, as Open Badges results: each criterion of a rubric is a result description, and its levels are those that
a result may have achieved. Source: https://www.imsglobal.org/spec/ob/v3p0/#resultdescription, #rubriccriterionlevel, #result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.events.awarding import AwardFact, Reason
from shared.events.definitions import Achievement
from shared.events.reviews import Criterion, Review, RubricLevel, review_activity
from shared.requirements.sentences import Kind, Names, plain
from shared.requirements.tree import Judged


def rubric_descriptions(achievement: Achievement, id_: str) -> list[dict[str, Any]]:
    """One for each criterion of each review of the achievement, whose id is `id_`."""
    return [_description(review, criterion, id_) for review in achievement.reviews for criterion in review.rubric.criteria]


def rubric_results(award: AwardFact, achievement: Achievement, id_: str) -> list[dict[str, Any]]:
    """The level that was reached by each criterion, each once, in the order of the requirement.

    What the version's rubrics do not know is left out: it was judged by another version's.
    """
    found = {
        _level_id(id_, review, criterion, level): (review, criterion, level)
        for reason in _met(award.reason)
        for review, criterion, level in reached(reason, achievement)
    }
    return [
        {
            "type": ["Result"],
            "resultDescription": _criterion_id(id_, review, criterion),
            "achievedLevel": achieved,
            "value": level.name,
        }
        for achieved, (review, criterion, level) in found.items()
    ]


def reached(reason: Reason, achievement: Achievement) -> Iterator[tuple[Review, Criterion, RubricLevel]]:
    """The levels that assessors found, as far as the achievement's rubrics know them."""
    by_activity = {review_activity(achievement.id, review.id): review for review in achievement.reviews}
    for judged in reason.results or ():
        review = by_activity.get(judged.activity)
        found = None if review is None else _in(review, judged)
        if review is not None and found is not None:
            yield review, *found


def _in(review: Review, judged: Judged) -> tuple[Criterion, RubricLevel] | None:
    criterion = review.rubric.criterion(judged.criterion)
    level = None if criterion is None else criterion.level(judged.level)
    return None if criterion is None or level is None else (criterion, level)


def names_of(achievement: Achievement) -> Names:
    """Calls the achievement's reviews by their names, and everything else by its id."""
    by_activity = {review_activity(achievement.id, review.id): review.name for review in achievement.reviews}

    def name(kind: Kind, id_: str) -> str:
        return by_activity.get(id_, id_) if kind == "activity" else id_

    return name


def _description(review: Review, criterion: Criterion, id_: str) -> dict[str, Any]:
    least = None if criterion.must_reach is None else criterion.level(criterion.must_reach)
    return {
        "id": _criterion_id(id_, review, criterion),
        "type": ["ResultDescription"],
        "name": f"{review.name}: {criterion.name}",
        "resultType": "RubricCriterionLevel",
        **({} if least is None else {"requiredLevel": _level_id(id_, review, criterion, least)}),
        "rubricCriterionLevel": [_level(review, criterion, level, id_) for level in criterion.levels],
    }


def _level(review: Review, criterion: Criterion, level: RubricLevel, id_: str) -> dict[str, Any]:
    return {
        "id": _level_id(id_, review, criterion, level),
        "type": ["RubricCriterionLevel"],
        "name": level.name,
        "level": level.id,
        "points": plain(level.points),
        **({} if level.description is None else {"description": level.description}),
    }


def _criterion_id(id_: str, review: Review, criterion: Criterion) -> str:
    return f"{id_}#review/{review.id}/{criterion.id}"


def _level_id(id_: str, review: Review, criterion: Criterion, level: RubricLevel) -> str:
    return f"{_criterion_id(id_, review, criterion)}/{level.id}"


def _met(reason: Reason | None) -> Iterator[Reason]:
    if reason is None or not reason.met:
        return
    if reason.results:
        yield reason
    for part in reason.of:
        yield from _met(part)
