"""Versions: when they count, what is announced of them, and what never changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.catalog.domain.changes import changes, document_of
from services.catalog.domain.versions import Shelf, Version, come_into_force, next_start, published, retired
from shared.events.catalog import AchievementPublished, StackPublished
from tests.domain.catalog.documents import NOW, PASSED, achievement, stack, submitted

LATER = NOW + timedelta(days=10)
SEPTEMBER = datetime(2027, 9, 1, tzinfo=UTC)


def first(**said: Any) -> Version:
    [version] = published(submitted(achievement("ethics", **said)), (), NOW)
    return version


def test_a_first_version_counts_since_ever() -> None:
    version = first()
    assert (version.key, version.revision, version.effective_from, version.teach_out_ends) == ("ethics@1", 1, None, None)
    assert version.counts_at(datetime(1999, 1, 1, tzinfo=UTC))


def test_the_same_content_makes_no_new_version() -> None:
    assert published(submitted(achievement("ethics", effective_from="2030-01-01")), [first()], LATER) == ()


def test_amounts_that_are_equal_are_the_same_content() -> None:
    half, fifty = ({"activity": "a", "score_at_least": amount} for amount in ("0.5", "0.50"))
    before = published(submitted(achievement("ethics", half)), (), NOW)
    assert published(submitted(achievement("ethics", fifty)), before, LATER) == ()


def test_a_revision_counts_from_its_publication_and_ends_the_one_before() -> None:
    old, new = published(submitted(achievement("ethics", PASSED)), [first()], LATER)
    assert (old.key, old.revision, old.teach_out_ends, old.announced_at) == ("ethics@1", 2, LATER, LATER)
    assert (new.key, new.revision, new.effective_from) == ("ethics@2", 1, LATER)


def test_a_revision_with_a_day_counts_from_that_day_and_the_one_before_until_then() -> None:
    old, new = published(submitted(achievement("ethics", PASSED, effective_from="2027-09-01")), [first()], LATER)
    assert (old.teach_out_ends, new.effective_from) == (SEPTEMBER, SEPTEMBER)
    assert new.awaits_force
    assert not new.announcement().in_force


def test_a_teach_out_lets_both_count_side_by_side() -> None:
    said = {"effective_from": "2027-09-01", "teach_out_of_previous": "2028-03-01"}
    old, _ = published(submitted(achievement("ethics", PASSED, **said)), [first()], LATER)
    assert old.teach_out_ends == datetime(2028, 3, 1, tzinfo=UTC)


def test_a_revision_from_a_past_day_on_takes_nothing_away_that_was_earned_since() -> None:
    old, new = published(submitted(achievement("ethics", PASSED, effective_from="2020-01-01")), [first()], LATER)
    assert old.teach_out_ends == LATER
    assert new.effective_from == datetime(2020, 1, 1, tzinfo=UTC)
    assert new.announcement().in_force


def test_a_third_version_leaves_the_first_ones_teach_out_alone() -> None:
    said = {"effective_from": "2027-09-01", "teach_out_of_previous": "2028-03-01"}
    two = published(submitted(achievement("ethics", PASSED, **said)), [first()], NOW)
    third = published(submitted(achievement("ethics", {"activity": "b", "passed": True})), two, LATER)
    assert [version.key for version in third] == ["ethics@2", "ethics@3"]


def test_a_version_is_announced_again_when_its_day_has_come_and_only_then() -> None:
    shelf = Shelf({}).with_(published(submitted(achievement("ethics", effective_from="2027-09-01")), (), NOW))
    assert next_start(shelf) == SEPTEMBER
    assert come_into_force(shelf, SEPTEMBER - timedelta(seconds=1)) == ()

    [again] = come_into_force(shelf, SEPTEMBER)

    assert (again.revision, again.announcement().in_force) == (2, True)
    assert come_into_force(shelf.with_([again]), SEPTEMBER + timedelta(days=9)) == ()
    assert next_start(shelf.with_([again])) is None


def test_retiring_ends_all_versions_and_again_changes_nothing() -> None:
    said = {"effective_from": "2027-09-01"}
    two = published(submitted(achievement("ethics", PASSED, **said)), [first()], NOW)

    ended = retired(two, LATER, NOW)

    assert [(v.retired, v.teach_out_ends, v.revision) for v in ended] == [(True, LATER, 3), (True, LATER, 2)]
    assert all(version.announcement().retired for version in ended)
    assert retired(ended, LATER, LATER) == ()
    assert retired(ended, None, LATER) == ()


def test_retiring_without_a_day_brings_the_end_forward_to_now_and_never_puts_it_off() -> None:
    ending_later = retired([first()], LATER, NOW)

    [ended] = retired(ending_later, None, NOW)

    assert (ended.teach_out_ends, ended.revision) == (NOW, ending_later[0].revision + 1)
    assert retired([ended], LATER, LATER) == ()


def test_an_announcement_says_the_whole_version() -> None:
    fact = first().announcement()
    assert isinstance(fact, AchievementPublished)
    assert (fact.key, fact.revision, fact.announced_at, fact.cause.id) == ("ethics@1", 1, NOW, "ethics@1")
    assert AchievementPublished.model_validate_json(fact.to_json()) == fact
    assert first().announcement().to_json() == fact.to_json()


def test_a_stacks_announcement_survives_the_topic() -> None:
    document = stack("s", {"one": {"credits_at_least": "2.50", "from": {"tags": ["t"]}, "rates": {"CATS": "0.5"}}})
    [version] = published(submitted(document), (), NOW)
    fact = version.announcement()
    assert isinstance(fact, StackPublished)
    assert StackPublished.model_validate_json(fact.to_json()) == fact


def test_changes_are_named_by_their_places() -> None:
    old = submitted(stack("s", {"one": PASSED, "two": {"achievement": "a"}}, tags=["x"])).definition
    new = submitted(stack("s", {"one": PASSED, "two": {"achievement": "b"}}, tags=["x", "y"], eqf_level=6)).definition
    found = {change.place: (change.old, change.new) for change in changes(old, new)}
    assert found == {
        "eqf_level": (None, 6),
        "tags": (["x"], ["x", "y"]),
        "levels/1/requirement/achievement": ("a", "b"),
    }


def test_a_published_definition_can_be_written_as_a_document_again() -> None:
    document = stack("s", {"one": {"within": "P365D", "requirement": PASSED}}, valid_for="P730D", credits={"amount": "5"})
    definition = submitted(document).definition
    assert submitted(document_of(definition)).definition == definition
