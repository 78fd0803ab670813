"""A TCP proxy on loopback between clients and their server, by which the way between them is made slow, held up or cut.

In the caller's event loop: `async with Proxy("127.0.0.1:27017") as proxy: proxy.delay(0.1)`, and clients connect to
`proxy.address`. As a process it takes the same words as lines on its standard input: `python -m deploy.local.proxy
127.0.0.1:27017 --port 27018 --delay 0.1`, then `hold`, `flow`, `bandwidth 100000` and so on.

Nothing is lost or changes places, except by `cut`. What is on the way is bounded (`ON_THE_WAY`), so a sender who is too fast is
held back by TCP, as on a slow network.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import sys
from asyncio import StreamReader, StreamWriter
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Annotated, Final, Self

import typer

from deploy.local.ports import free_port

HOST: Final = "127.0.0.1"
CHUNK: Final = 16 * 1024
ON_THE_WAY: Final = 16 * CHUNK
"""Bytes of a connection and direction in the proxy; the system has buffers of its own before and after it."""
UNEVEN: Final = 0.01
"""Seconds' worth of bytes that may pass at once: sleeping is not more exact than that."""
FORGET: Final = struct.pack("ii", 1, 0)
"""For SO_LINGER: close by a reset, and forget what wasn't sent yet."""


class Lane:
    """One direction, of all connections together. `delay` is in seconds, `rate` in bytes per second (None: no bound).

    Before something with the bytes `needle` in it passes, `held` is set; while it is, nothing passes.
    """

    def __init__(self) -> None:
        self.delay = 0.0
        self.rate: float | None = None
        self.held = False
        self.needle = b""
        self.passed = 0
        self._changed = asyncio.Event()
        self._narrow = asyncio.Lock()
        self._free_at = 0.0

    def wake(self) -> None:
        """Look again: something was set."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def passage(self, arrived: float, chunk: bytes, before: bytes) -> None:
        """Wait until this may pass, which arrived then; `before` went before it on the same connection."""
        while (left := arrived + self.delay - monotonic()) > 0:
            await self._wait(left)
        async with self._narrow:
            while self.rate is not None:
                self._free_at = max(self._free_at, monotonic() - UNEVEN) + len(chunk) / self.rate
                left = self._free_at - monotonic()
                if left <= 0 or not await self._wait(left):
                    break
                self._free_at = 0.0
        if self.needle and self.needle in before + chunk:
            self.held = True
        while self.held:
            await self._wait(None)
        self.passed += len(chunk)

    async def _wait(self, seconds: float | None) -> bool:
        """At most so long; whether something was set meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                return await self._changed.wait()
        except TimeoutError:
            return False


class Proxy:
    """Listens on `port` (None: a free one) and passes on to `target`, host:port. Nobody need listen there yet.

    What is set holds at once, for open connections as for new ones.
    """

    def __init__(self, target: str, port: int | None = None) -> None:
        self.target = target
        self.port = port or free_port()
        self._there, self._back = Lane(), Lane()
        self._accepting: asyncio.Task[asyncio.Server] | None = None
        self._connections: dict[asyncio.Task[None], list[StreamWriter]] = {}

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    @property
    def passed(self) -> int:
        """Bytes, in both directions."""
        return self._there.passed + self._back.passed

    @property
    def held(self) -> bool:
        """Whether something is held up, or would be."""
        return self._there.held or self._back.held

    def delay(self, seconds: float) -> None:
        """An answer comes so much later than it would: half of it on the way there, half on the way back."""
        for lane in (self._there, self._back):
            lane.delay = seconds / 2
            lane.wake()

    def bandwidth(self, bytes_per_second: float | None) -> None:
        """So many in each direction, for all connections together. None: no bound."""
        for lane in (self._there, self._back):
            lane.rate = bytes_per_second
            lane.wake()

    def hold(self) -> None:
        """No byte passes any more. Connections stay open, and new ones are taken."""
        self._there.held = self._back.held = True

    def hold_before(self, needle: bytes, *, answers: bool = False) -> None:
        """As soon as something with these bytes in it comes for the target (or, of `answers`, from it), nothing passes any more
        in that direction. `held` tells that it has happened.
        """
        (self._back if answers else self._there).needle = needle

    def flow(self) -> None:
        """Let pass what was held, and all that comes."""
        for lane in (self._there, self._back):
            lane.held, lane.needle = False, b""
            lane.wake()

    def cut(self) -> None:
        """Reset all open connections. What was on the way is lost."""
        for connection, writers in self._connections.items():
            for writer in writers:
                reset(writer)
            connection.cancel()

    def refuse(self) -> None:
        """Take no new connections, as if nobody listened. Those that are open stay."""
        accepting, self._accepting = self._accepting, None
        if accepting is None:
            return
        if accepting.done():
            accepting.result().close()
        else:
            accepting.add_done_callback(lambda done: done.result().close())

    def accept(self) -> None:
        """Take new connections, at first and after `refuse`. Raises OSError if the port is somebody else's."""
        if self._accepting is None:
            listening = socket.create_server((HOST, self.port), backlog=512)
            serving = asyncio.start_server(self._connected, sock=listening, limit=CHUNK)
            self._accepting = asyncio.create_task(serving, name=f"proxy of {self.target}")

    async def start(self) -> None:
        self.accept()

    async def stop(self) -> None:
        self.refuse()
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        connection, writers = asyncio.current_task(), [writer]
        assert connection is not None
        self._connections[connection] = writers
        try:
            host, _, port = self.target.rpartition(":")
            target_reader, target_writer = await asyncio.open_connection(host, int(port), limit=CHUNK)
            writers.append(target_writer)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(passing(reader, target_writer, self._there))
                ways.create_task(passing(target_reader, writer, self._back))
        except* OSError:  # one side is gone, or was never there: the other learns it
            for one in writers:
                reset(one)
        except* asyncio.CancelledError:  # it was cut; the server of this loop would take it for a mistake
            pass
        finally:
            for one in writers:
                one.close()
            del self._connections[connection]


async def passing(reader: StreamReader, writer: StreamWriter, lane: Lane) -> None:
    """What comes from one side to the other, until it ends. Raises OSError."""
    way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(ON_THE_WAY // CHUNK)

    async def take() -> None:
        while chunk := await reader.read(CHUNK):
            await way.put((monotonic(), chunk))
        await way.put((monotonic(), b""))

    async def give() -> None:
        before = b""
        while True:
            arrived, chunk = await way.get()
            await lane.passage(arrived, chunk, before)
            if not chunk:
                break
            before = chunk[-256:]
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async with asyncio.TaskGroup() as both:
        both.create_task(take())
        both.create_task(give())


def reset(writer: StreamWriter) -> None:
    """Close at once, and say so to the other side."""
    opened = writer.get_extra_info("socket")
    if opened is not None and opened.fileno() >= 0:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, FORGET)
    writer.transport.abort()


def obey(proxy: Proxy, line: str) -> None:
    """A word and perhaps a number, as the methods are called; `bandwidth` alone: no bound. Raises ValueError."""
    match line.split():
        case ["delay", seconds]:
            proxy.delay(float(seconds))
        case ["bandwidth"]:
            proxy.bandwidth(None)
        case ["bandwidth", rate]:
            proxy.bandwidth(float(rate))
        case [("hold" | "flow" | "cut" | "refuse" | "accept") as word]:
            getattr(proxy, word)()
        case _:
            raise ValueError(f"delay S, bandwidth [N], hold, flow, cut, refuse or accept, not: {line.strip()}")


async def _serve(target: str, port: int | None, delay: float, bandwidth: float | None) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with Proxy(target, port) as proxy:
        proxy.delay(delay)
        proxy.bandwidth(bandwidth)

        def do(line: str) -> None:
            try:
                obey(proxy, line)
            except ValueError as error:
                print(error, flush=True)

        def listen() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(do, line)

        Thread(target=listen, daemon=True).start()
        print(f"passing {proxy.address} on to {target}", flush=True)
        await told.wait()


def serve(
    target: Annotated[str, typer.Argument(help="host:port")],
    port: Annotated[int | None, typer.Option(help="port of 127.0.0.1 to listen on; otherwise a free one")] = None,
    delay: Annotated[float, typer.Option(help="seconds by which answers come later")] = 0.0,
    bandwidth: Annotated[float | None, typer.Option(help="bytes per second in each direction")] = None,
) -> None:
    """Pass bytes on until SIGTERM or Ctrl-C, and do what the lines on the standard input say."""
    asyncio.run(_serve(target, port, delay, bandwidth))


if __name__ == "__main__":
    typer.run(serve)
