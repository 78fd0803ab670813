"""What an achievement and a stack are, as authors write them and as publications carry them.

The members that say what a microcredential means to a stranger follow Open Badges 3.0 and the elements of the
EU Council Recommendation of 16 June 2022 (2022/C 243/02). An unpublished document has no version: the catalog counts them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, HttpUrl, model_validator

from shared.events.described import LONGEST as LONGEST
from shared.events.described import Days as Days
from shared.events.described import Described as Described
from shared.events.described import Language, Text
from shared.events.described import Line as Line
from shared.events.reviews import Review, reviews_differ
from shared.events.reviews import review_activity as review_activity
from shared.requirements.model import Amount, Requirement, Slug


class Party(Described):
    """An organisation. `id` is its short name in the catalog, by which selections choose issuers."""

    id: Slug
    name: Line
    kind: Literal["university", "department", "industry_partner", "professional_body", "other"] = "university"
    url: HttpUrl | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None


class SkillFramework(StrEnum):
    ESCO = "ESCO"
    CASE = "CASE"
    CTDL = "CTDL"
    OWN = "own"


class Skill(Described):
    """A skill, named in a framework. `code` is what requirements call it by."""

    code: Line
    name: Line
    framework: SkillFramework = SkillFramework.OWN
    url: HttpUrl | None = None
    level: Line | None = None
    assessed: bool = True
    """Whether the skill is assessed here; otherwise it is only taught."""


class LearningOutcome(Described):
    """What the learner can do afterwards. `assessed_by` names the activities, or achievements, that assess it."""

    id: Slug
    text: Text
    assessed_by: tuple[str, ...] = ()


class CreditAmount(Described):
    """Credits in one system, such as 5 ECTS."""

    amount: Amount
    system: Line = "ECTS"


class Cost(Described):
    amount: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Programme(Described):
    """A programme towards which the credits count."""

    name: Line
    url: HttpUrl | None = None


class Withdrawal(StrEnum):
    """What becomes of an award when what it rests on is withdrawn."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    KEEP = "keep"


class AchievementType(StrEnum):
    """Those of Open Badges' types that a microcredential can be."""

    MICROCREDENTIAL = "MicroCredential"
    ACHIEVEMENT = "Achievement"
    ASSESSMENT = "Assessment"
    BADGE = "Badge"
    CERTIFICATE = "Certificate"
    CERTIFICATION = "Certification"
    COMPETENCY = "Competency"
    COURSE = "Course"
    DIPLOMA = "Diploma"
    LEARNING_PROGRAM = "LearningProgram"


class Meaning(Described):
    """What makes an achievement, or a stack and its levels, meaningful to a stranger."""

    name: Line
    description: Text
    issuer: Party
    designed_by: Party | None = None
    assessed_by: Party | None = None
    vouched_for_by: tuple[Party, ...] = ()
    achievement_type: AchievementType = AchievementType.MICROCREDENTIAL
    skills: tuple[Skill, ...] = ()
    learning_outcomes: tuple[LearningOutcome, ...] = ()
    tags: tuple[Line, ...] = ()
    workload_hours: Annotated[Decimal, Field(gt=0, max_digits=8, decimal_places=2)] | None = None
    credits: CreditAmount | None = None
    eqf_level: Annotated[int, Field(ge=1, le=8)] | None = None
    language: Language = "en"
    participation: Literal["online", "onsite", "blended", "work_based"] | None = None
    assessment_type: Line | None = None
    supervision: Literal["unsupervised", "supervised_online", "supervised_onsite"] | None = None
    identity_verified: bool = False
    quality_assurance: Line | None = None
    prerequisites: Text | None = None
    for_credit: bool = False
    towards: tuple[Programme, ...] = ()
    cost: Cost | None = None
    image: HttpUrl | None = None
    valid_for: Days | None = None


Reviews = Annotated[
    tuple[Review, ...], Field(max_length=20, exclude_if=lambda reviews: not reviews), AfterValidator(reviews_differ)
]
"""Left out where there are none: readers from before reviews refuse the word."""


class Achievement(Meaning):
    """A microcredential: what it means, and what a learner must show for it."""

    achievement: Slug
    criteria: Text
    requirement: Requirement
    reviews: Reviews = ()
    when_withdrawn: Withdrawal = Withdrawal.REVOKE

    @property
    def id(self) -> str:
        return self.achievement


class Level(Described):
    """One level of a stack; it is awarded as the achievement `<stack>.<level>`.

    What it leaves out (issuer, language and the like) it has from its stack.
    """

    level: Slug
    name: Line
    description: Text | None = None
    criteria: Text | None = None
    requirement: Requirement
    reviews: Reviews = ()
    credits: CreditAmount | None = None
    skills: tuple[Skill, ...] = ()
    learning_outcomes: tuple[LearningOutcome, ...] = ()
    eqf_level: Annotated[int, Field(ge=1, le=8)] | None = None
    image: HttpUrl | None = None
    valid_for: Days | None = None


class Stack(Meaning):
    """An ordered list of levels, the lowest first."""

    stack: Slug
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=20)]
    when_a_part_is_revoked: Literal["fall", "keep"] = "fall"
    """`fall`: to the highest level that is still met; `keep`: the levels reached stay."""

    @property
    def id(self) -> str:
        return self.stack

    @model_validator(mode="after")
    def _levels_differ(self) -> Self:
        ids = [level.level for level in self.levels]
        if twice := {id_ for id_ in ids if ids.count(id_) > 1}:
            raise ValueError(f"two levels are called {', '.join(sorted(twice))}")
        return self

    def as_achievements(self) -> tuple[Achievement, ...]:
        """Each level as the achievement it is awarded as, the lowest first."""
        own = {name: getattr(self, name) for name in Meaning.model_fields}
        withdrawal = Withdrawal.REVOKE if self.when_a_part_is_revoked == "fall" else Withdrawal.KEEP
        return tuple(
            Achievement.model_construct(
                **own
                | {
                    "achievement": level_achievement(self.stack, level.level),
                    "name": f"{self.name}: {level.name}",
                    "description": level.description or self.description,
                    "criteria": level.criteria or f"The requirement of the level {level.name} of {self.name}.",
                    "requirement": level.requirement,
                    "reviews": level.reviews,
                    "credits": level.credits,
                    "skills": level.skills or self.skills,
                    "learning_outcomes": level.learning_outcomes or self.learning_outcomes,
                    "eqf_level": level.eqf_level or self.eqf_level,
                    "image": level.image or self.image,
                    "valid_for": level.valid_for or self.valid_for,
                    "when_withdrawn": withdrawal,
                }
            )
            for level in self.levels
        )


def level_achievement(stack: str, level: str) -> str:
    """The id of the achievement as which a stack's level is awarded."""
    return f"{stack}.{level}"


Definition = Achievement | Stack


class InForce(Described):
    """When a version counts: for what completes its requirement from `effective_from` (None: since ever) until before
    `teach_out_ends` (None: without end)."""

    effective_from: date | None = None
    teach_out_ends: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_from and self.teach_out_ends and self.teach_out_ends <= self.effective_from:
            raise ValueError("teach_out_ends must be after effective_from")
        return self
