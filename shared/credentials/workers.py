"""A few processes for work that may take long: each answer has a deadline, and whoever misses it is killed and replaced."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson

from shared.credentials.frames import HEAD, framed
from shared.credentials.reading import Unreadable

log = logging.getLogger(__name__)

ROOT: Final = Path(__file__).parents[2]
LARGEST_ANSWER: Final = 64_000_000
LEAST: Final = 0.01
GRACE: Final = 0.25
"""Seconds that a process has to say that its deadline passed, before it is killed with all it began."""


class TookTooLong(Exception):
    """The work was given up: its deadline passed, or it needed more memory than anybody gets."""


class Busy(TookTooLong):
    """All processes were at work for others until the deadline."""


class Workers:
    """`size` processes at most, begun when they are first needed; `async with` ends them."""

    def __init__(self, size: int = 2) -> None:
        self._size = size
        self._idle: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._alive: set[asyncio.subprocess.Process] = set()
        self._numbers = count()
        self._closed = False
        for _ in range(size):
            self._idle.put_nowait(None)

    async def warm(self) -> None:
        """Start one, so that the first who asks need not wait for it."""
        self._idle.put_nowait(await self._free())

    async def ask(self, job: str, /, data: bytes = b"", *, within: float, **question: Any) -> Any:
        """The answer of a job of `worker.JOBS`. Raises TookTooLong, or Unreadable where the job refuses what it was given."""
        begun = monotonic()
        left = 0.0
        process: asyncio.subprocess.Process | None = None
        answered = False
        try:
            async with asyncio.timeout(within):
                process = await self._free()
            left = begun + within - monotonic()
            async with asyncio.timeout(left + GRACE):
                reply = await self._exchanged(process, {"job": job, "within": max(left, LEAST), **question}, data)
                answered = True
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise _given_up(left, within) from error
        finally:
            if process is not None:
                if answered:
                    self._idle.put_nowait(process)
                else:
                    self._kill(process)
                    self._later(self._replace())
        if "failed" in reply:
            log.warning("a check was given up: %s", reply["failed"].partition(":")[0])
            raise _given_up(left, within)
        if "refused" in reply:
            raise Unreadable(reply["refused"]["code"], reply["refused"]["says"])
        return reply["answer"]

    async def _free(self) -> asyncio.subprocess.Process:
        """One that has nothing to do. One that isn't there yet is begun aside: it is not lost when this deadline passes."""
        while (process := await self._idle.get()) is None or process.returncode is not None:
            self._later(self._replace())
        return process

    async def _exchanged(self, process: asyncio.subprocess.Process, question: dict[str, Any], data: bytes = b"") -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        number = next(self._numbers)
        try:
            frame = framed({**question, "number": number}, data)
        except orjson.JSONEncodeError:  # nested more deeply than anything that means something
            return {"failed": "too deep"}
        process.stdin.write(frame)
        await process.stdin.drain()
        length, _ = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
        reply = orjson.loads(await process.stdout.readexactly(min(length, LARGEST_ANSWER)))
        if reply["number"] not in (number, None):
            raise ConnectionError("an answer to another question")
        return reply

    async def _begun(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.credentials.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=2**20,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "OTEL_"))},
        )
        self._alive.add(process)
        return process

    async def _replace(self) -> None:
        """Puts a process that has done its first work in the place of one that is gone."""
        process = None
        try:
            process = await self._begun()
            await self._exchanged(process, {"job": "structure", "within": 60.0, "document": {}})
        except (OSError, asyncio.IncompleteReadError, ConnectionError) as error:
            if not self._closed:
                log.warning("a checking process did not start: %s", type(error).__name__)
            process = None
        finally:
            if self._closed:
                self._kill(process)
            else:
                self._idle.put_nowait(process)

    def _kill(self, process: asyncio.subprocess.Process | None) -> None:
        if process is None:
            return
        self._alive.discard(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self._later(_waited(process))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self._closed = True
        for process in list(self._alive):
            self._kill(process)
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(task, 5)

    async def __aenter__(self) -> Workers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _waited(process: asyncio.subprocess.Process) -> None:
    await process.wait()


def _given_up(left: float, within: float) -> TookTooLong:
    """Whoever waited for others most of the time has not shown that their own work takes long."""
    return TookTooLong() if left > within / 2 else Busy()
