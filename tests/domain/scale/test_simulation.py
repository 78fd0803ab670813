"""The simulation agrees with the formula where that holds, loses nothing, and shows what a formula doesn't."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.scale.scenarios import PARTITIONS, fullest
from deploy.scale.simulation import Arrival, Batch, Stage, anybody, one_often, partitions_of, poisson, simulate
from deploy.scale.sizing import busy, capacity
from shared.kafka import home
from shared.stream.worker import GATHERED_FOR, MOST_AT_ONCE

OWN, DATABASE = Batch(0.004, 0.0006), Batch(0.006, 0.001)
FIRST = Stage("first", 4, OWN, DATABASE)
SECONDS = 30.0


def sent(rate: float, partitions: int, *, hot: float = 0.0, seconds: float = SECONDS, seed: int = 3) -> list[Arrival]:
    keys = one_often(100_000, hot, seed) if hot else anybody(100_000, seed)
    return list(poisson([(seconds, rate)], partitions_of(keys, partitions), seed))


@pytest.mark.parametrize("used", [0.05, 0.2, 0.5])
def test_with_even_keys_workers_are_as_busy_as_the_formula_says(used: float) -> None:
    rate = used * FIRST.workers * capacity(FIRST)
    outcome = simulate([FIRST], sent(rate, 64), cores=FIRST.workers)
    shares = [spent / outcome.ended for spent in outcome.stages["first"].busy]
    assert sum(shares) / len(shares) == pytest.approx(busy(FIRST, rate / FIRST.workers), rel=0.05)


def test_with_a_key_that_comes_often_one_worker_is_far_busier_than_the_formula_says() -> None:
    rate = 0.4 * FIRST.workers * capacity(FIRST)
    even, hot = (simulate([FIRST], sent(rate, 64, hot=share), cores=FIRST.workers) for share in (0.0, 0.3))
    expected = busy(FIRST, rate / FIRST.workers)
    assert max(even.stages["first"].busy) / even.ended < 1.15 * expected
    assert max(hot.stages["first"].busy) / hot.ended > 1.3 * expected
    assert hot.p95 > 1.5 * even.p95


def test_beyond_what_workers_can_do_the_queue_grows_as_the_difference_says() -> None:
    stage = Stage("first", 1, OWN, DATABASE)
    came = sent(2 * capacity(stage), 1, seconds=30)
    outcome = simulate([stage], came)
    assert outcome.stages["first"].longest == pytest.approx(len(came) / 2, rel=0.05)
    assert outcome.ended == pytest.approx(60, rel=0.05)


def test_what_is_alone_waits_to_be_gathered_and_is_then_worked_on() -> None:
    outcome = simulate([FIRST], [(1.0, 0)])
    assert outcome.through == [pytest.approx(GATHERED_FOR + FIRST.seconds(1))]


def test_a_full_batch_does_not_wait_and_is_not_larger() -> None:
    stage = Stage("first", 1, OWN, DATABASE)
    outcome = simulate([stage], [(1.0, 0)] * (2 * MOST_AT_ONCE))
    passed = outcome.stages["first"]
    assert passed.batches == 2
    assert outcome.ended == pytest.approx(1.0 + 2 * stage.seconds(MOST_AT_ONCE))


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.floats(0, 0.2), st.integers(0, 11)), max_size=300),
    workers=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    leads_to=st.sampled_from([0.0, 0.3, 1.0, 1.7]),
    shards=st.integers(1, 3),
)
def test_nothing_is_lost_and_nothing_comes_out_before_it_came_in(
    gaps: list[tuple[float, int]], workers: tuple[int, int], leads_to: float, shards: int
) -> None:
    now, came = 0.0, list[Arrival]()
    for gap, partition in gaps:
        now += gap
        came.append((now, partition))
    stages = [Stage("first", workers[0], OWN, DATABASE, leads_to), Stage("second", workers[1], OWN, DATABASE)]
    outcome = simulate(stages, came, shards=shards)
    first, second = outcome.stages["first"], outcome.stages["second"]
    assert first.messages == len(came)
    assert second.messages == first.said == len(outcome.through)
    assert len(came) * leads_to - workers[0] < first.said <= len(came) * leads_to + 1e-6
    assert all(delay >= FIRST.seconds(1) for delay in (*first.delays, *second.delays))


def test_the_same_arguments_give_the_same_outcome() -> None:
    once, again = (simulate([FIRST], sent(200, 12, hot=0.1)) for _ in range(2))
    assert once == again
    assert sent(200, 12) != sent(200, 12, seed=4)


@pytest.mark.parametrize("hot", [0.0, 0.2])
def test_more_partitions_and_workers_never_hurt(hot: float) -> None:
    rate = 0.5 * capacity(FIRST)
    before = None
    for number in (1, 2, 4, 8):
        stage = Stage("first", number, OWN, DATABASE)
        outcome = simulate([stage], sent(rate, 4 * number, hot=hot, seconds=30), cores=number)
        assert before is None or outcome.p95 <= before * 1.02
        before = outcome.p95


def test_a_database_with_too_few_cores_is_where_batches_wait() -> None:
    came = sent(0.9 * 4 * capacity(FIRST) / 2, 64, seconds=20)
    narrow, wide = simulate([FIRST], came, cores=1), simulate([FIRST], came, cores=4)
    assert wide.waited_for_database == 0
    assert narrow.waited_for_database > 0
    assert narrow.p95 > wide.p95


def test_hashed_learners_are_even_and_institutions_are_not() -> None:
    assert fullest(Counter(home(learner, 12) for learner in islice(anybody(10_000_000, 1), 20_000)), 12) < 1.1
    institutions = Counter({home("one", 12): 60})
    institutions[home("another", 12)] += 40
    assert fullest(institutions, 12) >= 7.2


def test_the_home_among_few_partitions_follows_from_that_among_many() -> None:
    for learner in islice(anybody(10_000_000, 2), 300):
        assert [home(learner, PARTITIONS[-1]) % few for few in PARTITIONS] == [home(learner, few) for few in PARTITIONS]
