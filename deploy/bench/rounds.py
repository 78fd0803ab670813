"""Throughput beside the floor, turn by turn: services, bare loops, services, bare loops; so that noise hits both alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.bench import floor
from deploy.bench.chain import WARM, WARM_TURN, warmed
from deploy.bench.counts import Counters
from deploy.bench.figures import Figures, compared, median_of
from deploy.bench.floor import Outcome
from deploy.bench.hop import Plan, bytes_written
from deploy.bench.log import Line
from deploy.bench.sending import Stage, prepare
from deploy.bench.throughput import STREAMS, Speed, at_full_speed
from deploy.bench.workloads import of_turn
from deploy.local.platform import together
from shared.topics import COMPLETIONS


@dataclass
class Turn:
    """One workload's run and its floor. `put` is how many bytes of documents each service wrote, replacements included.

    `stored` is what each database has more of after it: bytes of documents and of indexes.
    """

    speed: Speed
    completions: list[Line]
    plans: dict[str, Plan]
    put: Mapping[str, float]
    stored: Mapping[str, tuple[int, int]] | None
    outcome: Outcome | None = None

    def figures(self) -> Figures:
        assert self.outcome is not None
        found = compared(self.speed, self.outcome)
        number = self.speed.completions
        found["cairn"]["document_bytes"] = {service: round(bytes_ / number, 1) for service, bytes_ in self.put.items()}
        if self.stored is not None:
            found["cairn"]["stored_bytes"] = {
                service: [round(part / number, 1) for part in parts] for service, parts in self.stored.items()
            }
        return found


@dataclass
class Rounds:
    """All turns of each workload."""

    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def figures(self) -> Figures:
        """The medians of each workload, and each turn's own ratios."""
        found: Figures = {}
        for mix, turns in self.turns.items():
            each = [turn.figures() for turn in turns]
            ratios = {name: [one[name] for one in each] for name in ("of_the_floor", "of_the_floor_in_cpu")}
            found[mix] = median_of(each) | {"turns": len(each), "each": ratios}
        return found

    def rate(self, mix: str) -> float:
        """The median of completions a second."""
        speeds = sorted(turn.speed.per_second for turn in self.turns[mix])
        return speeds[len(speeds) // 2]


async def measure(stage: Stage, learners: Mapping[str, int], turns: int, folder: Path) -> Rounds:
    """So many turns of each workload with its learners. The services run at the beginning and at the end."""
    rounds = Rounds({mix: [] for mix in learners})
    for turn in range(turns):
        stage.say(f"turn {turn + 1} of {turns}")
        for mix in learners:
            await warmed(stage, of_turn(mix, WARM, WARM_TURN + turn))
        for mix, number in learners.items():
            rounds.turns[mix].append(await _services(stage, mix, number, turn))
        await together(instance.stop() for instance in stage.platform.instances)
        for mix in learners:
            done = rounds.turns[mix][-1]
            done.outcome = await floor.measure(stage.platform, done.completions, done.plans, folder, f"-{mix}-{turn}")
            stage.say(f"{mix}: {done.outcome.per_second:,.0f} completions/s by bare loops")
        await together(instance.start() for instance in stage.platform.instances)
    return rounds


async def _services(stage: Stage, mix: str, learners: int, turn: int) -> Turn:
    workload = of_turn(mix, learners, turn)
    await prepare(stage, workload)
    before = await _stored(stage) if turn == 0 else {}
    speed, said = await at_full_speed(stage, workload)
    made = await floor.plans(stage.platform, speed, said, f"-{mix}-{turn}")
    after = await _stored(stage) if turn == 0 else {}
    grown = {service: (parts[0] - before[service][0], parts[1] - before[service][1]) for service, parts in after.items()}
    completions = sorted(said.of(COMPLETIONS), key=lambda line: line.stamp)
    put = {service: bytes_written(plan) * said.read_by(service) for service, plan in made.items()}
    return Turn(speed, completions, made, put, grown or None)


async def _stored(stage: Stage) -> dict[str, tuple[int, int]]:
    counters = Counters(stage.platform.mongodb)
    try:
        return {service: await counters.stored(f"cairn_{service}") for service in STREAMS}
    finally:
        await counters.close()
