"""What was said on `awarding.awards`, with the verdicts, is all that awarding's records, credentials and lists are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.awarding.domain.inputs import verdict_of
from services.awarding.domain.record import Record, Standing
from services.awarding.domain.status_lists import PLACES, permuted, unpermuted
from services.awarding.replay.deciding import Decided, decide
from services.awarding.replay.remembering import flow, marked
from shared.decisions import Amend, Drop, Put, Writer
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.awarding import AwardFact
from shared.events.envelope import Cause, Fact
from tests.domain.awarding.issued import Holder
from tests.domain.awarding.scene import IDS, Learner, achievement, day, event, holds, part, passed, stack, verdict
from tests.domain.awarding.test_issuing_order import follow
from tests.domain.awarding.test_order import History, histories

TABLE = flow(IDS).table


class Remembering:
    """Facts remembered one after another, with what follows from them in the collections."""

    def __init__(self, holder: Learner) -> None:
        self.rules = holder.rules
        self.record = Record(holder.record.learner)
        self.numbers: dict[str, int] = {}
        self.kept: dict[str, dict[str, Any]] = {}

    def hears(self, *facts: Fact) -> Remembering:
        for fact in facts:
            said = event(fact, fact.cause.time)
            decided = TABLE[type(fact)](self.record, said, self.rules)
            decided, numbers = marked(self.record, decided, said, Writer(2, day(0), dict(self.numbers)), self.rules)
            assert decided.record is not None
            self.record, self.numbers = decided.record, dict(numbers)
            for write in decided.writes:
                self._write(write)
        return self

    def _write(self, write: Put | Drop | Amend) -> None:
        match write:
            case Put():
                self.kept[write.document["_id"]] = write.document
            case Amend():
                self.kept[write.id] = {**self.kept[write.id], **write.fields}
            case Drop():
                pass

    def bits(self) -> dict[tuple[str, int], bool]:
        changes = sorted((one for one in self.kept.values() if "n" in one), key=lambda one: (one["list"], one["n"]))
        return {(one["list"], one["index"]): one["set"] for one in changes}


def newest(history: History) -> list[VerdictReached]:
    return [said for said in history.verdicts() if said.revision == 2]


def decided_anew(remembering: Remembering, verdicts: list[VerdictReached], pending: frozenset[str] = frozenset()) -> Decided:
    return decide(remembering.record, verdicts, pending, remembering.rules)


def comparable(record: Record) -> Record:
    """Time that passed without consequence isn't remembered, nor an identity that no credential says, nor what once counted for
    a stack when nothing does any more.
    """
    return replace(record, horizon=None, identity=None, stacks=reached(record.stacks))


def reached(stacks: Mapping[str, Standing]) -> dict[str, Standing]:
    return {stack: standing for stack, standing in stacks.items() if standing != Standing()}


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 20))
def test_a_record_rebuilt_from_what_was_said_is_what_it_was_in_whatever_order_it_came_about(
    history: History, random: Any, publish_at: int
) -> None:
    ada = Holder()
    follow(history, random, publish_at, ada)
    remembering = Remembering(ada).hears(*ada.facts)
    decided = decided_anew(remembering, newest(history))

    assert decided.differences == ()
    assert comparable(decided.record) == comparable(ada.record)
    assert remembering.numbers == ada.numbers
    assert remembering.bits() == ada.bits
    credentials = {id_: one for id_, one in remembering.kept.items() if "edition" in one}
    assert credentials == ada.documents
    awards = {id_: one for id_, one in remembering.kept.items() if "ordinal" in one}
    assert awards == {id_: one for id_, one in ada.writes.items() if "ordinal" in one} or not ada.writes
    progress = {write.document["_id"]: write.document for write in decided.progress}
    levels = {one["stack"]: one["level"] for one in progress.values()}
    assert levels == {stack: standing.level for stack, standing in decided.record.stacks.items()}


@settings(max_examples=30, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_facts_that_are_there_twice_are_remembered_once(history: History, random: Any) -> None:
    ada = Holder(*history.catalog)
    ada.apply(*history.events())
    twice = list(ada.facts)
    for fact in random.sample(ada.facts, min(5, len(ada.facts))):
        twice.insert(random.randint(twice.index(fact), len(twice)), fact)
    once, again = Remembering(ada).hears(*ada.facts), Remembering(ada).hears(*twice)
    assert (once.record, once.numbers, once.bits()) == (again.record, again.numbers, again.bits())


@given(st.binary(min_size=32, max_size=32), st.integers(0, PLACES - 1))
def test_a_place_tells_whose_turn_it_was(key: bytes, count: int) -> None:
    assert unpermuted(key, permuted(key, count)) == count


def test_an_erased_learner_stays_erased_but_their_places_stay_given() -> None:
    ada = Holder(achievement("a"))
    ada.apply(passed("a", 1))
    ada.revoke("a", 2)
    erased = LearnerErased(learner="ada", revision=1, cause=Cause(kind="erasure", id="e", time=day(5)))
    remembering = Remembering(ada).hears(*ada.facts, erased, *ada.facts)
    assert remembering.record == Record("ada", erased=day(5), erasures=1)
    assert remembering.numbers == ada.numbers
    assert remembering.bits() == ada.bits


def test_a_verdict_on_its_way_is_left_to_the_stream() -> None:
    published = (achievement("a"), stack("path", {"bronze": holds("a")}))
    ada = Learner(*published)
    said = passed("a", 1)
    decided = decided_anew(Remembering(ada), [said], frozenset(("a",)))
    assert [(one.achievement, one.pending, one.takes) for one in decided.differences] == [
        ("a", True, False),
        ("path.bronze", True, False),
    ]
    ada.record = decided.record
    facts = ada.apply(said)
    assert [fact.achievement for fact in facts if isinstance(fact, AwardFact)] == ["a", "path.bronze"]


def test_an_award_that_the_archive_does_not_support_stays_as_it_was_said_until_a_newer_verdict_comes() -> None:
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 1))
    decided = decided_anew(Remembering(ada).hears(*ada.facts), [])
    (difference,) = decided.differences
    assert difference.takes
    assert difference.follows is None
    assert {id_: line[-1].status for id_, line in decided.record.lines.items()} == {"a": ada.award("a").status}

    later = Learner(achievement("a"))
    later.record = decided.record
    assert later.apply(passed("a", 1)) == (), "what was said already is not said again"
    assert later.record.lines == ada.record.lines


def test_what_follows_otherwise_is_told_by_the_sweep() -> None:
    """A rule that was published while nobody swept."""
    ada = Learner(achievement("a"))
    ada.apply(passed("a", 1), verdict("b", part(1)))
    remembering = Remembering(ada).hears(*ada.facts)
    remembering.rules = Learner(achievement("a"), achievement("b")).rules
    known = [passed("a", 1), verdict("b", part(1))]
    decided = decided_anew(remembering, known)
    assert [(one.achievement, one.takes) for one in decided.differences] == [("b", False)]
    ada.record = decided.record
    facts = ada.publish(achievement("a"), achievement("b"))
    assert [fact.achievement for fact in facts if isinstance(fact, AwardFact)] == ["b"]
    assert verdict_of(known[1]) == ada.record.verdicts["b"]
