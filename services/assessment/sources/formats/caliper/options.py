"""What the document of a Caliper source says beyond what all have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.assessment.sources.formats.format import Options as AnyOptions
from services.assessment.sources.formats.points import Maximum
from services.assessment.sources.patterns import Pattern
from shared.events.definitions import Described

Template = Annotated[str, Field(min_length=1, max_length=500)]


class AttemptRule(Described):
    """How the IRI of an attempt leads to its learner and to what was attempted, where nothing but the IRI is sent.

    `{name}` stands for what the pattern's group of that name has found; a group `count` is the attempt's number.
    """

    matching: Pattern
    assignee: Template
    assignable: Template


class Options(AnyOptions):
    """`reports_on`: whether an activity is what was assigned (an assessment), or the course section that the event is about.

    `submitted` is what Submitted says: that the learner has completed it, or nothing yet. `without_score` is what a grade event
    without a score says: nothing, or that the score was cleared, as Blackboard does when an instructor clears a grade.
    `maxima` are the points possible where neither the score nor what was assigned says them.
    `extensions` are members of a person's extensions that name learners, with a dot for each step (`bb:user.externalId`): each is
    a kind of its own, `caliper:bb:user.externalId`. `attempts` are asked where an attempt is nothing but its IRI.
    """

    reports_on: Literal["assignable", "group"] = "assignable"
    submitted: Literal["completed", "ignored"] = "completed"
    without_score: Literal["ignored", "cleared"] = "ignored"
    maxima: Annotated[tuple[Maximum, ...], Field(max_length=1_000)] = ()
    extensions: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=10)] = ()
    attempts: Annotated[tuple[AttemptRule, ...], Field(max_length=20)] = ()
