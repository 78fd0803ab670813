"""What verbs mean. A verb's IRI says it; its display is for people only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

_ADL: Final = "http://adlnet.gov/expapi/verbs/"
_CMI5: Final = "https://w3id.org/xapi/adl/verbs/"
_TINCAN: Final = "http://id.tincanapi.com/verb/"


class Meaning(StrEnum):
    """What happened between the learner and the activity, if a statement has this verb.

    `by_result`: what the statement's result says. `started_or_result`: the same, and where it says nothing, started.
    `satisfied`: the learning system found what it asks for (cmi5's moveOn) met. `nothing`: it is not about completions.
    """

    REGISTERED = "registered"
    STARTED = "started"
    COMPLETED = "completed"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    SCORED = "scored"
    SATISFIED = "satisfied"
    BY_RESULT = "by_result"
    STARTED_OR_RESULT = "started_or_result"
    NOTHING = "nothing"


MEANINGS: Final[dict[str, Meaning]] = {
    f"{_ADL}completed": Meaning.COMPLETED,
    f"{_ADL}passed": Meaning.PASSED,
    f"{_ADL}failed": Meaning.FAILED,
    f"{_ADL}mastered": Meaning.PASSED,
    f"{_ADL}scored": Meaning.SCORED,
    # Open edX: the score of a course or of a part of it, whose `success` only says that nothing was missing from the full score.
    f"{_TINCAN}earned": Meaning.SCORED,
    f"{_CMI5}satisfied": Meaning.SATISFIED,
    f"{_CMI5}waived": Meaning.SATISFIED,
    f"{_ADL}registered": Meaning.REGISTERED,
    f"{_TINCAN}unregistered": Meaning.WITHDRAWN,
    f"{_ADL}launched": Meaning.STARTED,
    f"{_ADL}initialized": Meaning.STARTED,
    f"{_ADL}resumed": Meaning.STARTED,
    f"{_ADL}attempted": Meaning.STARTED_OR_RESULT,
    f"{_ADL}progressed": Meaning.BY_RESULT,
    f"{_ADL}terminated": Meaning.BY_RESULT,
    f"{_ADL}suspended": Meaning.BY_RESULT,
    f"{_ADL}exited": Meaning.BY_RESULT,
    f"{_CMI5}abandoned": Meaning.NOTHING,
}
"""Unless a source's options say otherwise. Whatever is not here says nothing."""
