"""What a document refers to must be there, or come with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.catalog.documents import PASSED, achievement, published, said, stack

THERE = published(
    achievement("ethics", tags=["data"], skills=[{"code": "S1", "name": "Weighing"}]),
    stack("cs", {"bronze": {"achievement": "ethics"}, "silver": PASSED}),
)

UNKNOWN: list[tuple[dict[str, Any], str, str]] = [
    ({"achievement": "ethic"}, "achievement", "there is no achievement ethic; did you mean ethics?"),
    ({"achievement": "zzz"}, "achievement", "there is no achievement zzz"),
    (
        {"achievement": "cs"},
        "achievement",
        "cs is a stack, not an achievement; what is held are its levels: cs.bronze, cs.silver",
    ),
    ({"achievement": "cs.gold"}, "achievement", "there is no achievement cs.gold"),
    ({"achievement": "ethics", "from_version": 2}, "from_version", "there is no version 2 of ethics; the newest is version 1"),
    ({"stack": "cx", "level": "bronze"}, "stack", "there is no stack cx"),
    ({"stack": "ethics", "level": "x"}, "stack", "ethics is an achievement, not a stack; write achievement: ethics"),
    ({"stack": "cs", "level": "gold"}, "level", "cs has no level gold; its levels are bronze, silver"),
    ({"credits_at_least": 0, "from": {"tags": ["dat"]}}, "from/tags/0", "nothing is tagged dat; did you mean data?"),
    ({"credits_at_least": 0, "from": {"issuers": ["nort"]}}, "from/issuers/0", "nothing is issued by nort; did you mean north?"),
    (
        {"achievements_at_least": 1, "from": {"achievements": ["ethics", "law"]}},
        "from/achievements/1",
        "there is no achievement law",
    ),
]


@pytest.mark.parametrize(("leaf", "place", "message"), UNKNOWN, ids=[message for *_, message in UNKNOWN])
def test_an_unknown_reference_is_an_error_at_its_place(leaf: dict[str, Any], place: str, message: str) -> None:
    found = said(achievement("new", {"all": [PASSED, leaf]}), beside=THERE)
    severity, where, what = found[0]
    assert (severity, where) == ("error", f"requirement/all/1/{place}")
    assert what.startswith(message)


@pytest.mark.parametrize(
    "leaf",
    [
        {"achievement": "ethics"},
        {"achievement": "cs.silver"},
        {"stack": "cs", "level": "bronze"},
        {"achievements_at_least": 1, "from": {"tags": ["data"], "issuers": ["north"]}},
        {"achievements_at_least": 2, "from": {"achievements": ["ethics", "cs.bronze"]}},
        {"skills_at_least": 1, "among": ["S1"]},
    ],
)
def test_what_is_there_may_be_referred_to(leaf: dict[str, Any]) -> None:
    assert said(achievement("new", leaf), beside=THERE) == []


def test_what_is_published_together_may_refer_to_each_other() -> None:
    assert said(stack("ba", {"one": {"achievement": "x"}}), achievement("x")) == []


def test_a_version_published_together_may_be_asked_for() -> None:
    revised = achievement("ethics", tags=["data", "new"])
    assert said(achievement("new", {"achievement": "ethics", "from_version": 2}), revised, beside=THERE) == []


def test_a_skill_that_nobody_gives_is_a_warning() -> None:
    found = said(achievement("new", {"skills_at_least": 1, "among": ["S1", "S2"]}), beside=THERE)
    assert found == [("warning", "requirement/among/1", "no achievement assesses or teaches the skill S2 as yet")]


def test_what_is_retired_may_be_referred_to_with_a_warning() -> None:
    beside = replace(THERE, retired=frozenset({"ethics", "cs"}))
    leaves = [{"achievement": "ethics"}, {"achievement": "cs.bronze"}, {"stack": "cs", "level": "bronze"}]
    found = said(achievement("new", {"all": leaves}), beside=beside)
    assert [(severity, "is retired" in message) for severity, _, message in found] == [("warning", True)] * 3


def test_a_level_that_is_gone_warns_the_stack_and_whoever_asks_for_it() -> None:
    beside = THERE.with_(published(achievement("user", {"achievement": "cs.silver"})).definitions["user"])
    found = said(stack("cs", {"bronze": {"achievement": "ethics"}}), beside=beside)
    assert [(severity, place) for severity, place, _ in found] == [("warning", "levels")]
    assert "cs.silver is gone, but user asks for it" in found[0][2]
