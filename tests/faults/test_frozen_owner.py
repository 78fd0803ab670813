"""Law 1: who has lost a partition can't write for it, in whatever moment it was frozen and woken up.

Assessment, awarding and notifications all run the loop of `shared/stream`, and whatever a flow writes goes through its one
transaction, which moves the checkpoints first: so what holds for the tally service here holds for them. The moments are real
ones: the worker's connections to the database are held up in a proxy, and the process is stopped by SIGSTOP.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from deploy.local.proxy import Proxy
from tests.faults.conftest import Start
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer, address_of
from tests.streams.host import is_ready
from tests.streams.scene import Scene, counts
from tests.streams.tally import TICKETS, Topics

EARLY, LATE = 200, 300


@dataclass(frozen=True)
class Moment:
    """When a worker is frozen: as soon as what has `said` in it is on its way to the database or back.

    `goes_on_at`: whether what was held goes on its way while the worker sleeps, or when others have taken over.
    """

    name: str
    said: str
    answer: bool
    goes_on_at: str


MOMENTS = (
    Moment("records loaded", "{database}.records", answer=True, goes_on_at="once"),
    Moment("nothing written yet", "startTransaction", answer=False, goes_on_at="takeover"),
    Moment("all written, not committed", "commitTransaction", answer=False, goes_on_at="takeover"),
)


async def kept(scene: Scene) -> dict[str, dict[Any, Any]]:
    """All that the service has written, but who holds the partitions, and what it has said."""
    found: dict[str, dict[Any, Any]] = {
        collection: {document["_id"]: document for document in await scene.documents(collection)}
        for collection in ("records", "entries", "facts", TICKETS)
    }
    places = {one["_id"]: (one["offsets"], one["numbers"]) for one in await scene.documents("checkpoints")}
    said = {dict(one.headers)["ce_id"]: one.value for one in await scene.on(scene.topics.tallies)}
    return {**found, "checkpoints": places, "said": said}


async def epochs(scene: Scene) -> dict[int, int]:
    return {found["_id"]: found["epoch"] for found in await scene.documents("checkpoints")}


async def test_a_worker_frozen_between_load_and_write_writes_nothing_when_it_wakes_up(
    kafka: Broker, mongodb: DatabaseServer, prefix: str, database_name: str, start: Start
) -> None:
    async def frozen_at(number: int, moment: Moment) -> None:
        server, name = address_of(mongodb.uri), f"{database_name}_{number}"
        async with (
            Scene.open(kafka.bootstrap, mongodb.uri, name, Topics(f"{prefix}{number}.")) as scene,
            Proxy(server) as proxy,
        ):
            behind = replace(scene, uri=f"{mongodb.uri.replace(server, proxy.address)}")
            zombie = start(behind, "zombie")
            await eventually(lambda: is_ready(zombie), within=90, why="it did not get ready")
            await scene.count(*counts(EARLY, learners=50))
            await scene.settled(within=60)
            known = await epochs(scene)

            proxy.hold_before(moment.said.format(database=name).encode(), answers=moment.answer)
            late = [(f"late-{learner}", id_, points) for learner, id_, points in counts(LATE, learners=60, start=EARLY)]
            await scene.count(*late)
            await eventually(lambda: proxy.held, within=30, why=f"there was no moment: {moment.name}")
            zombie.freeze()
            before = await kept(scene)
            if moment.goes_on_at == "once":
                proxy.flow()
            start(scene, "heir")
            await scene.settled(within=90)
            assert before["records"].keys() < (after := await kept(scene))["records"].keys(), "it had written already"
            assert all(epoch > known[partition] for partition, epoch in (await epochs(scene)).items())

            proxy.flow()
            zombie.thaw()
            await eventually(lambda: "lost partition" in zombie.log.read_text(), within=60, why="it did not notice")
            assert await kept(scene) == after, moment.name

            await scene.count(*counts(EARLY, learners=50, start=EARLY + LATE))
            await scene.settled(within=90)
            assert zombie.running

    await asyncio.gather(*(frozen_at(number, moment) for number, moment in enumerate(MOMENTS)))
