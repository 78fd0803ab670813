"""What the measurement counts, on examples that can be counted by hand."""

from __future__ import annotations

import json
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.bench.figures import median_of, of_delays, quantile
from deploy.bench.log import Line, delays
from deploy.bench.soak import Row, figures, grows
from shared.events.awarding import AwardGranted, AwardRevoked, StackUpgraded


def line(id_: str, type_: str, stamp: float, cause: tuple[str, str] = ("completion", "")) -> Line:
    value = json.dumps({"cause": {"kind": cause[0], "id": cause[1]}}).encode()
    return Line(partition=0, offset=0, stamp=stamp, key=b"learner", id=id_, type=type_, value=value)


def test_a_completion_s_delay_is_that_of_the_first_gain_of_the_kind_which_it_led_to() -> None:
    completions = [line("slow", "c", 10.0), line("slow", "c", 11.0), line("fast", "c", 20.0), line("nothing", "c", 30.0)]
    awards = [
        line("1", AwardRevoked.TYPE, 10.1, ("completion", "slow")),
        line("2", AwardGranted.TYPE, 12.0, ("completion", "slow")),
        line("3", AwardGranted.TYPE, 13.0, ("completion", "slow")),
        line("4", AwardGranted.TYPE, 20.5, ("completion", "fast")),
        line("5", StackUpgraded.TYPE, 20.75, ("completion", "fast")),
        line("6", AwardGranted.TYPE, 30.5, ("expiry", "nothing")),
    ]
    assert delays(completions, awards, AwardGranted.TYPE) == [0.5, 2.0]
    assert delays(completions, awards, StackUpgraded.TYPE) == [0.75]


@given(st.lists(st.integers(), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_the_least_figure_that_so_large_a_share_does_not_exceed(figures: list[int], share: float) -> None:
    ordered = sorted(figures)
    assert quantile(ordered, share) == ordered[ceil(len(ordered) * share - 1e-9) - 1]


def test_of_a_hundred_delays_the_p99_is_the_second_longest() -> None:
    assert of_delays([float(number) for number in range(1, 101)]) == {"number": 100, "median": 50.0, "p95": 95.0, "p99": 99.0}
    assert of_delays([]) is None


def test_medians_are_taken_figure_by_figure_and_what_only_some_turns_have_is_kept() -> None:
    turns = [
        {"cpu": {"a": 1.0, "b": 9}, "mix": "m"},
        {"cpu": {"a": 3.0}, "mix": "m"},
        {"cpu": {"a": 2.5}, "mix": "m", "kept": [4, 6]},
    ]
    assert median_of(turns) == {"cpu": {"a": 2.5, "b": 9}, "mix": "m", "kept": [4, 6]}


def test_growth_is_that_of_the_second_half_and_flat_memory_has_none() -> None:
    rising = [Row(seconds=10.0 * n, completions=10_000 * n, memory={"leaks": 100.0 + n, "flat": 50.0}) for n in range(1, 41)]
    first_half_only = [Row(row.seconds, row.completions, {"warm": min(row.completions / 1_000, 150)}) for row in rising]
    assert grows(rising, "leaks") == pytest.approx(10.0)
    assert grows(rising, "flat") == 0.0
    assert grows(first_half_only, "warm") == 0.0
    assert figures(rising)["memory"]["leaks"] == {"at_tenth": 104.0, "at_end": 140.0, "peak": 140.0, "grows": 10.0}
