"""A child process with a log file, which never outlives its parent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic

LEASH = Path(__file__).with_name("leash.py")


class ProcessFailed(RuntimeError):
    """The process ended, or did not come up in time; the message ends with the tail of its log."""


class Process:
    """`command`, started with exactly the environment `env`, writing its output to the end of the file `log`.

    It has a process group of its own (a Ctrl-C in the terminal doesn't reach it) and is killed when the
    thread that started it ends: start it from the main thread.
    """

    def __init__(
        self, name: str, command: Sequence[str | Path], *, log: Path, env: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._env = dict(env)
        self._cwd = cwd
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._popen is None:
            raise ProcessFailed(f"{self.name} was not started")
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """With which it ended; None while it runs or before."""
        return None if self._popen is None else self._popen.poll()

    def start(self) -> None:
        if self.running:
            raise ProcessFailed(f"{self.name} is running already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid())]
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                leash + self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
            )

    async def ready(self, answers: Callable[[], Awaitable[bool]], *, within: float) -> None:
        """Wait until `answers` is true. Raises ProcessFailed if the process ends first or `within` seconds pass."""
        deadline = monotonic() + within
        while self.running:
            if await answers():
                return
            if monotonic() > deadline:
                raise ProcessFailed(f"{self.name} was not ready within {within:g} s\n{self.tail()}")
            await asyncio.sleep(0.05)
        code = self._popen.returncode if self._popen else None
        raise ProcessFailed(f"{self.name} ended with {code} before it was ready\n{self.tail()}")

    async def stop(self, within: float = 20.0) -> int | None:
        """Ask it to end (SIGTERM) and kill what is left of it after `within` seconds; its exit code."""
        if self._popen is None:
            return None
        self._signal(signal.SIGTERM)
        self.thaw()
        try:
            await self.ended(within)
        except TimeoutError:
            await self.kill()
        return self._popen.returncode

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        await self.ended(10.0)

    async def ended(self, within: float) -> None:
        """Wait until it has ended. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while self.running:
                await asyncio.sleep(0.02)

    def freeze(self) -> None:
        """SIGSTOP: it holds its sockets and answers nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def tail(self, lines: int = 30) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _signal(self, number: int) -> None:
        if self._popen is not None and self.running:  # once it is reaped, its id may be somebody else's
            os.killpg(self._popen.pid, number)
