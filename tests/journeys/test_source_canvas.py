"""Canvas delivers live events to a source's door, signed or with a key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from services.assessment.sources.claims import Kind
from tests.domain.sources.caliper.fixtures import canvas_grade
from tests.domain.sources.canvas.fixtures import ACCOUNT, course_completed, course_grade_change, grade_change
from tests.journeys.key_server import KeyServer
from tests.journeys.sources_town import SourcesTown
from tests.journeys.sources_webhooks import Sender, open_town, statuses
from tests.platform.parts import Broker, DatabaseServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN = {("canvas:user", "48"): "ada", ("canvas:user", "123"): "ada", ("canvas:user", "2"): "ada"}
ACTIVITIES = [
    {"matching": r"canvas:assignment:(?P<id>\d+)", "is": "urn:ours:assignment:{id}", "passes_at": "0.5"},
    {"named": "canvas:course:565", "is": "urn:ours:cs1"},
]
PAIR, ANOTHER = (RSAKey.generate_key(2048, auto_kid=True) for _ in range(2))


def public(*keys: RSAKey) -> dict[str, Any]:
    return dict(KeySet(list(keys)).as_dict(private=False))


def signed(event: Any, key: RSAKey = PAIR, kid: str | None = None, **claims: Any) -> bytes:
    header = {"alg": "RS256", "typ": "JWT", "kid": kid or key.kid}
    said = {"iss": "https://live-events.canvas.instructure.com", "iat": int(time()), **event, **claims}
    return jws.serialize_compact(header, json.dumps(said).encode(), key).encode()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keys() -> AsyncIterator[KeyServer]:
    with KeyServer(public(PAIR)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    kafka: Broker, mongodb: DatabaseServer, tmp_path_factory: pytest.TempPathFactory, keys: KeyServer
) -> AsyncIterator[SourcesTown]:
    async with open_town(kafka, mongodb, tmp_path_factory.mktemp("canvas"), fetch_from=keys.place) as opened:
        yield opened


async def signing(town: SourcesTown, keys: KeyServer | None = None, **options: Any) -> Sender:
    """A source whose events are signed with PAIR, and which has no other key."""
    signed_by = {"jwks_uri": keys.address} if keys else {"jwks": public(PAIR)}
    said = {"signed_by": signed_by, "root_accounts": [ACCOUNT], **options}
    return await Sender.of(town, "canvas", None, learners=KNOWN, activities=ACTIVITIES, options=said)


async def test_a_signed_event_needs_no_other_key(town: SourcesTown, keys: KeyServer) -> None:
    canvas = await signing(town, keys)
    for body, kind in ((signed(grade_change()), "application/jwt"), (b'"%s"' % signed(course_completed()), "text/plain")):
        answer = await canvas.post(body, kind=kind)
        assert (answer.status_code, statuses(answer)) == (202, ["accepted"])
    graded, completed = sorted(await canvas.published(), key=lambda one: one["data"]["status"], reverse=True)
    assert (graded["learner"], graded["data"]["activity"]) == ("ada", "urn:ours:assignment:355")
    assert (graded["data"]["status"], graded["data"]["score"]["raw"]) == ("passed", "8")
    assert (completed["data"]["activity"], completed["data"]["status"]) == ("urn:ours:cs1", "completed")
    assert keys.asked == 1


async def test_a_forged_event_is_answered_with_401_and_changes_nothing(town: SourcesTown) -> None:
    canvas = await signing(town)
    good = signed(grade_change())
    header, payload, signature = good.split(b".")
    forged = [
        signed(grade_change(), ANOTHER),
        signed(grade_change(), ANOTHER, kid=PAIR.kid),
        b".".join([header, signed(grade_change(score=10)).split(b".")[1], signature]),
        b".".join([b"eyJhbGciOiJub25lIn0", payload, b"AA"]),
        signed(grade_change(), exp=int(time()) - 3_600),
        signed(grade_change(), nbf=int(time()) + 3_600),
    ]
    for body in forged:
        answer = await canvas.post(body, kind="application/jwt")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    unsigned = await canvas.post(grade_change())
    assert unsigned.status_code == 401
    assert await canvas.published() == []
    assert await canvas.counts() == {}


async def test_who_proves_nothing_learns_nothing_of_which_sources_there_are(town: SourcesTown) -> None:
    signs = await signing(town)
    keyed = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES)
    other = await Sender.of(town, "moodle", learners=KNOWN)
    forged = signed(grade_change(), ANOTHER)
    for headers in ({}, {"authorization": "Basic a2V5OnNlY3JldA=="}, {"webhook-signature": "v1,AAAA"}):
        answers = [
            await town.client.post(
                f"/sources/{slug}/canvas", content=forged, headers={"content-type": "application/jwt", **headers}
            )
            for slug in (signs.slug, keyed.slug, other.slug, "nobody")
        ]
        assert [answer.status_code for answer in answers] == [401] * 4
        assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_a_good_signature_for_another_canvas_is_refused(town: SourcesTown) -> None:
    canvas = await signing(town)
    answer = await canvas.post(signed(grade_change({"root_account_uuid": "another"})), kind="application/jwt")
    (item,) = answer.json()["items"]
    assert (answer.status_code, item["status"], item["code"]) == (202, "refused", 403)
    assert await canvas.published() == []


async def test_keys_that_are_not_to_be_had_are_a_reason_to_send_again(town: SourcesTown, keys: KeyServer) -> None:
    said = {"signed_by": {"jwks_uri": f"{keys.address}/gone"}, "root_accounts": [ACCOUNT]}
    canvas = await Sender.of(town, "canvas", None, learners=KNOWN, options=said)
    answer = await canvas.post(signed(grade_change()), kind="application/jwt")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_unsigned_events_need_a_key_and_may_come_as_a_list(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES)
    assert (await canvas.post(grade_change())).status_code == 401
    assert (await canvas.post(signed(grade_change()), kind="application/jwt")).status_code == 401
    answer = await canvas.send([grade_change(), course_completed(), course_grade_change(final_score=None)])
    assert statuses(answer) == ["accepted"] * 3
    assert statuses(await canvas.send(signed(grade_change()), kind="application/jwt")) == ["duplicated"]
    assert [one["data"]["status"] for one in await canvas.published()].count("cleared") == 1


async def test_a_webhooks_signature_opens_the_door_within_its_window(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "canvas", "webhook", learners=KNOWN, activities=ACTIVITIES)
    assert (await canvas.send_signed(grade_change(), at=time() - 3_600)).status_code == 401
    assert (await canvas.send_signed(grade_change(), secret="whsec_" + "QUJD" * 8)).status_code == 401
    assert statuses(await canvas.send_signed(grade_change())) == ["accepted"]


async def test_a_batch_half_good_is_half_applied_and_says_which_half(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES)
    late = grade_change({"event_time": (datetime.now(UTC) + timedelta(days=1)).isoformat()})
    answer = await canvas.send([grade_change(), late, grade_change(assignment_id=None), canvas_grade(), 7])
    good, *refused = answer.json()["items"]
    assert (answer.status_code, good["status"]) == (202, "accepted")
    assert [item["status"] for item in refused] == ["refused"] * 4
    assert [item.get("place") for item in refused] == ["time", "body.assignment_id", None, None]
    assert "format caliper" in refused[2]["detail"]
    assert await canvas.counts() == {Kind.ACCEPTED: 1, Kind.REFUSED: 4}


async def test_a_delivery_of_nothing_but_what_is_refused_is_no_failure_of_the_subscription(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES)
    answer = await canvas.send(grade_change(score="many"))
    assert (answer.status_code, statuses(answer)) == (202, ["refused"])


async def test_global_and_local_ids_deliver_to_one_learner_and_a_redelivery_is_a_repetition(town: SourcesTown) -> None:
    canvas = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES)
    local = grade_change(student_id="48", user_id="48", assignment_id="355")
    assert statuses(await canvas.send([grade_change(), local])) == ["accepted", "duplicated"]
    assert statuses(await canvas.send([local, grade_change()])) == ["duplicated", "duplicated"]


async def test_an_unknown_course_is_held_and_applied_when_it_is_mapped(town: SourcesTown) -> None:
    document: dict[str, Any] = {"may_publish": ["urn:ours:*"], "options": {}}
    canvas = await Sender.of(town, "canvas", learners=KNOWN, activities=ACTIVITIES, **document)
    assert statuses(await canvas.send(course_completed(course="900"))) == ["held"]
    assert await canvas.published() == []
    more = [*ACTIVITIES, {"named": "canvas:course:900", "is": "urn:ours:new"}]
    whole = {"source": canvas.slug, "name": "Campus", "owner": "IT", "format": "canvas", "activities": more, **document}
    assert (await town.ask("PUT", f"/sources/{canvas.slug}", "sources:write", body=whole)).status_code == 200
    await town.sources.upkeep.look_again()
    (applied,) = await canvas.published()
    assert (applied["learner"], applied["data"]["activity"]) == ("ada", "urn:ours:new")
    assert await canvas.counts() == {Kind.ACCEPTED: 1}


async def test_a_paused_source_is_asked_to_send_again_also_what_is_signed(town: SourcesTown) -> None:
    canvas = await signing(town)
    assert (await town.ask("POST", f"/sources/{canvas.slug}/pause", "sources:write")).status_code == 200
    assert (await canvas.post(signed(grade_change()), kind="application/jwt")).status_code == 503
