"""What a server's answer means for a delivery, and how long one is patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.delivery import (
    Accepted,
    Answer,
    Away,
    Delivery,
    Patience,
    Refusal,
    State,
    outcome,
    without_address,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = Patience(first=timedelta(seconds=10), longest=timedelta(seconds=60), attempts=4)


def delivery(attempts: int = 0) -> Delivery:
    return Delivery("d", "ada", "granted", {}, attempts)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Accepted("250 ok"), State.SENT),
        (Refusal("550 no such mailbox"), State.FAILED),
        (Refusal("451 later", for_now=True), State.DEFERRED),
        (Away("no conversation"), State.DEFERRED),
    ],
)
def test_an_answer_decides_what_becomes_of_a_delivery(answer: Answer, state: State) -> None:
    assert outcome(delivery(), answer, NOW, PATIENCE).state is state


def test_the_servers_words_are_kept() -> None:
    assert outcome(delivery(), Refusal("550 no such mailbox"), NOW, PATIENCE).answer == "550 no such mailbox"


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [PATIENCE.pause(attempts).total_seconds() for attempts in range(1, 6)]
    assert pauses == [10, 20, 40, 60, 60]


@pytest.mark.parametrize("answer", [Refusal("451 later", for_now=True), Away("no conversation")])
def test_patience_ends_in_a_recorded_failure(answer: Answer) -> None:
    last = outcome(delivery(attempts=3), answer, NOW, PATIENCE)
    assert (last.state, last.attempts, last.next_at) == (State.FAILED, 4, None)


def test_only_a_server_that_is_away_makes_a_delivery_due_when_it_is_back() -> None:
    assert outcome(delivery(), Away("no conversation"), NOW, PATIENCE).away
    assert not outcome(delivery(), Refusal("451 later", for_now=True), NOW, PATIENCE).away


@given(st.integers(0, 10_000))
def test_the_next_attempt_is_later_than_now_and_within_the_longest_pause(attempts: int) -> None:
    patience = Patience(attempts=100_000)
    next_at = outcome(delivery(attempts), Away("gone"), NOW, patience).next_at
    assert next_at is not None
    assert NOW < next_at <= NOW + patience.longest


def test_by_default_one_is_patient_for_about_a_day() -> None:
    patience = Patience()
    whole = sum((patience.pause(attempt) for attempt in range(1, patience.attempts)), timedelta())
    assert timedelta(hours=20) < whole < timedelta(hours=48)


def test_operators_do_not_read_the_address_in_an_answer() -> None:
    assert without_address("550 <ada@example.edu>: unknown", "ada@example.edu") == "550 <(address)>: unknown"
