"""Evidence is handed in, judged by people, and their verdict is a completion like any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.journeys.reviews_town import GOOD, POOR, ReviewsTown, weaving
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF"


@pytest_asyncio.fixture
async def town(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> AsyncIterator[ReviewsTown]:
    async with ReviewsTown.open(kafka, mongodb, database_name, prefix, tmp_path) as opened:
        await opened.at.town.publish(weaving())
        yield opened


async def test_a_verdict_is_a_completion_with_what_was_found_by_each_criterion(town: ReviewsTown) -> None:
    id_ = await town.handed_in(links=["https://example.edu/ada"], show_links=True)
    decided = (await town.judged(id_, GOOD)).raise_for_status().json()
    assert decided["state"] == "decided"
    (said,) = await town.at.published()
    assert (said["id"], said["source"], said["learner"]) == (f"{id_}.1", "urn:cairn:reviews", "ada")
    assert said["data"]["activity"] == "urn:cairn:review:weaving:portfolio"
    assert (said["data"]["status"], said["data"]["score"]["scaled"]) == ("passed", "0.75")
    assert said["data"]["results"] == [
        {"criterion": "clarity", "level": "full", "points": "2"},
        {"criterion": "depth", "level": "some", "points": "1"},
    ]
    assert said["data"]["evidence"] == ["https://example.edu/ada"]
    own = (await town.ask("GET", f"/submissions/{id_}", who="ada")).json()
    assert own["verdicts"][0]["sheet"]["marks"]["clarity"]["comment"] == "Very clear."
    assert (own["verdicts"][0]["assessor"], own["seats"]) == (None, None), "learners are not told who judged"
    assert [step["role"] for step in own["history"]] == ["learner", "learner", "assessor", "assessor", "assessor"]


async def test_links_are_nobodys_business_unless_the_learner_says_so(town: ReviewsTown) -> None:
    await town.judged(await town.handed_in(links=["https://example.edu/ada"]), POOR)
    (said,) = await town.at.published()
    assert (said["data"]["status"], said["data"].get("evidence", [])) == ("failed", [])


async def test_a_verdict_that_could_not_be_published_is_published_by_the_upkeep(town: ReviewsTown) -> None:
    id_ = await town.handed_in()
    await town.judged(id_, GOOD)
    database = town.at.town.database
    shelved = await town.reviews.office.one(id_)
    untold = shelved.submission.but(told=0)
    await town.reviews.office.submissions.put(type(shelved)(untold, shelved.issuer, shelved.revision))
    await town.reviews.upkeep.once()
    assert {one["id"] for one in await town.at.published()} == {f"{id_}.1"}
    assert await database["submissions"].count_documents({"untold": True}) == 0


async def test_an_appeal_is_judged_by_somebody_else_and_corrects_the_verdict(town: ReviewsTown) -> None:
    id_ = await town.handed_in()
    await town.judged(id_, POOR)
    (await town.ask("POST", f"/submissions/{id_}/appeal", who="ada", body={"reason": "Look at page 3."})).raise_for_status()
    assert (await town.assess(id_, "seat")).status_code == 403
    (await town.judged(id_, GOOD, who="examiner")).raise_for_status()
    said = await town.at.published()
    assert [(one["id"], one["data"]["status"], one["data"].get("corrects")) for one in said] == [
        (f"{id_}.1", "failed", None),
        (f"{id_}.2", "passed", f"{id_}.1"),
    ]


async def test_a_second_submission_is_another_attempt(town: ReviewsTown) -> None:
    first = await town.handed_in()
    refused = await town.ask(
        "POST", "/learners/ada/submissions", who="ada", body={"achievement": "weaving", "review": "portfolio"}
    )
    assert (refused.status_code, refused.json()["submission"]) == (409, first)
    await town.judged(first, POOR)
    await town.judged(await town.handed_in(), GOOD)
    assert [one["data"].get("attempt", 1) for one in await town.at.published()] == [1, 2]


async def test_prior_learning_says_where_it_was_learned(town: ReviewsTown) -> None:
    id_ = await town.draft(kind="prior_learning")
    await town.give(id_)
    refused = await town.ask("POST", f"/submissions/{id_}/handing-in", who="ada")
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "evidence.learned")
    await town.give(id_, learned="Ten years at a mill")
    handed_in = await town.ask("POST", f"/submissions/{id_}/handing-in", who="ada")
    assert (handed_in.json()["kind"], handed_in.json()["state"]) == ("prior_learning", "waiting")


async def test_everybody_sees_what_is_theirs_to_see(town: ReviewsTown) -> None:
    draft = await town.draft()
    paths = f"/submissions/{draft}"
    assert (await town.ask("GET", paths, who="bob")).status_code == 404
    assert (await town.ask("GET", paths, "reviews:assess", who="tutor")).status_code == 404, "a draft is the learner's"
    assert (await town.ask("GET", paths, "submissions:write", who="teacher")).status_code == 200
    await town.give(draft)
    (await town.ask("POST", f"{paths}/handing-in", who="ada")).raise_for_status()
    assert (await town.ask("GET", paths, "reviews:assess:u", who="tutor")).status_code == 200
    assert (await town.ask("GET", paths, "reviews:assess:other", who="tutor")).status_code == 404
    assert (await town.ask("POST", f"{paths}/seat", "reviews:read", who="tutor")).status_code == 403
    assert (await town.ask("POST", f"{paths}/seat", "reviews:assess", who="ada")).status_code == 403, "nobody judges their own"
    assert (await town.ask("PUT", f"{paths}/evidence", "reviews:assess", who="tutor", body={})).status_code == 403
    assert (await town.ask("GET", "/learners/ada/submissions", who="bob")).status_code == 403
    assert (await town.ask("POST", "/learners/ada/submissions", who="bob", body={})).status_code in (403, 422)
    assert (await town.client.get(paths)).status_code == 401


async def test_what_the_first_assessor_found_the_second_does_not_see_before_they_have_judged(town: ReviewsTown) -> None:
    id_ = await town.handed_in()
    await town.assess(id_, "seat")
    called = await town.assess(id_, "second", {"reason": "I taught her."})
    assert called.json()["free"] == 1
    await town.assess(id_, "sheet", {"marks": POOR}, method="PUT")
    await town.assess(id_, "judgement")
    await town.assess(id_, "seat", who="second")
    seen = (await town.ask("GET", f"/submissions/{id_}", "reviews:assess", who="second")).json()
    assert [seat["sheet"] is None for seat in seen["seats"]] == [True, False]
    assert "taught" not in str(seen)
    await town.assess(id_, "sheet", {"marks": GOOD}, method="PUT", who="second")
    differ = (await town.assess(id_, "judgement", who="second")).json()
    assert (differ["state"], differ["free"]) == ("waiting", 1)
    ruled = (await town.judged(id_, GOOD, who="third")).json()
    assert (ruled["state"], ruled["verdicts"][0]["passed"]) == ("decided", True)


async def test_the_queue_has_what_waits_longest_first_in_pages(town: ReviewsTown) -> None:
    ids = [await town.handed_in(who) for who in ("ada", "bob", "cyd")]
    first = (await town.ask("GET", "/reviews/queue", "reviews:assess", who="tutor", limit=2)).json()
    rest = (await town.ask("GET", "/reviews/queue", "reviews:assess", who="tutor", cursor=first["next"])).json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ids
    await town.assess(ids[1], "seat")
    mine = (await town.ask("GET", "/reviews/queue", "reviews:assess", who="tutor", which="mine")).json()
    assert [(one["id"], one["mine"], one["free"]) for one in mine["items"]] == [(ids[1], True, 0)]
    assert (await town.ask("GET", "/reviews/queue", "reviews:assess:other", who="tutor")).json()["items"] == []
    assert (await town.ask("GET", "/reviews/queue", who="ada")).status_code == 403
    waiting = (await town.ask("GET", "/reviews/waiting", "reviews:read", who="dean")).json()
    assert [(one["issuer"], one["waiting"], one["overdue"]) for one in waiting] == [("u", 3, 0)]


async def test_only_one_of_two_who_take_it_at_once_gets_it(town: ReviewsTown) -> None:
    id_ = await town.handed_in()

    answers = await asyncio.gather(*(town.assess(id_, "seat", who=who) for who in ("one", "two", "three")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_an_erased_learner_leaves_nothing_of_what_they_handed_in(
    kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path
) -> None:
    async with ReviewsTown.open(kafka, mongodb, database_name, prefix, tmp_path, stream=True) as town:
        await town.at.town.publish(weaving())
        id_ = await town.draft()
        await town.give(id_)
        (await town.upload(id_, "proof.pdf", PDF)).raise_for_status()
        (await town.ask("POST", f"/submissions/{id_}/handing-in", who="ada")).raise_for_status()
        await town.judged(id_, GOOD)
        await town.at.town.is_met("ada", "weaving")
        finding = (await town.at.town.verdicts())[-1].versions[0].parts[0].finding
        assert [(one.criterion, one.level) for one in finding.results or ()] == [("clarity", "full"), ("depth", "some")]
        database = town.at.town.database
        kept = await database["submissions"].find_one({"_id": id_})
        assert kept is not None
        assert b"wove" not in bytes(kept["sealed"])
        asked = {"reason": "The learner asked for it."}
        (await town.ask("POST", "/learners/ada/erasure", "decisions:write", who="dean", body=asked)).raise_for_status()

        async def gone() -> bool:
            return await database["submissions"].count_documents({}) + await database["evidence"].count_documents({}) == 0

        await eventually(gone, within=30)
        assert (await town.ask("GET", f"/submissions/{id_}", who="ada")).status_code == 404


async def test_nobody_else_says_verdicts(town: ReviewsTown) -> None:
    said = {"learner": "ada", "activity": "urn:cairn:review:weaving:portfolio", "status": "passed"}
    named = {"specversion": "1.0", "id": "e1", "source": "urn:cairn:reviews", "type": "cairn.completion.reported.v1"}
    event = {**named, "time": "2026-01-02T00:00:00Z", "data": said}
    headers = {**town.headers("completions:publish", who="hub"), "content-type": "application/cloudevents+json"}
    answer = await town.client.post("/completions", json=event, headers=headers)
    assert answer.status_code == 403, answer.text
    document = {"source": "reviews", "name": "R", "owner": "O", "format": "cloudevents", "may_publish": ["*"]}
    for changed in ({}, {"source": "mine", "speaks_as": "urn:cairn:reviews"}):
        body = document | changed
        refused = await town.ask("PUT", f"/sources/{body['source']}", "sources:write", who="dean", body=body)
        assert 400 <= refused.status_code < 500, refused.text
    assert await town.at.published() == []


async def test_a_teacher_hands_in_for_a_learner_and_does_not_judge_it(town: ReviewsTown) -> None:
    body = {"achievement": "weaving", "review": "portfolio"}
    begun = await town.ask("POST", "/learners/ada/submissions", "submissions:write", who="teacher", body=body)
    id_ = begun.json()["id"]
    given = {"text": "She wove this in class."}
    for method, path, sent in (("PUT", "evidence", given), ("POST", "handing-in", None)):
        answer = await town.ask(method, f"/submissions/{id_}/{path}", "submissions:write", who="teacher", body=sent)
        assert answer.status_code == 200, answer.text
    refused = await town.ask("POST", f"/submissions/{id_}/seat", "reviews:assess", "submissions:write", who="teacher")
    assert (refused.status_code, refused.json()["detail"]) == (403, "You can't judge this. You handed it in for the learner.")
    own = (await town.ask("GET", "/learners/ada/submissions", who="ada")).json()["items"]
    assert [(one["id"], [step["role"] for step in one["history"]]) for one in own] == [(id_, ["submitter", "submitter"])]
