"""Awarding on a real broker and database: verdicts in, awards and upgrades out, once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio

from deploy.local.keys import STAFF
from shared.events.assessment import LearnerErased
from shared.events.awarding import AwardExpired, AwardExpiring, AwardGranted, StackUpgraded
from shared.events.envelope import Cause
from tests.domain.awarding.scene import DAY_ONE, achievement, day, holds, part, passed, stack, verdict
from tests.journeys.awarding_town import TRACE, Town
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

CATALOG = (
    achievement("a", ects="5"),
    achievement("b", ects="5"),
    stack("path", {"bronze": holds("a"), "silver": {"all": [holds("a"), holds("b")]}}),
    stack("wide", {"x": {"stack": "path", "level": "silver"}}),
)


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_verdicts_become_awards_levels_and_upgrades_with_their_trace(town: Town) -> None:
    await town.publish(*CATALOG)
    async with town.stream():
        await town.say(passed("a", 3), passed("a", 3), passed("b", 5))
        await town.holds("ada", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid", "wide.x": "valid"})
        said = await town.on(town.topics.awards)
    kinds = [headers["ce_type"] for headers, _ in said]
    assert (kinds.count(AwardGranted.TYPE), kinds.count(StackUpgraded.TYPE), len(kinds)) == (5, 1, 6)
    assert {headers["traceparent"][3:35] for headers, _ in said} == {TRACE[3:35]}
    assert len({headers["ce_id"] for headers, _ in said}) == 6


async def test_the_catalog_may_come_after_the_verdicts_and_in_the_middle(town: Town) -> None:
    async with town.stream():
        await town.say(passed("a", 3))
        await town.publish(CATALOG[0])
        await town.holds("ada", {"a": "valid"})
        await town.say(passed("b", 5))

        async def kept() -> bool:
            return "b" in (await town.shelves.record("ada")).verdicts

        await eventually(kept, within=20, why="the verdict was not kept until it is known what it is about")
        await town.publish(*CATALOG)
        await town.holds("ada", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid", "wide.x": "valid"})
    award = next(award for award in (await town.read("/learners/ada/awards"))["items"] if award["achievement"] == "wide.x")
    assert datetime.fromisoformat(award["awarded_at"]) == day(5)
    history = (await town.read(f"/awards/{award['id']}"))["history"]
    assert [fact["cause"]["kind"] for fact in history] == ["publication"]


async def test_what_ends_is_noticed_and_expires_by_itself(town: Town) -> None:
    start = (datetime.now(UTC) - DAY_ONE) / timedelta(days=1)
    await town.publish(
        achievement("short", valid_for="P30D"), achievement("soon", valid_for="P40D"), achievement("over", valid_for="P20D")
    )
    async with town.stream():
        for id_, began in (("short", start - 29), ("soon", start - 12), ("over", start - 19.99999)):
            await town.say(verdict(id_, part(began)))
        await town.holds("ada", {"short": "valid", "soon": "valid", "over": "expired"})

        async def told() -> bool:
            kinds = [
                (headers["ce_type"], json.loads(value)["achievement"]) for headers, value in await town.on(town.topics.awards)
            ]
            return (AwardExpired.TYPE, "over") in kinds and kinds.count((AwardExpiring.TYPE, "short")) == 1

        await eventually(told, within=40, why="the end of an award was not told")


async def test_people_award_and_revoke_through_the_stream(town: Town) -> None:
    await town.publish(*CATALOG)
    async with town.stream():
        asked = {"learner": "ada", "achievement": "a", "reason": "As agreed."}
        accepted = await town.ask("POST", "/awards", "awards:write", body=asked)
        assert accepted.status_code == 202
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
        award = next(one["id"] for one in (await town.read("/learners/ada/awards"))["items"] if one["achievement"] == "a")
        shown = await town.read(f"/awards/{award}")
        assert shown["history"][0]["cause"]["id"] == accepted.json()["id"]
        assert (shown["history"][0]["note"], shown["history"][0]["decided_by"]) == ("As agreed.", STAFF)
        revoked = await town.ask("POST", f"/awards/{award}/revocation", "awards:write", body={"reason": "Plagiarism."})
        assert revoked.status_code == 202
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "revoked", "path.bronze": "revoked"})
        again = await town.ask("POST", f"/awards/{award}/revocation", "awards:write", body={"reason": "Plagiarism."})
        assert again.status_code == 409


async def test_an_erased_learner_leaves_nothing_and_every_reader_hears_of_it(town: Town) -> None:
    await town.publish(*CATALOG)
    erasure = Cause(kind="erasure", id="x", time=day(9))
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
        await town.say(LearnerErased(learner="ada", revision=1, cause=erasure), passed("b", 4))
        await town.holds("ada", {})

        async def passed_on() -> bool:
            return LearnerErased.TYPE in [headers["ce_type"] for headers, _ in await town.on(town.topics.awards)]

        await eventually(passed_on, within=20, why="the erasure was not passed on")
    kept = await town.database["facts"].find({"learner": "ada"}).to_list(None)
    assert [fact["type"] for fact in kept] == [LearnerErased.TYPE]
    assert await town.database["progress"].find({}).to_list(None) == []


async def test_a_second_instance_goes_on_where_the_first_stopped(town: Town) -> None:
    await town.publish(*CATALOG)
    async with town.stream("1"):
        await town.say(*(verdict("a", part(3), learner=f"l{number}") for number in range(40)))
        await town.holds("l0", {"a": "valid", "path.bronze": "valid"})
    async with town.stream("2"):
        await town.say(*(verdict("b", part(5), learner=f"l{number}") for number in range(40)))
        for number in range(40):
            await town.holds(f"l{number}", dict.fromkeys(("a", "b", "path.bronze", "path.silver", "wide.x"), "valid"))
    said = [headers["ce_id"] for headers, _ in await town.on(town.topics.awards)]
    assert len(set(said)) == 40 * 6
