"""LTI AGS scores: what tools send to a gradebook. Source: https://www.imsglobal.org/spec/lti-ags/v2p0, Score publish service.

An original is a score with the line item that it was posted to: `{"lineitem": "quiz-1", "score": {"userId": …}}`. Only what is
final counts. A final score without `scoreGiven`, and an activity that was reset for the learner, take back what was given before;
that a learner has begun anew, or is being graded, does not: what they were given stands until something final comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats import format as formats
from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.members import derived_id, instant, mapping, number, the_object, the_text
from services.assessment.sources.formats.points import score_of
from shared.events.completions import Score, Status

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

HANDED_IN: Final = ("Submitted", "Completed")
ACTIVITY_PROGRESS: Final = ("Initialized", "Started", "InProgress", *HANDED_IN)
GRADING_PROGRESS: Final = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")

NOT_FINAL: Final = Nothing("the score is not final: its gradingProgress is not FullyGraded")
NOT_HANDED_IN: Final = Nothing("the score is not final: its activityProgress is neither Completed nor Submitted")


class Options(formats.Options):
    """`platform` is where the tool's users are known: a learner's name has the kind `lti:<platform>` and the userId as value.

    `score_maximum` is what line items say that scores are out of; a score may be out of anything else.
    """

    platform: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S+$")]
    score_maximum: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)] = Decimal(100)


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """Two claims of a completed activity, for its score alone would not say that it was completed."""
    said = the_object(original, "", "an original")
    lineitem = the_text(said.get("lineitem"), "lineitem")
    score = the_object(said.get("score"), "", "a score")
    user = the_text(score.get("userId"), "userId")
    time = instant(score.get("timestamp"), "timestamp")
    id_ = derived_id("ags", "score", lineitem, user, time.isoformat())
    try:
        results = _results(score)
    except Wrong as wrong:
        wrong.id = id_
        raise
    if isinstance(results, Nothing):
        return results
    assert isinstance(source.options, Options)
    names = (Name(f"lti:{source.options.platform}", user),)
    return [
        Claim(id_ if number == 0 else f"{id_}:{result.status}", time, names, lineitem, result)
        for number, result in enumerate(results)
    ]


def _results(score: Any) -> list[Result] | Nothing:
    activity = _one_of(score, "activityProgress", ACTIVITY_PROGRESS)
    grading = _one_of(score, "gradingProgress", GRADING_PROGRESS)
    given = _score(score)
    _submission(score)
    if given is None:
        if activity == "Initialized" or grading == "FullyGraded":
            return [Result(Status.CLEARED)]
        return NOT_FINAL
    if grading != "FullyGraded":
        return NOT_FINAL
    if activity not in HANDED_IN:
        return NOT_HANDED_IN
    scored = Result(Status.SCORED, given)
    return [scored, Result(Status.COMPLETED)] if activity == "Completed" else [scored]


def _one_of(score: Any, name: str, words: tuple[str, ...]) -> str:
    found = the_text(score.get(name), name)
    if found not in words:
        raise Wrong(f"it must be one of {', '.join(words)}", name)
    return found


def _score(score: Any) -> Score | None:
    given = number(score.get("scoreGiven"), "scoreGiven")
    possible = number(score.get("scoreMaximum"), "scoreMaximum")
    if possible is not None and possible <= 0:
        raise Wrong("it must be more than 0", "scoreMaximum")
    if given is None:
        return None
    if given < 0:
        raise Wrong("it must be 0 or more", "scoreGiven")
    if possible is None:
        raise Wrong("it must be there where scoreGiven is", "scoreMaximum")
    return score_of(given, possible, "scoreMaximum")


def _submission(score: Any) -> None:
    """It says nothing that counts; but where it is wrong, the tool should know."""
    submission = mapping(score.get("submission"))
    for name in ("startedAt", "submittedAt"):
        if submission.get(name) is not None:
            instant(submission[name], f"submission.{name}")


FORMAT: Final = Format(
    "ags",
    "LTI AGS scores",
    read,
    options=Options,
    keys=("secret", "public_key"),
    sent_to="POST /ags/lineitems/{lineitem}/scores",
)
