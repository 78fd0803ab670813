"""A record store's senders speak to `/xapi`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from services.assessment.sources.doors.signed_statements import USAGE
from tests.domain.sources.xapi.examples import COURSE, EARNED, LEARNER, open_edx, simple
from tests.journeys.sources_town import SourcesTown
from tests.platform.parts import Broker, DatabaseServer

RECORDS: dict[str, Any] = {
    "source": "records",
    "name": "The record store",
    "owner": "Learning technology",
    "format": "xapi",
    "may_publish": ["http://localhost:18000/*", "http://example.adlnet.gov/*"],
}
HOME = "account:http://localhost:18000"
FOLDED = pytest.mark.parametrize("records", [True], indirect=True, ids=["folded"])
ANA = LEARNER["account"]["name"]  # type: ignore[index]


class Records:
    """Speaks as the source `records`."""

    def __init__(self, town: SourcesTown, auth: tuple[str, str]) -> None:
        self.town = town
        self.auth = auth

    async def send(
        self, content: Any, *, method: str = "POST", version: str | None = "1.0.3", headers: Mapping[str, str] = {}, **query: str
    ) -> httpx.Response:
        sent = {"content-type": "application/json", **({"X-Experience-API-Version": version} if version else {}), **headers}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        request = self.town.client.build_request(method, "/xapi/statements", content=body, headers=sent, params=query)
        return await self.town.client.send(request, auth=httpx.BasicAuth(*self.auth))


@pytest_asyncio.fixture
async def records(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Records]:
    """`@FOLDED`: with the stream, which folds what is published into entries."""
    folded = getattr(request, "param", False)
    async with SourcesTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=folded) as town:
        _, id_, secret = await town.register(RECORDS)
        names = {(HOME, ANA): "ana", ("mbox", "user@example.com"): "ben"}
        await town.learners("records", names)
        yield Records(town, (id_, secret))


def fresh(statement: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    return {**statement, "id": str(uuid4()), **changed}


@FOLDED
async def test_completion_and_score_that_come_apart_are_joined(records: Records) -> None:
    score = {"scaled": 0.95, "raw": 0.95, "min": 0.0, "max": 1.0}
    earned = fresh(open_edx(EARNED, timestamp="2020-07-15T06:36:02Z"), result={"score": score})
    passed = open_edx("passed")
    answer = await records.send([passed, earned])
    assert (answer.status_code, answer.json()) == (200, [passed["id"], earned["id"]])
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    first, second = await records.town.entries("ana", 2)
    assert (first["data"]["status"], second["data"]["status"]) == ("passed", "scored")
    assert {(one["data"]["activity"], one["data"]["attempt"]) for one in (first, second)} == {(COURSE, 1)}
    assert (second["data"]["score"]["scaled"], first["source"]) == ("0.95", "urn:cairn:source:records")


async def test_a_voided_statement_is_taken_back(records: Records) -> None:
    passed = open_edx("passed")
    voiding = fresh(simple("voided", object={"objectType": "StatementRef", "id": passed["id"]}, timestamp="2020-07-16T00:00:00Z"))
    assert (await records.send(passed)).status_code == 200
    assert (await records.send(voiding)).status_code == 200
    reported, retracted = await records.town.published()
    assert (reported["type"], retracted["type"]) == ("cairn.completion.reported.v1", "cairn.completion.retracted.v1")
    assert retracted["data"] == {"learner": "ana", "retracts": passed["id"]}


async def test_the_same_again_changes_nothing_and_another_under_its_id_is_a_conflict(records: Records) -> None:
    passed = open_edx("passed")
    assert (await records.send(passed)).status_code == 200
    through_another_store = passed | {"stored": "2026-01-01T00:00:00Z", "authority": {"mbox": "mailto:lrs@example.com"}}
    assert (await records.send(through_another_store)).json() == [passed["id"]]
    assert (await records.send(passed, method="PUT", statementId=passed["id"])).status_code == 204
    other = await records.send(passed | {"verb": {"id": "http://adlnet.gov/expapi/verbs/failed"}})
    assert other.status_code == 409
    assert "another" not in other.json()["detail"]
    assert len(await records.town.published()) == 1
    assert await records.town.counts("records") == {Kind.ACCEPTED: 1, Kind.DUPLICATED: 2, Kind.REFUSED: 1}


async def test_what_comes_without_a_time_is_the_same_when_it_comes_again(records: Records) -> None:
    timeless = fresh(simple(timestamp=None))
    assert (await records.send(timeless)).status_code == 200
    assert (await records.send(timeless)).status_code == 200
    assert await records.town.counts("records") == {Kind.ACCEPTED: 1, Kind.DUPLICATED: 1}


async def test_ids_are_made_where_they_are_missing_and_are_the_same_for_the_same(records: Records) -> None:
    nameless = simple(id=None)
    (made,) = (await records.send(nameless)).json()
    assert (await records.send([nameless])).json() == [made]
    (at_another_time,) = (await records.send(nameless | {"timestamp": "2015-11-19T00:00:00Z"})).json()
    assert at_another_time != made
    assert len(await records.town.published()) == 2


async def test_of_a_batch_with_a_bad_statement_nothing_is_taken_and_the_answer_tells_which(records: Records) -> None:
    good, bad = fresh(open_edx("passed")), fresh(simple(), result={"score": {"scaled": 95}})
    answer = await records.send([good, bad])
    assert answer.status_code == 400
    problem = answer.json()
    assert "1 of 2 statements are refused, and none of the batch is taken" in problem["detail"]
    first, second = problem["items"]
    assert (first["id"], second["id"], second["place"]) == (good["id"], bad["id"], "result.score.scaled")
    assert "is not taken" in first["detail"]
    assert "between -1 and 1" in second["detail"]
    assert await records.town.published() == []
    assert await records.town.counts("records") == {Kind.REFUSED: 2}
    assert (await records.send([good])).status_code == 200


async def test_whoever_prefers_so_has_the_good_half_taken(records: Records) -> None:
    good, bad = fresh(open_edx("passed")), fresh(simple(verb={"id": "passed"}))
    answer = await records.send([good, bad], headers={"prefer": "handling=lenient"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (400, "handling=lenient")
    assert [item["status"] for item in answer.json()["items"]] == ["accepted", "refused"]
    assert "the other 1 are taken" in answer.json()["detail"]
    assert len(await records.town.published()) == 1


async def test_a_store_that_sends_batches_for_ever_may_be_registered_to_have_the_good_half_taken(records: Records) -> None:
    await records.town.register(RECORDS | {"options": {"batches": "each"}}, None)
    team = {"objectType": "Group", "mbox": "mailto:team@example.com"}
    answer = await records.send([fresh(simple(actor=team)), fresh(open_edx("passed")), fresh(simple("answered"))])
    assert [item["status"] for item in answer.json()["items"]] == ["refused", "accepted", "ignored"]


async def test_an_activity_that_is_not_the_sources_to_speak_of_is_forbidden(records: Records) -> None:
    answer = await records.send(fresh(simple(object={"id": "http://elsewhere.example/course"})))
    assert answer.status_code == 403
    assert "may not speak of" in answer.json()["detail"]


async def test_an_id_used_twice_in_a_batch_is_refused_unless_it_is_the_same_statement_in_version_1(records: Records) -> None:
    passed = open_edx("passed")
    assert (await records.send([passed, passed], version="2.0.0")).status_code == 400
    assert (await records.send([passed, passed | {"timestamp": "2020-07-16T00:00:00Z"}])).status_code == 400
    assert await records.town.published() == []
    assert (await records.send([passed, passed])).status_code == 200
    assert len(await records.town.published()) == 1


async def test_every_answer_says_its_version_and_every_request_must(records: Records) -> None:
    for version in (None, "0.95", "1.1.0", "2.1", "soon"):
        answer = await records.send(open_edx("passed"), version=version)
        assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (400, "2.0.0")
        assert "X-Experience-API-Version" in answer.json()["detail"]
    for version, latest in (("1.0", "1.0.3"), ("1.0.1", "1.0.3"), ("2.0.0", "2.0.0")):
        answer = await records.send(open_edx("passed", version=latest), version=version)
        assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (200, latest)
    assert (await records.send(open_edx("passed", version="2.0.0"))).status_code == 400
    wrong_key = Records(records.town, (records.auth[0], "wrong"))
    answer = await wrong_key.send(open_edx("passed"))
    assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (401, "1.0.3")


async def test_requests_that_are_no_statements_say_what_would_be_right(records: Records) -> None:
    statement = open_edx("passed")
    form = {"headers": {"content-type": "application/x-www-form-urlencoded"}}
    requests: list[tuple[Any, dict[str, Any], str]] = [
        (statement, form, "application/json"),
        (b"{", {}, ""),
        (statement, {"statementid": statement["id"]}, "parameter"),
        (statement, {"method": "PUT"}, "statementId"),
        ([statement], {"method": "PUT", "statementId": statement["id"]}, "one statement"),
        (statement, {"method": "PUT", "statementId": str(uuid4())}, "not the statementId"),
    ]
    for content, more, says in requests:
        answer = await records.send(content, **more)
        assert answer.status_code == 400
        assert says in answer.json()["detail"]
    read = await records.town.client.get("/xapi/statements")
    assert (read.status_code, read.headers["allow"]) == (405, "POST, PUT")
    assert (await records.town.client.put("/xapi/activities/state")).status_code == 404


async def test_about_is_for_everybody(records: Records) -> None:
    answer = await records.town.client.get("/xapi/about")
    assert answer.json() == {"version": ["1.0.0", "1.0.3", "2.0.0"]}
    assert answer.headers["X-Experience-API-Version"] == "2.0.0"


async def test_attachments_come_with_their_statements_and_are_what_they_are_said_to_be(records: Records) -> None:
    data = b"here is a simple attachment"
    sha2 = hashlib.sha256(data).hexdigest()
    attachment = {"usageType": "http://example.com/test", "display": {"en-US": "A test"}, "contentType": "text/plain"}
    statement = fresh(open_edx("passed"), attachments=[attachment | {"length": len(data), "sha2": sha2}])

    def mixed(*parts: tuple[str, bytes], end: bytes = b"--") -> bytes:
        between = b"--abcABC0123'()+_,-./:=?"
        said = b"".join(between + b"\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in parts)
        return b"\r\n" + said + between + end + b"\r\n"

    first = ("Content-Type:application/json", json.dumps(statement).encode())
    head = f"Content-Type:text/plain\r\nContent-Transfer-Encoding:binary\r\nX-Experience-API-Hash:{sha2}"
    kind = {"content-type": 'multipart/mixed; boundary="abcABC0123\'()+_,-./:=?"'}
    for wrong in (
        mixed(first),
        mixed(first, (head, b"something else")),
        mixed(first, ("Content-Type:text/plain", data)),
        mixed(first, (head, data), (head.replace(sha2, hashlib.sha256(b"more").hexdigest()), b"more")),
        mixed((head, data), first),
        mixed(first, (head, data), end=b""),
        b"nothing of the sort",
    ):
        assert (await records.send(wrong, headers=kind)).status_code == 400
    assert "multipart/mixed" in (await records.send(statement)).json()["detail"]
    unsigned = {**statement, "attachments": [{**statement["attachments"][0], "usageType": USAGE}]}
    malformed = await records.send(mixed((first[0], json.dumps(unsigned).encode()), (head, data)), headers=kind)
    assert (malformed.status_code, malformed.json()["errors"][0]["place"]) == (400, "attachments[0]")
    assert (await records.send(mixed(first, (head, data)), headers=kind)).json() == [statement["id"]]
