"""Awards and stacks as pages show them, from what was decided."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.awarding.credentials.addresses import Addresses
from services.awarding.outlooks import stacks_shown
from services.awarding.pages.awards import award_view, stack_view
from services.awarding.pages.views import AwardView, Node, StackView
from tests.domain.awarding.scene import Learner, achievement, day, holds, part, passed, stack, verdict

ADDRESSES = Addresses("https://awards.example/credentials", "https://catalog.example")
CATALOG = (
    achievement("a", ects="5"),
    achievement("b", ects="5"),
    achievement("scored", {"activity": "urn:quiz", "score_at_least": 0.5}),
    stack("path", {"bronze": holds("a"), "silver": {"all": [holds("a"), {"any": [holds("b"), holds("scored")]}]}}),
)


def documents(learner: Learner) -> dict[str, dict[str, Any]]:
    return {id_: document for id_, document in learner.writes.items() if "achievement" in document}


def shown(learner: Learner, achievement: str, **what: Any) -> AwardView:
    award = learner.award(achievement)
    facts = [
        {"type": fact.TYPE, "subject": fact.subject, "revision": fact.revision, "data": json.loads(fact.to_json())}
        for fact in learner.facts
        if fact.subject == award.id
    ]
    return award_view(documents(learner)[award.id], facts, learner.rules, what.pop("language", "en"), ADDRESSES, **what)


def stack_of(learner: Learner, *, ways: bool) -> StackView:
    (found,) = stacks_shown(learner.record, learner.rules, ["path"], datetime.now(UTC), ways=ways)
    rests_on = {award.id: award.now.rests_on for line in learner.record.lines.values() for award in line}
    return stack_view(found, learner.rules, documents(learner), rests_on, ways=ways)


def marks(node: Node) -> list[tuple[str, str | None]]:
    return [(node.says, node.mark), *(mark for part in node.of for mark in marks(part))]


def silver() -> Learner:
    learner = Learner(*CATALOG)
    learner.apply(passed("a", 3), passed("b", 5))
    return learner


def test_an_award_shows_its_requirement_with_what_was_met() -> None:
    view = shown(silver(), "path.silver")
    assert marks(view.requirement) == [
        ("All of the following", "met"),
        ("Hold A", "met"),
        ("One of the following", "met"),
        ("Hold B", "met"),
        ("Hold Scored", "open"),
    ]
    assert (view.state, view.name, view.did) == (
        "valid",
        "Path: Silver",
        "did:web:awards.example:credentials:issuers:uni",
    )


def test_an_award_shows_its_requirement_in_the_readers_language() -> None:
    assert marks(shown(silver(), "path.bronze", language="de").requirement) == [("A besitzen", "met")]


def test_without_evidence_the_requirement_is_shown_and_nothing_that_was_done() -> None:
    view = shown(silver(), "path.silver", evidence=False)
    assert {mark for _, mark in marks(view.requirement)} == {None}
    assert len(marks(view.requirement)) == 5


def test_a_score_is_shown_as_a_share_of_the_whole() -> None:
    learner = Learner(*CATALOG)
    met = part(4)
    learner.apply(verdict("scored", met.model_copy(update={"finding": met.finding.__class__(True, ("e",), "0.625")})))
    assert shown(learner, "scored").requirement.value == "62.5%"


def test_what_a_person_wrote_is_shown_to_the_learner_only() -> None:
    learner = silver()
    learner.revoke("b", 9)
    assert (shown(learner, "b").state, shown(learner, "b").ended_by) == ("revoked", "decision")
    assert "Plagiarism" not in str(shown(learner, "b"))
    assert shown(learner, "b", note=True).note == "Plagiarism."
    assert [event.kind for event in shown(learner, "b", note=True).history] == ["granted", "revoked"]


def test_a_level_that_fell_says_that_its_requirement_is_no_longer_met_and_by_what_it_was() -> None:
    learner = silver()
    learner.revoke("b", 9)
    view = shown(learner, "path.silver")
    assert (view.state, view.ended_by, view.requirement.mark) == ("revoked", "requirement", "met")


def test_a_stack_shows_each_level_with_the_awards_it_rests_on_as_they_are_now() -> None:
    learner = silver()
    view = stack_of(learner, ways=False)
    assert (view.states, view.issuer) == (["valid", "valid"], "Uni")
    assert [[each.name for each in level.parts] for level in view.levels] == [["A"], ["A", "B"]]
    assert view.reached is not None
    assert view.reached.name == "Silver"
    assert view.levels[0].awarded_at == day(3)


def test_the_shortest_way_is_shown_to_the_learner_only() -> None:
    learner = Learner(*CATALOG)
    learner.apply(passed("a", 3))
    (_, mine), (_, theirs) = stack_of(learner, ways=True).levels, stack_of(learner, ways=False).levels
    assert mine.way is not None
    assert (mine.way.steps, mine.met, mine.of, mine.state) == (("Scored",), 1, 3, "open")
    assert theirs.way is None
