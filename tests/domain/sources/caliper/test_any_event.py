"""What holds of every event, and of everything that is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Result, Wrong
from services.assessment.sources.formats.caliper import read
from services.assessment.sources.formats.caliper.envelope import joined, originals_in
from shared.events.completions import Status
from tests.domain.sources.anything import JSON, check_reading, read_or_wrong, source_of, spoilt, the_claim
from tests.domain.sources.caliper.fixtures import ATTEMPT, GOOD, QUIZ, attempt, graded, score

PLAIN = source_of("caliper")
CHOOSING = source_of(
    "caliper",
    reports_on="group",
    without_score="cleared",
    extensions=["bb:user.externalId"],
    maxima=[{"of": "*", "points": 3}],
    attempts=[{"matching": "(?P<a>[^#]+)", "assignee": "{a}", "assignable": "{a}"}],
)

IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


@given(JSON | spoilt(GOOD), st.sampled_from([PLAIN, CHOOSING]))
def test_whatever_comes_is_claims_or_nothing_or_wrong_with_a_reason(original: Any, source: Any) -> None:
    check_reading(read, original, source)


@given(JSON | spoilt([{"data": [*GOOD, graded(object=ATTEMPT)]}]))
def test_whatever_envelope_comes_is_opened_or_wrong(envelope: Any) -> None:
    assert isinstance(read_or_wrong(originals_in, envelope), list | Wrong)


@given(st.lists(JSON | spoilt(GOOD), max_size=5))
def test_each_of_an_envelope_stays_one_in_its_place(data: list[Any]) -> None:
    assert len(joined(data)) == len(data)


@given(
    learner=IDS,
    grader=IDS,
    given_=st.decimals(-5, 200, places=4),
    possible=st.decimals("0.01", 150, places=2),
    count=st.integers(1, 100_000),
    bare=st.booleans(),
)
def test_every_grade_is_understood_and_never_the_graders(
    learner: str, grader: str, given_: Decimal, possible: Decimal, count: int, bare: bool
) -> None:
    who: Any = f"learner:{learner}" if bare else {"id": f"learner:{learner}", "type": "Person", "name": f"grader:{grader}"}
    teacher = {"id": f"grader:{grader}", "type": "Person"}
    event = graded(
        actor=teacher,
        object=attempt(count, assignee=who),
        generated=score(given_, possible, scoredBy=teacher),
        membership={"type": "Membership", "member": teacher, "roles": ["Instructor"]},
        session={"type": "Session", "user": teacher},
    )
    claim = the_claim(read, event, PLAIN)
    assert [name.value for name in claim.names] == [f"learner:{learner}"]
    assert "grader:" not in repr(claim)
    assert isinstance(claim.said, Result)
    assert (claim.activity, claim.said.status, claim.said.attempt) == (QUIZ, Status.SCORED, count)
    assert claim.said.score is not None
    share = min(max(given_ / possible, Decimal(0)), Decimal(1))
    assert abs(claim.said.score.share - share) <= Decimal("0.0001")
    assert the_claim(read, event, PLAIN) == claim
