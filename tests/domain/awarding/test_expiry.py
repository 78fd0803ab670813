"""Validity ends, notice is given, and what is met again is renewed."""

from __future__ import annotations

from datetime import timedelta

from services.awarding.domain.decisions import fell_due, next_due
from shared.events.awarding import AwardExpiring, AwardRenewed, ExpiryFellDue
from tests.domain.awarding.scene import Learner, achievement, day, event, holds, part, passed, stack, told, verdict

YEAR = achievement("a", valid_for="P100D")


def due(ada: Learner) -> list[tuple[bool, float]]:
    """What falls due, as (notice, day), if nothing else happens."""
    found: list[tuple[bool, float]] = []
    while (instant := next_due(ada.record)) is not None:
        for message, at in fell_due(ada.record, instant):
            assert isinstance(message, ExpiryFellDue)
            found.append((message.notice, (at - day(0)) / timedelta(days=1)))
            ada.apply(event(message, at))
    return found


def test_an_award_is_valid_for_its_period_and_then_expires() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    assert ada.award("a").valid_until == day(103)
    assert ada.pass_time(102.9) == ()
    assert told(ada.pass_time(103)) == ["expired a"]
    assert ada.award("a").status_since == day(103)


def test_anything_that_shows_that_time_has_passed_lets_it_expire() -> None:
    ada = Learner(YEAR, achievement("b"))
    ada.apply(passed("a", 3))
    assert told(ada.apply(passed("b", 200))) == ["expired a", "granted b"]


def test_what_falls_due_is_the_notice_and_the_end() -> None:
    ada = Learner(YEAR)
    assert next_due(ada.record) is None
    ada.apply(passed("a", 3))
    assert next_due(ada.record) == day(73)
    assert fell_due(ada.record, day(72)) == []
    assert due(ada) == [(True, 73), (False, 103)]


def test_of_an_end_that_is_past_no_notice_is_given() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    said = [fact for message, instant in fell_due(ada.record, day(500)) for fact in ada.apply(event(message, instant))]
    assert told(said) == ["expired a"]
    assert next_due(ada.record) is None


def test_notice_is_given_once_for_each_end() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    notice = event(ExpiryFellDue(learner="ada", award=ada.award("a").id, notice=True), day(73))
    (fact,) = ada.apply(notice)
    assert isinstance(fact, AwardExpiring)
    assert (fact.valid_until, fact.revision, fact.status) == (day(103), 2, "valid")
    assert ada.apply(notice) == ()
    assert due(ada) == [(False, 103)]


def test_an_award_that_is_past_its_end_when_granted_gets_no_notice() -> None:
    ada = Learner(YEAR, achievement("b"))
    ada.apply(passed("b", 300))
    assert told(ada.apply(passed("a", 3))) == ["granted a", "expired a"]
    assert due(ada) == []


def test_meeting_the_requirement_again_moves_the_end_on() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    (fact,) = ada.apply(verdict("a", part(3, again=[50]), revision=2, at=50))
    assert isinstance(fact, AwardRenewed)
    assert (fact.valid_until, fact.status) == (day(150), "valid")
    assert ada.pass_time(149) == ()
    assert told(ada.pass_time(150)) == ["expired a"]


def test_an_expired_award_that_is_renewed_is_valid_again_under_the_same_id() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    first = ada.award("a").id
    ada.pass_time(103)
    (fact,) = ada.apply(verdict("a", part(3, again=[120]), revision=2, at=120))
    assert isinstance(fact, AwardRenewed)
    assert (fact.award, fact.valid_until) == (first, day(220))


def test_expiry_touches_only_what_must_stay_valid() -> None:
    ada = Learner(
        YEAR,
        stack("ever", {"x": holds("a", holding="ever")}),
        stack("reached", {"x": holds("a")}),
        stack("strict", {"x": holds("a", holding="valid")}),
        stack("above", {"x": {"stack": "strict", "level": "x"}}),
    )
    ada.apply(passed("a", 3))
    assert sorted(told(ada.pass_time(103))) == ["expired a", "revoked above.x", "revoked strict.x"]
    assert ada.held() == {"a": "expired", "ever.x": "valid", "reached.x": "valid", "strict.x": "revoked", "above.x": "revoked"}


def test_what_had_expired_before_counts_only_where_held_ever_is_enough() -> None:
    ada = Learner(
        YEAR,
        achievement("b"),
        stack("ever", {"x": {"all": [holds("b"), holds("a", holding="ever")]}}),
        stack("reached", {"x": {"all": [holds("b"), holds("a")]}}),
    )
    ada.apply(passed("a", 3), passed("b", 200))
    assert ada.held() == {"a": "expired", "b": "valid", "ever.x": "valid"}


def test_what_must_stay_valid_is_met_again_by_a_renewal() -> None:
    ada = Learner(YEAR, achievement("top", holds("a", holding="valid"), when_withdrawn="suspend"))
    ada.apply(passed("a", 3))
    assert told(ada.pass_time(103)) == ["expired a", "suspended top"]
    assert told(ada.apply(verdict("a", part(3, again=[120]), revision=2, at=120))) == ["renewed a", "restored top"]


def test_an_award_about_awards_is_renewed_when_all_it_asks_for_was_earned_afresh() -> None:
    ada = Learner(
        YEAR, achievement("b", valid_for="P100D"), stack("s", {"x": {"all": [holds("a"), holds("b")]}}, valid_for="P80D")
    )
    ada.apply(passed("a", 3), passed("b", 4))
    assert ada.award("s.x").valid_until == day(84)
    assert told(ada.apply(verdict("a", part(3, again=[50]), revision=2, at=50))) == ["renewed a"]
    assert told(ada.apply(verdict("b", part(4, again=[60]), revision=2, at=60))) == ["renewed b", "renewed s.x"]
    assert ada.award("s.x").valid_until == day(140)


def test_a_person_renews_by_awarding_again() -> None:
    ada = Learner(YEAR)
    ada.apply(passed("a", 3))
    ada.pass_time(110)
    assert told(ada.grant("a", on=120)) == ["renewed a"]
    assert ada.award("a").valid_until == day(220)


def test_a_short_validity_is_noticed_half_way() -> None:
    ada = Learner(achievement("a", valid_for="P10D"))
    ada.apply(passed("a", 3))
    assert due(ada) == [(True, 8), (False, 13)]
