"""The same story gives the same verdicts, by whomever it is told and in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.sources.claims import Claim, Nothing
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.resolving import Known, Lookup, Ready, Reported, plan_of, resolve
from shared.decisions import Event
from shared.events.completions import CompletionReported, CompletionRetracted
from tests.domain.assessment.stories import LEARNER, Learner, published
from tests.domain.assessment.stories import event as event_of
from tests.domain.sources.one_story.told import ACHIEVEMENTS, ALONE, DIRECTORY, HUB, NAMES, SYSTEMS, Told, by_one, by_seven

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SOURCES = {**SYSTEMS, HUB.id: HUB}
MODELS = {model.TYPE: model for model in (CompletionReported, CompletionRetracted)}


def events(told: Sequence[Told]) -> list[Event[Any]]:
    """What is published: each original read and resolved; what was taken back is known."""
    learners = {Lookup(DIRECTORY, *name): LEARNER for name in (*NAMES, ALONE)}
    claims: list[tuple[str, Sequence[Claim]]] = []
    for source, original in told:
        said = FORMATS[SOURCES[source].format].read(original, SOURCES[source])
        assert not isinstance(said, Nothing), said.reason
        claims.append((source, said))
    found = []
    for source, said in claims:
        reports = {claim.id: Reported(LEARNER, claim.id) for of, others in claims if of == source for claim in others}
        ready = resolve(said, plan_of(SOURCES[source]), Known(learners, reports, str, str), NOW)
        assert isinstance(ready, Ready)
        for envelope in ready.events:
            data = MODELS[envelope.type].model_validate_json(envelope.data)
            found.append(event_of(data, envelope.id, envelope.time, envelope.source))
    return found


def verdicts(said: Iterable[Event[Any]]) -> dict[str, Any]:
    """When each part of each achievement was known to be met, and since when: what awards are made of."""
    learner = Learner(*(published(requirement, id_=id_) for id_, requirement in ACHIEVEMENTS.items())).lives(*said)
    last = {verdict.achievement: verdict for verdict in learner.verdicts}
    return {
        id_: (verdict.met, [(part.path, part.turns, part.again) for version in verdict.versions for part in version.parts])
        for id_, verdict in last.items()
    }


BY_ONE = events(list(by_one()))
BY_SEVEN = events(list(by_seven()))
EXPECTED = verdicts(BY_ONE)


def test_the_story_has_turns_to_tell() -> None:
    for _, parts in EXPECTED.values():
        assert max(len(turns) for _, turns, _ in parts) >= 3
    assert {id_: met for id_, (met, _) in EXPECTED.items()} == {"foundations": True, "practice": True}


@settings(max_examples=50)
@given(st.permutations(BY_SEVEN))
def test_told_by_seven_systems_in_any_order_it_gives_the_verdicts_that_it_gives_told_by_one(said: list[Event[Any]]) -> None:
    assert verdicts(said) == EXPECTED


@settings(max_examples=25)
@given(st.permutations(BY_SEVEN), st.data())
def test_what_is_told_again_in_between_changes_nothing(said: list[Event[Any]], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(said), max_size=8))
    assert verdicts([*said, *again]) == EXPECTED
