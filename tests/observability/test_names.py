"""What Prometheus calls a metric."""

import pytest

from deploy.observability.names import family, job, label, labels, series, translated
from shared.telemetry import metrics
from shared.telemetry.metrics import METRICS


@pytest.mark.parametrize(
    ("name", "unit", "kind", "called"),
    [
        ("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"),
        ("messaging.client.consumed.messages", "{message}", "counter", "messaging_client_consumed_messages_total"),
        ("process.cpu.time", "s", "counter", "process_cpu_time_seconds_total"),
        ("process.memory.usage", "By", "up-down counter", "process_memory_usage_bytes"),
        ("http.server.active_requests", "{request}", "up-down counter", "http_server_active_requests"),
        ("cpu.share", "1", "gauge", "cpu_share_ratio"),
        ("things", "1", "counter", "things_total"),
        ("things.total", "{thing}", "counter", "things_total"),
        ("age.seconds", "s", "gauge", "age_seconds"),
        ("sweep.total", "{learner}", "gauge", "sweep_total"),
        ("odd--name..here", "{x}", "gauge", "odd_name_here"),
    ],
)
def test_dots_become_underscores_units_are_spelt_out_and_counters_are_totals(
    name: str, unit: str, kind: str, called: str
) -> None:
    assert translated(name, unit, kind) == called


def test_a_histogram_has_three_series_and_everything_else_one() -> None:
    assert series(metrics.LATENCY) == (
        "cairn_fact_latency_seconds_bucket",
        "cairn_fact_latency_seconds_count",
        "cairn_fact_latency_seconds_sum",
    )
    assert series(metrics.LAG) == ("cairn_stream_lag",)


def test_no_two_metrics_share_a_series() -> None:
    names = [name for metric in METRICS for name in series(metric)]
    assert len(names) == len(set(names))


def test_attributes_are_labels_and_services_are_jobs() -> None:
    assert labels(metrics.LAG) == {"messaging_destination_name", "messaging_destination_partition_id"}
    assert label("http.response.status_code") == "http_response_status_code"
    assert job("awarding") == "cairn/awarding"
    assert family(metrics.EXPIRY) == "cairn_expiry_seconds"
