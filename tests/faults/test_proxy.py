"""The proxy between clients and servers does to their connections what it is told, and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest
import pytest_asyncio

from deploy.local.kafka import Kafka
from deploy.local.ports import free_port
from deploy.local.proxy import Proxy
from shared.kafka import Outgoing, Publisher, Unavailable, create_topics
from shared.topics import COMPLETIONS
from tests.platform.eventually import eventually

Connection = tuple[StreamReader, StreamWriter]


@pytest_asyncio.fixture
async def echo() -> AsyncIterator[str]:
    """A server that says again what it hears, and ends when the client does."""

    async def say_again(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while heard := await reader.read(65_536):
                writer.write(heard)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    port = free_port()
    server = await asyncio.start_server(say_again, "127.0.0.1", port)
    yield f"127.0.0.1:{port}"
    server.close()


@pytest_asyncio.fixture
async def proxy(echo: str) -> AsyncIterator[Proxy]:
    async with Proxy(echo) as opened:
        yield opened


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def asked(connection: Connection, question: bytes = b"ping") -> float:
    """Seconds until all of the answer was there."""
    reader, writer = connection
    started = monotonic()
    writer.write(question)
    assert await reader.readexactly(len(question)) == question
    return monotonic() - started


async def nothing_comes(connection: Connection) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection[0].read(1), 0.2)


async def test_all_bytes_pass_in_their_order_and_the_end_after_them(proxy: Proxy) -> None:
    sent = Random(7).randbytes(3_000_000)
    async with connected(proxy) as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        assert await reader.read(-1) == sent
    assert proxy.passed == 2 * len(sent)
    await eventually(lambda: proxy.connections == 0)


async def test_an_answer_is_late_by_the_delay_and_no_longer_than_it_is_set(proxy: Proxy) -> None:
    async with connected(proxy) as connection:
        proxy.delay(0.3)
        assert await asked(connection) >= 0.3
        late = asyncio.create_task(asked(connection))
        proxy.delay(60)
        await asyncio.sleep(0)
        proxy.delay(0)
        assert await late < 30


async def test_what_passes_in_a_second_is_bounded_for_all_connections_together(proxy: Proxy) -> None:
    proxy.bandwidth(400_000)
    async with connected(proxy) as one, connected(proxy) as other:
        started = monotonic()
        await asyncio.gather(asked(one, bytes(100_000)), asked(other, bytes(100_000)))
        assert monotonic() - started >= 0.45
        slow = asyncio.create_task(asked(one, bytes(100_000)))
        proxy.bandwidth(1)
        await asyncio.sleep(0.05)
        assert not slow.done()
        proxy.bandwidth(None)
        await asyncio.wait_for(slow, 10)


async def test_a_sender_is_held_back_when_the_way_is_full(proxy: Proxy) -> None:
    proxy.hold()
    async with connected(proxy) as (_, writer):

        async def send_without_end() -> None:
            while True:
                writer.write(bytes(1_000_000))
                await writer.drain()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send_without_end(), 0.5)
    assert proxy.passed == 0


async def test_what_is_held_comes_when_it_flows_again_on_the_same_connection(proxy: Proxy) -> None:
    async with connected(proxy) as connection:
        await asked(connection)
        proxy.hold()
        connection[1].write(b"held")
        await nothing_comes(connection)
        async with connected(proxy) as late:
            late[1].write(b"taken")
            await nothing_comes(late)
            proxy.flow()
            assert await late[0].readexactly(5) == b"taken"
        assert await connection[0].readexactly(4) == b"held"


async def test_it_can_hold_just_before_something_is_said(proxy: Proxy) -> None:
    async with connected(proxy) as connection:
        proxy.hold_before(b"commit")
        await asked(connection, b"write")
        assert not proxy.held
        connection[1].write(b"com")
        assert await connection[0].readexactly(3) == b"com"
        connection[1].write(b"mit")
        await eventually(lambda: proxy.held)
        await nothing_comes(connection)
        proxy.flow()
        assert await connection[0].readexactly(3) == b"mit"
        await asked(connection, b"commit")


async def test_what_is_cut_is_reset_and_who_comes_again_is_served(proxy: Proxy) -> None:
    async with connected(proxy) as connection:
        await asked(connection)
        proxy.cut()
        with pytest.raises(ConnectionError):
            await connection[0].readexactly(1)
    async with connected(proxy) as connection:
        await asked(connection)


async def test_while_it_refuses_nobody_new_comes_in_and_who_is_in_stays(proxy: Proxy) -> None:
    async with connected(proxy) as connection:
        await asked(connection)
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        await asked(connection)
        proxy.accept()
        async with connected(proxy) as another:
            await asked(another)


async def test_a_server_that_is_away_resets_its_clients_and_is_found_when_it_comes() -> None:
    port = free_port()
    async with Proxy(f"127.0.0.1:{port}") as proxy:
        async with connected(proxy) as (reader, _):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)

        async def greet(_: StreamReader, writer: StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1", port), connected(proxy) as (reader, _):
            assert await reader.read(-1) == b"hello"


async def test_as_a_process_it_obeys_the_lines_it_is_sent(echo: str) -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.proxy", echo, "--port", str(port), "--delay", "0.2"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == f"passing 127.0.0.1:{port} on to {echo}\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asked((reader, writer)) >= 0.2
        process.stdin.write(b"swim\ncut\n")
        assert b"not: swim" in await process.stdout.readline()
        with pytest.raises(ConnectionError):
            await reader.readexactly(1)
        writer.close()
    finally:
        process.terminate()
        assert await process.wait() == 0


@pytest.mark.timeout(120)
async def test_clients_of_a_broker_stay_behind_its_proxy(tmp_path: Path) -> None:
    advertised = free_port()
    kafka = Kafka(tmp_path / "kafka", advertised=advertised)
    async with kafka, Proxy(kafka.proxied, advertised) as proxy:
        await create_topics(kafka.bootstrap)
        async with Publisher(proxy.address) as behind, Publisher(kafka.bootstrap) as beside:
            message = Outgoing(COMPLETIONS.name, b"learner", b"{}", [])
            await behind.publish_all([message])
            proxy.hold()
            with pytest.raises(Unavailable):
                await behind.publish_all([message], within=1)
            await beside.publish_all([message])
            proxy.flow()
            await behind.publish_all([message])
