"""Troubles that pass: database or broker away. They are waited out in place, as long as the partitions are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from shared.kafka import Outgoing, Publisher, Unavailable, persistently
from shared.mongo import DatabaseError
from shared.telemetry import metrics

TROUBLES: Final = (DatabaseError, Unavailable)


class Abandoned(Exception):
    """A trouble did not pass while the partitions were ours: nothing was acknowledged, who comes next starts over."""


class Patience:
    """`leaving` says whether we are giving partitions up; `trouble` is what is being waited out now, if anything.

    `on_trouble` is told of each time that something had to be tried again.
    """

    def __init__(self, leaving: Callable[[], bool], on_trouble: Callable[[str], None] = lambda _: None) -> None:
        self.leaving = leaving
        self.on_trouble = on_trouble
        self.trouble: str | None = None

    async def persist(self, step: str, attempt: Callable[[], Awaitable[None]]) -> None:
        """Raises Abandoned, or at once what `attempt` raises that is no trouble of this kind."""

        async def watched() -> None:
            try:
                await attempt()
            except TROUBLES as trouble:
                self.trouble = f"{step}: {type(trouble).__name__}"
                metrics.RETRIES.add(1, {"cairn.step": step})
                self.on_trouble(self.trouble)
                raise
            self.trouble = None

        try:
            await persistently(step, watched, *TROUBLES, while_=lambda: not self.leaving())
        except TROUBLES as trouble:
            raise Abandoned(step) from trouble

    async def publish(self, publisher: Publisher, messages: Sequence[Outgoing]) -> None:
        """Returns when the broker has them all. Raises Abandoned."""
        if not messages:
            return

        async def attempt() -> None:
            await publisher.publish_all(messages, within=5)

        await self.persist("publishing", attempt)
        for topic, number in Counter(message.topic for message in messages).items():
            metrics.EVENTS_OUT.add(number, {metrics.TOPIC: topic})
