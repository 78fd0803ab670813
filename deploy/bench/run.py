"""All that `make bench` measures, one after the other, on one platform and one machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from deploy.bench import door, issuing, latency, mailing, retroactive, rounds, signing
from deploy.bench.chain import staged
from deploy.bench.figures import Figures
from deploy.bench.log import lines
from deploy.bench.sending import Stage
from deploy.local.platform import PARTITIONS, Platform, together
from shared.topics import VERDICTS

PARTS: Final = ("throughput", "latency", "issuing", "door", "signing", "mailing", "retroactive")


@dataclass(frozen=True)
class Sizes:
    """Learners of each workload in a turn; seconds at half of the speed; learners of the retroactive evaluation."""

    learners: Mapping[str, int]
    turns: int = 3
    seconds: float = 20.0
    retroactive: int = 5_000
    mails: int = 3_000

    @classmethod
    def small(cls) -> Sizes:
        """To see whether all of it works."""
        return cls({"awards": 40, "cohort": 60}, turns=1, seconds=5, retroactive=100, mails=300)


USUAL: Final = Sizes({"awards": 350, "cohort": 400})


async def measure(folder: Path, sizes: Sizes, parts: tuple[str, ...], say: Callable[[str], None]) -> Figures:
    """The named parts; latency needs the throughput. It judges nothing. Raises ProcessFailed."""
    before, started = os.getloadavg()[0], monotonic()
    found: Figures = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_before": round(before, 2),
        "sizes": asdict(sizes),
    }

    def told(what: str) -> None:
        say(f"{monotonic() - started:5.0f} s  {what}")

    if {"throughput", "latency", "issuing", "door"} & set(parts):
        async with staged(folder / "chain", told) as stage:
            found |= await _on_the_chain(stage, sizes, parts, folder)
    if "signing" in parts:
        told("signing credentials")
        found["signing"] = asdict(signing.measure())
    if "mailing" in parts:
        told("mailing")
        async with Platform(folder / "mailing", services=("notifications",), env={"CAIRN_LOG_LEVEL": "WARNING"}) as platform:
            found["mailing"] = (await mailing.measure(platform, sizes.mails)).figures()
    if "retroactive" in parts:
        found["retroactive"] = await retroactive.measure(folder / "retroactive", sizes.retroactive, told)
    return found | {"took": round(monotonic() - started)}


async def _on_the_chain(stage: Stage, sizes: Sizes, parts: tuple[str, ...], folder: Path) -> Figures:
    found: Figures = {}
    platform = stage.platform
    turned = await rounds.measure(stage, sizes.learners, sizes.turns, folder)
    found["throughput"] = turned.figures()
    if "latency" in parts:
        rates = {mix: turned.rate(mix) / 2 for mix in turned.turns}
        plans = {mix: turns[-1].plans for mix, turns in turned.turns.items()}
        delays = await latency.measure(stage, rates, plans, folder, sizes.seconds)
        found["latency"] = {one.mix: one.figures() for one in delays}
    else:
        await together(instance.stop() for instance in platform.instances)
    if "issuing" in parts:
        stage.say("deciding with and without issuing credentials")
        verdicts = await lines(platform.bootstrap, VERDICTS.name, PARTITIONS)
        compared = await issuing.measure(verdicts, platform, folder / "issuing")
        ratios = {"ratio": round(compared.ratio, 3), "cpu_ratio": round(compared.cpu_ratio, 3)}
        speeds = {
            "without_per_second": round(compared.per_second(compared.without), 1),
            "issuing_per_second": round(compared.per_second(compared.issuing), 1),
        }
        found["issuing"] = asdict(compared) | ratios | speeds
    if "door" in parts:
        stage.say("completions through the doors")
        found["door"] = {each.format: each.figures() for each in await door.measure(platform, folder / "door")}
    return found
