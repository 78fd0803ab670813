"""All derived state rebuilt into empty databases, while the world notices nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.demo.cohort import cohort
from deploy.demo.run import Keyed
from deploy.replay.order import replay_all
from services.awarding.domain.record import Record
from shared.replay.ground import Occupied, Running
from shared.topics import AWARDS, VERDICTS
from tests.domain.demo.chain import Held, awarded, held
from tests.journeys import replay_town as town
from tests.journeys.campus import Campus
from tests.platform.eventually import eventually

LEARNERS = 18
WITHIN = 120.0


@dataclass
class Lived:
    """A campus where all kinds of things have happened; `later` is what the learners do afterwards."""

    campus: Campus
    folder: Path
    later: tuple[Keyed, ...]
    decided: tuple[str, ...]
    """About whom people decided: the last one was erased."""

    @property
    def erased(self) -> str:
        return self.decided[-1]


@pytest_asyncio.fixture
async def lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lived]:
    monkeypatch.delenv("CAIRN_KAFKA", raising=False)
    monkeypatch.delenv("CAIRN_MONGODB", raising=False)
    people = cohort(learners=LEARNERS)
    everything = people.completions
    first, later = everything[: len(everything) * 4 // 5], everything[len(everything) * 4 // 5 :]
    async with Campus.open(tmp_path / "campus") as campus:
        await campus.publish_catalog()
        await campus.office.enter_contacts([person.contact() for person in people.people])
        await campus.send(first)
        await campus.settled(WITHIN)
        decided = await people_decide(campus, people.story)
        await campus.settled(WITHIN)
        yield Lived(campus, tmp_path / "replay", tuple(one for one in later if one[0] != decided[-1]), decided)


async def people_decide(campus: Campus, story: str) -> tuple[str, ...]:
    """Awards, a revocation, an identity and a link shared, a message read, and last an erasure. About whom."""
    awards = [award for award in await campus.held() if award.learner != story]
    revoked = awards[0]
    erased = next(award for award in awards if award.learner != revoked.learner).learner
    others = sorted({award.learner for award in awards} - {revoked.learner, erased})
    shown = await town.ask(campus, "awarding", "GET", f"/learners/{revoked.learner}/awards?limit=50")
    award = next(one["id"] for one in shown["items"] if one["achievement"] == revoked.achievement)
    await town.ask(campus, "awarding", "POST", f"/awards/{award}/revocation", {"reason": "It was not theirs."})
    for learner, achievement in ((others[0], revoked.achievement), (others[1], awards[-1].achievement)):
        body = {"learner": learner, "achievement": achievement, "reason": "As agreed."}
        await town.ask(campus, "awarding", "POST", "/awards", body)
    await town.ask(campus, "notifications", "PUT", f"/learners/{story}/identity", {"name": True, "email": True})
    await town.ask(campus, "awarding", "POST", f"/learners/{story}/shares", {"label": "for work"}, learner=story)
    await town.ask(campus, "assessment", "POST", f"/learners/{erased}/erasure", {"reason": "They asked for it."})
    message = (await town.ask(campus, "notifications", "GET", f"/learners/{story}/inbox"))["items"][0]["id"]
    await town.ask(campus, "notifications", "POST", f"/learners/{story}/inbox/{message}/read")
    return revoked.learner, others[0], others[1], erased


async def interrupted(lived: Lived, into: str) -> None:
    """A replay that was killed in the middle."""
    process = town.command(lived.campus, lived.folder, into)
    process.start()

    async def begun() -> bool:
        return "learners' verdicts" in process.log.read_text() or not process.running

    try:
        await eventually(begun, within=WITHIN, every=0.02, why="the replay did not come so far")
        assert process.running, process.tail()
    finally:
        await process.kill()


@pytest.mark.timeout(600)
async def test_what_is_rebuilt_is_what_it_was_and_goes_on_without_a_gap(lived: Lived) -> None:
    campus = lived.campus
    with pytest.raises(Running):
        await asyncio.wait_for(replay_all(town.asked(campus, lived.folder, "again")), 40)
    was = await town.state(campus, "cairn")
    awards = list(was["awarding"]["awards"])
    handed_out = await town.credentials(campus, awards)
    said, verdicts = await campus.said(AWARDS), await campus.said(VERDICTS)
    mails = len(campus.platform.mailbox.mails())
    assert len(handed_out) > LEARNERS
    await town.down(campus)

    await interrupted(lived, "again")
    told: list[str] = []
    asked = town.asked(campus, lived.folder, "again")
    object.__setattr__(asked, "tell", lambda report: told.append(str(report)))
    assert await replay_all(asked) is None
    assert any("awarding: learners' verdicts" in one and "100 %" in one for one in told), told
    is_ = await town.state(campus, "again")
    assert town.differences(was, is_) == []
    assert is_["awarding"]["records"][lived.erased] == Record(
        lived.erased, erased=was["awarding"]["records"][lived.erased].erased, erasures=1
    )
    with pytest.raises(Occupied):
        await replay_all(town.asked(campus, lived.folder, "again"))

    await town.up(campus, "again")
    await campus.settled(WITHIN)
    assert await town.credentials(campus, awards) == handed_out
    assert (await campus.said(AWARDS), await campus.said(VERDICTS)) == (said, verdicts), "nothing was said twice"
    assert len(campus.platform.mailbox.mails()) == mails
    assert town.differences(was, await town.state(campus, "again")) == []

    await campus.send(lived.later)
    await campus.settled(WITHIN)
    expected = held(awarded(cohort(learners=LEARNERS).completions, datetime.now(UTC)))

    async def as_expected() -> bool:
        assert undecided(await campus.held(), lived) == undecided(expected, lived)
        return True

    await eventually(as_expected, within=WITHIN, every=1.0, why="who holds what is not what follows")  # what is due is found soon
    facts = await campus.said(AWARDS)
    assert max(Counter((fact.TYPE, fact.subject, fact.revision) for fact in facts).values()) == 1
    assert await campus.dead_letters() == 0
    places = Counter(
        (one["list"], one["index"]) for one in (await town.state(campus, "again"))["awarding"]["credentials"].values()
    )
    assert max(places.values()) == 1


def undecided(found: list[Held], lived: Lived) -> list[Held]:
    """Of learners about whom no person decided anything."""
    return [one for one in found if one.learner not in lived.decided]
