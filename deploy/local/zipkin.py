"""Zipkin on this machine, to look at traces with: its server from Maven Central, and OTLP spans translated into its own.

Zipkin takes its own JSON; the services speak OTLP. Between them stands the small collector: `Collector(passes_on=zipkin.keep)`.
Source: https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
"""

from __future__ import annotations

import fcntl
import os
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import httpx
import orjson
from jgo.maven import MavenContext

from deploy.local.kafka import java
from deploy.local.otlp import ReceivedSpan, Value
from deploy.local.ports import free_port
from deploy.local.process import Process
from deploy.local.server import Server

VERSION: Final = "3.5.1"
JVM: Final = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
KINDS: Final = frozenset({"client", "server", "producer", "consumer"})
MOST_SPANS: Final = 200_000
SENT_WITHIN: Final = 10.0

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def jar() -> Path:
    """The server, downloaded (131 MB) at the first call on this machine. Raises RuntimeError or OSError when it can't be had."""
    with (Path(gettempdir()) / f"cairn-jars-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = MavenContext().project("io.zipkin", "zipkin-server").at_version(VERSION)
        return Path(server.artifact(classifier="exec").resolve())


class Zipkin(Server):
    """Keeps spans in memory while it runs: `async with Zipkin(folder) as zipkin: zipkin.page_of(trace)`."""

    name = "zipkin"
    ready_within = 180.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def page_of(self, trace: str) -> str:
        """Where a person looks at it."""
        return f"{self.url}/zipkin/traces/{trace}"

    def keep(self, spans: Sequence[ReceivedSpan]) -> None:
        """Raises OSError when Zipkin doesn't take them."""
        body = orjson.dumps([translated(span) for span in spans])
        request = urllib.request.Request(f"{self.url}/api/v2/spans", body, {"content-type": "application/json"})
        with _direct.open(request, timeout=SENT_WITHIN):
            pass

    async def trace(self, trace: str) -> list[dict[str, Any]]:
        """The spans that it has of a trace, as its API gives them; none when it knows none."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.get(f"{self.url}/api/v2/trace/{trace}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        listening = ("ip=127.0.0.1", f"port={self.port}", "protocols[0]=http")
        options = [f"--armeria.ports[0].{said}" for said in listening]
        env = {**os.environ, "MEM_MAX_SPANS": str(MOST_SPANS), "STORAGE_TYPE": "mem", "SELF_TRACING_ENABLED": "false"}
        return Process(self.name, [java(), *JVM, "-jar", jar(), *options], log=self.log, env=env)

    async def answers(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            try:
                return (await client.get(f"{self.url}/health")).is_success
            except httpx.TransportError:
                return False


def translated(span: ReceivedSpan) -> dict[str, Any]:
    """The span as Zipkin has it. Times are microseconds there, a duration is at least one, and links don't exist."""
    tags = {name: _text(value) for name, value in span.attributes.items()}
    if span.failed:
        tags = {"otel.status_code": "ERROR", "error": tags.get("error.type", "true"), **tags}
    found: Mapping[str, Any] = {
        "traceId": span.trace,
        "id": span.id,
        "parentId": span.parent,
        "name": span.name,
        "kind": span.kind.upper() if span.kind in KINDS else None,
        "timestamp": span.started // 1000,
        "duration": max((span.ended - span.started) // 1000, 1),
        "localEndpoint": {"serviceName": span.service},
        "tags": {"service.instance.id": span.instance, **tags},
    }
    return {name: value for name, value in found.items() if value is not None}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
