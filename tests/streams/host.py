"""The tally service in a process of its own, so that it can be killed or frozen: `python -m tests.streams.host '<json>'`.

At the step named `at`, for the `time`th time with something in hand, it sends itself the signal. It prints `ready` once it is,
and ends with 1 if its stream fails. What it is told to end with is SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.process import Process
from shared.mongo import Database
from shared.stream.engine import Stream
from tests.streams.tally import Topics, tally_flow


@dataclass(frozen=True)
class Told:
    bootstrap: str
    uri: str
    database: str
    prefix: str
    name: str = "1"
    at: str | None = None
    time: int = 1
    signal: int = signal.SIGKILL


def host(told: Told, log: Path) -> Process:
    """The process, not started yet."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "tests.streams.host", json.dumps(asdict(told))]
    return Process(f"host {told.name}", command, log=log, env=environment, cwd=root)


def is_ready(process: Process) -> bool:
    return process.log.exists() and "ready" in process.log.read_text().splitlines()


async def main(told: Told) -> int:
    left = told.time

    async def step(done: str) -> None:
        nonlocal left
        if done == told.at:
            left -= 1
            if left == 0:
                print(f"sending {told.signal} to itself after {done}", flush=True)
                os.kill(os.getpid(), told.signal)

    topics = Topics(told.prefix)
    database = Database(told.uri, told.database)
    stream = Stream(
        tally_flow(topics),
        told.bootstrap,
        database,
        instance=told.name,
        publications=topics.publications,
        steps=step,
    )
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await stream.start()
    while stream.ready()["stream"] is not True and not stream.failed.done():
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    stream.failed.add_done_callback(lambda _: ended.set())
    await ended.wait()
    await stream.stop()
    if stream.failed.done():
        print(f"failed: {stream.failed.exception()!r}", flush=True)
        return 1
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    sys.exit(asyncio.run(main(Told(**json.loads(sys.argv[1])))))
