"""Sensors send envelopes to a source's door."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from joserfc import jws
from joserfc.jwk import RSAKey

from services.assessment.sources.claims import Kind
from tests.domain.sources.caliper.fixtures import ATTEMPT, LEARNER, QUIZ, V1P2, attempt, graded, score, submitted
from tests.journeys.sources_town import SourcesTown
from tests.journeys.sources_webhooks import Sender, open_town, statuses
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACTIVITIES = [{"matching": r"https://example\.edu/(?P<what>[^?]+)", "is": "urn:ours:{what}"}]
KNOWN = {("caliper:person", LEARNER): "ada"}
OURS = f"urn:ours:{QUIZ.removeprefix('https://example.edu/')}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SourcesTown]:
    async with open_town(kafka, mongodb, tmp_path_factory.mktemp("caliper")) as opened:
        yield opened


def envelope(*data: Any, version: str = V1P2) -> dict[str, Any]:
    return {
        "sensor": "https://example.edu/sensors/1",
        "sendTime": "2016-11-15T11:05:01.000Z",
        "dataVersion": version,
        "data": data,
    }


def fresh(event: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**event, "id": f"urn:uuid:{uuid4()}", **changed}


async def test_a_learners_submission_and_grade_are_completions_of_theirs(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    viewed = fresh(submitted(), type="ViewEvent", action="Viewed")
    answer = await sensor.send(envelope(fresh(submitted()), fresh(graded()), viewed, {"id": LEARNER, "type": "Person"}))
    assert answer.status_code == 202
    assert statuses(answer) == ["accepted", "accepted", "ignored", "ignored"]
    first, second = await sensor.published()
    assert {(one["learner"], one["data"]["activity"]) for one in (first, second)} == {("ada", OURS)}
    assert (first["data"]["status"], second["data"]["status"]) == ("completed", "scored")
    assert (second["data"]["score"]["raw"], second["data"]["score"]["max"]) == ("10", "15")
    assert second["time"].startswith("2016-11-15T10:57:06")
    assert await sensor.counts() == {Kind.ACCEPTED: 2, Kind.IGNORED: 2}


async def test_an_envelope_half_good_is_half_applied_and_says_which_half(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    wrong, stranger = fresh(graded(), object="urn:uuid:1"), attempt(assignee="https://example.edu/users/1")
    answer = await sensor.send(envelope(fresh(graded()), wrong, fresh(graded(), object=stranger), "nothing"))
    assert answer.status_code == 202
    good, refused, held, nothing = answer.json()["items"]
    assert (good["status"], held["status"]) == ("accepted", "held")
    assert (refused["status"], refused["id"], refused["place"]) == ("refused", wrong["id"], "object")
    assert nothing["code"] == 400
    assert len(await sensor.published()) == 1
    assert await sensor.counts() == {Kind.ACCEPTED: 1, Kind.HELD: 1, Kind.REFUSED: 2}


async def test_an_envelope_that_is_sent_again_is_a_repetition(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    sent = envelope(fresh(submitted()), fresh(graded()))
    assert statuses(await sensor.send(sent)) == ["accepted", "accepted"]
    assert statuses(await sensor.send(sent)) == ["duplicated", "duplicated"]
    assert len(await sensor.published()) == 2


async def test_what_is_wrong_with_all_of_an_envelope_is_a_problem(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    late = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for event, status in ((fresh(graded(), eventTime=late), 422), (fresh(graded(), object=attempt(count=-1)), 422)):
        answer = await sensor.send(envelope(event))
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["items"][0]["id"] == event["id"]
    old = await sensor.send(envelope(version="http://purl.imsglobal.org/ctx/caliper/v1/Context"))
    assert (old.status_code, "1.1 and 1.2" in old.json()["detail"]) == (422, True)
    assert (await sensor.send([graded()])).status_code == 400
    assert (await sensor.send(b"{")).status_code == 400
    assert (await sensor.send(envelope(), kind="text/csv")).status_code == 415
    assert await sensor.published() == []


@pytest.mark.parametrize("form", ["{id}:{secret}", "{id}.{secret}", "Bearer {id}:{secret}", "bearer {id}.{secret}"])
async def test_a_sensors_key_may_stand_alone_in_authorization(town: SourcesTown, form: str) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    id_, secret = sensor.key
    answer = await sensor.post(envelope(fresh(graded())), {"authorization": form.format(id=id_, secret=secret)})
    assert statuses(answer) == ["accepted"]
    guessed = await sensor.post(envelope(fresh(graded())), {"authorization": form.format(id=id_, secret="x" * 43)})
    assert guessed.status_code == 401


async def test_an_access_token_opens_the_door_with_bearer_and_alone(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    basic = b64encode(":".join(sensor.key).encode()).decode()
    form = {"grant_type": "client_credentials"}
    given = await town.client.post("/oauth/token", data=form, headers={"authorization": f"Basic {basic}"})
    token = given.json()["access_token"]
    for said in (f"Bearer {token}", token):
        assert statuses(await sensor.post(envelope(fresh(graded())), {"authorization": said})) == ["accepted"]


async def test_an_envelope_in_a_token_is_taken_by_the_sources_key_and_by_no_signature(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    sent = jws.serialize_compact({"alg": "RS256"}, json.dumps(envelope(fresh(graded()))), RSAKey.generate_key(2048)).encode()
    assert (await canvas.post(sent, kind="application/jwt")).status_code == 401
    assert statuses(await canvas.send(sent, kind="application/jwt")) == ["accepted"]
    assert (await canvas.send(b"e30.e30.AA", kind="application/jwt")).status_code == 400


async def test_whoever_shows_no_key_or_anothers_is_not_let_in(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    other = await Sender.of(town, "caliper", learners={})
    moodle = await Sender.of(town, "moodle", learners={})
    assert (await sensor.post(envelope(graded()))).status_code == 401
    assert (await Sender(town, sensor.slug, "caliper", other.key).send(envelope(graded()))).status_code == 403
    assert (await Sender(town, moodle.slug, "caliper", moodle.key).send(envelope(graded()))).status_code == 403
    assert (await Sender(town, "nobody", "caliper", sensor.key).send(envelope(graded()))).status_code == 404
    assert await sensor.published() == []


async def test_an_attempt_that_is_only_named_is_known_by_the_submission_in_the_same_envelope(town: SourcesTown) -> None:
    sensor = await Sender.of(town, "caliper", learners=KNOWN, activities=ACTIVITIES)
    answer = await sensor.send(envelope(fresh(submitted()), fresh(graded(), object=ATTEMPT, generated=score(7))))
    assert statuses(answer) == ["accepted", "accepted"]
    assert [one["data"]["activity"] for one in await sensor.published()] == [OURS, OURS]
