"""Spans and metrics of the test's own process, sent to a collector."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from deploy.local.otlp import Collector
from shared import telemetry


@contextmanager
def exporting(collector: Collector, service: str) -> Iterator[None]:
    """Until it is left (or `telemetry.shutdown()` sends all that waits). Logging is put back as it was."""
    handlers, level = logging.root.handlers[:], logging.root.level
    with patch.dict(os.environ, {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "NO_PROXY": "127.0.0.1"}):
        telemetry.configure(service, f"{service}-1")
        try:
            yield
        finally:
            telemetry.shutdown()
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)
