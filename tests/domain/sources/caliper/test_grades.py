"""Grades: whose they are, of what, and how good."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.assessment.sources.claims import Name, Nothing, Result, Wrong
from services.assessment.sources.formats.caliper import read
from shared.events.completions import Score, Status
from tests.domain.sources.anything import source_of, the_claim
from tests.domain.sources.caliper.fixtures import (
    ATTEMPT,
    BB_USER,
    LEARNER,
    QUIZ,
    SECTION,
    SITE,
    attempt,
    blackboard_course_grade,
    blackboard_grade,
    canvas_grade,
    graded,
    score,
)

PLAIN = source_of("caliper")


def result(event: Any, **options: Any) -> Result:
    said = the_claim(read, event, source_of("caliper", **options)).said
    assert isinstance(said, Result)
    return said


def test_a_grade_is_the_assignees_and_its_score_what_was_given_of_what_was_possible() -> None:
    claim = the_claim(read, graded(), PLAIN)
    assert claim.id == "urn:uuid:a50ca17f-5971-47bb-8fca-4e6e6879001d"
    assert claim.time == datetime(2016, 11, 15, 10, 57, 6, tzinfo=UTC)
    assert claim.names == (Name("caliper:person", LEARNER),)
    assert claim.activity == QUIZ
    assert claim.said == Result(Status.SCORED, Score(raw=Decimal(10), max=Decimal(15)), attempt=1)


def test_the_grader_is_never_the_learner_also_where_a_person_graded() -> None:
    teacher = {"id": "https://example.edu/users/999", "type": "Person"}
    claim = the_claim(read, graded(actor=teacher, generated=score(scoredBy=teacher)), PLAIN)
    assert claim.names == (Name("caliper:person", LEARNER),)


@pytest.mark.parametrize("assignee", [LEARNER, {"id": LEARNER}, {"id": LEARNER, "type": "Person", "name": "Ada"}])
@pytest.mark.parametrize("assignable", [QUIZ, {"id": QUIZ}, {"id": QUIZ, "type": "Assessment"}])
def test_an_entity_is_an_object_or_nothing_but_its_id(assignee: Any, assignable: Any) -> None:
    claim = the_claim(read, graded(object=attempt(assignee=assignee, assignable=assignable)), PLAIN)
    assert (claim.names, claim.activity) == ((Name("caliper:person", LEARNER),), QUIZ)


def test_each_attempt_counts_for_itself() -> None:
    assert result(graded(object=attempt(count=2))).attempt == 2
    assert result(graded(object=attempt(count=Decimal("3.0")))).attempt == 3
    assert result(graded(object=attempt(count=None))).attempt == 1


def test_more_points_than_possible_are_all_of_them_and_fewer_than_none_are_none() -> None:
    assert result(canvas_grade()).score == Score(raw=Decimal(1), max=Decimal(1))
    assert result(graded(generated=score(-3))).score == Score(raw=Decimal(0), max=Decimal(15))


def test_points_possible_may_stand_with_what_was_assigned_where_the_score_says_0() -> None:
    claim = the_claim(read, blackboard_grade(), PLAIN)
    assert claim.names[0].value == BB_USER
    assert claim.activity == f"{SITE}/gradableItems/_12345_1"
    assert result(blackboard_grade()).score == Score(raw=Decimal(40), max=Decimal(160))


def test_points_possible_may_be_named_by_the_document() -> None:
    event = graded(generated={"type": "Score", "scoreGiven": 10})
    with pytest.raises(Wrong, match=r"maxima") as wrong:
        read(event, PLAIN)
    assert wrong.value.id == event["id"]
    named = result(event, maxima=[{"of": "https://example.edu/*", "points": 40}])
    assert named.score is not None
    assert named.score.share == Decimal("0.25")


@pytest.mark.parametrize(
    ("older", "given"),
    [
        ({"normalScore": 12}, 12),
        ({"normalScore": 12, "extraCreditScore": 2, "penaltyScore": 1}, 13),
        ({"normalScore": 12, "totalScore": 14}, 14),
    ],
)
def test_older_sensors_say_the_score_in_other_words(older: Any, given: int) -> None:
    event = graded(generated={"type": "Score", "attempt": ATTEMPT, "maxScore": 20, **older})
    assert result(event).score == Score(raw=Decimal(given), max=Decimal(20))


def test_a_grade_without_a_score_says_nothing_unless_the_document_takes_it_for_cleared() -> None:
    event = graded(generated={"id": "x", "type": "Score", "attempt": ATTEMPT, "maxScore": Decimal("0.0")})
    assert isinstance(read(event, PLAIN), Nothing)
    assert result(event, without_score="cleared") == Result(Status.CLEARED)


def test_a_practice_quiz_of_no_points_says_nothing() -> None:
    assert isinstance(read(graded(generated=score(3, 0)), PLAIN), Nothing)


def test_a_score_that_is_only_named_is_wrong() -> None:
    with pytest.raises(Wrong, match="only named"):
        read(graded(generated=f"{ATTEMPT}/scores/1"), PLAIN)


def test_extensions_name_the_learner_where_the_document_chooses_them() -> None:
    chosen = source_of("caliper", extensions=["bb:user.externalId", "com.instructure.canvas.sis_id"])
    assert the_claim(read, blackboard_grade(), chosen).names == (
        Name("caliper:person", BB_USER),
        Name("caliper:bb:user.externalId", "s-77"),
    )
    assert the_claim(read, canvas_grade(), chosen).names[1] == Name("caliper:com.instructure.canvas.sis_id", "ABC.123")
    assert len(the_claim(read, blackboard_grade(), PLAIN).names) == 1


def test_other_identifiers_name_the_learner_too() -> None:
    person = {
        "id": LEARNER,
        "type": "Person",
        "otherIdentifiers": [
            {"type": "SystemIdentifier", "identifierType": "SisSourcedId", "identifier": "example.edu:71ee7e42"},
            {"type": "SystemIdentifier", "identifierType": "Other", "identifier": None},
        ],
    }
    names = the_claim(read, graded(object=attempt(assignee=person)), PLAIN).names
    assert names == (Name("caliper:person", LEARNER), Name("caliper:SisSourcedId", "example.edu:71ee7e42"))


def test_a_group_that_was_graded_is_not_a_learner() -> None:
    with pytest.raises(Wrong, match="no person") as wrong:
        read(graded(object=attempt(assignee={"id": SECTION, "type": "Group"})), PLAIN)
    assert wrong.value.place == "object.assignee"


def test_the_activity_is_the_section_where_the_document_says_so() -> None:
    section = source_of("caliper", reports_on="group")
    assert the_claim(read, graded(), section).activity == SECTION
    assert the_claim(read, graded(group=SECTION), section).activity == SECTION
    with pytest.raises(Wrong, match="section"):
        read(graded(group=None), section)


def test_a_calculated_course_grade_of_blackboard_is_about_the_course() -> None:
    claim = the_claim(read, blackboard_course_grade(), PLAIN)
    assert (claim.names[0].value, claim.activity) == (BB_USER, f"{SITE}/courses/ab336626")
    assert claim.said == Result(Status.SCORED, Score(raw=Decimal(87), max=Decimal(100)))
    column = the_claim(read, blackboard_course_grade(isCourseGrade=False), PLAIN)
    assert column.activity == f"{SITE}/gradableItems/_12345_1"
    assert isinstance(read(blackboard_course_grade(score=None), PLAIN), Nothing)
