"""A drill from an empty platform to the verdict."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, time
from typing import Final

from rich.console import Console

from deploy.demo.office import Office
from deploy.drill.doors import Doors, Visitor
from deploy.drill.evidence import collected, now, settled
from deploy.drill.faults import WAYS, Ground, Struck
from deploy.drill.garbage import Bin
from deploy.drill.judge import Difference, Expected, compared, judged
from deploy.drill.load import Load, Shares
from deploy.drill.log import Delays, Log
from deploy.drill.mail import windows
from deploy.drill.people import Plot, holdings
from deploy.drill.plain import awarded, held
from deploy.drill.recovery import level, p95, recoveries
from deploy.drill.report import Outcome
from deploy.drill.schedule import Fault
from deploy.drill.uploads import Uploads
from deploy.local.platform import PARTITIONS, Platform
from shared.kafka import Publisher
from shared.topics import AWARDS

TOLD_EVERY: Final = 5.0
NOT_OURS: Final = ("CAIRN_KAFKA", "CAIRN_MONGODB")


class NotHere(Exception):
    """A drill can't be held. The text says why."""


@dataclass(frozen=True)
class Drill:
    """What is to be done to which load, within `seconds`; `folder` is for data and logs, and emptied before."""

    seed: int
    seconds: float
    plan: Sequence[Fault]
    plot: Plot
    folder: Path
    console: Console

    async def run(self) -> Outcome:
        """Raises NotHere, ProcessFailed."""
        if named := [name for name in NOT_OURS if name in os.environ]:
            raise NotHere(f"a drill kills broker and database: it takes its own, and {' and '.join(named)} must not be set")
        shutil.rmtree(self.folder, ignore_errors=True)
        env = {"CAIRN_LOG_LEVEL": os.environ.get("CAIRN_LOG_LEVEL", "WARNING")}
        async with (
            Platform(self.folder, env=env, through=WAYS) as platform,
            Publisher(platform.bootstrap, client="drill") as publisher,
            Log(platform.bootstrap) as log,
        ):
            outcome = await _Held(self, platform, publisher, log).outcome()
        for data in ("kafka", "database"):
            shutil.rmtree(self.folder / data, ignore_errors=True)
        return outcome


class _Held:
    """A drill that is being held, on its platform."""

    def __init__(self, drill: Drill, platform: Platform, publisher: Publisher, log: Log) -> None:
        self._drill, self._platform, self._log = drill, platform, log
        self._random = Random(f"load {drill.seed}")
        self._visitor = Visitor()
        self._doors = Doors(platform, self._visitor)
        self._uploads = Uploads(platform, self._visitor, self._random)
        self._load = Load(publisher, self._doors, Bin(self._random), self._random, PARTITIONS)
        self._ground = Ground(platform)
        self._delays = Delays(log)
        self._shares = Shares.of(drill.plot.completions)
        self._struck: list[Struck] = []
        self._begun = 0.0

    async def outcome(self) -> Outcome:
        drill = self._drill
        await self._prepared()
        began, self._begun = time(), monotonic()
        background = [asyncio.create_task(one) for one in (self._ground.look_after(), self._uploads.send(), self._telling())]
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._load.send(self._shares, drill.seconds))
                parts.create_task(self._faults())
                parts.create_task(self._authors())
            sent = time()
            background[1].cancel()
            self._say("all is sent, and every fault is over; waiting until nothing is on its way")
            late = await settled(self._platform, 240 + len(drill.plot.completions) / 60)
        finally:
            await _cancelled(background)
        differences = late + await self._differences()
        self._delays.follow()
        await self._visitor.close()
        usual = level(self._delays.found, min([one.began for one in self._struck], default=sent))
        outcome = Outcome(
            drill.seed,
            drill.seconds,
            [f"{fault.at:.1f} s: {fault}" for fault in drill.plan],
            figures=self._figures(sent - began),
            struck=self._struck,
            recoveries=recoveries(self._struck, self._delays.found, usual, sent),
            usual=usual,
            answers=dict(sorted(self._visitor.answers.items())),
            mistakes=[*self._visitor.mistakes, *self._load.trouble],
            ended=self._ground.ended,
            differences=differences,
        )
        outcome.figures_of(self._delays.found)
        return outcome

    async def _prepared(self) -> None:
        plot = self._drill.plot
        async with Office(self._platform) as office:
            await office.publish([dict(document) for document in plot.editions[0]])
            await office.enter_contacts([dict(contact) for contact in plot.contacts])
        await self._doors.register()
        await self._uploads.register()
        self._say(f"{len(plot.completions):,} completions in {self._drill.seconds:.0f} s, {len(self._drill.plan)} faults")

    async def _faults(self) -> None:
        async def at_its_time(fault: Fault) -> None:
            await asyncio.sleep(max(0.0, self._begun + fault.at - monotonic()))
            self._say(f"[bold]{fault}[/]")
            self._struck.append(await self._ground.strike(fault))

        await asyncio.gather(*(at_its_time(fault) for fault in self._drill.plan))
        self._struck.sort(key=lambda struck: struck.began)

    async def _authors(self) -> None:
        later = self._drill.plot.editions[1:]
        token = self._platform.keys.token("catalog:write")
        for number, edition in enumerate(later, 1):
            await asyncio.sleep(max(0.0, self._begun + number * self._drill.seconds / (len(later) + 1) - monotonic()))
            body = {"documents": [dict(document) for document in edition]}
            url = f"{self._platform['catalog'].url}/apply"
            answer = await self._visitor.asked("POST", url, json=body, headers={"authorization": f"Bearer {token}"})
            self._say(f"published {len(edition)} documents: {answer.status_code}")
            if not answer.is_success:
                self._visitor.mistakes.append(f"POST /apply: {answer.status_code} {answer.text[:300]}")

    async def _telling(self) -> None:
        while True:
            before = self._load.sent, len(self._delays.found), monotonic()
            await asyncio.sleep(TOLD_EVERY)
            self._delays.follow()
            took = monotonic() - before[2]
            recent = self._delays.found[before[1] :]
            slow = p95(delay.seconds for delay in recent)
            faults = ", ".join(fault.name for fault in self._ground.under_way) or "nothing"
            self._say(
                f"sent {self._load.sent:,} ({(self._load.sent - before[0]) / took:.0f}/s), awards {len(self._delays.found):,} "
                f"({len(recent) / took:.0f}/s, p95 {'–' if slow is None else f'{slow:.2f} s'}), hit: {faults}"
            )

    async def _differences(self) -> list[Difference]:
        plot, source = self._drill.plot, self._shares.source
        repeated = windows(self._struck, self._ground.ended)
        found = await collected(self._platform, self._log, self._doors, plot.shape, plot.editions, repeated)
        self._say("comparing with a plain evaluation of what was acknowledged")
        said = await asyncio.to_thread(awarded, self._shares.all, now(), plot.editions)
        distinct = len({(learner, envelope.id) for learner, envelope in source})
        accounts = {"accepted": distinct, "held": 0, "ignored": 0, "read new": distinct, "read dead": 0}
        expected = Expected.of(self._shares.all, held(said), self._load.bin.values, accounts)
        differences = judged(expected, found)
        if plot.independent is not None:
            shown = holdings(found.held, plot.shape)
            differences += compared("holdings by an independent evaluation", plot.independent(), shown)
        return differences

    def _figures(self, seconds: float) -> dict[str, float]:
        return {
            "completions": self._load.sent,
            "garbage": len(self._load.bin.values) + self._load.refused,
            "seconds of load": round(seconds),
            "messages about awards": len(self._log.of(AWARDS)),
            "uploads": self._uploads.refused.total(),
            "faults": len(self._struck),
        }

    def _say(self, text: str) -> None:
        since = monotonic() - self._begun if self._begun else 0.0
        self._drill.console.print(f"{since:6.0f} s  {text}", highlight=False)


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
