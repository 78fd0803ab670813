"""`make traces`: a small cohort through the platform, and the demo learner's last step as one trace in Zipkin."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console

from deploy.demo import documents
from deploy.demo.__main__ import UNIVERSITY, kept, stage
from deploy.demo.cohort import SEED, cohort
from deploy.demo.office import Office, Refused
from deploy.demo.run import Stage, send, settle
from deploy.demo.story import STORY
from deploy.local.otlp import Collector, tree
from deploy.local.platform import Platform
from deploy.local.process import ProcessFailed
from deploy.local.zipkin import Zipkin
from shared import telemetry
from shared.events.envelope import Envelope

FOLDER: Final = Path("var/traces")
LEARNERS: Final = 40
SERVICES: Final = frozenset({"catalog", "assessment", "awarding", "notifications"})
REPORTING: Final = "student-records"
COMES_WITHIN: Final = 60.0

console = Console()


def main(
    learners: Annotated[int, typer.Option(help="of the seeded cohort")] = LEARNERS,
    port: Annotated[int | None, typer.Option(help="Zipkin's port")] = None,
) -> None:
    """Start Zipkin and the platform, let a small cohort go through, and show the demo learner's last step."""
    try:
        asyncio.run(traces(learners, port))
    except KeyboardInterrupt:
        sys.exit("stopped")
    except (ProcessFailed, Refused) as failure:
        sys.exit(str(failure))


async def traces(learners: int, port: int | None) -> None:
    console.print("Starting Zipkin (its 131 MB are downloaded once)")
    async with Zipkin(FOLDER, port) as zipkin:
        with Collector(passes_on=zipkin.keep) as collector:
            exports = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
                "OTEL_METRICS_EXPORTER": "none",
                "OTEL_LOGS_EXPORTER": "none",
            }
            async with stage(CAIRN_INSTITUTION=UNIVERSITY, **exports) as (platform, on):
                os.environ.update(exports)
                telemetry.configure(REPORTING, "1", level="WARNING")
                try:
                    last = await all_but_the_last_step(on, learners)
                    trace = await last_step(platform, on.office, last)
                    await settle(on)
                finally:
                    telemetry.shutdown()
                await complete(collector, trace)
                console.print(tree(collector.trace(trace)))
                console.print(f"\n{STORY.name} passed the last exam; the trace from there to the mail:", highlight=False)
                console.print(f"  [bold]{zipkin.page_of(trace)}[/]", soft_wrap=True)
                console.print(f"all traces: {zipkin.url}/zipkin/", highlight=False)
                await kept(keep=True)


async def all_but_the_last_step(on: Stage, learners: int) -> Envelope:
    """The cohort's completions go through; the last one of the demo learner is given back instead."""
    people = cohort(SEED, learners)
    last = max((envelope for learner, envelope in people.completions if learner == STORY.learner), key=lambda one: one.time)
    others = [(learner, envelope) for learner, envelope in people.completions if envelope.id != last.id]
    await on.office.publish(documents.documents(documents.FIRST))
    await on.office.enter_contacts([person.contact() for person in people.people])
    with on.meter:
        await send(on, others, len(others), None, "publishing completions")
        await on.office.publish(documents.documents(documents.REVISIONS))
        await settle(on)
    return last


async def last_step(platform: Platform, office: Office, last: Envelope) -> str:
    """The student records system looks up what the stack asks for, and reports what the learner passed; the trace's id."""
    token = platform.keys.token("completions:publish")
    with telemetry.span("exam passed", kind="client", parent=telemetry.NEW_TRACE) as reporting:
        assert reporting.traceparent is not None
        headers = {"authorization": f"Bearer {token}", "traceparent": reporting.traceparent}
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as http:
            (await http.get(f"{platform['catalog'].url}/definitions")).raise_for_status()
            event = {name.replace("_", "-"): raw.decode() for name, raw in last.headers() if name != "traceparent"}
            answer = await http.post(f"{platform['assessment'].url}/completions", content=last.data, headers=event)
        if not answer.is_success:
            raise Refused(f"the completion was not taken: {answer.status_code} {answer.text[:500]}")
        return reporting.traceparent.split("-")[1]


async def complete(collector: Collector, trace: str) -> None:
    """Wait until each service has sent its part. What is missing after a minute is missing."""
    try:
        async with asyncio.timeout(COMES_WITHIN):
            while (
                not {span.service for span in collector.trace(trace) if span.name == "mail"}
                or not {span.service for span in collector.trace(trace)} >= SERVICES
            ):
                await asyncio.sleep(0.2)
    except TimeoutError:
        console.print("Not all services have sent their part of the trace.")


if __name__ == "__main__":
    typer.run(main)
