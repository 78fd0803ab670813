"""What issuing credentials costs awarding: the same verdicts decided with and without it, turn by turn in one run.

Each turn is a process of its own with topics and a database of its own, on the broker and the database of the platform.
`python -m deploy.bench.issuing <turn as JSON>` is one of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from deploy.bench.cpu import CpuTime
from deploy.bench.log import Line
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.process import Process
from deploy.local.service import ROOT
from services.awarding.credentials.addresses import Addresses
from services.awarding.credentials.keyring import Keyring
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.issuing import Issuing
from services.awarding.issuance import issuing_of
from services.awarding.store import create_indexes
from services.awarding.stream import flow
from shared.events.assessment import LearnerErased, VerdictReached
from shared.events.envelope import Envelope
from shared.kafka import Outgoing, Publisher, create_topics
from shared.mongo import Database
from shared.stream import Stream
from shared.topics import AWARDS, DEAD_LETTERS, IDENTITIES, REQUESTS, VERDICTS, Topic

MOST: Final = 6_000
"""Verdicts in a turn."""
PAIRS: Final = 3
WITHIN: Final = 300.0


@dataclass(frozen=True)
class Turn:
    """One process's work. `keys` are the issuers' keys, empty: nothing is issued."""

    name: str
    bootstrap: str
    mongodb: str
    verdicts: int
    keys: str = ""


@dataclass(frozen=True)
class Done:
    """`seconds` from the first batch to the last, `cpu` of awarding's own processor time, `database` of the database server's."""

    seconds: float
    cpu: float
    credentials: int
    database: float = 0.0


@dataclass(frozen=True)
class Compared:
    """The turns, each with its counterpart at the same place; `ratio` is that of the speeds, with issuing to without, from the
    sums over all turns; `cpu_ratio` likewise that of processor time, awarding and database together.
    """

    verdicts: int
    without: tuple[Done, ...]
    issuing: tuple[Done, ...]

    @property
    def ratio(self) -> float:
        return sum(done.seconds for done in self.without) / sum(done.seconds for done in self.issuing)

    @property
    def cpu_ratio(self) -> float:
        return _spent(self.issuing) / _spent(self.without)

    def per_second(self, turns: Sequence[Done]) -> float:
        return self.verdicts * len(turns) / sum(done.seconds for done in turns)


def _spent(turns: Sequence[Done]) -> float:
    return sum(done.cpu + done.database for done in turns)


def _topics(turn: str) -> dict[str, Topic]:
    known = {
        "reads": VERDICTS,
        "beside": IDENTITIES,
        "says": AWARDS,
        "requests": REQUESTS["awarding"],
        "dead_letters": DEAD_LETTERS["awarding"],
    }
    return {role: replace(topic, name=f"{turn}.{topic.name}") for role, topic in known.items()}


async def measure(verdicts: Sequence[Line], platform: Platform, folder: Path) -> Compared:
    """On the platform's broker and database; its services should not be running. Raises ProcessFailed."""
    chosen = [line for line in verdicts if line.type in (VerdictReached.TYPE, LearnerErased.TYPE)][:MOST]
    found: dict[bool, list[Done]] = {False: [], True: []}
    async with Publisher(platform.bootstrap, client="issuing") as publisher:
        for pair in range(PAIRS):
            for issues in (False, True) if pair % 2 == 0 else (True, False):
                name = f"issuing-{pair}-{'with' if issues else 'without'}"
                keys = str(platform.keys.issuer_keys) if issues else ""
                turn = Turn(name, platform.bootstrap, platform.mongodb, len(chosen), keys)
                await _publish(publisher, chosen, turn)
                found[issues].append(await _took(turn, platform, folder / f"{name}.log"))
    return Compared(len(chosen), tuple(found[False]), tuple(found[True]))


async def _publish(publisher: Publisher, verdicts: Sequence[Line], turn: Turn) -> None:
    topics = _topics(turn.name)
    await create_topics(turn.bootstrap, PARTITIONS, topics=topics.values())
    for start in range(0, len(verdicts), 1_000):
        await publisher.publish_all([_again(topics["reads"], line) for line in verdicts[start : start + 1_000]], within=60)


def _again(topic: Topic, line: Line) -> Outgoing:
    """The verdict at its home as before, with its own time, so that it decides the same."""
    time = VerdictReached.model_validate_json(line.value).cause.time
    envelope = Envelope(line.id, line.type, "cairn/assessment", time, data=line.value)
    return Outgoing.of(topic.name, line.key.decode(), envelope)


async def _took(turn: Turn, platform: Platform, log: Path) -> Done:
    command = [sys.executable, "-m", "deploy.bench.issuing", json.dumps(asdict(turn))]
    process = Process(turn.name, command, log=log, env=dict(os.environ), cwd=ROOT)
    server = {} if platform.database is None else {"database": platform.database.process}
    cpu = CpuTime(server)
    process.start()
    try:
        await process.ready(lambda: _said(process), within=WITHIN)
        done = Done(**json.loads(process.log.read_text().splitlines()[-1]))
        return replace(done, database=sum(cpu.seconds().values()))
    finally:
        if process.running:
            await process.kill()


async def _said(process: Process) -> bool:
    return process.log.exists() and process.log.read_text().endswith("}\n")


def _issuing(turn: Turn) -> Issuing | None:
    if not turn.keys:
        return None
    return issuing_of(Keyring.of(Path(turn.keys).read_text(), Addresses("http://localhost:8002", "http://localhost:8000")))


async def take(turn: Turn) -> Done:
    """Decide all verdicts of the turn."""
    database = Database(turn.mongodb, turn.name.replace("-", "_"))
    await create_indexes(database)
    plain = flow(PublicIds(b"bench" * 4), _issuing(turn))
    plugged = replace(plain, service=turn.name, **_topics(turn.name))  # type: ignore[arg-type]  # topics by name
    clock: dict[str, tuple[float, float]] = {}

    async def step(done: str) -> None:
        if done == "loaded":
            clock.setdefault("first", (perf_counter(), process_time()))
        clock["last"] = perf_counter(), process_time()

    stream = Stream(plugged, turn.bootstrap, database, steps=step)
    await stream.start()
    try:
        async with asyncio.timeout(WITHIN):
            while not await _through(database, turn.verdicts):
                await asyncio.sleep(0.1)
        (began, before), (ended, after) = clock["first"], clock["last"]
        credentials = await database["credentials"].count_documents({})
        return Done(round(ended - began, 3), round(after - before, 3), credentials)
    finally:
        await stream.stop()
        database.close()


async def _through(database: Database, verdicts: int) -> bool:
    found = await database["checkpoints"].find({}, {"offsets": 1}).to_list(None)
    return sum(0 if one["offsets"]["reads"] is None else one["offsets"]["reads"] + 1 for one in found) >= verdicts


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(take(Turn(**json.loads(sys.argv[1])))))), flush=True)
