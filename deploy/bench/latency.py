"""How long one completion takes, at a rate that the platform can keep up with; and how long the bare loops take at that rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.bench import counts, floor
from deploy.bench.chain import WARM, WARM_TURN, warmed
from deploy.bench.figures import Figures, of_delays
from deploy.bench.hop import Plan
from deploy.bench.log import Line, delays, lines
from deploy.bench.samples import Samples, processes_of
from deploy.bench.sending import Stage, prepare, quiet, send
from deploy.bench.workloads import RUNGS, of_turn
from deploy.local.platform import PARTITIONS, together
from shared.events.awarding import AwardGranted, StackUpgraded
from shared.topics import AWARDS, COMPLETIONS

SECONDS: Final = 20
TURN: Final = 100
COMPLETIONS_OF_ONE: Final = {"awards": RUNGS, "cohort": 8}


@dataclass
class AtRate:
    """Sorted seconds from each completion to the award, and to the upgrade, that it led to first, by the broker's stamps.

    `bare` are those of the loops, from each message to what they said because of it at the second hop. `busy` is the share of a
    core that each process had meanwhile.
    """

    mix: str
    rate: float
    sent: list[Line]
    award: Sequence[float]
    upgrade: Sequence[float]
    busy: Mapping[str, float]
    bare: Sequence[float] = ()

    def figures(self) -> Figures:
        kinds = {"award": self.award, "upgrade": self.upgrade, "floor": self.bare}
        said = {name: of_delays(found) for name, found in kinds.items()}
        busy = {name: round(share, 3) for name, share in self.busy.items()}
        return {"rate": round(self.rate, 1), "completions": len(self.sent), **said, "busy": busy}


async def measure(
    stage: Stage, rates: Mapping[str, float], plans: Mapping[str, Mapping[str, Plan]], folder: Path, seconds: float = SECONDS
) -> list[AtRate]:
    """Each workload at its rate, with learners whom nobody has seen; then the loops, for which the services are stopped."""
    found = []
    for mix, rate in rates.items():
        await warmed(stage, of_turn(mix, WARM, WARM_TURN + TURN))
        found.append(await at_rate(stage, mix, rate, seconds))
        stage.say(f"{mix} at {rate:.0f}/s: {found[-1].figures()['upgrade']}")
    await together(instance.stop() for instance in stage.platform.instances)
    for one in found:
        ended = await floor.measure(stage.platform, one.sent, again(plans[one.mix], one.mix), folder, _turn(one.mix), one.rate)
        one.bare = ended.delays
    return found


def _turn(mix: str) -> str:
    return f"-{mix}-at-rate"


def again(plans: Mapping[str, Plan], mix: str) -> dict[str, Plan]:
    """The same for topics and databases of their own."""
    return {service: floor.renamed(plan, _turn(mix)) for service, plan in plans.items()}


async def at_rate(stage: Stage, mix: str, rate: float, seconds: float = SECONDS, turn: int = TURN) -> AtRate:
    """At that rate for so many seconds."""
    workload = of_turn(mix, max(1, round(rate * seconds / COMPLETIONS_OF_ONE[mix])), turn)
    await prepare(stage, workload)
    before = await counts.ends(stage.platform.bootstrap, (COMPLETIONS, AWARDS))
    async with Samples(processes_of(stage.platform)) as samples:
        await send(stage.publisher, workload.completions, rate)
    busy = samples.busy()
    await quiet(stage)
    sent, awards = [
        await lines(stage.platform.bootstrap, topic.name, PARTITIONS, before[topic.name]) for topic in (COMPLETIONS, AWARDS)
    ]
    sent.sort(key=lambda line: line.stamp)
    award, upgrade = (delays(sent, awards, kind) for kind in (AwardGranted.TYPE, StackUpgraded.TYPE))
    return AtRate(mix, rate, sent, award, upgrade, busy)
