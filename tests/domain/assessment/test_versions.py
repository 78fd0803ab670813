"""Versions and their windows, moments of meeting it afresh, and requirements that also ask for awards."""

from __future__ import annotations

from datetime import timedelta

from tests.domain.assessment.stories import Learner, completion, lived, published, retraction

A = {"activity": "a", "passed": True}
B = {"activity": "b", "passed": True}
HELD = {"achievement": "other"}


def test_a_version_counts_what_is_met_from_its_beginning_until_before_its_teach_out_ends() -> None:
    assert lived(A, completion("e1", 5), begins=0, ends=5).turns() == []
    assert lived(A, completion("e1", 4.99), begins=0, ends=5).turns() == [(4.99, 4.99)]


def test_what_was_shown_before_counts_from_the_beginning_of_a_version_in_force() -> None:
    learner = lived(A, completion("e1", 1), begins=4)
    assert learner.turns() == [(4, 4)]


def test_what_was_shown_before_does_not_count_as_long_as_the_version_is_not_in_force() -> None:
    learner = lived(A, completion("e1", 1), begins=4, announced=2)
    assert learner.turns() == []

    learner.learns_of(published(A, begins=4, announced=4, revision=2))
    assert learner.turns() == [(4, 4)]


def test_a_version_published_late_counts_what_was_shown_long_ago() -> None:
    learner = Learner().lives(completion("e1", 1))
    assert learner.verdicts == []

    learner.learns_of(published(A))
    assert learner.turns() == [(1, 1)]
    assert learner.verdict().cause.kind == "publication"


def test_each_version_is_told_by_itself() -> None:
    learner = Learner(published(A, ends=5), published(B, version=2, begins=5))
    learner.lives(completion("e1", 1), completion("e2", 7, "b"))
    assert learner.turns(version=1) == [(1, 1)]
    assert learner.turns(version=2) == [(7, 7)]


def test_a_teach_out_that_is_set_later_takes_back_what_was_met_after_it() -> None:
    learner = lived(A, completion("e1", 7))
    learner.learns_of(published(A, ends=5, revision=2))
    assert learner.turns() == []
    assert learner.verdict().met is False


def test_nothing_is_said_when_only_what_is_open_has_changed() -> None:
    learner = lived({"all": [A, B]}, completion("e1", 1))
    assert learner.verdicts == []


def test_nothing_is_said_when_a_revision_changes_nothing_for_the_learner() -> None:
    learner = lived(A, completion("e1", 1))
    learner.learns_of(published(A, revision=2, ends=100))
    assert len(learner.verdicts) == 1


def test_moments_of_meeting_it_afresh_are_told_where_awards_expire() -> None:
    attempts = [completion(f"e{n}", n, attempt=n) for n in (1, 3, 9)]
    assert lived(A, *attempts, valid_for=365).again() == [3, 9]
    assert lived(A, *attempts).again() == []


def test_each_renewal_needs_all_of_it_again_by_later_entries() -> None:
    events = [
        completion("a1", 1),
        completion("b1", 2, "b"),
        completion("a2", 3, attempt=2),
        completion("a3", 4, attempt=3),
        completion("b2", 5, "b", attempt=2),
        completion("b3", 6, "b", attempt=3),
        completion("a4", 7, attempt=4),
    ]
    learner = lived({"all": [A, B]}, *events, valid_for=365)
    assert learner.turns() == [(2, 2)]
    assert learner.again() == [5, 7]


def test_a_retracted_renewal_is_forgotten() -> None:
    learner = lived(A, completion("e1", 1), completion("e2", 5, attempt=2), retraction("r", 8, "e2"), valid_for=365)
    assert learner.again() == []
    assert learner.turns() == [(1, 1)]


def test_of_a_mixed_requirement_the_parts_about_activities_are_told_and_the_rest_is_left_open() -> None:
    learner = lived({"all": [HELD, {"any": [A, B]}]}, completion("e1", 1))
    assert learner.verdict().met is None
    assert [part.path for part in learner.verdict().versions[0].parts] == ["all/1"]
    assert learner.turns("all/1") == [(1, 1)]


def test_within_a_period_that_awarding_measures_every_earning_of_a_leaf_is_told() -> None:
    asked = {"within": timedelta(days=9), "requirement": {"all": [HELD, A]}}
    learner = lived(asked, completion("e1", 1), completion("e2", 5, attempt=2))
    assert learner.turns("requirement/all/1") == [(1, 1)]
    assert learner.again("requirement/all/1") == [5]


def test_a_requirement_about_awards_alone_is_none_of_assessments_business() -> None:
    assert lived(HELD, completion("e1", 1)).verdicts == []


def test_a_learner_whom_a_publication_does_not_concern_is_left_alone() -> None:
    learner = Learner().lives(completion("e1", 1, "z"))
    before = learner.record
    assert learner.learns_of(published(A)).record is before
