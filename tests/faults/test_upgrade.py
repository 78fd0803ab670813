"""A platform is upgraded while completions flow: old and new processes side by side on the same topics and databases."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.demo.cohort import cohort
from deploy.demo.run import Keyed
from deploy.local.service import ROOT
from tests.domain.demo.chain import awarded, held
from tests.faults.exact import all_is_exact
from tests.journeys.campus import Campus
from tests.platform.eventually import eventually

LEARNERS = 60
RATE = 20
WITHIN = 400.0
READERS_FIRST = ("notifications", "awarding", "assessment", "catalog")
"""So that nobody hears of what only newer ones know."""


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The last release: the tree of CAIRN_UPGRADE_FROM, a commit, or of the one that last wrote released contracts down.

    Where there is no history, the present tree: processes are replaced all the same.
    """
    named = os.environ.get("CAIRN_UPGRADE_FROM") or git("log", "-1", "--format=%H", "--", "tests/contracts/released")
    if not named:
        return ROOT
    folder = tmp_path / "released"
    folder.mkdir()
    packed = tmp_path / "released.tar"
    git("archive", "--output", str(packed), named, "services", "shared")
    subprocess.run(["tar", "-xf", packed, "-C", folder], check=True)
    return folder


def git(*arguments: str) -> str:
    """What it says; nothing, where there is no history."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.stdout.strip() if done.returncode == 0 else ""


@pytest.mark.timeout(1_500)
async def test_an_upgrade_with_old_and_new_side_by_side_loses_nothing_and_doubles_nothing(
    tmp_path: Path, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    await rolled(tmp_path / "platform", released)


async def rolled(folder: Path, before: Path) -> None:
    """Each service in turn: a new process beside the old one, the old one replaced, and the first new one ended.

    Nobody is killed: each has the time that Kubernetes gives it, finishes what it has begun and leaves, so that no mail at all
    may be there twice.
    """
    people = cohort(learners=LEARNERS)
    expected = held(awarded(people.completions, datetime.now(UTC)))
    async with Campus.open(folder, before) as campus:
        await campus.publish_catalog()
        await campus.office.enter_contacts([person.contact() for person in people.people])
        steps = [step for service in READERS_FIRST for step in steps_of(campus, service)]
        share = len(people.completions) // (len(steps) + 1)
        for number, step in enumerate(steps):
            await while_they_flow(campus, people.completions[number * share : (number + 1) * share], step)
        await campus.send_steadily(people.completions[len(steps) * share :], RATE)
        await all_is_exact(campus, people.completions, expected, WITHIN)
        mails = Counter(mail["Message-ID"] for mail in campus.platform.mailbox.mails())
        assert [mail for mail, times in mails.items() if times > 1] == []


async def while_they_flow(campus: Campus, completions: Sequence[Keyed], step: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(campus.send_steadily(completions, RATE), step())


def steps_of(campus: Campus, service: str) -> Sequence[Callable[[], Awaitable[None]]]:
    platform = campus.platform

    async def beside() -> None:
        await platform.add(service)
        await owned_by(campus, service, 1, 2)

    async def replaced() -> None:
        first = platform[service]
        before = first.process
        await first.replaced()
        assert before.code == 0, f"{first.name} did not end by itself\n{before.tail()}"
        await owned_by(campus, service, 1, 2)

    async def alone() -> None:
        second = platform.instances[-1]
        await second.stop()
        assert second.process.code == 0, f"{second.name} did not end by itself\n{second.process.tail()}"
        await owned_by(campus, service, 1)

    return beside, replaced, alone


async def owned_by(campus: Campus, service: str, *numbers: int) -> None:
    """Wait until exactly these processes write for some partition. The catalog has none."""
    if service == "catalog":
        return

    async def as_said() -> bool:
        async with campus.database(service) as database:
            found = {checkpoint["instance"] async for checkpoint in database["checkpoints"].find({})}
        assert found == {f"{service}-{number}" for number in numbers}
        return True

    await eventually(as_said, within=90, every=0.3, why="partitions are not where they should be")
