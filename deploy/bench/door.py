"""How many completions a second come in by each format: from HTTP to the topic, by one process on one core.

Beside it the floor: a bare aiokafka producer on the same core that sends the very messages which the door made of them, as many
at a time. `python -m deploy.bench.door [format]...` runs it alone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, process_time
from typing import Annotated, Final

import httpx
import orjson
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.bench.cpu import CpuTime
from deploy.bench.floor import bare
from deploy.bench.log import Line, lines
from deploy.bench.senders import SENDERS, Sender, Sent, authorization
from deploy.local.platform import PARTITIONS, Platform
from deploy.local.ports import free_port
from deploy.local.process import Process, ProcessFailed
from deploy.local.service import HOST, ROOT
from shared.kafka import create_topics
from shared.topics import COMPLETIONS

CORE: Final = 0
AT_A_TIME: Final = 4
"""Requests on their way at the same time, each on a connection of its own."""
SINGLE_AT_A_TIME: Final = 32
"""As many of formats without batches."""
WARM: Final = 1_000
TIMED: Final = 6_000
SINGLE: Final = 2_000
"""Of formats without batches."""
SCOPES: Final = ("sources:read", "sources:write")
PINNED: Final = "import os, sys; os.sched_setaffinity(0, {%d}); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


@dataclass(frozen=True)
class Through:
    """`completions` in `seconds`, by `cpu` seconds of the door's processor time and `database` seconds of the database's; the
    same of the bare producer. `at_once` originals in a request.
    """

    format: str
    at_once: int
    completions: int
    seconds: float
    cpu: float
    database: float | None
    floor_seconds: float
    floor_cpu: float

    @property
    def per_second(self) -> float:
        return self.completions / self.seconds

    @property
    def per_core_second(self) -> float:
        """What it would be if nobody else used the machine's core."""
        return self.completions / self.cpu

    @property
    def floor_per_second(self) -> float:
        return self.completions / self.floor_seconds

    @property
    def ratio(self) -> float:
        """Of the floor."""
        return self.floor_seconds / self.seconds

    @property
    def cpu_ratio(self) -> float:
        return self.floor_cpu / self.cpu

    def figures(self) -> dict[str, object]:
        named = ("per_second", "per_core_second", "floor_per_second", "ratio", "cpu_ratio")
        return asdict(self) | {name: round(getattr(self, name), 3) for name in named}


async def measure(platform: Platform, folder: Path, senders: Sequence[Sender] = SENDERS) -> list[Through]:
    """On the platform's broker and database. Its services should not be running."""
    await create_topics(platform.bootstrap, PARTITIONS, topics=[bare(COMPLETIONS)])
    async with _door(platform, folder) as door:
        return [await _through(platform, door, sender) for sender in senders]


class _Door:
    """The process, and a client that knows its address."""

    def __init__(self, process: Process, client: httpx.AsyncClient, token: str) -> None:
        self.process = process
        self.client = client
        self._token = token

    async def key_of(self, sender: Sender) -> dict[str, str]:
        """Registers it, if it is to be; the header that shows who it is."""
        if not sender.registered:
            return {"authorization": f"Bearer {self._token}"}
        document = await self.client.put(f"/sources/{sender.source}", json=sender.document())
        _good(document)
        made = await self.client.post(f"/sources/{sender.source}/keys", json={"kind": "secret"})
        found = _good(made).json()
        return authorization(found["key"]["id"], found["secret"])

    async def sent(self, requests: Sequence[Sent], authorized: dict[str, str], at_a_time: int) -> float:
        """Send them all, some at a time; the seconds that it took."""
        waiting = iter(requests)

        async def one_connection() -> None:
            for request in waiting:
                headers = request.headers | authorized
                answer = _good(await self.client.post(request.path, content=request.body, headers=headers))
                if b'"refused"' in answer.content:
                    raise ProcessFailed(f"something of {request.path} was refused: {answer.text[:500]}")

        started = monotonic()
        await asyncio.gather(*[one_connection() for _ in range(at_a_time)])
        return monotonic() - started


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise ProcessFailed(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:500]}")
    return answer


@asynccontextmanager
async def _door(platform: Platform, folder: Path) -> AsyncIterator[_Door]:
    """Assessment's HTTP side alone, on its core."""
    port = free_port()
    own = {"CAIRN_HTTP_HOST": HOST, "CAIRN_HTTP_PORT": str(port), "CAIRN_INSTANCE": "door", "CAIRN_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-c", PINNED % CORE, "-m", "services.assessment", "api"]
    process = Process("door", command, log=folder / "door.log", env={**platform.environment(), **own}, cwd=ROOT)
    headers = {"authorization": f"Bearer {platform.keys.token(*SCOPES)}"}
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", headers=headers, trust_env=False, timeout=60) as client:

        async def ready() -> bool:
            try:
                return (await client.get("/health/ready")).is_success
            except httpx.TransportError:
                return False

        try:
            process.start()
            await process.ready(ready, within=90)
            yield _Door(process, client, platform.keys.token("completions:publish"))
        finally:
            if process.running:
                await process.stop()


async def _through(platform: Platform, door: _Door, sender: Sender) -> Through:
    authorized = await door.key_of(sender)
    at_a_time = AT_A_TIME if sender.at_once > 1 else SINGLE_AT_A_TIME
    await door.sent(sender.requests(0, WARM), authorized, at_a_time)
    timed = sender.requests(WARM, TIMED if sender.at_once > 1 else SINGLE)
    before = await _ends(platform.bootstrap)
    database = {} if platform.database is None else {"database": platform.database.process}
    cpu = CpuTime({"door": door.process, **database})
    seconds = await door.sent(timed, authorized, at_a_time)
    used = cpu.seconds()
    published = await _since(platform.bootstrap, before)
    expected = (TIMED if sender.at_once > 1 else SINGLE) * sender.said
    if len(published) != expected:
        raise ProcessFailed(f"{len(published)} completions of {sender.format} came to the topic, not {expected}")
    floor_seconds, floor_cpu = await _floor(platform.bootstrap, published, sender.at_once * sender.said)
    return Through(
        format=sender.format,
        at_once=sender.at_once,
        completions=len(published),
        seconds=seconds,
        cpu=used["door"],
        database=used.get("database"),
        floor_seconds=floor_seconds,
        floor_cpu=floor_cpu,
    )


async def _floor(bootstrap: str, messages: Sequence[Line], at_once: int) -> tuple[float, float]:
    """Seconds, and processor time, of a bare producer on the same core."""
    topic = bare(COMPLETIONS).name
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CORE})
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        batches = iter([messages[start : start + at_once] for start in range(0, len(messages), at_once)])

        async def one_after_the_other() -> None:
            for batch in batches:
                sent = [
                    await producer.send(topic, line.value, key=line.key, headers=[("ce_id", line.id.encode())]) for line in batch
                ]
                await asyncio.gather(*sent)

        await producer.send_and_wait(topic, b"{}", key=b"warm")
        started, before = monotonic(), process_time()
        await asyncio.gather(*[one_after_the_other() for _ in range(AT_A_TIME)])
        return monotonic() - started, process_time() - before
    finally:
        await producer.stop()
        os.sched_setaffinity(0, everywhere)


async def _ends(bootstrap: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(COMPLETIONS.name, number) for number in range(PARTITIONS)]
        return {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}
    finally:
        await consumer.stop()


async def _since(bootstrap: str, ends: dict[int, int]) -> list[Line]:
    found = await lines(bootstrap, COMPLETIONS.name, PARTITIONS)
    return [line for line in found if line.offset >= ends[line.partition]]


async def _alone(chosen: Sequence[str]) -> None:
    folder = Path("var/bench-door")
    shutil.rmtree(folder, ignore_errors=True)
    async with Platform(folder, services=()) as platform:
        senders = [sender for sender in SENDERS if not chosen or sender.format in chosen]
        for found in await measure(platform, folder / "logs", senders):
            print(orjson.dumps(found.figures()).decode(), flush=True)


def main(formats: Annotated[list[str] | None, typer.Argument(help="some of them; all unless said otherwise")] = None) -> None:
    """How many completions a second come in by each format, in JSON."""
    asyncio.run(_alone(formats or ()))


if __name__ == "__main__":
    typer.run(main)
