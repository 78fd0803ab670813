"""Dashboards are as they are made, and name only what there is."""

import json
from typing import Any

import pytest

from deploy.observability.__main__ import FOLDER, texts
from deploy.observability.dashboards import SERVICES, dashboards
from deploy.observability.names import ADDED, labels, series
from shared.telemetry.metrics import METRICS
from tests.observability.promql import grouped, selected
from tests.observability.watching import recorded

DECLARED = {name: metric for metric in METRICS for name in series(metric)}


def queries(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def test_the_files_are_what_the_program_writes() -> None:
    assert {path for path in FOLDER.iterdir() if path.suffix == ".json"} == set(texts())
    for path, text in texts().items():
        assert path.read_text() == text, f"{path.name} differs: python -m deploy.observability"


def test_there_is_one_for_the_flow_one_for_the_business_and_one_for_each_service() -> None:
    assert set(dashboards()) == {"flow", "business", *SERVICES}


@pytest.mark.parametrize("name", dashboards())
def test_a_dashboard_names_only_series_and_labels_that_are_declared_or_recorded(name: str) -> None:
    for query in queries(dashboards()[name]):
        found = list(selected(query))
        assert found, query
        allowed = set(ADDED)
        for series_, chosen_by in found:
            assert series_ in DECLARED or series_ in recorded(), query
            metric = DECLARED.get(series_)
            if metric is not None:
                allowed |= labels(metric)
                assert chosen_by <= labels(metric) | ADDED, query
        if all(one in DECLARED for one, _ in found):
            assert grouped(query) <= allowed, query


@pytest.mark.parametrize("name", dashboards())
def test_panels_have_their_own_ids_and_places_and_say_what_they_show(name: str) -> None:
    dashboard = json.loads((FOLDER / f"{name}.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(places) == len(set(places))
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] == "row" or panel["targets"]


def test_every_metric_is_on_some_dashboard() -> None:
    shown = {name for dashboard in dashboards().values() for query in queries(dashboard) for name, _ in selected(query)}
    through_rules = {name for rule in recorded().values() for name, _ in selected(rule)}
    for metric in METRICS:
        assert set(series(metric)) & (shown | through_rules), f"{metric.name} is on no dashboard"
