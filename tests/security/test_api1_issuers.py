"""API1:2023 among authors: who writes for one issuer writes nothing of another's, by no way that there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.security.school import School, exam, stack

pytestmark = pytest.mark.asyncio(loop_scope="package")

NORTH, SOUTH = "catalog:write:north", "catalog:write:south"

BY_SOUTH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/drafts/achievements/splices", {}),
    ("PUT", "/drafts/achievements/splices", {"json": exam("splices", "south")}),
    ("PUT", "/drafts/achievements/knots", {"json": exam("knots", "south")}),
    ("PUT", "/drafts/achievements/fresh", {"json": exam("fresh", "north")}),
    ("PUT", "/drafts/achievements/fresh", {"json": {"achievement": "fresh"}}),
    ("PUT", "/drafts/achievements/fresh", {"json": exam("fresh", "south") | {"issuer": {"id": {"$ne": ""}}}}),
    ("DELETE", "/drafts/achievements/splices", {}),
    ("POST", "/drafts/achievements/splices/validate", {}),
    ("POST", "/drafts/achievements/splices/publish", {}),
    ("POST", "/achievements/knots/revise", {}),
    ("POST", "/achievements/knots/retire", {}),
    ("POST", "/stacks/ropes/retire", {}),
    ("POST", "/achievements/knots/versions/1/endorsements", {"json": {}}),
    ("POST", "/achievements/ropes.bronze/versions/1/endorsements", {"json": {}}),
    ("POST", "/apply", {"json": {"documents": [exam("fresh", "north")]}}),
    ("POST", "/apply", {"json": {"documents": [exam("knots", "south")]}}),
    ("POST", "/apply", {"json": {"documents": [exam("mine", "south"), stack("ropes", "south", "sails")]}}),
    ("POST", "/apply", {"json": {"documents": [exam("knots", "south")], "dry_run": True}}),
)


@pytest.mark.parametrize(("method", "path", "request_"), BY_SOUTH, ids=[f"{n} {m} {p}" for n, (m, p, _) in enumerate(BY_SOUTH)])
async def test_an_author_of_one_issuer_writes_nothing_of_another(
    school: School, method: str, path: str, request_: dict[str, Any]
) -> None:
    before = await school.must("catalog", "GET", "/achievements/knots/versions", token="")
    answer = await school.ask("catalog", method, path, SOUTH, **request_)
    assert answer.status_code in (403, 404), answer.text
    assert await school.must("catalog", "GET", "/achievements/knots/versions", token="") == before
    assert (await school.ask("catalog", "GET", "/achievements/mine", token="")).status_code == 404


async def test_an_author_writes_what_is_of_their_own_issuer(school: School) -> None:
    path = "/drafts/achievements/masts"
    await school.must("catalog", "PUT", path, SOUTH, json=exam("masts", "south"))
    assert (await school.must("catalog", "POST", f"{path}/validate", SOUTH))["publishable"]
    await school.must("catalog", "POST", f"{path}/publish", SOUTH)
    await school.must("catalog", "POST", "/achievements/masts/revise", SOUTH)
    await school.must("catalog", "DELETE", path, SOUTH)
    await school.must("catalog", "POST", "/apply", SOUTH, json={"documents": [exam("masts", "south") | {"name": "Masts!"}]})
    await school.must("catalog", "POST", "/achievements/masts/retire", SOUTH)


async def test_drafts_are_shown_to_their_issuer_s_authors_and_to_those_who_write_or_read_for_all(school: School) -> None:
    async def shown(scope: str) -> set[str]:
        found = (await school.must("catalog", "GET", "/drafts", scope))["items"]
        return {draft["id"] for draft in found} & {"splices", "rigging"}

    assert (await shown(NORTH), await shown(SOUTH)) == ({"splices"}, {"rigging"})
    assert await shown("catalog:read") == await shown("catalog:write") == {"splices", "rigging"}


@pytest.mark.parametrize(
    "scope", ["catalog:write:", "catalog:write:*", "catalog:write:NORTH", "catalog:write:north:", "catalog:writenorth"]
)
async def test_a_scope_for_no_issuer_writes_nothing(school: School, scope: str) -> None:
    for request_ in ({"documents": [exam("fresh", "north")]}, {"documents": [exam("fresh", "")]}):
        answer = await school.ask("catalog", "POST", "/apply", scope, json=request_)
        assert answer.status_code in (403, 422), answer.text
    assert (await school.ask("catalog", "GET", "/achievements/fresh", token="")).status_code == 404
