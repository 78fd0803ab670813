"""Events other than grades, attempts that are only named, and envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.caliper import read
from services.assessment.sources.formats.caliper.envelope import originals_in
from shared.events.completions import Status
from tests.domain.sources.anything import source_of, the_claim
from tests.domain.sources.caliper.fixtures import (
    ATTEMPT,
    LEARNER,
    QUIZ,
    V1P2,
    attempt,
    graded,
    open_edx_passed,
    score,
    submitted,
)

PLAIN = source_of("caliper")
BARE = {"object": ATTEMPT}
RULE = {
    "matching": r"(?P<site>https://example\.edu)/(?P<what>[a-z0-9/]+)/users/(?P<user>\d+)/attempts/(?P<count>\d+)",
    "assignee": "{site}/users/{user}",
    "assignable": "{site}/{what}",
}


def status(event: Any, **options: Any) -> Status:
    said = the_claim(read, event, source_of("caliper", **options)).said
    assert isinstance(said, Result)
    return said.status


@pytest.mark.parametrize("kind", ["AssessmentEvent", "AssignableEvent"])
@pytest.mark.parametrize(
    ("action", "says"),
    [("Started", Status.STARTED), ("Submitted", Status.COMPLETED), ("Completed", Status.COMPLETED)],
)
def test_what_the_learner_did_is_said_of_the_assignee_of_the_attempt(kind: str, action: str, says: Status) -> None:
    claim = the_claim(read, submitted(type=kind, action=action, generated=attempt(count=2)), PLAIN)
    assert claim.names == (Name("caliper:person", LEARNER),)
    assert claim.activity == QUIZ
    assert claim.said == Result(says, attempt=2)


def test_without_an_attempt_whoever_acted_is_the_learner() -> None:
    event = submitted(generated=None)
    assert the_claim(read, event, PLAIN).names == (Name("caliper:person", LEARNER),)
    assert the_claim(read, submitted(generated=ATTEMPT, actor=LEARNER), PLAIN).names == (Name("caliper:person", LEARNER),)


def test_a_submission_says_nothing_yet_where_the_document_says_so() -> None:
    assert isinstance(read(submitted(), source_of("caliper", submitted="ignored")), Nothing)
    assert status(submitted(action="Completed"), submitted="ignored") is Status.COMPLETED


def test_a_teacher_who_tries_a_quiz_completes_nothing() -> None:
    membership = {"type": "Membership", "member": LEARNER, "roles": ["Instructor"]}
    assert isinstance(read(submitted(generated=None, membership=membership), PLAIN), Nothing)


def test_software_completes_nothing() -> None:
    software = {"id": "https://example.edu/app", "type": "SoftwareApplication"}
    assert isinstance(read(submitted(generated=None, actor=software), PLAIN), Nothing)


@pytest.mark.parametrize("kind", ["Membership", "CourseOffering", "CourseSection"])
def test_a_completed_course_of_open_edx_counts_whatever_it_calls_the_course(kind: str) -> None:
    claim = the_claim(read, open_edx_passed(kind), PLAIN)
    assert claim.names == (Name("caliper:person", "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb"),)
    assert claim.activity == "http://localhost:18000/course/course-v1:edX+DemoX+Demo_Course"
    assert claim.said == Result(Status.COMPLETED)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("ToolUseEvent", "Used"),
        ("ViewEvent", "Viewed"),
        ("SessionEvent", "LoggedIn"),
        ("AssessmentItemEvent", "Completed"),
        ("AssessmentEvent", "Paused"),
        ("AssignableEvent", "Activated"),
        ("MediaEvent", "Completed"),
        ("Event", "Created"),
    ],
)
def test_other_events_say_nothing_of_completions(kind: str, action: str) -> None:
    assert isinstance(read(submitted(type=kind, action=action), PLAIN), Nothing)


def test_a_description_of_an_entity_says_nothing() -> None:
    assert isinstance(read({"@context": V1P2, "id": LEARNER, "type": "Person"}, PLAIN), Nothing)


def test_a_federated_session_changes_nothing() -> None:
    session = {"id": "https://other.example/sessions/1", "type": "LtiSession", "user": "https://other.example/users/9"}
    assert read(graded(federatedSession=session), PLAIN) == read(graded(), PLAIN)


def test_an_attempt_that_is_only_named_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(Wrong, match="assignee and assignable") as wrong:
        read(graded(**BARE), PLAIN)
    assert (wrong.value.place, wrong.value.id) == ("object", graded()["id"])
    assert "554433" not in str(wrong.value)


def test_an_attempt_that_the_score_tells_in_full_is_known_by_it() -> None:
    claim = the_claim(read, graded(**BARE, generated=score(attempt=attempt())), PLAIN)
    assert (claim.names, claim.activity) == ((Name("caliper:person", LEARNER),), QUIZ)


def test_an_attempt_that_is_only_named_is_understood_by_the_documents_rule() -> None:
    claim = the_claim(read, graded(**BARE), source_of("caliper", attempts=[RULE]))
    assert (claim.names, claim.activity) == ((Name("caliper:person", LEARNER),), QUIZ)
    assert isinstance(claim.said, Result)
    assert claim.said.attempt == 1
    with pytest.raises(Wrong):
        read(graded(object="urn:uuid:1"), source_of("caliper", attempts=[RULE]))


def test_an_attempt_is_not_known_by_the_score_of_another() -> None:
    with pytest.raises(Wrong):
        read(graded(object="urn:uuid:1", generated=score(attempt=attempt())), PLAIN)


@pytest.mark.parametrize("teller", [submitted(), attempt(), graded()])
def test_an_attempt_that_the_same_envelope_tells_elsewhere_is_known(teller: Any) -> None:
    envelope = {"sensor": "s", "sendTime": "2016-11-15T11:05:01.000Z", "dataVersion": V1P2, "data": [graded(**BARE), teller]}
    first, second = originals_in(envelope)
    assert the_claim(read, first, PLAIN).activity == QUIZ
    assert second == teller


def test_work_on_an_attempt_that_is_only_named_is_the_same_attempt_as_its_grade() -> None:
    data = [submitted(generated=ATTEMPT, actor="https://example.edu/users/999"), graded(**BARE), attempt(count=3)]
    envelope = {"sensor": "s", "sendTime": "2016-11-15T11:05:01.000Z", "dataVersion": V1P2, "data": data}
    worked, grade, _ = originals_in(envelope)
    for claim in (the_claim(read, worked, PLAIN), the_claim(read, grade, PLAIN)):
        assert isinstance(claim.said, Result)
        assert (claim.names, claim.activity, claim.said.attempt) == ((Name("caliper:person", LEARNER),), QUIZ, 3)


def test_an_attempt_without_an_id_is_still_one() -> None:
    claim = the_claim(
        read, submitted(generated={"type": "Attempt", "count": 2}, actor=LEARNER), source_of("caliper", attempts=[RULE])
    )
    assert isinstance(claim.said, Result)
    assert (claim.names, claim.said.attempt) == ((Name("caliper:person", LEARNER),), 2)


def test_the_documents_rule_also_tells_whose_work_it_is() -> None:
    event = submitted(generated=ATTEMPT.replace("/attempts/1", "/attempts/4"), actor="https://example.edu/users/999")
    claim = the_claim(read, event, source_of("caliper", attempts=[RULE]))
    assert isinstance(claim.said, Result)
    assert (claim.names, claim.said.attempt) == ((Name("caliper:person", LEARNER),), 4)


def test_version_1_0_is_refused_with_what_is_understood() -> None:
    with pytest.raises(Wrong, match=r"1\.1 and 1\.2"):
        originals_in({"dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1/Context", "data": []})
    with pytest.raises(Wrong, match=r"1\.1 and 1\.2"):
        read({"@type": "http://purl.imsglobal.org/caliper/v1/OutcomeEvent", "action": "x"}, PLAIN)


@pytest.mark.parametrize("envelope", [None, [], [graded()], graded(), {"data": {}}, {"data": "x"}])
def test_what_is_no_envelope_is_refused_with_what_one_is(envelope: Any) -> None:
    with pytest.raises(Wrong, match="data") as wrong:
        originals_in(envelope)
    assert wrong.value.status == 400


def test_an_envelope_is_no_event() -> None:
    with pytest.raises(Wrong, match="one event of its data"):
        read({"sensor": "s", "dataVersion": V1P2, "data": [graded()]}, PLAIN)


def test_an_event_without_an_id_is_known_again_by_what_it_says() -> None:
    ids = [the_claim(read, graded(id=None, eventTime=time), PLAIN).id for time in ("2016-11-15T10:57:06Z",) * 2]
    other = the_claim(read, graded(id=None, eventTime="2016-11-15T10:57:07Z"), PLAIN).id
    assert ids[0] == ids[1] != other


def test_an_id_that_is_too_long_is_shortened_always_to_the_same() -> None:
    ids = {the_claim(read, graded(id=f"urn:x:{'y' * 400}{end}"), PLAIN).id for end in ("1", "1", "2")}
    assert len(ids) == 2
    assert max(map(len, ids)) <= 255


@pytest.mark.parametrize("time", [None, "yesterday", "2016-11-15", "2016-11-15T10:57:06", "0001-01-01T00:00:00+14:00", 5])
def test_a_time_that_is_none_is_wrong(time: Any) -> None:
    with pytest.raises(Wrong) as wrong:
        read(graded(eventTime=time), PLAIN)
    assert wrong.value.place == "eventTime"
