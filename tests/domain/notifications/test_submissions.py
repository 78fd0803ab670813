"""What a learner is told of what they handed in, and that it is told once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.contact import Contact, wanted, wishes
from services.notifications.domain.kinds import FIRST, MAILED, Kind
from services.notifications.domain.telling import DELIVERIES, INBOX, STEPS, Told
from services.notifications.letters import LANGUAGES, compose, page_of
from services.notifications.stream import FLOW
from shared.decisions import Event
from shared.events.awarding import AwardGranted
from shared.events.submissions import AnswerAwaited, MoreAsked, SubmissionFact, SubmissionJudged
from shared.topics import SUBMISSIONS
from tests.domain.notifications.facts import NAMES, NOON, TRACE, award, erasure, event, put_into, submission

WHERE = "https://assessment.hilltop.example"


def tell(*events: Event[Any]) -> tuple[Told, list[dict[str, Any]], list[dict[str, Any]]]:
    """The record in the end, and the messages and deliveries inserted on the way."""
    told, inbox, deliveries = Told("ada"), [], []
    for one in events:
        decided = FLOW.table[type(one.data)](told, one, NAMES)
        assert decided.record is not None
        told = decided.record
        inbox += put_into(INBOX, decided)
        deliveries += put_into(DELIVERIES, decided)
    return told, inbox, deliveries


def test_every_fact_on_the_topic_is_told() -> None:
    assert set(STEPS) == set(SUBMISSIONS.events)


@pytest.mark.parametrize(("model", "kind"), STEPS.items())
def test_each_fact_about_a_submission_is_one_message_and_one_mail_under_its_id(model: type[SubmissionFact], kind: Kind) -> None:
    fact = submission(model)
    _, [message], [delivery] = tell(event(fact))
    assert (message["_id"], message["kind"], message["name"], message["issuer"]) == (
        fact.id,
        kind,
        "Python",
        "Hilltop University",
    )
    assert (delivery["_id"], delivery["state"], delivery["traceparent"]) == (fact.id, "waiting", TRACE)
    assert page_of(WHERE, delivery["data"]) == page_of(WHERE, message) == f"{WHERE}/my/submissions/s-1"


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_only_what_is_newer_is_told_however_often_and_in_whatever_order_it_comes(revisions: list[int]) -> None:
    _, inbox, deliveries = tell(*(event(submission(MoreAsked, revision)) for revision in revisions))
    newer = [one for place, one in enumerate(revisions) if one > max(revisions[:place], default=0)]
    assert len(inbox) == len(deliveries) == len(newer)


def test_submissions_and_awards_are_told_beside_each_other() -> None:
    told, inbox, _ = tell(event(submission(SubmissionJudged, 3)), event(award(AwardGranted)), event(submission(MoreAsked, 2)))
    assert [(message["kind"], message["number"]) for message in inbox] == [("judged", 1), ("granted", 2)]
    assert told.newest == {"s-1": 3, "award-1": 1}


def test_what_was_said_before_an_erasure_is_not_told_after_it() -> None:
    asked = event(submission(MoreAsked))
    told, inbox, _ = tell(asked, event(erasure()), asked, event(submission(AnswerAwaited, 2)))
    assert len(inbox) == 1
    assert told.newest == {}


def test_only_a_verdict_says_whether_it_is_passed() -> None:
    again = submission(MoreAsked, verdict=1, passed=False)
    _, [asked, judged], _ = tell(event(again), event(submission(SubmissionJudged, 2, verdict=2, passed=False)))
    assert ("passed" in asked, "replaces" in asked) == (False, False)
    assert (judged["passed"], judged["replaces"]) == (False, True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", STEPS)
def test_a_mail_about_a_submission_leads_to_its_page(model: type[SubmissionFact], language: str) -> None:
    _, _, [delivery] = tell(event(submission(model)))
    page = f"{WHERE}/my/submissions/s-1"
    letter = compose(delivery["kind"], {**delivery["data"], "page": page}, language, "Ada")
    assert page in letter.text
    assert f'<a href="{page}">{page}</a>' in letter.html
    assert "None" not in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_passed_failed_and_judged_anew_read_differently(language: str) -> None:
    data = {"name": "Python", "page": f"{WHERE}/my/submissions/s-1"}
    verdicts = [{"passed": True}, {"passed": False}, {"passed": True, "replaces": True}, {"passed": False, "replaces": True}]
    assert len({compose(Kind.JUDGED, data | verdict, language, None).text for verdict in verdicts}) == 4


def test_a_reminder_says_since_when_it_waits() -> None:
    _, _, [delivery] = tell(event(submission(AnswerAwaited, time=NOON)))
    assert "23 February 2026" in compose(Kind.REMINDED, delivery["data"], "en", None).text


def test_who_chose_before_there_were_these_kinds_gets_them_and_what_they_chose_else() -> None:
    kept = {"wants": ["granted", "revoked"]}
    assert wanted(kept) == {Kind.GRANTED, Kind.REVOKED} | (MAILED - set(map(Kind, FIRST)))


@given(st.frozensets(st.sampled_from(sorted(MAILED))))
def test_who_chooses_now_gets_what_they_chose(kinds: frozenset[Kind]) -> None:
    assert wanted(wishes(kinds)) == kinds
    assert wanted(Contact(address="ada@example.edu", wants=kinds).to_document()) == kinds
