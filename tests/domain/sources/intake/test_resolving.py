"""From a source's words to ours: learners by rules, activities by rules, and nothing that the source may not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Name, Result, TakenBack, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.resolving import Awaiting, Known, Lookup, Plan, Ready, Reported, resolve
from shared.events.completions import CriterionResult, Score, Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
THEN = datetime(2026, 2, 1, tzinfo=UTC)
ADA = Name("mbox", "ada@example.edu")
AS_IDS = {"of": "account:*", "are": "ids"}


def source(**parts: Any) -> Source:
    document = {"source": "lms", "name": "LMS", "owner": "Staff", "format": "xapi", "may_publish": ["urn:*"]}
    return Source.model_validate(document | parts)


def claim(*names: Name, said: Result | TakenBack | None = None, **parts: Any) -> Claim:
    fields: dict[str, Any] = {"id": "c-1", "time": THEN, "names": names or (ADA,), "activity": "urn:a"}
    return Claim(**fields | parts, said=said or Result(Status.PASSED))


def resolved(*claims: Claim, by: Source | None = None, learners: Any = None, reports: Any = None) -> Ready | Awaiting:
    known = Known(learners or {}, reports or {}, lambda lookup: f"<{lookup.value}>", lambda text: f"<{text}>")
    return resolve(claims, Plan(by or source()), known, NOW)


def data(ready: Ready | Awaiting) -> dict[str, Any]:
    assert isinstance(ready, Ready)
    found: dict[str, Any] = orjson.loads(ready.events[0].data)
    return found


def test_a_name_is_looked_up_in_the_sources_own_directory_unless_its_document_names_another() -> None:
    known = {Lookup("lms", "mbox", ADA.value): "l-1"}
    assert data(resolved(claim(), learners=known))["learner"] == "l-1"
    shared = source(learners=[{"directory": "people"}])
    assert resolved(claim(), by=shared, learners=known) == Awaiting((f"learner:<{ADA.value}>",))
    assert data(resolved(claim(), by=shared, learners={Lookup("people", "mbox", ADA.value): "l-2"}))["learner"] == "l-2"


def test_the_first_rule_that_fits_kind_and_name_leads_to_the_learner() -> None:
    rules = [{"of": "account:*", "matching": "s(?P<learner>[0-9]+)", "are": "ids"}, AS_IDS, {"directory": "rest"}]
    by = source(learners=rules)
    assert data(resolved(claim(Name("account:x", "s12")), by=by))["learner"] == "12"
    assert data(resolved(claim(Name("account:x", "t12")), by=by))["learner"] == "t12"
    assert data(resolved(claim(ADA), by=by, learners={Lookup("rest", "mbox", ADA.value): "l-1"}))["learner"] == "l-1"


def test_of_several_names_the_one_of_the_earliest_rule_counts_that_is_known() -> None:
    both = claim(ADA, Name("account:x", "l-2"))
    known = {Lookup("lms", "mbox", ADA.value): "l-1"}
    ids_first = source(learners=[AS_IDS, {"of": "*"}])
    assert data(resolved(both, by=ids_first))["learner"] == "l-2"
    assert data(resolved(both, by=ids_first, learners=known))["learner"] == "l-2"
    directory_first = source(learners=[{"of": "mbox"}, AS_IDS])
    assert data(resolved(both, by=directory_first))["learner"] == "l-2"
    assert data(resolved(both, by=directory_first, learners=known))["learner"] == "l-1"


def test_of_several_names_under_one_rule_the_formats_best_counts() -> None:
    known = {Lookup("lms", "mbox", ADA.value): "l-1", Lookup("lms", "account:x", "a"): "l-2"}
    assert data(resolved(claim(ADA, Name("account:x", "a")), learners=known))["learner"] == "l-1"
    assert data(resolved(claim(Name("account:x", "a"), ADA), learners=known))["learner"] == "l-2"


@pytest.mark.parametrize("id_", ["two words", "", "x" * 256, "a\tb"])
def test_what_is_no_learners_id_is_refused_without_repeating_it(id_: str) -> None:
    with pytest.raises(Wrong) as wrong:
        resolved(claim(Name("account:x", id_)), by=source(learners=[AS_IDS]))
    assert wrong.value.place == "learner"
    assert not id_ or id_ not in wrong.value.detail


def test_an_original_about_several_learners_is_refused() -> None:
    by = source(learners=[AS_IDS])
    with pytest.raises(Wrong, match="several learners"):
        resolved(claim(Name("account:x", "l-1")), claim(Name("account:x", "l-2"), id="c-2"), by=by)


RULES = [{"named": "quiz-1", "is": "urn:first"}, {"matching": "quiz-(?P<n>[0-9]+)", "is": "urn:quiz:{n}"}]


@pytest.mark.parametrize(("named", "ours"), [("quiz-1", "urn:first"), ("quiz-12", "urn:quiz:12")])
def test_an_activity_is_what_the_rules_make_of_it(named: str, ours: str) -> None:
    known = {Lookup("lms", "mbox", ADA.value): "l-1"}
    assert data(resolved(claim(activity=named), by=source(activities=RULES), learners=known))["activity"] == ours


def test_an_activity_without_a_rule_is_awaited() -> None:
    known = {Lookup("lms", "mbox", ADA.value): "l-1"}
    found = resolved(claim(activity="exam"), by=source(activities=RULES), learners=known)
    assert found == Awaiting(("activity:<exam>",), "l-1")


def test_what_the_source_may_not_speak_of_is_refused_with_what_it_may() -> None:
    with pytest.raises(Wrong) as wrong:
        resolved(claim(activity="http://elsewhere/1"))
    assert (wrong.value.status, wrong.value.place) == (403, "activity")
    assert "urn:*" in wrong.value.detail
    assert "elsewhere" not in wrong.value.detail


@pytest.mark.parametrize(("scaled", "status"), [("0.6", "passed"), ("0.59", "failed")])
def test_a_score_passes_from_the_share_on_that_the_rule_says(scaled: str, status: str) -> None:
    by = source(activities=[{"named": "quiz", "is": "urn:quiz", "passes_at": "0.6"}], learners=[{"are": "ids"}])
    said = Result(Status.SCORED, Score(scaled=Decimal(scaled)))
    assert data(resolved(claim(activity="quiz", said=said), by=by))["status"] == status


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (NOW + timedelta(minutes=6), "later than now"),
        (datetime(1899, 1, 1, tzinfo=UTC), "before 1900"),
        (datetime(2026, 1, 1), "no offset"),  # noqa: DTZ001 - that is what is tried
    ],
)
def test_a_time_that_cannot_be_is_refused(time: datetime, says: str) -> None:
    with pytest.raises(Wrong, match=says) as wrong:
        resolved(claim(time=time), by=source(learners=[{"are": "ids"}]))
    assert wrong.value.place == "time"
    assert str(time.year) not in wrong.value.detail.replace("2026-11-23", "")


def test_clocks_may_differ_by_five_minutes() -> None:
    assert isinstance(resolved(claim(time=NOW + timedelta(minutes=4)), by=source(learners=[{"are": "ids"}])), Ready)


def test_what_takes_something_back_is_about_the_learner_of_that_and_of_what_stands_for_it() -> None:
    taking_back = claim(names=(), activity=None, said=TakenBack("c-0"), id="c-9")
    assert resolved(taking_back) == Awaiting(("report:<c-0>",))
    found = data(resolved(taking_back, reports={"c-0": Reported("l-1", "c-0~2")}))
    assert (found["learner"], found["retracts"]) == ("l-1", "c-0~2")


def test_a_completion_that_our_schema_refuses_is_refused_with_the_place() -> None:
    with pytest.raises(Wrong) as wrong:
        resolved(claim(said=Result(Status.PASSED, grade="g" * 101)), by=source(learners=[{"are": "ids"}]))
    assert (wrong.value.status, wrong.value.place) == (422, "grade")


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=300), st.one_of(st.none(), st.text(max_size=30)), st.text(max_size=600))
def test_whatever_a_claim_says_it_is_ready_awaited_or_refused(kind: str, value: str, activity: str | None, id_: str) -> None:
    by = source(learners=[{"of": "account*", "are": "ids"}, {}], activities=[*RULES, {"matching": "(?P<x>.*)", "is": "urn:{x}"}])
    found: Ready | Awaiting | Wrong
    try:
        found = resolved(claim(Name(kind, value), activity=activity, id=id_), by=by)
    except Wrong as wrong:
        found = wrong
    assert isinstance(found, Ready | Awaiting) or (found.detail and found.status in (403, 422))


def test_no_source_says_what_assessors_found() -> None:
    by = source(may_publish=["*"], activities=[{"matching": "(?P<any>.+)", "is": "{any}"}], learners=[{"are": "ids"}])
    judged = Result(Status.PASSED, results=(CriterionResult(criterion="care", level="fair"),))
    for forged, place in (
        (claim(activity="urn:cairn:review:weaving:portfolio"), "activity"),
        (claim(said=judged), "results"),
        (claim(Name("mbox", "nobody"), activity="urn:cairn:review:x:y"), "activity"),
    ):
        with pytest.raises(Wrong) as caught:
            resolved(forged, by=by)
        assert (caught.value.place, caught.value.status) == (place, 403)
