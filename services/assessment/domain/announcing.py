"""What a learner is to hear of their submission: the facts that follow from a step, kept with it until they are published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, cast

from services.assessment.domain.submissions import Did, Saying, State, Step, Submission
from shared.events.envelope import Cause
from shared.events.submissions import AnswerAwaited, MoreAsked, SubmissionFact, SubmissionHandedIn, SubmissionJudged

FACTS: Final[Mapping[Did, type[SubmissionFact]]] = {
    Did.HANDED_IN: SubmissionHandedIn,
    Did.ASKED: MoreAsked,
    Did.DECIDED: SubmissionJudged,
}
ALL: Final[tuple[type[SubmissionFact], ...]] = (*FACTS.values(), AnswerAwaited)
MODELS: Final = {model.TYPE: model for model in ALL}


def announced(before: Submission, after: Submission, traceparent: str | None) -> Submission:
    """`after`, with what is to be said of the steps that led to it. What learners do themselves they need not be told."""
    for step in after.history[len(before.history) :]:
        model = FACTS.get(step.did)
        if model is not None and not _is_own(step, after):
            after = _said(after, model, step.at, traceparent)
    return after


def reminded(submission: Submission, at: datetime, traceparent: str | None) -> Submission:
    """With the reminder that more was asked for; unchanged if it does not wait for the learner."""
    return _said(submission, AnswerAwaited, at, traceparent) if submission.state is State.ASKED else submission


def fact_of(saying: Saying) -> SubmissionFact:
    return MODELS[saying.type].model_validate_json(saying.data)


def _is_own(step: Step, submission: Submission) -> bool:
    return step.did is Did.HANDED_IN and step.by == submission.learner


def _said(submission: Submission, model: type[SubmissionFact], at: datetime, traceparent: str | None) -> Submission:
    revision, verdict = submission.said + 1, submission.verdict
    assert submission.handed_in_at is not None
    fact = model(
        revision=revision,
        cause=Cause(kind="decision", id=submission.id, time=at),
        submission=submission.id,
        learner=submission.learner,
        achievement=submission.achievement,
        version=submission.version,
        review=submission.review,
        kind=submission.kind.value,
        attempt=submission.attempt,
        state=cast(Literal["waiting", "asked", "decided"], submission.state.value),
        handed_in_at=submission.handed_in_at,
        waits_since=submission.waits_since,
        verdict=None if verdict is None else verdict.number,
        passed=None if verdict is None else verdict.passed,
    )
    saying = Saying(type=model.TYPE, data=fact.to_json().decode(), traceparent=traceparent)
    return submission.but(said=revision, sayings=(*submission.sayings, saying))
