"""What broker, database and mailbox have in common: a life that can be ended and begun again in the same place."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.process import Process, ProcessFailed


class Server(ABC):
    """A server process with its data and its log under `folder`, entered with `async with`.

    Its port is `port`, or a free one chosen at the first start; restarts keep port and data.
    """

    name: str
    ready_within = 60.0

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.resolve()
        self.port = port or 0
        self.log = self.folder / f"{self.name}.log"
        self._process: Process | None = None

    @abstractmethod
    def prepared(self) -> Process:
        """Choose the port, write what the server needs into `folder`, and say how it is started."""

    @abstractmethod
    async def answers(self) -> bool:
        """Whether it does its work: a real request, not only an open port."""

    @property
    def process(self) -> Process:
        """Raises ProcessFailed if it was never started."""
        if self._process is None:
            raise ProcessFailed(f"{self.name} was not started")
        return self._process

    async def start(self) -> None:
        """Start it and wait until it answers. Raises ProcessFailed with the tail of its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._process is None:
            self._process = self.prepared()
        self._process.start()
        await self._process.ready(self.answers, within=self.ready_within)

    async def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        await self.process.kill()

    async def restart(self) -> None:
        """Start it again, after a `kill` or now."""
        await self.stop()
        await self.start()

    def freeze(self) -> None:
        self.process.freeze()

    def thaw(self) -> None:
        self.process.thaw()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()
