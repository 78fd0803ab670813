"""An original that is read again ends as if it had come today, whatever was said because of it before."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Kind, Outcome
from services.assessment.sources.rereading import Change, Reread, reread, standing
from services.assessment.sources.resolving import Awaiting, Ready
from services.assessment.sources.understanding import Found, Read
from shared.events.completions import CompletionReported
from shared.events.envelope import Envelope
from tests.domain.sources.intake.test_resolving import NOW, THEN

IGNORED = Outcome(Kind.IGNORED, detail="it says nothing")


def reported(id_: str, learner: str, activity: str, time: datetime = THEN) -> Envelope:
    data = CompletionReported(learner=learner, activity=activity, status="passed").to_json()
    return Envelope(id_, CompletionReported.TYPE, "urn:s", time, None, None, data)


def read(*events: Envelope, learner: str = "ada") -> Found:
    return Found(Read(b"{}", (), "c", ("0",), "", ""), Ready(learner, events))


def stands(said: tuple[Envelope, ...]) -> dict[str, tuple[str, str]]:
    return {base: (one.learner, one.content["activity"]) for base, one in standing(said)[0].items()}


def test_what_says_the_same_says_nothing_again() -> None:
    event = reported("c", "ada", "urn:a")
    assert reread((event,), read(event), NOW, ()) == Reread(Change.SAME)


def test_what_is_not_understood_any_more_stays() -> None:
    found = Found(Read(b"{}", (), "c", ("0",), "", ""), Awaiting(("activity:x",)))
    assert reread((reported("c", "ada", "urn:a"),), found, NOW, ()).change is Change.LEFT


def test_another_time_is_another_report() -> None:
    later = reported("c", "ada", "urn:a", THEN + timedelta(days=1))
    again = reread((reported("c", "ada", "urn:a"),), read(later), NOW, ())
    assert again.change is Change.MOVED
    assert [(event.id, event.time) for _, event in again.says] == [("c~1", NOW), ("c~2", later.time)]


def test_what_the_source_took_back_is_left() -> None:
    again = reread((reported("c", "ada", "urn:a"),), read(reported("c", "ada", "urn:b")), NOW, {"c"})
    assert again == Reread(Change.LEFT)


TODAYS = st.one_of(
    st.just(IGNORED),
    st.lists(
        st.tuples(st.sampled_from(["c", "c2"]), st.sampled_from(["urn:a", "urn:b"])),
        min_size=1,
        max_size=2,
        unique_by=lambda t: t[0],
    ),
)


@settings(deadline=None)
@given(st.lists(st.tuples(TODAYS, st.sampled_from(["ada", "bob"])), min_size=1, max_size=6))
def test_after_any_number_of_rereadings_it_stands_as_if_it_came_today(days: list[tuple[object, str]]) -> None:
    said: tuple[Envelope, ...] = ()
    for number, (today, learner) in enumerate(days):
        now = NOW + timedelta(days=number)
        meant: Found | Outcome
        if isinstance(today, list):
            meant = read(*(reported(id_, learner, activity) for id_, activity in today), learner=learner)
        else:
            meant = IGNORED
        again = reread(said, meant, now, ())
        said += tuple(event for _, event in again.says)
        assert len({event.id for event in said}) == len(said)
        assert all(orjson.loads(event.data)["learner"] == whose for whose, event in again.says)
        assert stands(said) == ({id_: (learner, activity) for id_, activity in today} if isinstance(today, list) else {})
        assert not reread(said, meant, now, ()).says


def test_nothing_is_said_under_an_id_that_something_else_has() -> None:
    said, other = reported("c", "ada", "urn:a"), read(reported("c", "ada", "urn:b"))
    assert [event.id for _, event in reread((said,), other, NOW, (), taken={"c~1", "c~2"}).says] == ["c~3"]
    added = read(said, reported("c2", "ada", "urn:b"))
    assert reread((said,), added, NOW, (), taken={"c2"}) == Reread(Change.LEFT)


def test_what_has_too_long_an_id_to_be_corrected_is_left() -> None:
    id_ = "c" * 254
    assert reread((reported(id_, "ada", "urn:a"),), read(reported(id_, "ada", "urn:b")), NOW, ()).change is Change.LEFT
