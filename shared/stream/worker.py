"""Faust as Cairn uses it: one agent over two topics, raw bytes, acknowledged by hand, started where the checkpoints say.

What this relies on in Faust 0.15.3: `noack_take` acknowledges nothing, `stream.ack` does. While partitions are being taken away,
`stream_wait_empty` waits until all messages that an agent has begun on are acknowledged or forgotten. After each assignment
`Consumer.perform_seek` sets the positions, before the first message is fetched. Topics of the same number of partitions are
assigned together, by Faust's own assignor, which is used as long as `table_standby_replicas` is above 0.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

SESSION_ENDS_AFTER: Final = 10.0
MOST_AT_ONCE: Final = 500
GATHERED_FOR: Final = 0.03
"""Seconds for which messages are gathered into a batch that isn't full."""

Positions = Callable[[Iterable[TP]], Awaitable[Mapping[TP, int]]]
"""The offsets from which to read, for the partitions that have a checkpoint."""


class Consumer(driver.Consumer):
    """Reads from the checkpoints on, whatever was committed to the broker: the offsets there only serve to measure the lag."""

    async def perform_seek(self) -> None:
        await super().perform_seek()
        assert isinstance(self.app, App)
        for partition, offset in (await self.app.positions(self.assignment())).items():
            await self.seek(partition, offset)
            self._committed_offset[partition] = offset


class Transport(driver.Transport):
    Consumer = Consumer


class App(faust.App):
    """Without tables, pages, or anything on disk."""

    positions: Positions

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        pass


def app_of(group: str, bootstrap: str, positions: Positions) -> App:
    """Not started yet, and with no agent. `group` is the consumer group."""
    app = App(
        group,
        broker=";".join(f"kafka://{server}" for server in bootstrap.split(",")),
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=True,
        stream_publish_on_commit=False,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        consumer_metadata_max_age_ms=30_000,
        broker_session_timeout=SESSION_ENDS_AFTER,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=30.0,
        broker_rebalance_timeout=20.0,
        broker_max_poll_interval=24 * 3600.0,
        broker_commit_interval=1.0,
        table_standby_replicas=1,
    )
    app.positions = positions
    return app
