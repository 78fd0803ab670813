"""What is said of 1, 10 and 100 million learners follows from measurements and assumptions that the page shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.bench.marks import between
from deploy.scale import assumptions, costs, pages
from deploy.scale.__main__ import BY, PAGE
from deploy.scale.costs import SERVICES, Costs, costs_of
from deploy.scale.simulation import Batch
from deploy.scale.sizing import bends, capacity, learners_at, need, peak_rate, stages, topic_bytes

MEASURED = costs.read()


def measured(fixed: float, each: float) -> dict[str, Any]:
    """Figures of a platform whose batches cost just so, in seconds, of every process."""
    points: list[dict[str, Any]] = []
    for completions, batches in ((100, 80), (1_000, 100), (10_000, 40)):
        cpu = dict.fromkeys((*SERVICES, "kafka"), fixed * batches + each * completions)
        cpu["database"] = 3 * fixed * batches + 3 * each * completions
        points.append(
            {
                "rate": 5.0,
                "completions": completions,
                "cpu": cpu,
                "read": dict.fromkeys(SERVICES, completions),
                "batches": dict.fromkeys(SERVICES, batches),
                "award": None,
            }
        )
    last = points[-1]
    full = {
        "cpu": {name: 1_000 * spent / last["completions"] for name, spent in last["cpu"].items()},
        "batch": dict.fromkeys(SERVICES, 250.0),
        "documents_written": dict.fromkeys(SERVICES, 2.0),
        "topics": {"completions": {"messages": 1.0, "bytes": 300.0}, "awarding.awards": {"messages": 2.0, "bytes": 3_000.0}},
        "stored_bytes": {service: [2_000.0, 300.0] for service in SERVICES},
        "memory": dict.fromkeys(SERVICES, 150.0),
    }
    kept = {"at": "then", "cores": 2, "processor": "some", "load_before": 0.1, "points": points, "full": full}
    return {"batches": kept}


def test_what_a_batch_and_what_a_message_costs_is_found_in_the_measurements() -> None:
    found = costs_of(measured(0.01, 0.002))
    for service in SERVICES:
        one = found.services[service]
        for part in (one.own, one.database):
            assert part.fixed == pytest.approx(0.01)
            assert part.each == pytest.approx(0.002)
        assert found.own(service) == pytest.approx(0.002 + 0.01 / 250)
    assert found.database == pytest.approx(3 * (0.002 + 0.01 / 250))


def test_a_bench_replaces_what_completions_cost_at_full_speed() -> None:
    kept = measured(0.01, 0.002)
    faster = kept["batches"]["full"] | {"cpu": {name: spent / 2 for name, spent in kept["batches"]["full"]["cpu"].items()}}
    kept["bench"] = {"at": "now", "cores": 2, "load_before": 0.0, "cairn": faster, "door": {"ags": 600.0}, "sweep": 0.6}
    found = costs_of(kept)
    assert found.own("awarding") == pytest.approx(costs_of(measured(0.01, 0.002)).own("awarding") / 2)
    assert found.broker == pytest.approx(kept["batches"]["full"]["cpu"]["kafka"] / 2_000)
    assert need(1_000_000, found).doors is not None
    assert "`make bench` at now" in found.where


def test_batches_never_cost_less_than_nothing() -> None:
    kept = measured(0.0, 0.002)
    for number, point in enumerate(kept["batches"]["points"]):
        point["cpu"] = {name: spent * (1 + number / 10) for name, spent in point["cpu"].items()}
    found = costs_of(kept)
    assert all(one.own.fixed == 0 and one.own.each > 0 and one.database.fixed == 0 for one in found.services.values())


def test_ten_times_the_learners_need_about_ten_times_as_much_and_never_less() -> None:
    small, large = need(10_000_000, MEASURED), need(100_000_000, MEASURED)
    assert large.peak == pytest.approx(10 * small.peak)
    assert large.broker_disk == pytest.approx(10 * small.broker_disk)
    for service in SERVICES:
        assert 9 * small.pods[service] - 9 <= large.pods[service] <= 10 * small.pods[service]
        assert small.servers[service] <= large.servers[service] <= 10 * small.servers[service]


def test_the_pods_that_are_planned_are_no_busier_at_the_peak_than_was_assumed() -> None:
    for learners in pages.LEARNERS:
        planned = need(learners, MEASURED)
        for stage in stages(MEASURED, planned.pods):
            rate = planned.peak * MEASURED.services[stage.name].reads
            assert rate / (capacity(stage) * stage.workers) <= assumptions.BUSY.value
            assert planned.partitions >= stage.workers * assumptions.PARTITIONS_FOR_A_POD.value


def test_what_is_kept_for_good_grows_with_the_years_and_the_rest_does_not() -> None:
    kept = {name: topic_bytes(1, name, MEASURED) for name in MEASURED.topics}
    for name, (messages, bytes_) in MEASURED.topics.items():
        one = assumptions.COMPLETIONS.value * (bytes_ + messages * assumptions.RECORD_OVERHEAD.value)
        years = assumptions.TERMS.value * assumptions.YEARS.value
        assert kept[name] == pytest.approx(one * years) if name == "awarding.awards" else kept[name] <= one


def test_what_bends_first_is_said_first_and_bends_later_where_it_costs_less() -> None:
    found = bends(MEASURED)
    assert [bend.learners for bend in found] == sorted(bend.learners for bend in found)
    cheaper = replace(MEASURED, broker=MEASURED.broker / 2)
    by_name = {bend.what: bend.learners for bend in found}
    assert {bend.what: bend.learners for bend in bends(cheaper)}["the cores of three brokers"] == pytest.approx(
        2 * by_name["the cores of three brokers"]
    )


def test_a_rate_and_the_learners_of_whom_it_is_the_peak_belong_together() -> None:
    assert peak_rate(learners_at(123.0)) == pytest.approx(123.0)


def test_every_assumption_stands_in_the_page_with_its_reason() -> None:
    defined = [one for one in vars(assumptions).values() if isinstance(one, assumptions.Assumption)]
    assert list(assumptions.ALL) == defined
    page = PAGE.read_text()
    assert all(one.says in page and one.reason in page for one in defined)


def test_the_tables_in_the_page_are_those_that_the_command_prints() -> None:
    page = PAGE.read_text()
    for name, text in pages.sections(MEASURED).items():
        assert between(page, name, BY) == text, f"{name} is another: {BY}"


def test_the_page_names_when_and_where_was_measured() -> None:
    kept = json.loads(costs.KEPT.read_text())
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT.*", kept["batches"]["at"])
    assert kept["batches"]["at"] in PAGE.read_text()
    assert kept["batches"]["processor"] in PAGE.read_text()


def test_a_batch_of_nothing_but_its_fixed_cost_is_shared_by_its_messages() -> None:
    assert Batch(0.5, 0.0).of_each(10) == 0.05


def test_cold_records_cost_what_was_measured_of_them() -> None:
    warm: Costs = replace(MEASURED, cold={})
    dear = replace(MEASURED, cold={"awarding": 3.0})
    assert need(100_000_000, dear).pods["awarding"] > need(100_000_000, warm).pods["awarding"]


def test_figures_are_taken_from_the_last_runs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        costs.taken(tmp_path)
    kept = measured(0.01, 0.002)
    (tmp_path / "batches.json").write_text(json.dumps(kept["batches"]))
    assert costs_of(costs.taken(tmp_path)) == costs_of(kept)
    points = [{"at": 10, "cost": {"cpu": {"a": 1}}, "cold": None}]
    process = dict.fromkeys((*SERVICES, "kafka", "database"), 1.0)
    points += [{"at": 100, "cost": {"cpu": process}, "cold": {"cpu": dict.fromkeys(process, 1.5)}}]
    (tmp_path / "curves.json").write_text(json.dumps({"curves": {"before": {"at": "then", "points": points}}}))
    assert costs_of(costs.taken(tmp_path)).cold["database"] == 1.5
