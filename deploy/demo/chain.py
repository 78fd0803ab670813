"""How far the completions have come: the lag of each service, and the facts on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.topics import AWARDS, COMPLETIONS, REQUESTS, VERDICTS, Topic

INPUTS: Final[dict[str, Topic]] = {"assessment": COMPLETIONS, "awarding": VERDICTS, "notifications": AWARDS}
"""The services that stream, in the order of the flow, and what each reads beside its requests."""

QUIET: Final = 8
"""Looks, half a second apart: longer than awarding waits between two looks at what fell due."""


@dataclass(frozen=True, slots=True)
class Position:
    """Messages on the topics of a service's input, and how many of them it hasn't acknowledged yet."""

    messages: int
    lag: int


class Chain:
    """Looks at the broker from outside, as an operator would: ends of topics and the groups' committed offsets."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._open.push_async_callback(self._consumer.stop)
        await self._admin.start()
        self._open.push_async_callback(self._admin.close)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.aclose()

    async def length(self, topics: Iterable[Topic]) -> int:
        """How many messages the topics hold."""
        ends = await self._consumer.end_offsets(await self._partitions(topics))
        return sum(ends.values())

    async def position(self, service: str) -> Position:
        partitions = await self._partitions((INPUTS[service], REQUESTS[service]))
        committed = await self._admin.list_consumer_group_offsets(service, partitions=partitions)
        ends = await self._consumer.end_offsets(partitions)
        lag = sum(end - max(committed[partition].offset, 0) for partition, end in ends.items() if end)
        return Position(sum(ends.values()), lag)

    async def positions(self) -> dict[str, Position]:
        """Asked in the order of the flow: when none lags, nothing is on its way."""
        return {service: await self.position(service) for service in INPUTS}

    async def settled(self, watch: Callable[[dict[str, Position]], Awaitable[bool]], *, every: float = 0.5) -> None:
        """Wait until nothing lags and `watch`, told of the positions each time, agrees; `QUIET` times in a row."""
        quiet = 0
        while quiet < QUIET:
            positions = await self.positions()
            agreed = await watch(positions)
            quiet = quiet + 1 if agreed and not any(position.lag for position in positions.values()) else 0
            await asyncio.sleep(every)

    async def _partitions(self, topics: Iterable[Topic]) -> list[TopicPartition]:
        described = await self._admin.describe_topics([topic.name for topic in topics])
        found = [TopicPartition(topic["topic"], part["partition"]) for topic in described for part in topic["partitions"]]
        assert found, "the topics exist, for the platform has made them"
        return found
