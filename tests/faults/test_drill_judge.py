"""The judge of a drill must say so when something was lost, doubled or is not as it must be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.drill.faults import Ended, Struck
from deploy.drill.judge import NOTED_WITHIN, Expected, Found, Mailed, judged
from deploy.drill.mail import windows
from deploy.drill.plain import Held
from deploy.drill.schedule import Fault, Kind
from shared.events.awarding import (
    AwardFact,
    AwardGranted,
    AwardRevoked,
    AwardStatus,
    AwardSuspended,
    CredentialIssued,
    StatusEntry,
)
from shared.events.envelope import Cause, Fact

AT = datetime(2026, 1, 15, tzinfo=UTC)
CAUSE = Cause(kind="completion", id="1", source="lms", time=AT)


def award(
    learner: str, model: type[AwardFact] = AwardGranted, status: AwardStatus = AwardStatus.VALID, revision: int = 1
) -> AwardFact:
    return model(
        revision=revision,
        cause=CAUSE,
        award=f"award-{learner}",
        learner=learner,
        achievement="walls",
        version=1,
        status=status,
        awarded_at=AT,
        status_since=AT,
    )


def credential(learner: str, index: int) -> CredentialIssued:
    return CredentialIssued(
        revision=1,
        cause=CAUSE,
        credential=f"credential-{learner}",
        award=f"award-{learner}",
        award_revision=1,
        learner=learner,
        achievement="walls",
        version=1,
        issuer="stone",
        status=StatusEntry(purpose="revocation", list="stone-r-0-1", index=index),
        signed_with="key",
        valid_from=AT,
        created=AT,
        profile="p",
        contexts="c",
    )


def held(learner: str, status: AwardStatus = AwardStatus.VALID) -> Held:
    return Held(learner, "walls", 1, AT, status)


@dataclass
class Case:
    """Ada and Bob hold an award each, of Cy it was revoked; all as it must be."""

    expected: Expected
    found: Found

    def with_(self, **changes: Any) -> list[str]:
        """What the judge says when the platform says this instead."""
        return [one.what for one in judged(self.expected, replace(self.found, **changes))]


@pytest.fixture
def case() -> Case:
    granted = [award("ada"), award("bob"), award("cy")]
    revoked = award("cy", AwardRevoked, AwardStatus.REVOKED, 2)
    facts: list[Fact] = [*granted, revoked, credential("ada", 1), credential("bob", 2), credential("cy", 3)]
    ids = [fact.id for fact in (*granted, revoked)]
    entries = [("ada", "lms", "1"), ("bob", "lms", "1"), ("cy", "lms", "1")]
    found = Found(
        held=[held("ada"), held("bob")],
        verdicts=[],
        awards=[*facts, facts[0]],
        entries=entries,
        dead=[b"garbage", b"garbage"],
        set_places=frozenset({("stone-r-0-1", 3)}),
        inbox=[(ids[0], "ada", 1), (ids[1], "bob", 1), (ids[2], "cy", 1), (ids[3], "cy", 2)],
        told=dict.fromkeys(ids, 1),
        mailed=dict.fromkeys(ids, 1),
        deliveries=dict.fromkeys(ids, "sent"),
        mails=[Mailed(id_, 100.0 + number) for number, id_ in enumerate(ids)],
        source={"accepted": 2, "duplicated": 7},
    )
    return Case(Expected([held("ada"), held("bob")], frozenset(entries), frozenset([b"garbage"]), {"accepted": 2}), found)


def test_what_is_as_it_must_be_has_no_difference(case: Case) -> None:
    assert judged(case.expected, case.found) == []


def test_a_lost_award_is_named(case: Case) -> None:
    [difference] = judged(case.expected, replace(case.found, held=[held("ada")]))
    assert (difference.what, difference.number) == ("awards are missing", 1)
    assert "bob walls@1 2026-01-15 valid" in str(difference)


def test_an_award_that_is_there_twice_is_named(case: Case) -> None:
    said = case.with_(held=[held("ada"), held("ada"), held("bob")])
    assert said == ["awards are there that should not be, or are there again", "achievements held twice by one learner"]


def test_an_award_of_another_status_is_named(case: Case) -> None:
    assert "awards are missing" in case.with_(held=[held("ada"), held("bob", AwardStatus.SUSPENDED)])


def test_an_award_that_is_kept_otherwise_than_it_was_said_is_named(case: Case) -> None:
    facts = [*case.found.awards, award("bob", AwardSuspended, AwardStatus.SUSPENDED, 2)]
    said = case.with_(awards=facts)
    assert "awards as said last on the topic are missing" in said
    assert "places in status lists that are wrong" in said


def test_a_fact_said_in_two_ways_is_named(case: Case) -> None:
    another = award("ada").model_copy(update={"note": "another"})
    assert case.with_(awards=[*case.found.awards, another]) == ["facts on awards that were said in two ways"]


def test_a_revision_that_was_never_said_is_named(case: Case) -> None:
    facts = [fact for fact in case.found.awards if not (isinstance(fact, AwardGranted) and fact.learner == "cy")]
    assert "subjects on awards of which a revision was never said" in case.with_(awards=facts)


@pytest.mark.parametrize("places", [frozenset(), frozenset({("stone-r-0-1", 3), ("stone-r-0-1", 1)})])
def test_a_place_in_a_status_list_that_is_wrong_is_named(case: Case, places: frozenset[tuple[str, int]]) -> None:
    assert case.with_(set_places=places) == ["places in status lists that are wrong"]


def test_a_place_that_is_set_for_nobody_or_shared_is_named(case: Case) -> None:
    places = case.found.set_places | {("stone-r-0-1", 99)}
    assert case.with_(set_places=places) == ["places in status lists that are set for nobody"]
    facts = [fact for fact in case.found.awards if fact != credential("bob", 2)]
    assert case.with_(awards=[*facts, credential("bob", 1)]) == ["places in status lists that two credentials share"]
    assert case.with_(awards=facts) == ["awards with a credential are missing"]


def test_an_entry_or_a_dead_letter_lost_or_too_many_is_named(case: Case) -> None:
    assert case.with_(entries=case.found.entries[1:]) == ["entries are missing"]
    assert case.with_(entries=[*case.found.entries, case.found.entries[0]]) == [
        "entries are there that should not be, or are there again"
    ]
    assert case.with_(dead=[]) == ["dead letters are missing"]
    assert case.with_(dead=[b"garbage", b"good"]) == ["dead letters are there that should not be, or are there again"]


def test_a_message_lost_doubled_or_misnumbered_is_named(case: Case) -> None:
    inbox = case.found.inbox
    assert case.with_(inbox=inbox[1:]) == ["messages in inboxes are missing"]
    assert "inboxes whose numbers have gaps or come twice" in case.with_(inbox=[*inbox, inbox[0]])
    assert case.with_(inbox=[*inbox[:3], (*inbox[3][:2], 3)]) == ["inboxes whose numbers have gaps or come twice"]


def test_a_mail_lost_or_never_sent_is_named(case: Case) -> None:
    assert case.with_(mails=case.found.mails[1:]) == ["mails are missing"]
    waiting = {**case.found.deliveries, case.found.mails[0].id: "deferred"}
    assert "deliveries that are not done" in case.with_(deliveries=waiting)
    assert case.with_(mailed={**case.found.mailed, "more": 1}) == ["deliveries are missing"]


def test_a_mail_may_be_repeated_only_where_its_sender_was_hit_in_between(case: Case) -> None:
    again = [*case.found.mails, Mailed(case.found.mails[0].id, 160.0)]
    repeated = ["mails that were repeated though nobody was hit"]
    assert case.with_(mails=again) == repeated
    assert case.with_(mails=again, windows=[(101.0, 101.0)]) == []
    assert case.with_(mails=again, windows=[(90.0, 99.0)]) == repeated
    assert case.with_(mails=again, windows=[(161.0, 170.0)]) == repeated
    assert case.with_(mails=again, windows=[(101.0 + NOTED_WITHIN, 150.0)]) == repeated


def test_mails_may_be_repeated_when_their_sender_dies_or_the_way_to_the_server_breaks() -> None:
    def struck(kind: Kind, target: str, amount: float = 0.0) -> Struck:
        return Struck(Fault(1, kind, target, 8, amount), 100.0, 110.0)

    assert windows([struck(Kind.KILL, "notifications")], []) == [(100.0, 101.0)]
    assert windows([struck(Kind.JOIN, "notifications", 1)], []) == [(109.0, 111.0)]
    assert windows([struck(Kind.CUT, "mailbox")], []) == [(100.0, 111.0)]
    assert windows([], [Ended("notifications-2", 50.0, "")]) == [(50.0, 50.0)]
    harmless = [struck(Kind.FREEZE, "notifications"), struck(Kind.CLOCK, "notifications"), struck(Kind.KILL, "awarding")]
    assert windows([*harmless, struck(Kind.JOIN, "notifications")], [Ended("awarding-1", 50.0, "")]) == []


def test_an_account_that_does_not_add_up_is_named(case: Case) -> None:
    assert "accounts of the source are missing" in case.with_(source={"accepted": 3})
