"""Alerts fire on their symptom and on nothing else: as promtool finds, and by their own names."""

import subprocess
from typing import Any

import pytest
import yaml

from deploy.observability.names import ADDED, labels, series
from shared.telemetry.metrics import METRICS
from tests.observability.promql import grouped, selected
from tests.observability.watching import FOLDER, PROMTOOL, alerts, needs_promtool, recorded, rules

DECLARED = {name: metric for metric in METRICS for name in series(metric)}


def promtool(*arguments: str) -> str:
    """What it says. Fails with that, if it finds a fault."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tried() -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules_test.yaml").read_text())["tests"]
    return tests


@needs_promtool
def test_promtool_finds_no_fault_in_the_rules_and_the_configuration() -> None:
    assert f"{len(rules())} rules found" in promtool("check", "rules", "rules.yaml")
    promtool("check", "config", "prometheus.yaml")


@needs_promtool
def test_each_alert_fires_on_its_symptom_and_is_silent_on_health() -> None:
    assert "SUCCESS" in promtool("test", "rules", "rules_test.yaml")


def test_each_alert_is_tried_on_its_symptom_and_on_health() -> None:
    fires, silent = set[tuple[str, str]](), set[str]()
    for test in tried():
        for one in test.get("alert_rule_test", ()):
            fires |= {(one["alertname"], alert["exp_labels"]["severity"]) for alert in one["exp_alerts"]}
            if not one["exp_alerts"] and test["name"] == "Health is silent":
                silent.add(one["alertname"])
    assert fires == {(alert["alert"], alert["labels"]["severity"]) for alert in alerts()}
    assert silent == {alert["alert"] for alert in alerts()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule.get("record") or rule["alert"]))
def test_a_rule_names_only_series_and_labels_that_are_declared_or_recorded(rule: dict[str, Any]) -> None:
    found = list(selected(rule["expr"]))
    assert found
    allowed = set(ADDED)
    for name, chosen_by in found:
        assert name in DECLARED or name in recorded()
        if (metric := DECLARED.get(name)) is not None:
            allowed |= labels(metric)
            assert chosen_by <= labels(metric) | ADDED
    if all(name in DECLARED for name, _ in found):
        assert grouped(rule["expr"]) <= allowed


def test_tests_make_up_only_series_that_there_are() -> None:
    for test in tried():
        for one in test["input_series"]:
            for name, with_labels in selected(one["series"]):
                assert with_labels <= labels(DECLARED[name]) | ADDED, one["series"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: f"{alert['alert']}-{alert['labels']['severity']}")
def test_an_alert_says_what_is_wrong_whom_it_wakes_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["annotations"]["runbook_url"] == f"{{{{ $externalLabels.cairn_docs }}}}/runbooks/{alert['alert']}.md"
