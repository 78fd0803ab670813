"""Requirements of every kind, made by hypothesis."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from string import ascii_lowercase

from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.requirements.model import (
    Achievements,
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Attempts,
    Completed,
    Credits,
    Graded,
    Held,
    Holding,
    Leaf,
    Missing,
    Passed,
    Requirement,
    Scored,
    Selection,
    Skills,
    Weighted,
    WeightedMean,
    Within,
)

REQUIREMENT: TypeAdapter[Requirement] = TypeAdapter(Requirement)

ids = st.sampled_from(list(ascii_lowercase[:6]))
activities = ids.map(lambda id_: f"lms:{id_}")
shares = st.decimals(0, 1, places=3)
amounts = st.decimals(0, 500, places=2)
weights = st.decimals(0, 100, places=2)
holdings = st.sampled_from(Holding)
attempts = st.sampled_from(Attempts)
words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)


def some(of: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(of, min_size=least, max_size=3).map(tuple)


selections = st.builds(Selection, achievements=some(ids), tags=some(words), issuers=some(ids))

entry_leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Completed, activity=activities, completed=st.just(True)),
    st.builds(Passed, activity=activities, passed=st.just(True)),
    st.builds(Graded, activity=activities, grade=st.one_of(words, some(words, least=1))),
    st.builds(Scored, activity=activities, score_at_least=shares, attempts=attempts),
    st.builds(
        WeightedMean,
        weighted_mean_at_least=shares,
        of=st.lists(st.builds(Weighted, activity=activities, weight=weights, attempts=attempts), min_size=1, max_size=3).map(
            tuple
        ),
        missing=st.sampled_from(Missing),
    ),
)
award_leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Held, achievement=ids, from_version=st.none() | st.integers(1, 9), holding=holdings),
    st.builds(AtLevel, stack=ids, level=ids, holding=holdings),
    st.builds(
        Credits,
        credits_at_least=amounts,
        system=st.sampled_from(["ECTS", "CATS"]),
        from_=selections,
        rates=st.dictionaries(st.sampled_from(["US", "AU"]), st.decimals(Decimal("0.01"), 9, places=2), max_size=2),
        outside_at_most=st.none() | amounts,
        own_at_least=st.none() | amounts,
        holding=holdings,
    ),
    st.builds(
        Achievements,
        achievements_at_least=st.integers(1, 9),
        from_=selections,
        outside_at_most=st.none() | st.integers(0, 9),
        own_at_least=st.none() | st.integers(0, 9),
        holding=holdings,
    ),
    st.builds(Skills, skills_at_least=st.integers(1, 4), among=some(ids, least=1), assessed_only=st.booleans(), holding=holdings),
)


def _groups(parts: st.SearchStrategy[Requirement]) -> st.SearchStrategy[Requirement]:
    several = st.lists(parts, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        st.builds(All, all=several),
        st.builds(AnyOf, any=several),
        st.builds(AtLeast, at_least=st.integers(1, 5), of=several),
        st.builds(Within, within=st.integers(1, 2_000).map(lambda days: timedelta(days=days)), requirement=parts),
    )


leaves: st.SearchStrategy[Leaf] = st.one_of(entry_leaves, award_leaves)
requirements: st.SearchStrategy[Requirement] = st.recursive(leaves, _groups, max_leaves=12)
