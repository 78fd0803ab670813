"""Faults done to a running platform, for real: signals, limits of the kernel, proxies on the way, other instances."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Final

from deploy.drill.clock import NoMovedClock, moved_by
from deploy.drill.schedule import SERVICES, Fault, Kind
from deploy.local.platform import Platform
from deploy.local.process import Process, ProcessFailed
from deploy.local.proxy import Proxy
from deploy.local.server import Server

WAYS: Final = ("kafka", *(f"{service}.database" for service in SERVICES), "mailbox")
"""The proxies that a platform needs for all faults."""

QUOTA: Final = 64 * 1024
"""Bytes to which a file may grow while the quota of disk is used up."""

LOOKED_AFTER_EVERY: Final = 0.3


@dataclass
class Struck:
    """A fault as it was done. Seconds since 1970; `skipped` is the reason why it could not be done here."""

    fault: Fault
    began: float
    ended: float = 0.0
    skipped: str | None = None


@dataclass
class Ended:
    """A process that ended though nobody ended it, and was started again."""

    name: str
    at: float
    tail: str


class Cannot(Exception):
    """The fault can't be done on this machine. The text is the reason."""


@dataclass
class Ground:
    """A platform that faults are done to. Who ends unasked is started again, as an orchestrator would, and remembered."""

    platform: Platform
    ended: list[Ended] = field(default_factory=list)
    under_way: list[Fault] = field(default_factory=list)
    _up: set[str] = field(default_factory=set)
    """The instances that are meant to run."""
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def strike(self, fault: Fault) -> Struck:
        """Returns when the fault is over, and what was killed runs again."""
        async with self._locks[fault.target]:
            struck = Struck(fault, time())
            self.under_way.append(fault)
            try:
                await self._do(fault)
            except (Cannot, NoMovedClock) as reason:
                struck.skipped = str(reason)
            finally:
                self.under_way.remove(fault)
            struck.ended = time()
            return struck

    async def look_after(self) -> None:
        """As long as it runs, start again what ended by itself."""
        self._up = {instance.name for instance in self.platform.instances}
        while True:
            for instance in list(self.platform.instances):
                if instance.name in self._up and not instance.process.running:
                    self._note(instance, instance.process.tail(12))
                    with self._meant(instance):
                        await self._started(instance)
            await asyncio.sleep(LOOKED_AFTER_EVERY)

    async def _do(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.KILL:
                await self._kill(self._server(fault.target), fault.lasts)
            case Kind.FREEZE if fault.amount:
                async with self._another(fault.target):
                    await self._freeze(fault)
            case Kind.FREEZE:
                await self._freeze(fault)
            case Kind.FULL:
                await self._full(self._server(fault.target).process, fault.lasts)
            case Kind.CUT:
                await self._cut(self._way(fault.target), fault.lasts)
            case Kind.SLOW:
                await self._while(self._way(fault.target).delay, fault.amount, 0.0, fault.lasts)
            case Kind.HOLD:
                await self._hold(self._way(fault.target), fault.lasts)
            case Kind.JOIN:
                async with self._another(fault.target, killed=bool(fault.amount)):
                    await asyncio.sleep(fault.lasts)
            case Kind.CLOCK:
                async with self._another(fault.target, clock=fault.amount):
                    await asyncio.sleep(fault.lasts)

    async def _kill(self, server: Server, away: float) -> None:
        with self._meant(server):
            await server.kill()
            await asyncio.sleep(away)
            await self._started(server)

    async def _freeze(self, fault: Fault) -> None:
        server = self._server(fault.target)
        server.freeze()
        try:
            await asyncio.sleep(fault.lasts)
        finally:
            server.thaw()

    async def _full(self, process: Process, lasts: float) -> None:
        """No file that the process writes may grow beyond the quota: its uploads can't be spooled, its log can't be written."""
        if sys.platform != "linux":
            raise Cannot("only Linux changes the limits of a process that runs")
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (QUOTA, most))
        try:
            await asyncio.sleep(lasts)
        finally:
            if process.running:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))

    async def _cut(self, way: Proxy, lasts: float) -> None:
        until = time() + lasts
        while time() < until:
            way.cut()
            await asyncio.sleep(min(1.0, lasts))

    async def _hold(self, way: Proxy, lasts: float) -> None:
        way.hold()
        try:
            await asyncio.sleep(lasts)
        finally:
            way.flow()

    @staticmethod
    async def _while(change: Callable[[float], None], then: float, before: float, lasts: float) -> None:
        change(then)
        try:
            await asyncio.sleep(lasts)
        finally:
            change(before)

    @asynccontextmanager
    async def _another(self, service: str, *, killed: bool = False, clock: float | None = None) -> AsyncIterator[None]:
        """One more instance, which leaves at the end."""
        env = None if clock is None else await asyncio.to_thread(moved_by, clock)
        before = {instance.name for instance in self.platform.instances}
        try:
            instance = await self.platform.add(service, env)
        except ProcessFailed as failure:
            instance = next(one for one in self.platform.instances if one.name not in before and one.service == service)
            self._note(instance, str(failure))
            await self._started(instance)
        self._up.add(instance.name)
        try:
            yield
        finally:
            self._up.discard(instance.name)
            await (instance.kill() if killed else instance.stop())

    @contextmanager
    def _meant(self, server: Server) -> Iterator[None]:
        """Within, nobody else starts it again."""
        self._up.discard(server.name)
        try:
            yield
        finally:
            self._up.add(server.name)

    async def _started(self, server: Server) -> None:
        """However often it takes: what it stands on may be away as well."""
        while True:
            try:
                await server.restart()
            except ProcessFailed as failure:
                self._note(server, str(failure))
            else:
                return

    def _note(self, server: Server, tail: str) -> None:
        self.ended.append(Ended(server.name, time(), tail))

    def _server(self, target: str) -> Server:
        """The first instance of a service, or what services stand on. Raises Cannot."""
        if target in SERVICES:
            return self.platform[target]
        found = {"broker": self.platform.kafka, "database": self.platform.database, "mailbox": self.platform.mailbox}[target]
        if found is None:
            raise Cannot(f"the {target} is not ours")
        return found

    def _way(self, target: str) -> Proxy:
        return self.platform.proxies["kafka" if target == "broker" else target]
