"""What authors and strangers do with the catalog over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import pytest_asyncio

from tests.journeys.catalog_instance import Surroundings, achievement, stack, surroundings
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def around(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> Surroundings:
    return await surroundings(kafka.bootstrap, mongodb.uri, database_name, prefix, tmp_path)


@pytest_asyncio.fixture
async def catalog(around: Surroundings) -> AsyncIterator[httpx.AsyncClient]:
    async with around.catalog() as client:
        yield client


async def done(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_an_author_drafts_validates_publishes_revises_and_retires(catalog: httpx.AsyncClient) -> None:
    unfinished = achievement("ethics", requirement={"any": [{"achievement": "nowhere"}]})
    draft = await done(await catalog.put("/drafts/achievements/ethics", json=unfinished), 201)
    assert [finding["place"] for finding in draft["findings"]] == ["requirement/any/0/achievement"]
    refused = await done(await catalog.post("/drafts/achievements/ethics/publish"), 422)
    assert refused["findings"][0]["message"] == "there is no achievement nowhere"

    await done(await catalog.put("/drafts/achievements/ethics", json=achievement("ethics")))
    validation = await done(await catalog.post("/drafts/achievements/ethics/validate"))
    assert validation["publishable"]
    assert validation["requirements"] == [{"achievement": "ethics", "level": None, "sentence": "Pass lms:ethics."}]
    published = await done(await catalog.post("/drafts/achievements/ethics/publish"), 201)
    assert (published["action"], published["version"]) == ("new", 1)
    await done(await catalog.get("/drafts/achievements/ethics"), 404)

    revision = await done(await catalog.post("/achievements/ethics/revise"), 201)
    await done(await catalog.post("/achievements/ethics/revise"), 409)
    changed = revision["document"] | {"requirement": {"activity": "lms:ethics", "score_at_least": 0.7}}
    await done(await catalog.put("/drafts/achievements/ethics", json=changed))
    window = {"effective_from": "2100-01-01", "teach_out_of_previous": "2100-06-01"}
    again = await done(await catalog.post("/drafts/achievements/ethics/publish", json=window), 201)
    assert (again["action"], again["version"]) == ("changed", 2)
    old, new = await done(await catalog.get("/achievements/ethics/versions"))
    assert (old["teach_out_ends"], old["counts_now"]) == ("2100-06-01T00:00:00Z", True)
    assert (new["effective_from"], new["counts_now"]) == ("2100-01-01T00:00:00Z", False)

    retired = await done(await catalog.post("/achievements/ethics/retire", json={"teach_out_ends": "2099-01-01"}))
    assert [(version["retired"], version["teach_out_ends"]) for version in retired] == [(True, "2099-01-01T00:00:00Z")] * 2
    await done(await catalog.post("/achievements/ethics/revise"), 409)


async def test_a_draft_that_has_changed_in_the_meantime_is_not_overwritten(catalog: httpx.AsyncClient) -> None:
    created = await catalog.put("/drafts/stacks/cs", json=stack("cs", {"achievement": "a"}))
    seen = {"if-match": created.headers["etag"]}
    await done(await catalog.put("/drafts/stacks/cs", json=stack("cs", {"achievement": "b"}), headers=seen))

    await done(await catalog.put("/drafts/stacks/cs", json=stack("cs", {"achievement": "c"}), headers=seen), 412)
    await done(await catalog.delete("/drafts/stacks/cs", headers=seen), 412)

    draft = await done(await catalog.get("/drafts/stacks/cs"))
    assert (draft["revision"], draft["document"]["levels"][0]["requirement"]) == (2, {"achievement": "b"})
    await done(await catalog.delete("/drafts/stacks/cs"), 204)


async def test_publishing_a_draft_that_says_nothing_new_makes_no_version(catalog: httpx.AsyncClient) -> None:
    await done(await catalog.post("/apply", json={"documents": [achievement("ethics")]}))
    await done(await catalog.put("/drafts/achievements/ethics", json=achievement("ethics")), 201)

    published = await done(await catalog.post("/drafts/achievements/ethics/publish"))

    assert (published["action"], published["version"]) == ("unchanged", 1)
    await done(await catalog.get("/drafts/achievements/ethics"), 404)


async def test_a_draft_is_kept_under_its_own_name_only(catalog: httpx.AsyncClient) -> None:
    draft = await done(await catalog.put("/drafts/achievements/law", json=achievement("ethics")), 201)
    assert draft["findings"][0]["message"].startswith("the document must say achievement: law")
    await done(await catalog.post("/drafts/achievements/law/publish"), 422)


async def test_strangers_read_what_is_published_and_see_it_read_aloud(catalog: httpx.AsyncClient) -> None:
    documents = [
        achievement("ethics", name="Data Ethics", tags=["data"], skills=[{"code": "S1", "name": "Weighing"}]),
        achievement("law", issuer={"id": "south", "name": "South"}),
        stack("data", {"achievement": "ethics"}, {"all": [{"achievement": "ethics"}, {"achievement": "law"}]}, tags=["data"]),
    ]
    await done(await catalog.post("/apply", json={"documents": documents}))
    del catalog.headers["authorization"]

    async def listed(**asked: str) -> list[str]:
        return [each["id"] for each in (await done(await catalog.get("/definitions", params=asked)))["items"]]

    assert await listed() == ["data", "ethics", "law"]
    assert await listed(tag="data") == ["data", "ethics"]
    assert await listed(tag="data", kind="stack") == ["data"]
    assert await listed(issuer="south") == ["law"]
    assert await listed(skill="S1") == ["ethics"]
    page = await done(await catalog.get("/definitions", params={"limit": 2}))
    assert await listed(cursor=page["next"]) == ["law"]

    found = await done(await catalog.get("/stacks/data"))
    assert [each["sentence"] for each in found["requirements"]] == ["Hold Data Ethics.", "Hold both Data Ethics and Law."]
    level = await done(await catalog.get("/achievements/data.silver"))
    assert (level["version"], level["definition"]["name"]) == (1, "Data: Silver")
    assert (await done(await catalog.get("/achievements/law/versions/1")))["definition"] == documents[1]
    for missing in ("/achievements/data", "/stacks/ethics", "/achievements/data.gold", "/stacks/data/versions/2"):
        await done(await catalog.get(missing), 404)


async def test_editors_get_schemas_that_accept_what_is_published(catalog: httpx.AsyncClient) -> None:
    for kind, document in (("achievement", achievement("ethics")), ("stack", stack("data", {"achievement": "ethics"}))):
        schema = await done(await catalog.get(f"/schemas/{kind}.json"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(document, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document | {"nmae": "x"}, schema)


async def test_all_or_nothing_is_published(catalog: httpx.AsyncClient) -> None:
    documents = [achievement("ethics"), stack("data", {"achievement": "ethic"}), {"achievement": "law"}, achievement("ethics")]
    unreadable = await done(await catalog.post("/apply", json={"documents": documents}), 422)
    assert [(each["index"], each["id"]) for each in unreadable["documents"]] == [(2, "law"), (3, "ethics")]
    assert "twice, here and in the 1st" in unreadable["documents"][1]["findings"][0]["message"]

    refused = await done(await catalog.post("/apply", json={"documents": documents[:2]}), 422)
    assert [each["action"] for each in refused["documents"]] == ["new", "refused"]
    assert (await done(await catalog.get("/definitions")))["items"] == []


async def test_a_dry_run_publishes_nothing(catalog: httpx.AsyncClient) -> None:
    answer = await done(await catalog.post("/apply", json={"documents": [achievement("ethics")], "dry_run": True}))
    assert (answer["published"], answer["documents"][0]["action"]) == (False, "new")
    assert (await done(await catalog.get("/definitions")))["items"] == []


async def test_writing_takes_the_scope_and_reading_drafts_one_of_two(around: Surroundings, catalog: httpx.AsyncClient) -> None:
    writes = [
        ("PUT", "/drafts/achievements/ethics"),
        ("POST", "/apply"),
        ("POST", "/validate"),
        ("POST", "/achievements/ethics/retire"),
    ]
    for method, path in writes:
        body = {"documents": [achievement("ethics")]} if path == "/apply" else achievement("ethics")
        for token, status in ((around.token("catalog:read"), 403), ({"authorization": "Bearer x"}, 401)):
            answer = await catalog.request(method, path, json=body, headers=token)
            assert answer.status_code == status, (method, path, answer.text)
    assert (await catalog.get("/drafts", headers=around.token("catalog:read"))).status_code == 200
    assert (await catalog.get("/drafts", headers=around.token("awards:read"))).status_code == 403


async def test_hostile_requests_are_answered_with_problems(catalog: httpx.AsyncClient) -> None:
    deep: Any = {"activity": "a", "passed": True}
    for _ in range(400):
        deep = {"all": [deep]}
    answers = [
        await catalog.put("/drafts/achievements/a%20b", json={}),
        await catalog.put("/drafts/achievements/a", content=b"[" * 100_000, headers={"content-type": "application/json"}),
        *[
            await catalog.request(method, path, content=body, headers={"content-type": "application/json"})
            for half in (b'{"achievement":"a","name":"\\ud800"}', b'{"achievement":"a","\\ud800":%d}' % 2**70)
            for method, path, body in (
                ("PUT", "/drafts/achievements/a", half),
                ("POST", "/validate", half),
                ("POST", "/apply", b'{"documents":[%s]}' % half),
            )
        ],
        await catalog.post("/apply", json={"documents": []}),
        await catalog.post("/apply", json={"documents": [achievement("a", requirement=deep)]}),
        await catalog.post("/apply", json={"documents": ["x", None, 5, [], {}]}),
        await catalog.get("/definitions", params={"cursor": "nonsense"}),
        await catalog.get("/achievements/" + "a" * 10_000),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
