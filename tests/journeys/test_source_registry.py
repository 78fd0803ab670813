"""Sources are registered by documents, over HTTP, on the real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import yaml

from services.assessment.sources.formats import FORMATS
from tests.journeys.sources_desk import SourcesDesk, document
from tests.platform.parts import Broker, DatabaseServer


@pytest_asyncio.fixture
async def desk(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[SourcesDesk]:
    async with SourcesDesk.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        yield opened


async def test_a_source_is_what_its_document_says_and_the_same_document_changes_nothing(desk: SourcesDesk) -> None:
    made = await desk.ask("PUT", "/sources/lms", document())
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    again = await desk.ask("PUT", "/sources/lms", document())
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')
    assert again.json() == made.json()
    changed = await desk.ask("PUT", "/sources/lms", document(name="Another name"))
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    read = await desk.ask("GET", "/sources/lms")
    assert read.json() == changed.json()
    assert read.json()["document"]["name"] == "Another name"
    assert read.json()["event_source"] == "urn:example:lms"
    put_back = await desk.ask("PUT", "/sources/lms", read.json()["document"])
    assert put_back.headers["etag"] == '"2"'
    first = await desk.sources.registry.revision("lms", 1)
    assert first is not None
    assert first.name == "Our learning system"


async def test_a_document_may_be_yaml(desk: SourcesDesk) -> None:
    written = document(activities=[{"matching": "course-(?P<id>[0-9]+)", "is": "urn:course:{id}", "passes_at": 0.7}])
    answer = await desk.ask("PUT", "/sources/lms", yaml.safe_dump(written), content_type="application/yaml")
    assert answer.status_code == 201, answer.text
    assert answer.json()["document"]["activities"][0]["passes_at"] == "0.7"
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n"
    refused = await desk.ask("PUT", "/sources/lms", bomb, content_type="application/yaml")
    assert refused.status_code == 400
    assert "line 2" in refused.json()["detail"]
    assert (await desk.ask("PUT", "/sources/lms", "a: [", content_type="application/yaml")).status_code == 400
    assert (await desk.ask("PUT", "/sources/lms", "<a/>", content_type="application/xml")).status_code == 415


async def test_each_mistake_in_a_document_is_told_with_its_place(desk: SourcesDesk) -> None:
    wrong = document(
        nmae="misspelt",
        may_publish=[],
        activities=[{"named": "a", "matching": "b", "is": "urn:course:a"}, {"matching": "(a+)+b", "is": "urn:course:b"}],
        learners=[{"matching": "(", "are": "ids"}],
        options={"strange": 1},
    )
    answer = await desk.ask("PUT", "/sources/lms", wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    places = {error["place"]: error["message"] for error in answer.json()["errors"]}
    assert set(places) == {
        "body.nmae",
        "body.may_publish",
        "body.activities[0]",
        "body.activities[1].matching",
        "body.learners[0].matching",
        "body.options.strange",
    }
    assert "may itself vary" in places["body.activities[1].matching"]
    elsewhere = await desk.ask("PUT", "/sources/other", document("lms"))
    assert elsewhere.json()["errors"] == [{"place": "body.source", "message": "The path names other"}]
    unknown = await desk.ask("PUT", "/sources/lms", document(format="fax"))
    assert "there are ags" in unknown.json()["errors"][0]["message"]
    assert (await desk.ask("PUT", "/sources/lms", document(format="reviews"))).status_code == 422
    assert (await desk.ask("PUT", "/sources/lms", [])).status_code == 422
    assert (await desk.ask("PUT", "/sources/lms", "{", content_type="application/json")).status_code == 400
    assert (await desk.ask("PUT", "/sources/a%20b", document("a b"))).status_code == 422
    assert (await desk.ask("GET", "/sources/lms")).status_code == 404


async def test_an_address_of_keys_that_may_not_be_fetched_is_refused_when_it_is_registered(desk: SourcesDesk) -> None:
    for address in ("http://127.0.0.1:8080/keys", "https://user:secret@keys.example.org/set", "http://169.254.169.254/keys"):
        options = {"signed_by": {"jwks_uri": address}, "root_accounts": ["a1"]}
        answer = await desk.ask("PUT", "/sources/lms", document(format="canvas", options=options))
        assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body.options.signed_by.jwks_uri")
    options = {"signed_by": "instructure", "root_accounts": ["a1"]}
    assert (await desk.ask("PUT", "/sources/lms", document(format="canvas", options=options))).status_code == 201


async def test_who_changed_a_source_in_the_meantime_is_not_overwritten(desk: SourcesDesk) -> None:
    await desk.register()
    tag = (await desk.ask("GET", "/sources/lms")).headers["etag"]
    await desk.ask("PUT", "/sources/lms", document(name="Quicker"))
    late = await desk.ask("PUT", "/sources/lms", document(name="Slower"), if_match=tag)
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')
    assert (await desk.ask("PUT", "/sources/lms", document(name="Slower"), if_match='"2"')).status_code == 200
    assert (await desk.ask("PUT", "/sources/lms", document(name="New"), if_none_match="*")).status_code == 412
    assert (await desk.ask("PUT", "/sources/other", document("other"), if_match="*")).status_code == 412
    assert (await desk.ask("PUT", "/sources/other", document("other"), if_match="three")).status_code == 400
    assert (await desk.ask("PUT", "/sources/other", document("other"), if_none_match="*")).status_code == 201


async def test_of_two_who_put_at_the_same_time_both_are_told_the_truth(desk: SourcesDesk) -> None:
    names = [f"Name {number}" for number in range(8)]
    made = await asyncio.gather(*(desk.ask("PUT", "/sources/lms", document(name=name)) for name in names))
    assert {answer.status_code for answer in made} <= {200, 201}
    revisions = {answer.json()["revision"]: answer.json()["document"]["name"] for answer in made}
    assert sorted(revisions) == list(range(1, 9))
    last = (await desk.ask("GET", "/sources/lms")).json()
    assert (last["revision"], last["document"]["name"]) == (8, revisions[8])
    conditional = await asyncio.gather(
        *(desk.ask("PUT", "/sources/lms", document(name=f"If {name}"), if_match='"8"') for name in names)
    )
    assert sorted(answer.status_code for answer in conditional) == [200] + [412] * 7


async def test_no_two_sources_speak_as_one_and_none_changes_who_it_speaks_as(desk: SourcesDesk) -> None:
    await desk.register()
    taken = await desk.ask("PUT", "/sources/other", document("other", speaks_as="urn:example:lms"))
    assert taken.status_code == 409
    assert taken.json()["errors"][0]["place"] == "body.speaks_as"
    assert (await desk.ask("PUT", "/sources/lms", document(speaks_as="urn:example:new"))).status_code == 409
    assert (await desk.ask("PUT", "/sources/lms", document(format="moodle", speaks_as="urn:example:lms"))).status_code == 409


async def test_sources_are_listed_in_pages_and_only_to_who_may_see_them(desk: SourcesDesk) -> None:
    for slug in ("c", "a", "b"):
        await desk.register(slug)
    first = (await desk.ask("GET", "/sources?limit=2")).json()
    assert [item["source"] for item in first["items"]] == ["a", "b"]
    rest = (await desk.ask("GET", f"/sources?limit=2&cursor={first['next']}")).json()
    assert ([item["source"] for item in rest["items"]], rest["next"]) == (["c"], None)
    assert (await desk.ask("GET", "/sources", scopes=())).status_code == 403
    assert (await desk.ask("PUT", "/sources/d", document("d"), scopes=("sources:read",))).status_code == 403
    assert (await desk.client.get("/sources")).status_code == 401


async def test_every_format_says_what_it_needs_and_has_a_schema_that_its_documents_keep(desk: SourcesDesk) -> None:
    formats = {each["format"]: each for each in (await desk.client.get("/source-formats")).raise_for_status().json()}
    assert set(formats) == {name for name, known in FORMATS.items() if known.registered}
    for name, shown in formats.items():
        schema = (await desk.client.get(f"/source-formats/{name}/schema")).raise_for_status().json()
        assert schema["properties"]["format"]["const"] == name
        assert json.dumps(shown["options"]).startswith("{")
    assert (await desk.client.get("/source-formats/fax/schema")).status_code == 404


async def test_a_trial_shows_what_would_be_published_and_writes_nothing(desk: SourcesDesk) -> None:
    await desk.register()
    said = {"specversion": "1.0", "id": "e1", "source": "urn:example:lms", "time": "2026-01-02T00:00:00Z"}
    good = said | {
        "type": "cairn.completion.reported.v1",
        "data": {"learner": "ada", "activity": "urn:course:1", "status": "passed"},
    }
    answer = await desk.ask("POST", "/sources/lms/trial", [good, good | {"source": "urn:example:other"}, 7])
    items = answer.raise_for_status().json()["items"]
    assert [item["outcome"] for item in items] == ["accepted", "refused", "refused"]
    assert items[0]["events"][0]["data"]["learner"] == "ada"
    assert "urn:example:lms" in items[1]["detail"]
    assert await desk.database["originals"].count_documents({}) == 0
    assert (await desk.ask("POST", "/sources/lms/trial", [])).status_code == 422
    assert (await desk.ask("POST", "/sources/nobody/trial", [good])).status_code == 404
