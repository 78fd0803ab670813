"""What CloudEvents of our own schema say, in the source's words."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Name, Nothing, Result, TakenBack, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.formats.cloudevents import read
from shared.events.completions import CompletionReported, CompletionRetracted, Score, Status

SOURCE = Source.model_validate(
    {"source": "lms", "name": "Ours", "owner": "IT", "format": "cloudevents", "may_publish": ["urn:*"]}
    | {"options": {"learners_are": "login"}}
)
US = SOURCE.event_source


def event(data: object = None, **attributes: Any) -> dict[str, Any]:
    said = {"learner": "Ada L.", "activity": "Course 1", "status": "passed"} if data is None else data
    made = {"specversion": "1.0", "id": "e1", "source": US, "type": CompletionReported.TYPE, "time": "2026-01-02T01:00:00+01:00"}
    return made | {"data": said} | attributes


def claim(original: object) -> Claim:
    found = read(original, SOURCE)
    assert not isinstance(found, Nothing)
    (one,) = found
    return one


def test_an_event_is_a_claim_in_the_sources_own_words() -> None:
    one = claim(event())
    assert one == Claim("e1", datetime(2026, 1, 2, tzinfo=UTC), (Name("login", "Ada L."),), "Course 1", Result(Status.PASSED))


def test_all_that_a_completion_can_say_is_said() -> None:
    data = {
        "learner": "ada",
        "activity": "urn:a",
        "status": "scored",
        "score": {"raw": Decimal("17.5"), "max": 20},
        "grade": "B",
        "attempt": 2,
        "evidence": ["https://lms.example/1"],
        "corrects": "e0",
    }
    said = claim(event(data)).said
    score = Score(raw=Decimal("17.5"), max=Decimal(20))
    assert said == Result(Status.SCORED, score, "B", 2, ("https://lms.example/1",), "e0")


def test_a_retraction_takes_back_what_the_source_said() -> None:
    one = claim(event({"learner": "ada", "retracts": "e1", "reason": "cheated"}, type=CompletionRetracted.TYPE, id="r1"))
    assert (one.activity, one.said) == (None, TakenBack("e1", "cheated"))


def test_data_in_base64_is_data() -> None:
    packed = event() | {"data_base64": base64.b64encode(json.dumps(event()["data"]).encode()).decode()}
    assert claim({name: value for name, value in packed.items() if name != "data"}) == claim(event())


@pytest.mark.parametrize(
    ("original", "status", "place", "says"),
    [
        (7, 400, "", "an object"),
        ({"id": "e1"}, 400, "", "lacks"),
        (event(source="urn:other"), 403, "source", US),
        (event(type="cairn.award.granted.v1"), 422, "type", "cairn.completion.reported.v1"),
        (event(specversion="0.3"), 400, "", "1.0"),
        (event(time="yesterday"), 400, "", "RFC 3339"),
        (event(time="2026-01-02T00:00:00"), 400, "", "offset"),
        (event(datacontenttype="application/avro"), 400, "", "application/json"),
        (event(id=["e1"]), 400, "id", "must be text"),
        (event(id="\ud800"), 400, "", ""),
        (event({"activity": "a", "status": "passed"}), 422, "data.learner", "Field required"),
        (event({"learner": "a", "activity": "a", "status": "perfect"}), 422, "data.status", "completed"),
        (event({"learner": "a", "activity": "a", "status": "scored"}), 422, "data", "needs a score"),
        (event("text"), 422, "data", ""),
        (event() | {"data_base64": "%"}, 400, "data_base64", "base64"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_would_be_right(
    original: object, status: int, place: str, says: str
) -> None:
    with pytest.raises(Wrong) as wrong:
        read(original, SOURCE)
    assert (wrong.value.status, wrong.value.place) == (status, place)
    assert says in wrong.value.detail
    assert "Ada" not in wrong.value.detail


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0") | ANY,
        "id": st.just("e1") | ANY,
        "source": st.just(US) | ANY,
        "type": st.sampled_from([CompletionReported.TYPE, CompletionRetracted.TYPE]) | ANY,
        "time": st.just("2026-01-02T00:00:00Z") | ANY,
        "data_base64": ANY,
        "data": ANY
        | st.fixed_dictionaries(
            {"learner": st.just("ada") | ANY},
            optional={
                "activity": st.just("a") | ANY,
                "status": st.sampled_from([*Status]) | ANY,
                "score": ANY | st.fixed_dictionaries({"raw": ANY | st.decimals(), "max": ANY | st.decimals()}),
                "attempt": ANY,
                "evidence": ANY,
                "retracts": ANY,
            },
        ),
    },
)


@given(ANY | NEAR)
def test_whatever_json_comes_is_understood_or_refused(original: object) -> None:
    try:
        found = read(original, SOURCE)
    except Wrong as error:
        refused = error
    else:
        assert not isinstance(found, Nothing)
        assert found[0].time.tzinfo is not None
        return
    assert refused.detail
    assert refused.status in (400, 403, 422)


def test_a_number_that_nothing_can_hold_is_refused_also_in_base64() -> None:
    encoded = base64.b64encode(b'{"attempt": 1e99999999999999999999}').decode()
    with pytest.raises(Wrong) as caught:
        read({name: value for name, value in event().items() if name != "data"} | {"data_base64": encoded}, SOURCE)
    assert (caught.value.place, caught.value.status) == ("data_base64", 400)
