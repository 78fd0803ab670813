"""Senders of mail share the work by leases; a machine whose clock is wrong must not take what is in others' hands."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.demo.office import Office
from deploy.drill.clock import NoMovedClock, moved_by
from deploy.local.platform import Platform
from shared.events.awarding import AwardGranted, AwardStatus
from shared.events.envelope import Cause, envelope_of
from shared.kafka import Outgoing, Publisher
from shared.topics import AWARDS
from tests.platform.eventually import eventually

LEARNERS = 40
LOOKS = 5
"""Seconds in which each sender looks several times for leases that have ended."""

AT = datetime(2026, 1, 15, tzinfo=UTC)


def granted(learner: str) -> Outgoing:
    fact = AwardGranted(
        revision=1,
        cause=Cause(kind="completion", id="1", source="lms", time=AT),
        award=f"award-{learner}",
        learner=learner,
        achievement="walls",
        version=1,
        status=AwardStatus.VALID,
        awarded_at=AT,
        status_since=AT,
    )
    return Outgoing.of(AWARDS.name, learner, envelope_of(fact, "cairn/awarding", None))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ahead", [7_200, -7_200])
async def test_a_sender_whose_clock_is_wrong_repeats_no_mail_that_is_in_anothers_hands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    try:
        env = moved_by(ahead)
    except NoMovedClock as reason:
        pytest.skip(str(reason))
    learners = [f"l-{number}" for number in range(LEARNERS)]
    async with (
        Platform(tmp_path, services=("notifications",), env={"CAIRN_LOG_LEVEL": "WARNING"}) as platform,
        Publisher(platform.bootstrap, client="test") as publisher,
        Office(platform) as office,
    ):
        await office.enter_contacts([{"learner": one, "address": f"{one}@example.org"} for one in learners])
        await platform.add("notifications", env)
        platform.mailbox.freeze()
        await publisher.publish_all([granted(learner) for learner in learners], within=60)

        async def in_hand() -> bool:
            states = await office.get("notifications", "/deliveries/states")
            return int(states["leased"]) == LEARNERS

        await eventually(in_hand, within=30, why="nobody took the mails in hand")
        await asyncio.sleep(LOOKS)
        platform.mailbox.thaw()
        await eventually(lambda: len(platform.mailbox.mails()) >= LEARNERS, within=60)

        async def all_sent() -> bool:
            return int((await office.get("notifications", "/deliveries/states"))["sent"]) == LEARNERS

        await eventually(all_sent, within=90)
        mails = Counter(mail["Message-ID"] for mail in platform.mailbox.mails())
        assert [id_ for id_, number in mails.items() if number > 1] == []
        assert len(mails) == LEARNERS
