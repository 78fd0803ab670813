"""The grammar of requirements, as they stand in documents and in publications.

A requirement is a tree. Leaves about entries (activities) are evaluated by assessment, leaves about awards by awarding.
Each node is told from the others by the one key that only it has, so a document needs no `kind:` fields.
Scores, weights and credits are exact decimals; scores lie between 0 and 1.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, field_serializer

MAX_LEAVES: Final = 1_000

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""The id of an achievement, a stack, a level or an issuer in the catalog."""

ActivityId = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f]+$")]
"""A URI-like name of an activity in a source system."""

Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=12, decimal_places=10)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


def _iso_period(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and not value.lstrip("+").startswith("P")):
        raise ValueError("a period is written like P730D (days), P52W (weeks) or P2Y (years of 365 days)")
    return value


Period = Annotated[timedelta, BeforeValidator(_iso_period, json_schema_input_type=timedelta), Field(gt=timedelta(0))]
"""A period of time, in documents as ISO 8601 says it. A bare number is refused, because nobody could tell its unit."""


class Node(BaseModel):
    """What every node of a requirement has in common: it is frozen and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Attempts(StrEnum):
    """Which of several attempts at one activity counts."""

    BEST = "best"
    LATEST = "latest"
    MEAN = "mean"


class Missing(StrEnum):
    """What an activity without a score does to a weighted mean."""

    ZERO = "zero"
    LEFT_OUT = "left_out"


class Holding(StrEnum):
    """How firmly a held achievement must be held to count.

    `ever`: it was granted once; what became of it since does not matter.
    `when_reached`: it was valid when the requirement was met, and has not been suspended or revoked since; it may expire.
    `valid`: it must stay valid; when it expires, the requirement is no longer met.
    """

    EVER = "ever"
    WHEN_REACHED = "when_reached"
    VALID = "valid"


class Completed(Node):
    """The activity was completed (passing it completes it)."""

    activity: ActivityId
    completed: Literal[True]


class Passed(Node):
    """The activity was passed."""

    activity: ActivityId
    passed: Literal[True]


class Graded(Node):
    """The activity was given this grade, or one of these."""

    activity: ActivityId
    grade: str | Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def grades(self) -> tuple[str, ...]:
        return (self.grade,) if isinstance(self.grade, str) else self.grade


class Scored(Node):
    """The activity's score, of the attempts that count, is at least this."""

    activity: ActivityId
    score_at_least: Share
    attempts: Attempts = Attempts.BEST


class Weighted(Node):
    """One activity in a weighted mean."""

    activity: ActivityId
    weight: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]
    attempts: Attempts = Attempts.BEST


class WeightedMean(Node):
    """The weighted mean of the activities' scores is at least this. With no weight to divide by it is not met."""

    weighted_mean_at_least: Share
    of: Annotated[tuple[Weighted, ...], Field(min_length=1, max_length=MAX_LEAVES)]
    missing: Missing = Missing.ZERO


class Held(Node):
    """The achievement is held, in any version or from a version on."""

    achievement: Slug
    from_version: Annotated[int, Field(ge=1)] | None = None
    holding: Holding = Holding.WHEN_REACHED


class AtLevel(Node):
    """The stack's level, or a higher one, is held."""

    stack: Slug
    level: Slug
    holding: Holding = Holding.WHEN_REACHED


class Selection(Node):
    """A choice of achievements. Conditions given together must all hold; within one condition any will do.

    A level of a stack is chosen like any achievement, by the tags and issuer of its stack or as `<stack>.<level>`.
    By tag or issuer alone, nothing counts towards itself, nor does what depends on it.
    """

    achievements: tuple[Slug, ...] = ()
    tags: tuple[str, ...] = ()
    issuers: tuple[Slug, ...] = ()


class Credits(Node):
    """The credits of the chosen achievements that are held add up to at least this, in one system of credit.

    What is counted are the underlying awards, each once, however many stacks, levels or versions lead to it.
    Credits of another system count only at a declared rate (`rates: {CATS: "0.5"}`: one CATS credit counts 0.5).
    `outside_at_most` and `own_at_least` are amounts of credits from other issuers and from the definition's own issuer.
    """

    credits_at_least: Amount
    system: str = "ECTS"
    from_: Annotated[Selection, Field(alias="from")]
    rates: dict[str, Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]] = {}
    outside_at_most: Amount | None = None
    own_at_least: Amount | None = None
    holding: Holding = Holding.WHEN_REACHED

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Achievements(Node):
    """At least so many of the chosen achievements are held, counting at most so many from outside, at least so many own."""

    achievements_at_least: Annotated[int, Field(ge=1)]
    from_: Annotated[Selection, Field(alias="from")]
    outside_at_most: Annotated[int, Field(ge=0)] | None = None
    own_at_least: Annotated[int, Field(ge=0)] | None = None
    holding: Holding = Holding.WHEN_REACHED

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Skills(Node):
    """At least so many of these skills (by code) are assessed or taught by achievements that are held.

    Nothing counts towards itself, nor does what depends on it.
    """

    skills_at_least: Annotated[int, Field(ge=1)]
    among: Annotated[tuple[str, ...], Field(min_length=1)]
    assessed_only: bool = False
    holding: Holding = Holding.WHEN_REACHED


class All(Node):
    """Every part is met."""

    all: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=MAX_LEAVES)]


class AnyOf(Node):
    """One of the parts is met."""

    any: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=MAX_LEAVES)]


class AtLeast(Node):
    """So many of the parts are met."""

    at_least: Annotated[int, Field(ge=1)]
    of: Annotated[tuple[Requirement, ...], Field(min_length=1, max_length=MAX_LEAVES)]


class Within(Node):
    """The part is met by what was earned within this period before the moment that completes it."""

    within: Period
    requirement: Requirement

    @field_serializer("within")
    def _in_days(self, value: timedelta) -> str:
        seconds = int(value.total_seconds())
        return f"P{seconds // 86_400}D" if seconds % 86_400 == 0 else f"PT{seconds}S"


EntryLeaf: TypeAlias = Completed | Passed | Graded | Scored | WeightedMean
AwardLeaf: TypeAlias = Held | AtLevel | Credits | Achievements | Skills
Leaf: TypeAlias = EntryLeaf | AwardLeaf
Group: TypeAlias = All | AnyOf | AtLeast | Within

ENTRY_LEAVES: Final = (Completed, Passed, Graded, Scored, WeightedMean)
AWARD_LEAVES: Final = (Held, AtLevel, Credits, Achievements, Skills)

NODE_KEYS: Final[dict[str, type[Node]]] = {
    "completed": Completed,
    "passed": Passed,
    "grade": Graded,
    "score_at_least": Scored,
    "weighted_mean_at_least": WeightedMean,
    "achievement": Held,
    "stack": AtLevel,
    "credits_at_least": Credits,
    "achievements_at_least": Achievements,
    "skills_at_least": Skills,
    "all": All,
    "any": AnyOf,
    "at_least": AtLeast,
    "within": Within,
}
"""The key that tells each node from the others."""


def _node_key(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((key for key in NODE_KEYS if key in value), None)
    return next((key for key, node in NODE_KEYS.items() if isinstance(value, node)), None)


Requirement = Annotated[
    Annotated[Completed, Tag("completed")]
    | Annotated[Passed, Tag("passed")]
    | Annotated[Graded, Tag("grade")]
    | Annotated[Scored, Tag("score_at_least")]
    | Annotated[WeightedMean, Tag("weighted_mean_at_least")]
    | Annotated[Held, Tag("achievement")]
    | Annotated[AtLevel, Tag("stack")]
    | Annotated[Credits, Tag("credits_at_least")]
    | Annotated[Achievements, Tag("achievements_at_least")]
    | Annotated[Skills, Tag("skills_at_least")]
    | Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[AtLeast, Tag("at_least")]
    | Annotated[Within, Tag("within")],
    Discriminator(
        _node_key,
        custom_error_type="requirement_unknown",
        custom_error_message="a requirement says one of: " + ", ".join(NODE_KEYS),
    ),
]

for _model in (All, AnyOf, AtLeast, Within):
    _model.model_rebuild()
