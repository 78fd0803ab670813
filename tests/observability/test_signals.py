"""What is sent, and what is not, as a collector receives it."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from deploy.local.otlp import Collector, ReceivedSpan
from deploy.local.zipkin import translated
from shared import telemetry
from shared.telemetry.expiry import first_end, watch_certificates, watch_keys
from shared.telemetry.metrics import EXPIRY, UPTIME
from tests.domain.shared.exporting import exporting

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, SPAN = PARENT.split("-")[1:3]
log = logging.getLogger("cairn.test")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


def certificate(path: Path, ends: datetime) -> Path:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kafka")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, ends - timedelta(days=90), ends).sign(key, None)
    with path.open("ab") as file:
        file.write(made.public_bytes(Encoding.PEM))
    return path


def test_log_records_have_their_trace_and_no_text_that_could_quote_anybody(collector: Collector) -> None:
    with exporting(collector, "test"), telemetry.span("decide", parent=PARENT):
        try:
            raise ValueError("ada@example.org is no number")
        except ValueError:
            log.exception("it failed", extra={"topic": "completions", "offset": 7})
    (said,) = [one for one in collector.logged if one.text == "it failed"]
    assert (said.service, said.level, said.trace) == ("test", "ERROR", TRACE)
    assert (said.attributes["topic"], said.attributes["offset"]) == ("completions", 7)
    assert said.attributes["exception.type"] == "builtins.ValueError"
    assert "test_signals.py" in str(said.attributes["exception.stacktrace"])
    assert "ada@example.org" not in str(said)


def test_what_is_repeated_too_often_is_counted_and_not_sent(collector: Collector) -> None:
    with exporting(collector, "test"):
        for _ in range(100):
            log.warning("the database is away")
    assert len([one for one in collector.logged if one.text == "the database is away"]) == 10


def test_who_sends_logs_is_not_logged_by_sending_them(collector: Collector) -> None:
    with exporting(collector, "test"):
        logging.getLogger("opentelemetry.exporter").error("the collector is away")
        logging.getLogger("urllib3.connectionpool").error("a connection was refused")
    assert collector.logged == ()


@pytest.mark.parametrize("signal", ["TRACES", "METRICS", "LOGS"])
def test_a_signal_can_be_left_out(collector: Collector, monkeypatch: pytest.MonkeyPatch, signal: str) -> None:
    monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", "none")
    with exporting(collector, "test"), telemetry.span("decide"):
        log.warning("said")
    sent = {"TRACES": collector.spans, "METRICS": collector.measured, "LOGS": collector.logged}
    assert {name for name, found in sent.items() if not found} == {signal}


@pytest.mark.parametrize(
    ("sampler", "argument", "own", "continued"),
    [
        ("parentbased_always_off", None, False, True),
        ("always_off", None, False, False),
        ("parentbased_traceidratio", "0", False, True),
        ("always_on", None, True, True),
        (None, None, True, True),
    ],
)
def test_which_traces_are_recorded_is_said_by_opentelemetrys_own_variables(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, sampler: str | None, argument: str | None, own: bool, continued: bool
) -> None:
    """With a sampler that asks the parent, what a caller records is recorded to its end."""
    if sampler is not None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    if argument is not None:
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    with exporting(collector, "test"):
        with telemetry.span("own", parent=telemetry.NEW_TRACE) as span:
            assert span.traceparent is not None
            assert bool(int(span.traceparent[-2:], 16) & 1) is own
        with telemetry.span("continued", parent=PARENT):
            pass
    assert {span.name for span in collector.spans} == {
        name for name, recorded in (("own", own), ("continued", continued)) if recorded
    }


def test_the_first_end_of_a_files_certificates_is_told_and_that_of_keys(collector: Collector, tmp_path: Path) -> None:
    soon, later = datetime(2026, 3, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    chain = certificate(certificate(tmp_path / "chain.pem", later), soon)
    (tmp_path / "secret").write_text("00ff")
    settings = {"kafka_certificate": chain, "public_id_key": tmp_path / "secret", "gone": tmp_path / "gone", "smtp": "a:25"}
    with exporting(collector, "test"):
        watch_certificates(settings)
        watch_keys({"k-2026": later})
    found = {
        (one.attributes["cairn.kind"], one.attributes["cairn.name"]): one.value
        for one in collector.measured
        if one.name == EXPIRY.name
    }
    assert found == {("certificate", "kafka_certificate"): soon.timestamp(), ("key", "k-2026"): later.timestamp()}
    watch_certificates({})
    watch_keys({})


def test_a_file_that_is_renewed_is_read_anew_and_one_that_is_none_says_nothing(tmp_path: Path) -> None:
    path = certificate(tmp_path / "one.pem", datetime(2026, 3, 1, tzinfo=UTC))
    assert first_end(path) == datetime(2026, 3, 1, tzinfo=UTC)
    path.unlink()
    assert first_end(path) is None
    assert first_end(certificate(path, datetime(2027, 3, 1, tzinfo=UTC))) == datetime(2027, 3, 1, tzinfo=UTC)
    path.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    assert first_end(path) is None


def test_what_can_not_be_observed_keeps_nothing_else_from_being_measured(collector: Collector) -> None:
    def fails() -> list[tuple[float, telemetry.metrics.Attributes]]:
        raise OSError("no such file")

    with exporting(collector, "test"):
        UPTIME.observe("broken", fails)
    UPTIME.observe("broken", list)
    assert [one.name for one in collector.measured if one.name == UPTIME.name] == [UPTIME.name]


def test_a_span_is_translated_for_zipkin_with_microseconds_kind_and_error() -> None:
    span = ReceivedSpan(
        "awarding", "1", "process", "consumer", TRACE, SPAN, None, 1_700_000_000_000_001_500, 1_700_000_000_000_001_900, True,
        {"error.type": "refused", "cairn.new": True, "offset": 7},
    )  # fmt: skip
    assert translated(span) == {
        "traceId": TRACE,
        "id": SPAN,
        "name": "process",
        "kind": "CONSUMER",
        "timestamp": 1_700_000_000_000_001,
        "duration": 1,
        "localEndpoint": {"serviceName": "awarding"},
        "tags": {
            "service.instance.id": "1",
            "otel.status_code": "ERROR",
            "error": "refused",
            "error.type": "refused",
            "cairn.new": "true",
            "offset": "7",
        },
    }
