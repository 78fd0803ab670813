"""The document by which a source is registered."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SerializeAsAny, ValidationInfo, WithJsonSchema, field_validator, model_validator

from services.assessment.sources.formats import FORMATS
from services.assessment.sources.formats.format import Options
from services.assessment.sources.patterns import Glob, Pattern, compiled, fits
from shared.events.definitions import Days, Described, Line
from shared.events.reviews import not_to_judge
from shared.requirements.model import Period, Share, Slug

SPEAKS_AS: Final = "urn:cairn:source:"
MOST_PATTERNS: Final = 200
GAP: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
OPTIONS: Final = {"type": "object", "description": "Those of the source's format, as `GET /source-formats` has them."}


class LearnerRule(Described):
    """How names of one kind lead to learners. Of the rules the first is asked whose `of` fits the kind and `matching` the name.
    Of several names of a learner the one with the earliest rule goes first, and the next where nobody knows it.

    `ids`: the name is the learner's id, or what the group `learner` of `matching` has of it. `directory`: it is looked up among
    the names that were entered in the directory (by default the source's own); several sources may share one.
    """

    of: Glob = "*"
    matching: Pattern | None = None
    are: Literal["ids", "directory"] = "directory"
    directory: Slug | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.directory is not None and self.are != "directory":
            raise ValueError("only names that are looked up have a directory")
        return self

    def fits(self, kind: str) -> bool:
        return fits(self.of, kind)


class ActivityRule(Described):
    """How the source's name of an activity leads to ours: `named` exactly, or `matching`, whose groups fill `is` (`urn:x:{id}`).

    `passes_at` makes a score of at least this a pass, and a lower one a failure, where the source reports scores only.
    """

    named: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    matching: Pattern | None = None
    is_: Annotated[str, Field(alias="is", min_length=1, max_length=500)]
    passes_at: Share | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.named is None) == (self.matching is None):
            raise ValueError("an activity is either named, or found by matching")
        groups = compiled(self.matching).groupindex if self.matching is not None else None
        if groups is not None and (strange := [gap[1] for gap in GAP.finditer(self.is_) if gap[1] not in groups]):
            has = f"the groups {', '.join(groups)}" if groups else "no named group, such as (?P<id>[^/]+)"
            raise ValueError(f"`is` has {{{strange[0]}}} to fill, and `matching` has {has}")
        return self


class Quota(Described):
    """How much may come in: originals per minute."""

    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 12_000


class Source(Described):
    """A system that reports completions.

    `owner` says who answers for it. `may_publish` are the activities that it may speak of, by our names; what maps to another
    one is refused. Without `activities` its names are ours. `expects_every` is the longest silence that is no reason to worry.
    `speaks_as` is the CloudEvents source of its completions. `options` belong to its format.
    """

    source: Slug
    name: Line
    owner: Line
    format: str
    learners: Annotated[tuple[LearnerRule, ...], Field(max_length=50)] = (LearnerRule(),)
    activities: Annotated[tuple[ActivityRule, ...], Field(max_length=5_000)] = ()
    may_publish: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=500)]
    expects_every: Period | None = None
    quota: Quota = Quota()
    keeps_originals: Days = timedelta(days=400)
    speaks_as: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\s\x00-\x1f]+$")] | None = None
    options: Annotated[SerializeAsAny[Options], WithJsonSchema(OPTIONS, mode="serialization")] = Options()

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in FORMATS:
            raise ValueError(f"there is no format {name!r}; there are {', '.join(sorted(FORMATS))}")
        return name

    @field_validator("activities")
    @classmethod
    def _few_patterns(cls, rules: tuple[ActivityRule, ...]) -> tuple[ActivityRule, ...]:
        if sum(rule.matching is not None for rule in rules) > MOST_PATTERNS:
            raise ValueError(
                f"there may be at most {MOST_PATTERNS} rules with `matching`: each is tried; name activities instead"
            )
        return rules

    @field_validator("options", mode="before")
    @classmethod
    def _of_the_format(cls, value: Any, info: ValidationInfo) -> Any:
        known = FORMATS.get(info.data.get("format", ""))
        if known is None or isinstance(value, Options):
            return value
        return known.options.model_validate(value)

    @model_validator(mode="before")
    @classmethod
    def _has_options(cls, value: Any) -> Any:
        return {"options": {}, **value} if isinstance(value, dict) else value

    @property
    def id(self) -> str:
        return self.source

    @property
    def event_source(self) -> str:
        """The CloudEvents source of what it says."""
        return self.speaks_as or f"{SPEAKS_AS}{self.source}"

    def may_speak_of(self, activity: str) -> bool:
        """Of what assessors judge nobody else may, whatever `may_publish` says."""
        return not_to_judge(self.event_source, activity) is None and any(fits(glob, activity) for glob in self.may_publish)
