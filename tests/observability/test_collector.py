"""The collector's configuration fits together, keeps what matters, and listens where the services send."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.observability.watching import FOLDER

SCHEMA = Path(__file__).parents[3] / "shared/data/crds/opentelemetry.io/opentelemetrycollector_v1beta1.json"
OTELCOL = shutil.which("otelcol-contrib") or shutil.which("otelcol")


@pytest.fixture
def configuration() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "collector.yaml").read_text())
    return read


def test_pipelines_name_what_is_defined_and_all_of_it(configuration: dict[str, Any]) -> None:
    pipelines = configuration["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        used = {name for pipeline in pipelines for name in pipeline[kind]}
        assert used == set(configuration[kind])
    assert set(configuration["service"]["extensions"]) == set(configuration["extensions"])


def test_there_is_a_pipeline_for_each_signal_and_memory_is_looked_after_first(configuration: dict[str, Any]) -> None:
    pipelines = configuration["service"]["pipelines"]
    assert set(pipelines) == {"traces", "metrics", "logs"}
    for pipeline in pipelines.values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "batch"


def test_traces_that_failed_or_were_slow_are_always_kept(configuration: dict[str, Any]) -> None:
    assert "tail_sampling" in configuration["service"]["pipelines"]["traces"]["processors"]
    policies = {policy["type"]: policy for policy in configuration["processors"]["tail_sampling"]["policies"]}
    assert policies["status_code"]["status_code"]["status_codes"] == ["ERROR"]
    assert policies["latency"]["latency"]["threshold_ms"] >= 1000
    assert 0 < policies["probabilistic"]["probabilistic"]["sampling_percentage"] <= 100


def test_prometheus_scrapes_where_the_collector_exports(configuration: dict[str, Any]) -> None:
    scraped = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())["scrape_configs"][0]
    port = configuration["exporters"]["prometheus"]["endpoint"].rpartition(":")[2]
    assert scraped["static_configs"][0]["targets"] == [f"collector:{port}"]
    assert scraped["honor_labels"] is True


def test_nothing_is_secret_in_it_and_addresses_come_from_the_environment(configuration: dict[str, Any]) -> None:
    for name, exporter in configuration["exporters"].items():
        if name.startswith("otlp"):
            assert re.fullmatch(r"\$\{env:CAIRN_[A-Z]+\}", exporter["endpoint"])


def test_the_operator_for_kubernetes_takes_it(configuration: dict[str, Any]) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schemas of custom resources are not here")
    resource = {
        "apiVersion": "opentelemetry.io/v1beta1",
        "kind": "OpenTelemetryCollector",
        "metadata": {"name": "cairn"},
        "spec": {"mode": "deployment", "config": configuration},
    }
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(resource)


def test_a_collector_takes_it() -> None:
    if OTELCOL is None:
        pytest.skip("there is no otelcol-contrib")
    env = {**os.environ, "CAIRN_TRACES": "http://127.0.0.1:1", "CAIRN_LOGS": "http://127.0.0.1:2"}
    command = [OTELCOL, "validate", "--config", str(FOLDER / "collector.yaml")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
