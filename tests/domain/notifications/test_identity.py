"""What a learner shares of who they are: the last choice counts, each said once under a revision of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.notifications.domain.contact import Contact
from services.notifications.domain.identity import Choice, identity_sharing_requested, inside
from services.notifications.domain.telling import Shown, Told, forget
from services.notifications.store import told_from_document, told_to_document
from shared.decisions import Event
from shared.events.envelope import Fact
from shared.events.notifications import IdentityShared, IdentitySharingRequested
from tests.domain.notifications.facts import NAMES, erasure
from tests.domain.notifications.facts import event as of_fact

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def asked(sealed: str | None, minutes: float = 0, id_: str = "r") -> Event[IdentitySharingRequested]:
    data = IdentitySharingRequested(learner="ada", sealed=sealed)
    return Event(data, id_, "cairn/notifications", data.TYPE, NOON + timedelta(minutes=minutes), "0" * 16)


def decide(told: Told, *events: Event[IdentitySharingRequested]) -> tuple[Told, list[Fact]]:
    facts: list[Fact] = []
    for one in events:
        decided = identity_sharing_requested(told, one, NAMES)
        assert decided.record is not None
        told = decided.record
        assert told_from_document("ada", told_to_document(told)) == told
        facts += decided.facts
    return told, facts


def test_what_is_shared_is_said_sealed_as_it_came_with_the_request_as_its_cause() -> None:
    _, (fact,) = decide(Told("ada"), asked("jwe", id_="request-1"))
    assert isinstance(fact, IdentityShared)
    assert (fact.learner, fact.sealed, fact.revision, fact.subject) == ("ada", "jwe", 1, "ada")
    assert (fact.cause.kind, fact.cause.id, fact.cause.time) == ("decision", "request-1", NOON)


def test_a_request_that_comes_again_says_nothing_more() -> None:
    told, facts = decide(Told("ada"), asked("jwe"), asked("jwe"))
    assert len(facts) == 1
    assert told.identity == Shown(1, shared=True, asked=(NOON, "r"))


def test_each_change_is_a_newer_revision_and_a_withdrawal_says_nothing_is_shared() -> None:
    _, facts = decide(Told("ada"), asked("one"), asked("two", 1), asked(None, 2), asked(None, 3), asked("three", 4))
    said = [(fact.revision, fact.sealed) for fact in facts if isinstance(fact, IdentityShared)]
    assert said == [(1, "one"), (2, "two"), (3, None), (4, "three")]


def test_the_request_made_last_counts_in_whatever_order_they_come() -> None:
    requests = [asked("one", 0), asked("two", 1), asked("three", 1, "z"), asked(None, 0.5)]
    for order in permutations(requests):
        _, facts = decide(Told("ada"), *order)
        last = facts[-1]
        assert isinstance(last, IdentityShared)
        assert last.sealed == "three"


def test_an_erasure_forgets_it_and_no_older_request_brings_it_back() -> None:
    told, _ = decide(Told("ada"), asked("jwe"))
    erased = forget(told, of_fact(erasure()), NAMES).record
    assert erased is not None
    assert erased.erased is not None
    assert erased.identity == Shown(1)
    before = asked("jwe", (erased.erased - NOON) / timedelta(minutes=1) - 1)
    assert decide(erased, before) == (erased, [])
    _, (fact,) = decide(erased, asked("new", (erased.erased - NOON) / timedelta(minutes=1) + 1))
    assert fact.revision == 2


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(name=True, email=True), {"name": "Ada", "email": "ada@example.edu"}),
        (Choice(name=True), {"name": "Ada"}),
        (Choice(email=True), {"email": "ada@example.edu"}),
        (Choice(), {}),
    ],
)
def test_only_what_was_chosen_is_sealed(choice: Choice, said: dict[str, str]) -> None:
    assert inside(Contact(address="ada@example.edu", name="Ada"), choice) == said
    assert inside(Contact(address="ada@example.edu"), choice) == {k: v for k, v in said.items() if k == "email"}
