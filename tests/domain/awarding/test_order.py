"""Who holds what is a function of verdicts, decisions and publications, never of the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.decisions import Event
from shared.events.assessment import VerdictReached
from shared.events.awarding import AwardRequested, ExpiryFellDue, RevocationRequested
from shared.events.catalog import AchievementPublished, Published, StackPublished
from tests.domain.awarding.literal import Literal, LiteralDecision, LiteralPart, LiteralVersion
from tests.domain.awarding.scene import DAY_ONE, Learner, Tree, achievement, day, event, holds, part, stack, verdict_on

LAST = 12
BASES = ("a", "b", "c")
ORDER = (*BASES, "one.low", "one.high", "two.x", "top")

days = st.integers(0, LAST - 4)
holdings = st.sampled_from(["when_reached", "valid", "ever"])
validity = st.sampled_from([None, None, "P3D", "P6D"])
policies = st.sampled_from(["revoke", "suspend", "keep"])


def leaves_over(below: Sequence[str]) -> st.SearchStrategy[Tree]:
    names = st.sampled_from(below)
    held = st.builds(lambda id_, holding: holds(id_, holding=holding), names, holdings)
    newer = st.builds(lambda id_: holds(id_, from_version=2), names)
    chosen = st.lists(names, min_size=1, max_size=4, unique=True)
    credit = st.builds(
        lambda ids, needed, holding: {"credits_at_least": str(needed), "from": {"achievements": ids}, "holding": holding},
        chosen,
        st.integers(1, 9),
        holdings,
    )
    several = st.builds(
        lambda ids, n, holding: {"achievements_at_least": min(n, len(ids)), "from": {"achievements": ids}, "holding": holding},
        chosen,
        st.integers(1, 2),
        holdings,
    )
    kinds = [held, held, newer, credit, several]
    if "one.high" in below:
        kinds.append(st.builds(lambda holding: {"stack": "one", "level": "low", "holding": holding}, holdings))
    return st.one_of(kinds)


def trees_over(below: Sequence[str]) -> st.SearchStrategy[Tree]:
    leaf = leaves_over(below)
    parts = st.lists(leaf, min_size=1, max_size=3)
    return st.one_of(
        leaf,
        parts.map(lambda found: {"all": found}),
        parts.map(lambda found: {"any": found}),
        parts.map(lambda found: {"at_least": (len(found) + 1) // 2, "of": found}),
        st.builds(lambda found, n: {"within": f"P{n}D", "requirement": {"all": found}}, parts, st.integers(2, 8)),
    )


@st.composite
def catalogs(draw: st.DrawFn) -> list[Published]:
    found: list[Published] = []
    for id_ in BASES:
        more: dict[str, Any] = {
            "when_withdrawn": draw(policies),
            "valid_for": draw(validity),
            "ects": str(draw(st.integers(1, 4))),
        }
        end = draw(st.sampled_from([None, 4, 7]))
        found.append(achievement(id_, until=end, **more))
        if draw(st.booleans()):
            found.append(achievement(id_, version=2, since=draw(days), **more))
    low, high = draw(trees_over(BASES)), draw(trees_over((*BASES, "one.low")))
    policy = draw(st.sampled_from(["fall", "keep"]))
    found.append(stack("one", {"low": low, "high": high}, when_a_part_is_revoked=policy, valid_for=draw(validity)))
    found.append(stack("two", {"x": (draw(trees_over(ORDER[:5])), {"credits": {"amount": "3"}})}))
    top = {"all": [{"activity": "urn:essay", "passed": True}, draw(trees_over(ORDER[:6]))]}
    found.append(achievement("top", top, when_withdrawn=draw(policies), valid_for=draw(validity)))
    return found


@st.composite
def parts(draw: st.DrawFn) -> tuple[tuple[tuple[int, int | None], ...], tuple[int, ...]]:
    """Turns and renewals: met at some day, perhaps taken back, perhaps met again."""
    ats = sorted(draw(st.sets(days, min_size=1, max_size=3)))
    turns: list[tuple[int, int | None]] = []
    for i, at in enumerate(ats):
        turns.append((at, None if i % 2 else draw(st.integers(max(0, at - 3), at))))
    if turns[-1][1] is None:
        return tuple(turns), ()
    again = sorted(draw(st.sets(st.integers(turns[-1][1] + 1, LAST - 2), max_size=2)))
    return tuple(turns), tuple(again)


@dataclass(frozen=True, repr=False)
class History:
    catalog: list[Published]
    parts: dict[tuple[str, int, str], tuple[tuple[tuple[int, int | None], ...], tuple[int, ...]]]
    decisions: list[tuple[str, int, bool]]

    def __repr__(self) -> str:
        """Short, so that a counterexample can be read."""
        asked = [
            (one.id, published.version, published.effective_from, one.valid_for, one.when_withdrawn, one.requirement.model_dump())
            for published in self.catalog
            if isinstance(published, AchievementPublished | StackPublished)
            for one in (
                [published.definition] if isinstance(published, AchievementPublished) else published.definition.as_achievements()
            )
        ]
        return f"{asked}\n{self.parts}\n{self.decisions}"

    def verdicts(self) -> list[VerdictReached]:
        """For each achievement what assessment said first, knowing only the first turns, and what it said in the end."""
        found = []
        for id_ in (*BASES, "top"):
            mine = {(number, path): said for (other, number, path), said in self.parts.items() if other == id_}
            for revision, known in ((1, 1), (2, None)):
                versions: dict[int, list[Any]] = {}
                for (number, path), (turns, again) in mine.items():
                    late = again if known is None else ()
                    versions.setdefault(number, []).append(part(None, *turns[:known], again=late, path=path))
                found.append(verdict_on(id_, versions, revision=revision))
        return found

    def events(self) -> list[Event[Any]]:
        found: list[Event[Any]] = [event(said, said.cause.time) for said in self.verdicts()]
        for number, (id_, at, grants) in enumerate(self.decisions):
            said = {"learner": "ada", "achievement": id_, "reason": "so", "decided_by": "dean"}
            asked = AwardRequested(**said) if grants else RevocationRequested(**said, award="-")
            found.append(event(asked, day(at), f"d{number}"))
        found.append(event(ExpiryFellDue(learner="ada", award="-"), day(LAST)))
        return found


@st.composite
def histories(draw: st.DrawFn) -> History:
    catalog = draw(catalogs())
    known = {}
    for published in catalog:
        if isinstance(published, AchievementPublished):
            path = "all/0" if published.id_ == "top" else ""
            if draw(st.integers(0, 4)):
                known[(published.id_, published.version, path)] = draw(parts())
    decisions = draw(st.lists(st.tuples(st.sampled_from(ORDER), days, st.booleans()), max_size=3, unique_by=lambda d: d[:2]))
    return History(catalog, known, decisions)


def literally(history: History) -> dict[str, Any]:
    versions: dict[str, list[LiteralVersion]] = {}
    for published in history.catalog:
        window = (_number(published.effective_from), _number(published.teach_out_ends))
        if isinstance(published, StackPublished):
            levels = tuple(level.level for level in published.definition.levels)
            for one in published.definition.as_achievements():
                versions.setdefault(one.id, []).append(LiteralVersion(published.version, *window, one, levels))
        elif isinstance(published, AchievementPublished):
            one = published.definition
            versions.setdefault(one.id, []).append(LiteralVersion(published.version, *window, one))
    known = {key: LiteralPart(turns, again) for key, (turns, again) in history.parts.items()}
    decisions: dict[str, list[LiteralDecision]] = {}
    for number, (id_, at, grants) in enumerate(history.decisions):
        decisions.setdefault(id_, []).append(LiteralDecision(at, f"d{number}", grants))
    return Literal(ORDER, versions, known, decisions).until(LAST)


def _number(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - DAY_ONE) // timedelta(days=1)


def as_decided(ada: Learner) -> dict[str, Any]:
    return {
        id_: [(a.version, _number(a.awarded_at), a.status.value, _number(a.status_since), _number(a.valid_until)) for a in line]
        for id_, line in ada.record.lines.items()
    }


@settings(max_examples=60, deadline=None)
@given(histories())
def test_who_holds_what_is_what_the_definition_says_to_the_letter(history: History) -> None:
    ada = Learner(*history.catalog)
    ada.apply(*history.events())
    assert as_decided(ada) == literally(history)


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 20), st.integers(0, 20))
def test_any_order_of_arrival_gives_the_same_awards(history: History, random: Any, first: int, second: int) -> None:
    straight = Learner(*history.catalog)
    straight.apply(*history.events())
    shuffled = [*history.events(), *random.sample(history.events(), 2)]
    random.shuffle(shuffled)
    some = [published for published in history.catalog if random.random() < 0.5]
    ada = Learner()
    for number, one in enumerate(shuffled):
        if number == first % len(shuffled):
            ada.publish(*some)
        if number == second % len(shuffled):
            ada.publish(*history.catalog)
        ada.apply(one)
    ada.publish(*history.catalog)
    assert ada.record.lines == straight.record.lines
    assert levels_of(ada) == levels_of(straight)
    for line in ada.record.lines.values():
        for award in line:
            said, document = ada.record.said[award.id], ada.writes[award.id]
            assert (said.status, said.awarded_at, said.version) == (award.status, award.awarded_at, award.version)
            assert (document["status"], document["revision"]) == (said.status.value, said.revision)


@settings(max_examples=30, deadline=None)
@given(histories())
def test_everything_said_can_be_followed(history: History) -> None:
    """Revisions count from 1 without a gap, so a reader knows what is newer."""
    ada = Learner(*history.catalog)
    ada.apply(*history.events())
    revisions: dict[str, list[int]] = {}
    for fact in ada.facts:
        revisions.setdefault(fact.subject, []).append(fact.revision)
    assert all(found == list(range(1, len(found) + 1)) for found in revisions.values())
    assert len({fact.id for fact in ada.facts}) == len(ada.facts)


def levels_of(ada: Learner) -> dict[str, str]:
    return {id_: standing.level for id_, standing in ada.record.stacks.items() if standing.level is not None}


def test_ties_between_decisions_are_broken_by_their_ids() -> None:
    asked = {"learner": "ada", "achievement": "a", "reason": "so", "decided_by": "dean"}
    events = [
        event(AwardRequested(**asked), day(3), "x"),
        event(RevocationRequested(**asked, award="-"), day(3), "y"),
    ]
    straight, turned = Learner(achievement("a")), Learner(achievement("a"))
    straight.apply(*events)
    turned.apply(*reversed(events))
    assert straight.record.lines == turned.record.lines
    assert straight.held() == {"a": "revoked"}
