"""What awarding's HTTP side shows, and what it answers to bad requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.domain.awarding.scene import achievement, holds, part, passed, stack, verdict
from tests.journeys.awarding_town import Town
from tests.platform.parts import Broker, DatabaseServer

CATALOG = (
    *(achievement(id_, ects="5") for id_ in "abcd"),
    stack(
        "path",
        {
            "bronze": holds("a"),
            "silver": {"all": [holds("a"), {"any": [holds("b"), holds("c")]}]},
            "gold": {"all": [{"stack": "path", "level": "silver"}, holds("d")]},
        },
    ),
)


@pytest_asyncio.fixture
async def town(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with Town.open(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path) as opened:
        await opened.publish(*CATALOG)
        yield opened


async def test_a_learners_stacks_show_standing_progress_and_the_shortest_way(town: Town) -> None:
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
    (shown,) = (await town.read("/learners/ada/stacks"))["items"]
    assert (shown["stack"], shown["level"], shown["name"]) == ("path", "bronze", "Path")
    ways = {level["level"]: level["way"]["achievements"] for level in shown["levels"]}
    assert ways == {"bronze": [], "silver": ["b"], "gold": ["b", "d"]}
    assert [(level["met"], level["of"]) for level in shown["levels"]] == [(1, 1), (1, 3), (0, 2)]
    assert [level["status"] for level in shown["levels"]] == ["valid", None, None]
    (asked,) = (await town.read("/learners/nobody/stacks", stack="path"))["items"]
    assert (asked["level"], asked["levels"][2]["way"]["achievements"]) == (None, ["a", "b", "d"])
    assert (await town.read("/learners/nobody/stacks"))["items"] == []


async def test_why_an_award_was_given_and_why_another_is_not_yet(town: Town) -> None:
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
    given = await town.read("/learners/ada/achievements/path.bronze")
    assert given["reason"]["met"]
    assert given["award"]["status"] == "valid"
    missing = await town.read("/learners/ada/achievements/path.silver")
    assert (missing["award"], missing["reason"], missing["requirement"]["met"]) == (None, None, False)
    assert [leaf["met"] for leaf in missing["requirement"]["of"]] == [True, False]
    assert missing["requirement"]["says"].startswith("Hold A")
    assert missing["way"] == {"achievements": ["b"], "credits": "5", "estimate": False}


async def test_awards_of_an_achievement_come_in_pages(town: Town) -> None:
    learners = [f"l{number:02}" for number in range(7)]
    async with town.stream():
        await town.say(*(verdict("d", part(3), learner=learner) for learner in learners))
        for learner in learners:
            await town.holds(learner, {"d": "valid"})
    first = await town.read("/achievements/d/awards", limit=4)
    second = await town.read("/achievements/d/awards", limit=4, cursor=first["next"])
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 3, None)
    assert sorted(award["learner"] for award in first["items"] + second["items"]) == learners
    assert (await town.read("/achievements/d/awards", status="revoked"))["items"] == []


async def test_a_learners_awards_come_in_pages(town: Town) -> None:
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
    first = await town.read("/learners/ada/awards", limit=1)
    second = await town.read("/learners/ada/awards", limit=1, cursor=first["next"])
    assert {award["achievement"] for award in first["items"] + second["items"]} == {"a", "path.bronze"}
    assert second["next"] is None


async def test_advisers_see_who_is_one_step_away(town: Town) -> None:
    async with town.stream():
        await town.say(passed("a", 3), verdict("a", part(3), learner="bob"), verdict("b", part(4), learner="bob"))
        await town.say(verdict("d", part(3), learner="eve"))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
        await town.holds("bob", {"a": "valid", "b": "valid", "path.bronze": "valid", "path.silver": "valid"})
        await town.holds("eve", {"d": "valid"})
    silver = (await town.read("/stacks/path/levels/silver/one-step-away"))["items"]
    gold = (await town.read("/stacks/path/levels/gold/one-step-away"))["items"]
    assert silver == [{"learner": "ada", "standing": "bronze", "achievements": ["b", "c"]}]
    assert gold == [{"learner": "bob", "standing": "silver", "achievements": ["d"]}]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/learners/ada/awards", "awards:read"),
        ("/learners/ada/stacks", "awards:read"),
        ("/learners/ada/achievements/a", "awards:read"),
        ("/awards/" + "0" * 32, "awards:read"),
        ("/achievements/a/awards", "awards:read"),
        ("/stacks/path/levels/gold/one-step-away", "awards:read"),
        ("/sweeps", "operations:read"),
    ],
)
async def test_each_path_asks_for_its_scope(town: Town, path: str, scope: str) -> None:
    assert (await town.client.get(path)).status_code == 401
    refused = await town.ask("GET", path, "catalog:write")
    assert (refused.status_code, refused.json()["scope"]) == (403, scope)
    assert (await town.ask("GET", path, scope)).status_code in (200, 404)


async def test_a_learner_sees_their_own_and_nobody_elses(town: Town) -> None:
    assert (await town.ask("GET", "/learners/ada/awards", "self:read", learner="ada")).status_code == 200
    assert (await town.ask("GET", "/learners/bob/awards", "self:read", learner="ada")).status_code == 403
    async with town.stream():
        await town.say(passed("a", 3))
        await town.holds("ada", {"a": "valid", "path.bronze": "valid"})
    ((award, *_),) = [(await town.read("/learners/ada/awards"))["items"]]
    assert (await town.ask("GET", f"/awards/{award['id']}", "self:read", learner="ada")).status_code == 200
    assert (await town.ask("GET", f"/awards/{award['id']}", "self:read", learner="bob")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/awards/" + "0" * 32, None, 404),
        ("GET", "/awards/nonsense", None, 422),
        ("GET", "/learners/ada/achievements/unknown", None, 404),
        ("GET", "/learners/ada/stacks?stack=unknown", None, 404),
        ("GET", "/stacks/unknown/levels/x/one-step-away", None, 404),
        ("GET", "/stacks/path/levels/platinum/one-step-away", None, 404),
        ("GET", "/achievements/a/awards?cursor=%21", None, 400),
        ("POST", "/awards", {"learner": "ada", "achievement": "a"}, 422),
        ("POST", "/awards", {"learner": "ada", "achievement": "unknown", "reason": "so"}, 404),
        ("POST", "/awards", {"learner": "ada", "achievement": "a", "version": 9, "reason": "so"}, 422),
        ("POST", "/awards", {"learner": "a b", "achievement": "a", "reason": "so"}, 422),
        ("POST", "/awards/" + "0" * 32 + "/revocation", {"reason": "so"}, 404),
        ("POST", "/awards/" + "0" * 32 + "/revocation", {"reason": ""}, 422),
    ],
)
async def test_a_bad_request_is_answered_with_a_problem_and_asks_nothing(
    town: Town, method: str, path: str, body: object, status: int
) -> None:
    answer = await town.ask(method, path, "awards:read", "awards:write", body=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await town.on(town.topics.requests) == []
