"""Completions onto their topic, and waiting until nothing they led to is on its way any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Final

from deploy.bench.workloads import Workload
from deploy.demo.chain import Chain
from deploy.demo.office import Office
from deploy.demo.run import Keyed
from deploy.local.mailbox import MAILS
from deploy.local.platform import Platform
from shared.kafka import Outgoing, Publisher
from shared.topics import COMPLETIONS

QUIET_FOR: Final = 4.0
"""Longer than awarding waits before it looks again for what fell due."""
WITHIN: Final = 900.0
AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Stage:
    """A running platform with somebody to publish, to ask and to look. `say` tells people how far it has come.

    `counts` is the folder into which the services count what they ask of the database, if they do.
    """

    platform: Platform
    office: Office
    publisher: Publisher
    chain: Chain
    say: Callable[[str], None]
    counts: Path

    @property
    def mails(self) -> Path:
        return self.platform.mailbox.folder / MAILS


async def prepare(stage: Stage, workload: Workload) -> None:
    """Publish the catalog, what is published already stays; enter the contacts; wait until all is quiet."""
    for edition in workload.editions:
        await stage.office.publish(edition)
    await stage.office.enter_contacts(workload.contacts)
    await quiet(stage)


async def send(publisher: Publisher, completions: Sequence[Keyed], rate: float | None = None) -> None:
    """So many in a second, or as fast as the broker confirms."""
    started, portion = monotonic(), AT_ONCE if rate is None else max(1, int(rate / 20))
    for start in range(0, len(completions), portion):
        together = completions[start : start + portion]
        await publisher.publish_all(
            [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in together], within=60
        )
        if rate is not None:
            await asyncio.sleep(max(0.0, started + (start + len(together)) / rate - monotonic()))


async def quiet(stage: Stage, quiet_for: float = QUIET_FOR) -> float:
    """Wait until nothing has been on its way for a while: no message, no mail, no sweep; gives the time since when.

    Deliveries that wait aren't asked about: counting them reads them all, which would slow what is measured.
    """
    moved, last = await _state(stage), time()
    async with asyncio.timeout(WITHIN):
        while time() - last < quiet_for:
            await asyncio.sleep(0.3)
            now = await _state(stage)
            if now != moved or now[0] or (time() - last > 0.5 and await stage.office.sweeping()):
                moved, last = now, time()
    return last


async def _state(stage: Stage) -> tuple[bool, int, int]:
    """Whether something lags, all messages there are, and all mails."""
    positions = await stage.chain.positions()
    mails = sum(1 for _ in stage.mails.iterdir()) if stage.mails.exists() else 0
    return any(position.lag for position in positions.values()), sum(each.messages for each in positions.values()), mails
