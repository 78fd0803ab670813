"""The same entries, decisions and publications give the same verdicts, in whatever order they come."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from shared.events.catalog import AchievementPublished
from shared.requirements.tree import entry_parts, walk
from tests.domain.assessment.reference import expected, only_met
from tests.domain.assessment.stories import (
    Learner,
    completion,
    in_short,
    published,
    retraction,
    substitution,
    waiver,
    withdrawal,
)

ACTIVITIES = ("a", "b", "c")
SCORES = ("0", "0.4", "0.5", "0.6", "0.75", "0.9")
DAYS = st.integers(0, 12)

activities = st.sampled_from(ACTIVITIES)
scores = st.sampled_from(SCORES)
attempts = st.sampled_from(("best", "latest", "mean"))
entry_leaves = st.one_of(
    st.fixed_dictionaries({"activity": activities, "completed": st.just(True)}),
    st.fixed_dictionaries({"activity": activities, "passed": st.just(True)}),
    st.fixed_dictionaries({"activity": activities, "grade": st.sampled_from(["A", ("A", "B")])}),
    st.fixed_dictionaries({"activity": activities, "score_at_least": st.sampled_from(SCORES[1:]), "attempts": attempts}),
    st.fixed_dictionaries(
        {
            "weighted_mean_at_least": st.sampled_from(SCORES[1:]),
            "of": st.lists(
                st.fixed_dictionaries(
                    {"activity": activities, "weight": st.sampled_from(("0", "1", "2.5")), "attempts": attempts}
                ),
                min_size=1,
                max_size=3,
            ),
            "missing": st.sampled_from(("zero", "left_out")),
        }
    ),
)
leaves = st.one_of(entry_leaves, entry_leaves, entry_leaves, st.just({"achievement": "other"}))


def groups(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"all": several}),
        st.fixed_dictionaries({"any": several}),
        st.fixed_dictionaries({"at_least": st.integers(1, 2), "of": several}),
        st.fixed_dictionaries({"within": st.sampled_from([timedelta(days=2), timedelta(days=5)]), "requirement": parts}),
    )


requirements = st.recursive(leaves, groups, max_leaves=5)


@st.composite
def catalogs(draw: st.DrawFn) -> list[AchievementPublished]:
    found = []
    for id_ in ("x", "y")[: draw(st.integers(1, 2))]:
        valid_for = draw(st.sampled_from((None, 3)))
        begins: int | None = None
        for version in range(1, draw(st.integers(1, 2)) + 1):
            ends = draw(st.none() | st.integers((begins or 0) + 1, 13))
            announced = draw(st.sampled_from((0, 1_000)))
            requirement = draw(requirements)
            found.append(
                published(
                    requirement, id_=id_, version=version, begins=begins, ends=ends, announced=announced, valid_for=valid_for
                )
            )
            begins = draw(st.integers(1, 9))
    return found


@st.composite
def histories(draw: st.DrawFn, catalog: list[AchievementPublished]) -> list[Any]:
    events: list[Any] = []
    count = draw(st.integers(1, 9))
    ids = [f"e{n}" for n in range(count)]
    for id_ in ids:
        more: dict[str, Any] = {
            "status": draw(st.sampled_from(("scored", "passed", "failed", "completed", "registered", "scored", "cleared"))),
            "score": draw(scores),
            "grade": draw(st.sampled_from((None, None, "A", "B", "C"))),
            "attempt": draw(st.integers(1, 2)),
        }
        if more["status"] == "cleared":
            del more["score"], more["grade"]
        corrects = draw(st.none() | st.none() | st.sampled_from(ids))
        if corrects is not None and corrects != id_:
            more["corrects"] = corrects
        events.append(completion(id_, draw(DAYS), draw(activities), **more))
    targets = st.sampled_from([*ids, "unknown"])
    events += [retraction(f"r{n}", draw(DAYS), draw(targets)) for n in range(draw(st.integers(0, 2)))]
    for n in range(draw(st.integers(0, 2))):
        subject = draw(st.sampled_from(catalog))
        paths = [path for path, _ in walk(subject.definition.requirement)]
        path = draw(st.sampled_from(paths))
        if draw(st.booleans()):
            events.append(waiver(f"d{n}", draw(DAYS), path, achievement=subject.id_, version=subject.version))
        else:
            events.append(
                substitution(f"d{n}", draw(DAYS), draw(activities), path, achievement=subject.id_, version=subject.version)
            )
        if draw(st.integers(0, 2)) == 0:
            events.append(withdrawal(f"w{n}", draw(DAYS), f"d{n}"))
    return events


def told(learner: Learner, catalog: list[AchievementPublished]) -> dict[Any, Any]:
    """What the last verdicts say of the parts that were ever met."""
    last = {verdict.achievement: verdict for verdict in learner.verdicts}
    return {
        (verdict.achievement, version.version, part.path): (
            [(turn.at, turn.since) for turn in part.turns],
            list(part.again),
            only_met(part.finding) if part.finding.met else None,
        )
        for verdict in last.values()
        for version in verdict.versions
        for part in version.parts
        if part.turns
    }


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_verdicts_do_not_depend_on_the_order_of_arrival(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    events = data.draw(histories(catalog))
    arrival = data.draw(st.permutations(events + events[: len(events) // 3]))
    known = data.draw(st.integers(0, len(arrival)))

    note("\n".join(map(in_short, arrival)) + f"\nrules after {known}")
    for p in catalog:
        note(f"{p.id_}@{p.version} from {p.effective_from} ({p.in_force}) to {p.teach_out_ends}: {p.definition.requirement!r}")

    before = Learner(*catalog).lives(*events)
    shuffled = Learner(*catalog).lives(*arrival)
    late = Learner().lives(*arrival[:known]).learns_of(*catalog[:1]).lives(*arrival[known:]).learns_of(*catalog)

    assert told(shuffled, catalog) == told(before, catalog)
    assert told(late, catalog) == told(before, catalog)
    assert {v: s.parts for v, s in late.record.said.items() if s.parts} == {
        v: s.parts for v, s in before.record.said.items() if s.parts
    }


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_verdicts_are_those_of_the_definition(data: st.DataObject) -> None:
    catalog = data.draw(catalogs())
    events = data.draw(histories(catalog))

    note("\n".join(map(in_short, events)))
    for p in catalog:
        note(f"{p.id_}@{p.version} from {p.effective_from} ({p.in_force}) to {p.teach_out_ends}: {p.definition.requirement!r}")

    learner = Learner(*catalog).lives(*events)

    covered = {(p.id_, p.version, path) for p in catalog for path, _ in entry_parts(p.definition.requirement)}
    assert {key: said for key, said in told(learner, catalog).items() if key in covered} == expected(events, catalog)


def parts_of(published_: AchievementPublished) -> list[str]:
    from shared.requirements.tree import entry_parts

    return [path for path, _ in entry_parts(published_.definition.requirement)]


def test_a_long_history_in_a_random_order_gives_what_its_order_in_time_gives() -> None:
    chance = random.Random(7)
    catalog = [
        published({"all": [{"activity": a, "score_at_least": "0.5", "attempts": "mean"} for a in ACTIVITIES]}, valid_for=30),
        published({"at_least": 2, "of": [{"activity": a, "passed": True} for a in ACTIVITIES]}, id_="y", version=1),
    ]
    events = [
        completion(
            f"e{n}",
            n / 7,
            chance.choice(ACTIVITIES),
            chance.choice(("scored", "passed", "failed")),
            score=chance.choice(SCORES),
            attempt=n // 9 + 1,
            corrects=f"e{chance.randrange(n)}" if n % 13 == 12 else None,
        )
        for n in range(150)
    ]
    shuffled = chance.sample(events, len(events))

    assert told(Learner(*catalog).lives(*shuffled), catalog) == told(Learner(*catalog).lives(*events), catalog)
