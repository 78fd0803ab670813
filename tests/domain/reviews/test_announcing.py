"""What a learner is to hear of their submission."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.domain.announcing import announced, fact_of, reminded
from services.assessment.domain.handing_in import Person, appeal, hand_in, withdraw
from services.assessment.domain.reviews import ask_for_more, take
from services.assessment.domain.submissions import Evidence, Submission
from shared.events.submissions import AnswerAwaited, MoreAsked, SubmissionFact, SubmissionHandedIn, SubmissionJudged
from tests.domain.reviews.cases import ADA, FAIR, FIRST, GOOD, ONE, POOR, SECOND, TEACHER, at, begun, handed_in, judged

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "I wove this at home."


def said(submission: Submission) -> list[SubmissionFact]:
    return [fact_of(saying) for saying in submission.sayings]


def step(before: Submission, after: Submission) -> Submission:
    return announced(before, after, TRACE)


def asked(who: Person = ADA) -> Submission:
    """More was asked for, and the learner is to hear of it."""
    before = take(handed_in(who=who, text=SECRET), FIRST, ONE, at(2))
    return step(before, ask_for_more(before, FIRST, "Who is Grace, whom you thank?", at(3)))


def test_a_learner_hears_when_more_is_asked_for() -> None:
    [saying] = asked().sayings
    fact = fact_of(saying)
    assert isinstance(fact, MoreAsked)
    assert (fact.submission, fact.learner, fact.achievement, fact.review) == ("s1", "ada", "weaving", "portfolio")
    assert (fact.state, fact.waits_since, fact.cause.time, fact.revision) == ("asked", at(3), at(3), 1)
    assert (fact.passed, saying.traceparent) == (None, TRACE)


def test_nothing_that_people_wrote_is_said() -> None:
    everything = step(asked(), hand_in(asked(), TEACHER, at(4), version=1, review=ONE))
    decided = step(everything, judged(everything, FIRST, GOOD, hours=5))
    assert len(decided.sayings) == 3
    for saying in decided.sayings:
        assert not any(word in saying.data for word in (SECRET, "Grace", *(one.id for one in (FIRST, TEACHER))))


def test_what_learners_do_themselves_they_are_not_told() -> None:
    assert step(begun(), handed_in()).sayings == ()
    again = asked()
    assert step(again, hand_in(again, ADA, at(4), version=1, review=ONE)).sayings == again.sayings
    assert step(again, withdraw(again, ADA, at(4))).sayings == again.sayings


def test_a_learner_hears_what_a_teacher_handed_in_for_them() -> None:
    [fact] = said(step(begun(who=TEACHER), handed_in(who=TEACHER)))
    assert isinstance(fact, SubmissionHandedIn)
    assert (fact.state, fact.handed_in_at) == ("waiting", at(1))


def test_a_learner_hears_each_verdict_and_what_it_says() -> None:
    before = handed_in()
    failed = step(before, judged(before, FIRST, POOR))
    appealed = step(failed, appeal(failed, ADA, "Look again.", at(3)))
    passed = step(appealed, judged(appealed, SECOND, FAIR, hours=4))
    assert [(type(fact), fact.verdict, fact.passed, fact.waits_since) for fact in said(passed)] == [
        (SubmissionJudged, 1, False, None),
        (SubmissionJudged, 2, True, None),
    ]


def test_a_verdict_that_a_second_assessor_has_yet_to_agree_to_is_not_told() -> None:
    two = ONE.model_copy(update={"assessors": 2})
    before = handed_in(two)
    assert step(before, judged(before, FIRST, GOOD, two)).sayings == ()


def test_a_reminder_says_since_when_it_waits_for_the_learner() -> None:
    fact = said(reminded(asked(), at(200), None))[-1]
    assert isinstance(fact, AnswerAwaited)
    assert (fact.waits_since, fact.cause.time, fact.revision) == (at(3), at(200), 2)


def test_learners_are_not_reminded_of_what_waits_for_others() -> None:
    assert reminded(handed_in(), at(200), None) == handed_in()


def test_a_fact_that_waits_is_the_same_after_it_was_kept() -> None:
    kept = Submission.model_validate_json(asked().model_dump_json())
    assert [fact.id for fact in said(kept)] == [fact.id for fact in said(asked())]
    assert [saying.data for saying in kept.sayings] == [fact.to_json().decode() for fact in said(kept)]


def test_a_submission_from_before_facts_were_said_begins_with_the_first() -> None:
    old: dict[str, Any] = take(handed_in(), FIRST, ONE, at(2)).model_dump(mode="json")
    before = Submission.model_validate({name: value for name, value in old.items() if name not in ("said", "sayings")})
    assert [fact.revision for fact in said(step(before, ask_for_more(before, FIRST, "More?", at(3))))] == [1]


@given(st.lists(st.sampled_from(("ask", "remind", "publish")), max_size=12))
def test_revisions_count_what_is_said_without_a_gap_whatever_was_published_between(does: list[str]) -> None:
    submission, facts, hour = take(handed_in(who=TEACHER), FIRST, ONE, at(2)), [], 3.0
    for what in does:
        hour += 1
        if what == "publish":
            facts += said(submission)
            submission = submission.but(sayings=())
        elif what == "remind":
            submission = reminded(submission, at(hour), None)
        elif submission.state.value == "waiting":
            submission = step(submission, ask_for_more(submission, FIRST, "More?", at(hour)))
        else:
            handed = submission.but(evidence=Evidence(text="More."))
            submission = step(submission, hand_in(handed, TEACHER, at(hour), version=1, review=ONE))
    facts += said(submission)
    assert [fact.revision for fact in facts] == list(range(1, submission.said + 1))
    assert len({fact.id for fact in facts}) == len(facts)
