"""A running platform looked at while it works: what differs is looked at again, until it is what it must be or stays as it is.

What is in flight is no difference. Only what a service has read is compared with what it made of it; learners with a difference
are looked at again once every service is past what was on the topics by then, and the same difference has to be there each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from deploy.consistency.catalog import check_catalog
from deploy.consistency.checks import check
from deploy.consistency.differences import Difference
from deploy.consistency.kept import Databases
from deploy.consistency.rules import Done, Rules
from deploy.consistency.topics import PartitionView, buried
from services.assessment.domain.rules import rules as assessment_rules
from services.awarding.domain.ids import PublicIds
from services.awarding.domain.rules import rules_of
from services.notifications.domain.names import names_of
from shared.broadcast import Broadcast, Snapshot
from shared.broker import broker_of
from shared.replay.reading import Topics
from shared.settings import Settings
from shared.stream.checkpoint import Checkpoint
from shared.topics import AWARDS, COMPLETIONS, PUBLICATIONS, VERDICTS

PORTION: Final = 50
LOOKS: Final = 4
"""How often a learner is looked at before a difference is said."""

MAIN: Final[Mapping[str, str]] = {"assessment": COMPLETIONS.name, "awarding": VERDICTS.name, "notifications": AWARDS.name}

Tell = Callable[[str], None]


@dataclass(slots=True)
class Result:
    """`behind` names services that did not come so far within the patience: of their partitions only what is certain is said."""

    learners: int = 0
    differences: list[Difference] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)

    @property
    def consistent(self) -> bool:
        return not self.differences and not self.behind

    def to_json(self) -> dict[str, Any]:
        return {
            "consistent": self.consistent,
            "learners": self.learners,
            "differences": [one.to_json() for one in self.differences],
            "behind": self.behind,
        }


async def look(settings: Settings, patience: float = 60.0, tell: Tell = lambda _line: None) -> Result:
    """Reads only. `patience` is how many seconds are waited for what is in flight, for each partition."""
    databases = Databases(settings)
    try:
        async with Topics.open(broker_of(settings)) as topics, Broadcast(broker_of(settings), PUBLICATIONS) as broadcast:
            looker = _Looker(settings, databases, topics, broadcast, patience, tell)
            return await looker.everything()
    finally:
        databases.close()


class _Looker:
    def __init__(
        self, settings: Settings, databases: Databases, topics: Topics, broadcast: Broadcast, patience: float, tell: Tell
    ) -> None:
        self._databases = databases
        self._topics = topics
        self._broadcast = broadcast
        self._patience = patience
        self._tell = tell
        self._ids = PublicIds(settings.secret_of_public_ids())
        self._issues = settings.issuer_keys is not None
        self._partitions = 0
        self._rules: tuple[Snapshot, Rules] | None = None
        self._bits: dict[str, dict[int, bool]] = {}

    async def everything(self) -> Result:
        result = Result()
        self._partitions = await self._topics.partitions(COMPLETIONS.name)
        result.differences += await check_catalog(self._databases.of["catalog"], self._broadcast, self._patience)
        for partition in range(self._partitions):
            await self._partition(partition, result)
            self._tell(f"partition {partition}: {result.learners} learners, {len(result.differences)} differences so far")
        result.differences += await self._nobodys()
        return result

    async def _partition(self, partition: int, result: Result) -> None:
        view = PartitionView(self._topics, partition, self._partitions)
        ends = await view.catch_up()
        await self._look_at_bits()
        learners = sorted({*await self._databases.learners(partition), *view.of})
        result.learners += len(learners)
        suspects = await self._look(partition, view, learners)
        until = monotonic() + self._patience
        for number in range(1, LOOKS):
            if not suspects:
                return
            if not await self._passed(partition, ends, until):
                result.behind += await self._behind(partition, ends)
                break
            await asyncio.sleep(min(0.5 * number, max(0.0, until - monotonic())))
            ends = await view.catch_up()
            await self._look_at_bits()
            again = await self._look(partition, view, sorted(suspects))
            suspects = {
                learner: [one for one in found if number < 2 or one in suspects.get(learner, ())]
                for learner, found in again.items()
            }
            suspects = {learner: found for learner, found in suspects.items() if found}
        result.differences += [one for learner in sorted(suspects) for one in suspects[learner]]

    async def _look(self, partition: int, view: PartitionView, learners: Sequence[str]) -> dict[str, list[Difference]]:
        """By learner, what differs."""
        dead = {offset for number, offset in await buried(self._topics, self._partitions) if number == partition}
        found: dict[str, list[Difference]] = {}
        for start in range(0, len(learners), PORTION):
            portion = learners[start : start + PORTION]
            checkpoints = await self._checkpoints(partition)
            rules = await self._current()
            kept = await self._databases.kept(portion, self._bits)
            done = Done(
                completions=_read(checkpoints["assessment"]),
                verdicts=_read(checkpoints["awarding"]),
                awards=_read(checkpoints["notifications"]),
                buried=frozenset(dead),
                lapsed=view.lapsed,
            )
            for learner in portion:
                if differ := check(kept[learner], view.of[learner], rules, done):
                    found[learner] = differ
        return found

    async def _checkpoints(self, partition: int) -> dict[str, Checkpoint | None]:
        found = await self._databases.checkpoints(self._partitions)
        return {service: found[service].get(partition) for service in found}

    async def _passed(self, partition: int, ends: Mapping[str, int], until: float) -> bool:
        """Wait until every service is past what was on its topic, and has looked at everybody under the newest rules."""
        while behind := await self._behind(partition, ends):
            if monotonic() > until:
                self._tell(f"behind: {', '.join(behind)}")
                return False
            await asyncio.sleep(0.25)
        return True

    async def _behind(self, partition: int, ends: Mapping[str, int]) -> list[str]:
        checkpoints = await self._checkpoints(partition)
        snapshot = await self._broadcast.caught_up()
        found = []
        for service, topic in MAIN.items():
            checkpoint = checkpoints[service]
            if _read(checkpoint) < ends[topic]:
                found.append(f"{service}, partition {partition}: read up to {_read(checkpoint)} of {ends[topic]}")
            elif checkpoint is not None and (checkpoint.sweep is not None or checkpoint.rules < snapshot.revision):
                found.append(f"{service}, partition {partition}: a sweep is under way")
        return found

    async def _current(self) -> Rules:
        snapshot = await self._broadcast.caught_up()
        if self._rules is None or self._rules[0] is not snapshot:
            published = snapshot.publications
            made = Rules(assessment_rules(published), rules_of(published, self._ids), names_of(published), self._issues)
            self._rules = snapshot, made
        return self._rules[1]

    async def _look_at_bits(self) -> None:
        """All places of status lists that were ever set, as they are now."""
        bits: dict[str, dict[int, tuple[int, bool]]] = {}
        async for change in self._databases.of["awarding"]["status_changes"].find({}):
            known = bits.setdefault(change["list"], {}).get(change["index"], (0, False))
            if change["n"] > known[0]:
                bits[change["list"]][change["index"]] = (change["n"], change["set"])
        self._bits = {name: {index: to for index, (_, to) in places.items()} for name, places in bits.items()}

    async def _nobodys(self) -> list[Difference]:
        """Entries that no record names, places of status lists that were given twice, and gaps in what was changed."""
        found = await self._places()
        waiting: dict[str, list[tuple[str, str]]] = {}
        async for entry in self._databases.of["assessment"]["entries"].find({}, {"learner": 1, "source": 1, "id": 1}):
            waiting.setdefault(entry["learner"], []).append((entry["source"], entry["id"]))
        learners = sorted(waiting)
        for start in range(0, len(learners), PORTION):
            portion = learners[start : start + PORTION]
            kept = await self._databases.kept_by_assessment(portion)
            for learner in portion:
                record = kept[learner].assessed
                known = set() if record is None else {*record.entries, *record.retractions}
                found += [
                    Difference(
                        "entries to records", learner, f"{source} {id_}", "an entry", "none, for its record has no such entry"
                    )
                    for source, id_ in waiting[learner]
                    if (source, id_) not in known
                ]
        return found

    async def _places(self) -> list[Difference]:
        found: list[Difference] = []
        places: dict[tuple[str, int], str] = {}
        async for one in self._databases.of["awarding"]["credentials"].find({}, {"list": 1, "index": 1}):
            place = one["list"], one["index"]
            if place in places:
                found.append(
                    Difference("status lists", None, f"{place[0]} {place[1]}", f"{one['_id']} and {places[place]}", "one")
                )
            places[place] = one["_id"]
        numbers: dict[str, list[int]] = {}
        async for change in self._databases.of["awarding"]["status_changes"].find({}, {"list": 1, "n": 1}):
            numbers.setdefault(change["list"], []).append(change["n"])
        for name, given in sorted(numbers.items()):
            if sorted(given) != list(range(1, len(given) + 1)):
                missing = sorted(set(range(1, max(given) + 1)) - set(given))
                found.append(Difference("status lists", None, name, f"no changes {missing[:5]}", "changes without a gap"))
        return found


def _read(checkpoint: Checkpoint | None) -> int:
    return 0 if checkpoint is None else checkpoint.offsets.get("reads", -1) + 1
