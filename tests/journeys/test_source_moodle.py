"""Moodle's webhook plugins send to a source's door."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from time import time
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from services.assessment.sources.claims import Kind
from tests.domain.sources.moodle.fixtures import (
    LEARNER,
    by_local_webhooks,
    course_completed,
    event,
    module_completion,
    user_graded,
)
from tests.journeys.sources_town import SourcesTown
from tests.journeys.sources_webhooks import Sender, open_town, statuses
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = {("moodle:user", str(LEARNER)): "ada"}
ACTIVITIES = [{"matching": r"moodle:(?P<what>[a-z]+):(?P<id>\d+)", "is": "urn:ours:{what}:{id}"}]
FORM = "application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SourcesTown]:
    async with open_town(kafka, mongodb, tmp_path_factory.mktemp("moodle"), stream=True) as opened:
        yield opened


async def test_a_course_a_module_and_a_grade_are_entries_of_the_learner(town: SourcesTown) -> None:
    options = {"maxima": [{"of": "moodle:grade:*", "points": 100}]}
    moodle = await Sender.of(town, "moodle", learners=KNOWN, activities=ACTIVITIES, options=options)
    sent = [course_completed(), module_completion(2), user_graded("85.00000"), event("course_viewed")]
    answer = await moodle.send(sent)
    assert (answer.status_code, statuses(answer)) == (202, ["accepted", "accepted", "accepted", "ignored"])
    entries = await town.entries("ada", 3)
    assert {(one["data"]["activity"], one["data"]["status"]) for one in entries} == {
        ("urn:ours:course:9", "completed"),
        ("urn:ours:module:33", "passed"),
        ("urn:ours:grade:12", "scored"),
    }
    assert {one["time"] for one in entries} == {"2024-11-23T16:23:20Z"}


@pytest.mark.parametrize("kind", ["application/json", FORM])
async def test_a_plugin_that_can_set_no_header_has_its_key_in_the_event(town: SourcesTown, kind: str) -> None:
    moodle = await Sender.of(town, "moodle", learners=KNOWN, activities=ACTIVITIES)
    sent = by_local_webhooks(course_completed(), token=":".join(moodle.key))
    answer = await moodle.post(sent, kind=kind)
    assert statuses(answer) == ["accepted"]
    (item,) = answer.json()["items"]
    original = await town.ask("GET", f"/sources/{moodle.slug}/originals/{item['id']}", "originals:read", reason="a look")
    assert original.status_code == 200
    assert moodle.key[1] not in original.text
    assert (await moodle.post({**sent, "token": f"{moodle.key[0]}:{'x' * 43}"}, kind=kind)).status_code == 401
    assert (await moodle.post({**sent, "token": ""}, kind=kind)).status_code == 401


async def test_a_form_as_php_builds_it_is_taken(town: SourcesTown) -> None:
    moodle = await Sender.of(town, "moodle", learners=KNOWN, activities=ACTIVITIES)
    sent = {name: str(value) for name, value in module_completion().items() if name != "other"}
    form = urlencode({**sent, "other[completionstate]": "1"}).encode()
    assert statuses(await moodle.send(form, kind=FORM)) == ["accepted"]
    assert statuses(await moodle.send(module_completion(1))) == ["duplicated"]


async def test_a_webhooks_signature_opens_the_door(town: SourcesTown) -> None:
    moodle = await Sender.of(town, "moodle", "webhook", learners=KNOWN, activities=ACTIVITIES)
    assert (await moodle.send_signed(course_completed(), secret="whsec_" + "QUJD" * 8)).status_code == 401
    assert statuses(await moodle.send_signed(course_completed())) == ["accepted"]


async def test_a_batch_half_good_is_half_applied_and_says_which_half(town: SourcesTown) -> None:
    moodle = await Sender.of(town, "moodle", learners=KNOWN, activities=ACTIVITIES)
    late = course_completed(timecreated=int(time()) + 86_400)
    answer = await moodle.send([course_completed(), late, module_completion(9), user_graded(relateduserid=None)])
    assert answer.status_code == 202
    assert statuses(answer) == ["accepted", "refused", "refused", "refused"]
    places = [item.get("place") for item in answer.json()["items"]]
    assert places == [None, "time", "other.completionstate", "relateduserid"]
    assert len(await moodle.published()) == 1
    assert await moodle.counts() == {Kind.ACCEPTED: 1, Kind.REFUSED: 3}


async def test_an_unknown_learner_is_held_and_applied_when_known(town: SourcesTown) -> None:
    moodle = await Sender.of(town, "moodle", learners={}, activities=ACTIVITIES)
    assert statuses(await moodle.send(course_completed())) == ["held"]
    await town.learners(moodle.slug, KNOWN)
    await town.sources.upkeep.look_again()
    (applied,) = await moodle.published()
    assert applied["learner"] == "ada"
    assert await moodle.counts() == {Kind.ACCEPTED: 1}


async def test_what_is_no_event_is_told_so(town: SourcesTown) -> None:
    moodle = await Sender.of(town, "moodle", learners=KNOWN, activities=ACTIVITIES)
    assert (await moodle.send(b"{")).status_code == 400
    assert (await moodle.send(b"nothing", kind=FORM)).status_code == 400
    assert (await moodle.send(course_completed(), kind="text/plain")).status_code == 415
    assert (await moodle.post(b"{")).status_code == 401
    assert (await moodle.send(json.dumps([]).encode())).json() == {"items": []}
