"""What a check goes by: the rules of the same publications for all services, and how far each service is."""

from __future__ import annotations

from dataclasses import dataclass

from services.assessment.domain.rules import Rules as AssessmentRules
from services.awarding.domain.rules import Rules as AwardingRules
from services.notifications.domain.names import Names


@dataclass(frozen=True, slots=True)
class Rules:
    """Those of all three services, of the same publications."""

    assessment: AssessmentRules
    awarding: AwardingRules
    names: Names
    issues: bool
    """Whether credentials are issued at all."""


@dataclass(frozen=True, slots=True)
class Done:
    """The offsets before which each service has done everything, in the learner's partition; `buried` the offsets of
    completions that are dead letters; `lapsed` whether older verdicts are no longer kept."""

    completions: int
    verdicts: int
    awards: int
    buried: frozenset[int] = frozenset()
    lapsed: bool = False
