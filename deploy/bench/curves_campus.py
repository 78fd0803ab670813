"""A campus of any size for the curves: its catalog as publications, and learners who go through it.

Two kinds of achievements. A *module* asks for one activity passed, so that each completion earns an award; nine modules make a
stack with three levels, so that every third completion reaches one. A *course* asks for five activities, as most in real
catalogs do. Which of them there are is said by numbers, so a bigger campus has all that a smaller one has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from deploy.demo.run import Keyed
from shared.events.catalog import AchievementPublished, Published, StackPublished
from shared.events.completions import CompletionReported, Status
from shared.events.definitions import Achievement, Stack
from shared.events.envelope import Cause, Envelope

SOURCE: Final = "urn:cairn:bench:curves"
START: Final = datetime(2024, 1, 8, 9, tzinfo=UTC)
PUBLISHED: Final = datetime(2023, 9, 1, tzinfo=UTC)
IN_A_STACK: Final = 9
IN_A_COURSE: Final = 5
LEVELS: Final = ("bronze", "silver", "gold")
ISSUER: Final = {"id": "northfield", "name": "Northfield University", "url": "https://www.northfield.example", "country": "IE"}


def module(number: int) -> str:
    return f"module-{number:05}"


def course(number: int) -> str:
    return f"course-{number:05}"


def activities_of(achievement: str) -> tuple[str, ...]:
    """What is to be passed for it."""
    if achievement.startswith("module"):
        return (f"northfield:{achievement}",)
    return tuple(f"northfield:{achievement}/{part}" for part in range(IN_A_COURSE))


def modules_of(stack: int) -> tuple[str, ...]:
    """The achievements that a stack of modules counts."""
    return tuple(module(IN_A_STACK * stack + place) for place in range(IN_A_STACK))


@cache
def published_achievement(id_: str) -> AchievementPublished:
    passed = [{"activity": activity, "passed": True} for activity in activities_of(id_)]
    document: dict[str, Any] = {
        "achievement": id_,
        "name": f"Northfield's {id_}",
        "description": f"Can do what {id_} asks for, and says why it is done so.",
        "criteria": "All that belongs to it is passed.",
        "issuer": ISSUER,
        "tags": [id_.partition("-")[0], f"{id_.partition('-')[0]}-group-{int(id_[-5:]) // 50}"],
        "skills": [{"code": f"skill-of-{id_}", "name": f"What {id_} teaches"}],
        "workload_hours": 125,
        "credits": {"amount": 5, "system": "ECTS"},
        "eqf_level": 6,
        "requirement": passed[0] if len(passed) == 1 else {"all": passed},
    }
    cause = Cause(kind="decision", id=f"publish {id_}", time=PUBLISHED)
    return AchievementPublished(
        revision=1,
        cause=cause,
        id_=id_,
        version=1,
        announced_at=PUBLISHED,
        definition=Achievement.model_validate(document),
    )


def published_stack(id_: str, of: Sequence[str], tag: str | None = None) -> StackPublished:
    """A third, two thirds and all of the achievements; with a tag, the highest level asks for credits of that tag as well."""
    held = [{"achievement": achievement} for achievement in of]
    levels: list[dict[str, Any]] = []
    for place, level in enumerate(LEVELS, 1):
        requirement: dict[str, Any] = {"at_least": place * len(of) // len(LEVELS), "of": held}
        if tag is not None and level == LEVELS[-1]:
            requirement = {"all": [requirement, {"credits_at_least": 5 * len(of), "from": {"tags": [tag]}}]}
        levels.append({"level": level, "name": level.title(), "requirement": requirement})
    document = {
        "stack": id_,
        "name": f"Northfield's {id_}",
        "description": f"Whoever goes through {id_} has seen all of it.",
        "issuer": ISSUER,
        "levels": levels,
    }
    cause = Cause(kind="decision", id=f"publish {id_}", time=PUBLISHED)
    return StackPublished(
        revision=1, cause=cause, id_=id_, version=1, announced_at=PUBLISHED, definition=Stack.model_validate(document)
    )


def catalog(achievements: int, stacks: int, through: int = 1) -> list[Published]:
    """So many achievements and stacks. `through` of the stacks count modules, nine each; the other stacks count courses."""
    modules = [name for stack in range(through) for name in modules_of(stack)]
    if achievements < len(modules) or stacks < through:
        raise ValueError(f"{through} stacks of modules need {len(modules)} achievements")
    courses = [course(number) for number in range(achievements - len(modules))]
    found: list[Published] = [published_achievement(name) for name in (*modules, *courses)]
    found += [published_stack(f"stack-{number:05}", modules_of(number)) for number in range(through)]
    for number in range(stacks - through):
        chosen = [courses[(number * 7 + place) % len(courses)] for place in range(min(IN_A_STACK, len(courses)))]
        found.append(published_stack(f"shelf-{number:05}", list(dict.fromkeys(chosen)), f"course-group-{number % 20}"))
    return found


def passed(learner: str, activity: str, number: int) -> Envelope:
    """The `number`-th completion of a learner: an hour after the one before."""
    body = CompletionReported(learner=learner, activity=activity, status=Status.PASSED)
    time = START + timedelta(hours=number)
    return Envelope(id=f"c{number}", type=body.TYPE, source=SOURCE, time=time, data=body.to_json())


def histories(learners: Sequence[str], achievements: Sequence[str], before: int = 0) -> Iterator[Keyed]:
    """Each learner completes all activities of these achievements, turn by turn. `before` is how many they completed before."""
    activities = [activity for achievement in achievements for activity in activities_of(achievement)]
    for number, activity in enumerate(activities, before):
        for learner in learners:
            yield learner, passed(learner, activity, number)
