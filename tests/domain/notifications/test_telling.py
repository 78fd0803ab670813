"""What a learner is told, and that it is told once."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.kinds import MAILED, Kind
from services.notifications.domain.names import Names
from services.notifications.domain.telling import CONTACTS, DELIVERIES, INBOX, KINDS, Told, forget
from services.notifications.store import told_from_document, told_to_document
from services.notifications.stream import FLOW
from shared.decisions import Drop, Event
from shared.events.awarding import (
    AwardExpired,
    AwardFact,
    AwardGranted,
    AwardRevoked,
    AwardSuspended,
    CredentialIssued,
    DecisionMade,
)
from shared.events.notifications import IdentitySharingRequested
from shared.topics import AWARDS, SUBMISSIONS
from tests.domain.notifications.facts import NAMES, NOON, TRACE, award, erasure, event, put_into, upgrade


def tell(*events: Event[Any], told: Told | None = None) -> tuple[Told, list[dict[str, Any]], list[dict[str, Any]]]:
    """The record in the end, and the messages and deliveries inserted on the way."""
    told = told or Told("ada")
    inbox: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for one in events:
        decided = FLOW.table[type(one.data)](told, one, NAMES)
        assert decided.record is not None
        told = decided.record
        inbox += put_into(INBOX, decided)
        deliveries += put_into(DELIVERIES, decided)
    return told, inbox, deliveries


def test_every_fact_about_awards_and_submissions_has_its_decision() -> None:
    assert set(FLOW.table) == {*AWARDS.events, *SUBMISSIONS.events, IdentitySharingRequested} - {CredentialIssued, DecisionMade}


@pytest.mark.parametrize(("model", "kind"), KINDS.items())
def test_each_fact_about_an_award_is_one_message_under_the_facts_id(model: type[AwardFact], kind: Kind) -> None:
    fact = award(model)
    _, inbox, deliveries = tell(event(fact))

    assert [(message["_id"], message["kind"], message["read"]) for message in inbox] == [(fact.id, kind, False)]
    assert [delivery["_id"] for delivery in deliveries] == ([fact.id] if kind in MAILED else [])


def test_an_expiry_is_told_in_the_inbox_only() -> None:
    _, inbox, deliveries = tell(event(award(AwardExpired)))
    assert len(inbox) == 1
    assert deliveries == []


def test_a_message_names_what_was_awarded_as_its_version_calls_it() -> None:
    _, [message], [delivery] = tell(event(award(AwardGranted, achievement="cs.bronze", level="cs/bronze")))
    names = {
        "name": "Inclusive Computing: Bronze",
        "issuer": "Hilltop University",
        "stack_name": "Inclusive Computing",
        "level_name": "Bronze",
    }
    assert names.items() <= message.items()
    assert names.items() <= delivery["data"].items()


def test_a_delivery_waits_with_the_trace_that_led_to_it() -> None:
    _, _, [delivery] = tell(event(award(AwardGranted)))
    assert (delivery["state"], delivery["attempts"], delivery["traceparent"]) == ("waiting", 0, TRACE)


def test_the_same_fact_again_tells_nothing() -> None:
    once = event(award(AwardGranted))
    told, inbox, _ = tell(once, once)
    assert len(inbox) == 1
    assert told.messages == 1


def test_a_revision_that_is_not_newer_tells_nothing() -> None:
    _, inbox, _ = tell(event(award(AwardRevoked, 3)), event(award(AwardSuspended, 2)))
    assert [message["kind"] for message in inbox] == ["revoked"]


def test_revisions_of_different_awards_do_not_count_against_each_other() -> None:
    _, inbox, _ = tell(event(award(AwardRevoked, 3)), event(award(AwardGranted, 1, award="award-2")))
    assert [message["kind"] for message in inbox] == ["revoked", "granted"]


def test_an_upgrade_is_told_once_in_whatever_order_its_two_facts_come() -> None:
    first = event(award(AwardGranted, award="award-bronze", achievement="cs.bronze", level="cs/bronze"))
    granted = event(award(AwardGranted, award="award-silver", achievement="cs.silver", level="cs/silver", upgrades_from="bronze"))
    for order in permutations((first, granted, event(upgrade()))):
        _, inbox, deliveries = tell(*order)
        assert sorted(message["kind"] for message in inbox) == ["granted", "upgraded"]
        assert sorted(delivery["kind"] for delivery in deliveries) == ["granted", "upgraded"]


def test_an_upgrade_says_from_where_to_where() -> None:
    _, [message], _ = tell(event(upgrade()))
    assert (message["from_level_name"], message["level_name"], message["stack_name"]) == (
        "Bronze",
        "Silver",
        "Inclusive Computing",
    )


def test_later_facts_about_an_upgraded_level_are_told_as_of_any_award() -> None:
    granted = award(AwardGranted, award="award-silver", achievement="cs.silver", level="cs/silver", upgrades_from="bronze")
    revoked = award(AwardRevoked, 2, award="award-silver", achievement="cs.silver", level="cs/silver", upgrades_from="bronze")
    _, inbox, _ = tell(event(granted), event(upgrade()), event(revoked))
    assert [message["kind"] for message in inbox] == ["upgraded", "revoked"]


def test_what_is_merely_stated_again_is_no_news() -> None:
    told, inbox, deliveries = tell(event(award(AwardGranted)), event(award(AwardGranted, 2, restated=True)))
    assert ([message["kind"] for message in inbox], len(deliveries)) == (["granted"], 1)
    assert told.newest == {"award-1": 2}


def test_messages_are_numbered_in_the_order_of_telling() -> None:
    _, inbox, _ = tell(event(award(AwardGranted)), event(award(AwardSuspended, 2)), event(upgrade()))
    assert [message["number"] for message in inbox] == [1, 2, 3]


def test_what_nobody_published_is_called_by_its_id() -> None:
    decided = FLOW.table[AwardGranted](Told("ada"), event(award(AwardGranted)), Names())
    assert put_into(INBOX, decided)[0]["name"] == "python"


def test_an_erased_learner_leaves_nothing_but_the_instant() -> None:
    told, _, _ = tell(event(award(AwardGranted)))
    gone = event(erasure())
    decided = forget(told, gone, NAMES)

    assert decided.record == Told("ada", erased=gone.time)
    assert set(map(repr, decided.writes)) == {
        repr(Drop(INBOX, {"learner": "ada"})),
        repr(Drop(DELIVERIES, {"learner": "ada"})),
        repr(Drop(CONTACTS, {"_id": "ada"})),
        repr(Drop("facts", {"learner": "ada"})),
    }


def test_facts_from_before_an_erasure_tell_nothing_when_they_are_sent_again() -> None:
    old = event(award(AwardGranted))
    told, inbox, _ = tell(old, event(erasure()), old, event(award(AwardRevoked, 2)))
    assert len(inbox) == 1
    assert told.messages == 0


def test_a_learner_who_comes_back_after_an_erasure_is_told_again() -> None:
    later = award(AwardGranted, award="award-9", time=NOON + timedelta(days=2))
    _, inbox, _ = tell(event(erasure()), event(later))
    assert [message["award"] for message in inbox] == ["award-9"]


@given(st.lists(st.tuples(st.sampled_from(list(KINDS)), st.integers(1, 5), st.sampled_from("xyz")), max_size=12))
def test_each_award_is_told_in_rising_revisions_and_no_fact_twice(facts: list[tuple[type[AwardFact], int, str]]) -> None:
    events = [event(award(model, revision, award=name)) for model, revision, name in facts]
    told, inbox, _ = tell(*events, *events)

    assert len({message["_id"] for message in inbox}) == len(inbox) == told.messages
    by_id = {one.id: one.data for one in events}
    for name in "xyz":
        revisions = [by_id[message["_id"]].revision for message in inbox if message["award"] == name]
        assert revisions == sorted(set(revisions))


def test_a_record_comes_back_from_its_document_as_it_was() -> None:
    for told in (Told("ada"), Told("ada", {"award.1": 3, "urn:uuid:x": 1}, 4), Told("ada", erased=NOON)):
        assert told_from_document("ada", told_to_document(told)) == told


def test_a_record_from_before_it_was_one_text_is_read() -> None:
    assert told_from_document("ada", {"newest": [["a1", 2], ["a2", 1]], "messages": 3}) == Told("ada", {"a1": 2, "a2": 1}, 3)
