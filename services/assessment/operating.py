"""What assessment tells operators: a learner's entries, decisions and verdicts, what is read again, and sources gone silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from services.assessment.desk import NAME
from services.assessment.domain.entries import Entry, Retraction
from services.assessment.domain.record import Record
from services.assessment.sources.health import health_of
from services.assessment.sources.sources import Sources
from services.assessment.store import Shelves
from services.assessment.stream import FLOW
from shared.broker import broker_of
from shared.events.assessment import VerdictReached
from shared.events.envelope import Cause
from shared.kafka import Publisher
from shared.mongo import Database, Document, by_ids
from shared.operations.desk import Operations, places_of
from shared.operations.journey import Step, said_of, step_of_fact, trace_of
from shared.operations.standing import Backfill, SilentSource
from shared.settings import Settings
from shared.stream.transaction import FACTS

OF_ENTRIES: Final = ("status", "grade", "attempt", "corrects", "retracts")
OF_DECISIONS: Final = ("achievement", "version", "path", "activity", "decision")


def operations_of(settings: Settings, database: Database, publisher: Publisher, sources: Sources) -> Operations:
    shelves = Shelves(database)

    async def steps(learner: str, most: int) -> Sequence[Step]:
        return await steps_of(database, shelves, learner, most)

    return Operations(
        FLOW,
        broker_of(settings),
        database,
        publisher,
        places_of(settings),
        steps,
        backfills=lambda: backfills(sources),
        silent=lambda: silent(sources),
    )


async def steps_of(database: Database, shelves: Shelves, learner: str, most: int) -> list[Step]:
    """Entries and facts are found by their ids, which follow from the learner's record."""
    record = await shelves.record(learner)
    everything: list[Entry | Retraction] = [*record.entries.values(), *record.retractions.values()]
    kept = sorted(everything, key=lambda one: (one.time, one.id))[-most - 1 :]
    entries = await shelves.entries(learner, [one.key for one in kept])
    decisions = await shelves.decisions([*record.decisions, *record.withdrawals])
    facts = await by_ids(database[FACTS], fact_ids(record))
    return [
        *map(_step_of_entry, entries),
        *map(_step_of_decision, decisions),
        *(step_of_fact(NAME, fact) for fact in facts),
    ]


def fact_ids(record: Record) -> list[str]:
    """Of all that was said of the learner since they were last erased."""
    cause = Cause(kind="completion", id="any", time=datetime.fromisoformat("2000-01-01T00:00:00+00:00"))
    return [
        VerdictReached(learner=record.learner, achievement=achievement, met=None, versions=(), revision=revision, cause=cause).id
        for achievement, said in record.said.items()
        for revision in range(record.floor + 1, said.revision + 1)
    ]


def _step_of_entry(entry: Document) -> Step:
    data: dict[str, Any] = orjson.loads(entry["data"])
    return Step(
        service=NAME,
        kind="entry",
        at=datetime.fromisoformat(entry["time"]),
        type=entry["type"],
        id=entry["id"],
        about=str(data.get("activity", "")),
        says=said_of(data, OF_ENTRIES) | {"source": entry["source"]},
        trace=trace_of(entry.get("traceparent")),
    )


def _step_of_decision(decision: Document) -> Step:
    return Step(
        service=NAME,
        kind="decision",
        at=datetime.fromisoformat(decision["at"]),
        type=decision["kind"],
        id=decision["_id"],
        about=str(decision.get("achievement", "")),
        says=said_of(decision, OF_DECISIONS),
        trace=trace_of(decision.get("traceparent")),
    )


async def backfills(sources: Sources) -> list[Backfill]:
    """Reruns and files under way, source by source."""
    found: list[Backfill] = []
    for registered in await sources.registry.all():
        source = registered.source.id
        reruns = [rerun for rerun in await sources.reruns.all(source) if rerun["state"] in ("waiting", "running")]
        found += [Backfill(kind="rerun", of=f"{source}: {r['_id']}", done=r["done"], total=r["originals"]) for r in reruns]
        files = await sources.files.going(source)
        found += [Backfill(kind="file", of=f"{source}: {file.id}", done=file.done, total=file.lines) for file in files]
    return found


async def silent(sources: Sources) -> list[SilentSource]:
    """Those that are not paused and of which nothing came for longer than their documents expect."""
    found = []
    for registered in await sources.registry.all():
        if registered.paused or registered.source.expects_every is None:
            continue
        health = await health_of(sources, registered)
        if health.too_long:
            found.append(SilentSource(source=registered.source.id, name=registered.source.name, last_event=health.last_event))
    return found
