"""Faust as Cairn uses it: one agent over two topics, raw bytes, acknowledged by hand, started where the checkpoints say.

What this relies on in Faust 0.15.3: `noack_take` acknowledges nothing, `stream.ack` does. While partitions are being taken away,
`stream_wait_empty` waits until all messages that an agent has begun on are acknowledged or forgotten. After each assignment
`Consumer.perform_seek` sets the positions, before the first message is fetched. Topics of the same number of partitions are
assigned together, by Faust's own assignor, which is used as long as `table_standby_replicas` is above 0.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import faust
from faust import auth
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

from shared.broker import At, Broker, brokers
from shared.kafka import MEGABYTE

SESSION_ENDS_AFTER: Final = 10.0
MOST_AT_ONCE: Final = 500
GATHERED_FOR: Final = 0.03
"""Seconds for which messages are gathered into a batch that isn't full."""

FETCHED: Final = 16 * MEGABYTE
"""Bytes that are fetched ahead of what is worked on, of all partitions together."""
LEAST_FETCHED: Final = 64 * 1024
LARGE: Final = 16 * 1024
LARGE_AT_ONCE: Final = 16 * MEGABYTE
"""Bytes of messages in hand that are larger than `LARGE`; the number of the others is bounded by Faust's buffer of 4,096."""
FETCHES_WITHIN: Final = 366 * 24 * 3600.0
"""Seconds after which a client that fetches nothing leaves the group: nobody's stream is paused, or waits, for so long."""
PAUSE: Final = 0.02
COLLECTS_EVERY: Final = 250

Positions = Callable[[Iterable[TP]], Awaitable[Mapping[TP, int]]]
"""The offsets from which to read, for the partitions that have a checkpoint."""


class Consumer(driver.Consumer):
    """Reads from the checkpoints on, whatever was committed to the broker: the offsets there only serve to measure the lag.

    Takes no more while what it has brought and nobody is done with yet is too large: Faust counts messages, and a message may
    have a megabyte. What goes away undone, with its partition, is noticed when it is no more.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._large: WeakKeyDictionary[Message, int] = WeakKeyDictionary()

    def done_with(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._large.pop(message, None)

    def _to_message(self, tp: TP, record: Any) -> Any:
        message = super()._to_message(tp, record)
        if (size := len(record.value or b"")) > LARGE:
            self._large[message] = size
        return message

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        waited = 0
        while sum(self._large.values()) > LARGE_AT_ONCE and self.flow_active and not self.should_stop:
            waited += 1
            if waited % COLLECTS_EVERY == 0:
                gc.collect()
            await self.sleep(PAUSE)
        return await super()._getmany(active_partitions, timeout)

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

    def done_with(self, messages: Iterable[Message]) -> None:
        """They are acknowledged, or left to others: more may be taken in their place."""
        if isinstance(self.consumer, Consumer):
            self.consumer.done_with(messages)


def app_of(group: str, at: At, positions: Positions, partitions: int) -> App:
    """Not started yet, and with no agent. `group` is the consumer group, `partitions` how many it may have to read."""
    broker = brokers(at)
    app = App(
        group,
        broker=";".join(f"kafka://{server}" for server in broker.bootstrap.split(",")),
        broker_credentials=_credentials(broker),
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=True,
        stream_publish_on_commit=False,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=max(FETCHED // partitions, LEAST_FETCHED),
        consumer_metadata_max_age_ms=30_000,
        broker_session_timeout=SESSION_ENDS_AFTER,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=30.0,
        broker_rebalance_timeout=20.0,
        broker_max_poll_interval=FETCHES_WITHIN,
        broker_commit_interval=1.0,
        table_standby_replicas=1,
    )
    app.positions = positions
    return app


def _credentials(broker: Broker) -> auth.Credentials | None:
    """The same as `broker.connection`, in Faust's words."""
    if broker.tokens is not None:
        return auth.OAuthCredentials(oauth_cb=broker.tokens, ssl_context=broker.context)
    if broker.mechanism is not None:
        return auth.SASLCredentials(
            username=broker.user, password=broker.password, ssl_context=broker.context, mechanism=broker.mechanism
        )
    return None if broker.context is None else auth.SSLCredentials(broker.context)
