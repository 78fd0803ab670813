"""Somebody beside the stream may take up what it writes: before it is written, and once it is committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from shared.decisions import Amend, Drop, Put
from shared.mongo import Unavailable
from shared.stream.engine import Stream
from tests.platform.eventually import eventually
from tests.streams.scene import Scene, counts
from tests.streams.tally import tally_flow

Write = Put | Drop | Amend


class Neighbour:
    """Marks the entries that are to be written, and notes those of which it hears that they are."""

    def __init__(self) -> None:
        self.latest: list[str] = []
        self.had: list[str] = []

    def engage(self, writes: Sequence[Write]) -> tuple[Sequence[Write], Callable[[], None]]:
        entries = [write for write in writes if isinstance(write, Put) and write.collection == "entries"]
        self.latest = [entry.document["_id"] for entry in entries]
        marked = {id(entry): replace(entry, document=entry.document | {"marked": True}) for entry in entries}
        return [marked.get(id(write), write) for write in writes], partial(self.had.extend, self.latest)


async def test_what_is_engaged_is_written_as_said_and_handed_over_once_it_is_committed(scene: Scene) -> None:
    neighbour = Neighbour()
    failures = [Unavailable("away"), Unavailable("away"), Unavailable("away")]
    early: set[str] = set()

    async def step(done: str) -> None:
        if done == "written":
            early.update(set(neighbour.latest) & set(neighbour.had))
            if failures:
                raise failures.pop()

    flow = replace(tally_flow(scene.topics), engage=neighbour.engage)
    stream = Stream(flow, scene.bootstrap, scene.database, publications=scene.topics.publications, steps=step)
    await stream.start()
    try:
        await eventually(lambda: stream.ready()["stream"] is True, within=40)
        await scene.count(*counts(200, learners=20))
        await scene.settled()
    finally:
        await stream.stop()
    entries = await scene.documents("entries")
    assert all(entry["marked"] for entry in entries)
    assert sorted(neighbour.had) == sorted(entry["_id"] for entry in entries)
    assert not failures
    assert not early
