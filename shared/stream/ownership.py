"""Which partitions are ours: assigned by the broker, taken over in the database, or lost to somebody else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from time import monotonic
from typing import Final

from shared.broadcast import Broadcast
from shared.stream.checkpoint import Checkpoint, Checkpoints, Fenced
from shared.stream.patience import Patience
from shared.telemetry import metrics

log = logging.getLogger(__name__)

LOST_FOR: Final = 30.0
"""Seconds after which a partition that is assigned to us, but that somebody else has taken over, ends the loop."""


class Ownership:
    """`held` are the partitions we may write for, each with its checkpoint as committed last.

    `forget` is told of partitions whose records in memory are not to be relied on any more. `say_again` publishes the facts
    of the last batch of a partition, for whoever committed them may have died before.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        broadcast: Broadcast,
        patience: Patience,
        forget: Callable[[Collection[int]], None],
        say_again: Callable[[Checkpoint], Awaitable[None]],
    ) -> None:
        self._checkpoints = checkpoints
        self._broadcast = broadcast
        self._patience = patience
        self._forget = forget
        self._say_again = say_again
        self._assigned: frozenset[int] = frozenset()
        self._awaiting: set[int] = set()
        self._lost: dict[int, float] = {}
        self.held: dict[int, Checkpoint] = {}

    def assigned(self, partitions: Iterable[int]) -> None:
        """All partitions that are ours from now on. Each is taken over before its first message, also one that was ours."""
        self._assigned = frozenset(partitions)
        self._awaiting = set(self._assigned)
        self._lost.clear()

    @property
    def settled(self) -> bool:
        """Whether all that was assigned is held."""
        return not self._awaiting and not self._lost

    async def take_over(self) -> None:
        """What is assigned and not held yet. Raises Abandoned, or Fenced for a partition that stays lost though it is ours."""
        for partition, since in self._lost.items():
            if monotonic() - since > LOST_FOR:
                raise Fenced([partition])
        self.let_go(self.held.keys() - (self._assigned - self._awaiting))
        for checkpoint in await self._taken_over(sorted(self._awaiting)) if self._awaiting else ():
            partition = checkpoint.partition
            await self._say_again(checkpoint)
            self.held[partition] = checkpoint
            self._awaiting.discard(partition)
            metrics.TAKEOVERS.add()
            log.info("took over partition %d at epoch %d", partition, checkpoint.epoch)

    async def _taken_over(self, partitions: Sequence[int]) -> list[Checkpoint]:
        taken: dict[int, Checkpoint] = {}

        async def attempt() -> None:
            snapshot = await self._broadcast.caught_up()
            for partition in partitions:
                if partition not in taken:
                    checkpoint = await self._checkpoints.take_over(partition, snapshot.revision)
                    if checkpoint.rules > snapshot.revision:  # the topic was made anew: everything on it is new
                        checkpoint = checkpoint.moved(rules=0)
                    taken[partition] = checkpoint

        await self._patience.persist("taking over", attempt)
        return list(taken.values())

    def lose(self, partitions: Iterable[int]) -> None:
        """Somebody else has taken them over. If the broker thinks so too, it will say so; if not for long, see `take_over`."""
        for partition in partitions:
            log.warning("lost partition %d: somebody else has taken it over", partition)
            self.let_go([partition])
            self._lost[partition] = monotonic()

    def let_go(self, partitions: Iterable[int]) -> None:
        gone = list(partitions)
        for partition in gone:
            self.held.pop(partition, None)
        self._forget(gone)

    def let_go_of_all(self) -> None:
        """Everything is to be taken over anew before it is worked on."""
        self.let_go(list(self.held))
        self._awaiting = set(self._assigned)
