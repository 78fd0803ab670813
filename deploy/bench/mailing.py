"""How many awards a second are told of, in inboxes and by mail, and what that costs in processor time.

Notifications alone, with a broker, a database and a mailbox: the awards lie on the topic, and all of them are to be in inboxes
and with the mailbox. `python -m deploy.bench.mailing` runs it alone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Final

import orjson
import typer

from deploy.bench.cpu import CpuTime
from deploy.demo.office import Office
from deploy.local.mailbox import MAILS
from deploy.local.platform import Platform
from deploy.local.process import ProcessFailed
from shared.events.awarding import AwardGranted, AwardStatus
from shared.events.catalog import AchievementPublished
from shared.events.definitions import Achievement
from shared.events.envelope import Cause, Fact, envelope_of
from shared.kafka import Outgoing, Publisher
from shared.mongo import Database
from shared.topics import AWARDS, PUBLICATIONS, Topic

LEARNERS: Final = 1_000
ACHIEVEMENTS: Final = 20
LANGUAGES: Final = ("en", "de", "es")
WARM: Final = 300
TIMED: Final = 6_000
FROM: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
WITHIN: Final = 600.0
ISSUER: Final = {"id": "northfield", "name": "Northfield University"}


@dataclass(frozen=True)
class Mailing:
    """`awards` told of: all in inboxes after `told` seconds, with the mailbox after `mailed`, and noted as sent after `noted`.

    `cpu` are the seconds of processor time until then, by process. Each award is mailed of once.
    """

    awards: int
    told: float
    mailed: float
    noted: float
    cpu: dict[str, float]

    def figures(self) -> dict[str, Any]:
        """Also as rates, and for 1,000 awards."""
        each = {name: round(1_000 * seconds / self.awards, 3) for name, seconds in self.cpu.items()}
        rates = {"told_per_second": round(self.awards / self.told, 1), "mails_per_second": round(self.awards / self.mailed, 1)}
        return asdict(self) | rates | {"cpu_per_thousand": each}


async def measure(platform: Platform, awards: int = TIMED) -> Mailing:
    """On a platform with notifications, whose mailbox nobody else fills. Raises ProcessFailed if one is missing or repeated."""
    async with Publisher(platform.bootstrap, client="mailing") as publisher, Office(platform) as office:
        await _say(publisher, PUBLICATIONS, list(_publications()))
        await office.enter_contacts([_contact(number) for number in range(LEARNERS)])
        with closing(Database(platform.mongodb, "cairn_notifications")) as database:
            await _say(publisher, AWARDS, [_award(number) for number in range(WARM)])
            await _all_out(platform, database, WARM, 0)
            servers = {server.name.removesuffix("-1"): server.process for server in [*platform.instances, *platform.servers]}
            cpu, started = CpuTime(servers), monotonic()
            await _say(publisher, AWARDS, [_award(number) for number in range(WARM, WARM + awards)])
            told, mailed, noted = await _all_out(platform, database, WARM + awards, started)
            used = cpu.seconds()
        sent = int((await office.get("notifications", "/deliveries/states"))["sent"])
        if (sent, _mails(platform)) != (WARM + awards, WARM + awards):
            raise ProcessFailed(
                f"{sent} deliveries are noted as sent and {_mails(platform)} mails came for {WARM + awards} awards"
            )
    return Mailing(awards, round(told, 2), round(mailed, 2), round(noted, 2), used)


async def _all_out(platform: Platform, database: Database, awards: int, started: float) -> tuple[float, float, float]:
    """Seconds until all are in inboxes, all are mailed, and all are noted as sent."""

    async def told() -> bool:
        return await _read(database) >= awards

    async def mailed() -> bool:
        return _mails(platform) >= awards

    async def noted() -> bool:
        return await database["deliveries"].find_one({"state": {"$in": ["waiting", "leased"]}}, {"_id": 1}) is None

    return await _when(told) - started, await _when(mailed) - started, await _when(noted) - started


async def _when(done: Callable[[], Awaitable[bool]]) -> float:
    async with asyncio.timeout(WITHIN):
        while not await done():
            await asyncio.sleep(0.1)
        return monotonic()


async def _read(database: Database) -> int:
    found = await database["checkpoints"].find({}, {"offsets": 1}).to_list(None)
    return sum(0 if one["offsets"]["reads"] is None else one["offsets"]["reads"] + 1 for one in found)


def _mails(platform: Platform) -> int:
    return sum(name.endswith(".eml") for name in os.listdir(platform.mailbox.folder / MAILS))


async def _say(publisher: Publisher, topic: Topic, facts: Sequence[Fact]) -> None:
    for start in range(0, len(facts), 1_000):
        together = facts[start : start + 1_000]
        messages = [Outgoing.of(topic.name, fact.key, envelope_of(fact, f"cairn/{topic.owner}", None)) for fact in together]
        await publisher.publish_all(messages, within=60)


def _contact(number: int) -> dict[str, Any]:
    address = f"learner{number}@students.northfield.example"
    return {"learner": f"learner-{number}", "address": address, "name": f"Ada M. Łęcka {number}"} | {
        "language": LANGUAGES[number % len(LANGUAGES)]
    }


def _publications() -> Iterator[AchievementPublished]:
    for number in range(ACHIEVEMENTS):
        definition = {"achievement": f"course-{number}", "name": f"Statistics for Engineers {number}", "issuer": ISSUER}
        said = {
            "description": "What it is",
            "criteria": "What it takes",
            "requirement": {"activity": f"lms:{number}", "passed": True},
        }
        yield AchievementPublished(
            revision=1,
            cause=Cause(kind="publication", id=f"publication-{number}", time=FROM),
            id_=f"course-{number}",
            version=1,
            announced_at=FROM,
            definition=Achievement.model_validate(definition | said),
        )


def _award(number: int) -> AwardGranted:
    time = FROM + timedelta(seconds=number)
    return AwardGranted(
        revision=1,
        cause=Cause(kind="completion", id=f"completion-{number}", source="https://lms.northfield.example", time=time),
        award=f"urn:uuid:00000000-0000-5000-8000-{number:012}",
        learner=f"learner-{number % LEARNERS}",
        achievement=f"course-{number // LEARNERS % ACHIEVEMENTS}",
        version=1,
        status=AwardStatus.VALID,
        awarded_at=time,
        status_since=time,
    )


async def _alone(awards: int) -> Mailing:
    folder = Path("var/bench-mailing")
    shutil.rmtree(folder, ignore_errors=True)
    async with Platform(folder, services=("notifications",), env={"CAIRN_LOG_LEVEL": "WARNING"}) as platform:
        found = await measure(platform, awards)
    shutil.rmtree(folder / "mailbox", ignore_errors=True)
    return found


def main(
    awards: Annotated[int, typer.Option(help="to be told of")] = TIMED,
    json: Annotated[Path, typer.Option(help="where the figures go")] = Path("var/mailing.json"),
) -> None:
    """Tell of so many awards and mail all of it."""
    figures = asyncio.run(_alone(awards)).figures()
    json.parent.mkdir(parents=True, exist_ok=True)
    json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"{figures['mails_per_second']:,} mails/s, {figures['told_per_second']:,} awards/s in inboxes")
    for name, seconds in figures["cpu_per_thousand"].items():
        print(f"processor time of {name} for 1,000 awards told and mailed: {seconds:.3f} s")


if __name__ == "__main__":
    typer.run(main)
