"""From an assessor's question, or verdict, to the mail in the learner's mailbox, over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from deploy.local.keys import AUDIENCE, ISSUER
from deploy.local.mailbox import Mailbox
from services.assessment.domain.announcing import announced, fact_of
from services.assessment.domain.handing_in import Person
from services.assessment.domain.reviews import ask_for_more
from services.notifications.api import Stores, app_of
from services.notifications.sender import Sender
from services.notifications.store import create_indexes
from services.notifications.stream import FLOW
from shared.events.envelope import envelope_of
from shared.http import Tokens
from shared.kafka import Outgoing, create_topics
from shared.mongo import Database
from shared.stream import Stream
from shared.topics import AWARDS, DEAD_LETTERS, IDENTITIES, REQUESTS, Topic
from tests.domain.notifications.facts import erasure
from tests.journeys.assessment_town import PARTITIONS
from tests.journeys.notifications_post import ASSESSMENT, Office, office_at
from tests.journeys.reviews_town import GOOD, POOR, ReviewsTown, weaving
from tests.platform.eventually import eventually
from tests.platform.parts import Broker, DatabaseServer

TRACE = "00-" + "c" * 32 + "-" + "d" * 16 + "-01"
QUESTION = "Who is on the photograph?"


@dataclass
class House:
    """Where people judge, and where learners are told."""

    town: ReviewsTown
    office: Office
    client: httpx.AsyncClient
    awards: Topic

    def mails(self, learner: str) -> list[EmailMessage]:
        return list(self.office.mailbox.mails_to(f"{learner}@example.edu"))

    async def mailed(self, learner: str, number: int) -> list[str]:
        """The subjects, when so many have come."""
        await eventually(lambda: len(self.mails(learner)) >= number, within=40, why=f"not {number} mails came")
        return [str(mail["Subject"]) for mail in self.mails(learner)]

    async def inbox(self, learner: str) -> list[dict[str, Any]]:
        headers = {"authorization": f"Bearer {self.town.at.town.keys.token(learner=learner)}"}
        answer = await self.client.get(f"/learners/{learner}/inbox", headers=headers)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    async def asked(self, id_: str, trace: str = TRACE) -> None:
        (await self.town.assess(id_, "seat")).raise_for_status()
        headers = self.town.headers("reviews:assess", who="tutor") | {"traceparent": trace}
        question = {"question": QUESTION}
        (await self.town.client.post(f"/submissions/{id_}/question", json=question, headers=headers)).raise_for_status()


@pytest_asyncio.fixture
async def house(kafka: Broker, mongodb: DatabaseServer, database_name: str, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    async with (
        ReviewsTown.open(kafka, mongodb, database_name, prefix, tmp_path) as town,
        Mailbox(tmp_path / "mailbox") as mailbox,
    ):
        await town.at.town.publish(weaving())
        known = {
            "reads": AWARDS,
            "says": IDENTITIES,
            "requests": REQUESTS["notifications"],
            "dead_letters": DEAD_LETTERS["notifications"],
        }
        own = {role: replace(topic, name=f"{prefix}{topic.name}") for role, topic in known.items()}
        await create_topics(kafka.bootstrap, PARTITIONS, topics=own.values())
        database = Database(mongodb.uri, f"{database_name}_told")
        await create_indexes(database)
        topics = town.at.town.topics
        flow = replace(FLOW, service=f"{prefix}notifications", beside=topics.submissions, **own)  # type: ignore[arg-type]  # by name
        stream = Stream(flow, kafka.bootstrap, database, publications=topics.publications)
        await stream.start()
        office = office_at(database, mailbox)

        async def ready() -> dict[str, bool | str]:
            return {}

        stores = Stores(office.inbox, office.contacts, office.deliveries, assessment=ASSESSMENT)
        app = app_of(ready, Tokens(str(town.at.town.keys.jwks), ISSUER, AUDIENCE), stores)
        sending = asyncio.create_task(Sender(office.deliveries, office.contacts, office.post).run())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://told", timeout=30) as client:
            yield House(town, office, client, own["reads"])
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await stream.stop()
        await database.drop()
        database.close()


async def test_a_learner_is_mailed_the_question_the_reminder_and_the_verdict_each_once(house: House) -> None:
    town, office = house.town, house.town.reviews.office
    await house.office.enter("ada", name="Ada", language="es")
    town.clock.ahead = timedelta(days=-10)
    id_ = await town.handed_in()
    await house.asked(id_)
    assert await house.mailed("ada", 1) == ["Se le piden más evidencias: «Weaving»"]
    [mail] = house.mails("ada")
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert f"{ASSESSMENT}/my/submissions/{id_}" in body.get_content()
        assert QUESTION not in body.get_content()

    town.clock.ahead = timedelta(0)
    await town.reviews.upkeep.once()
    assert (await house.mailed("ada", 2))[1] == "Sus evidencias para «Weaving» le esperan"

    (await town.ask("POST", f"/submissions/{id_}/handing-in", who="ada")).raise_for_status()
    (await town.assess(id_, "sheet", {"marks": POOR}, method="PUT")).raise_for_status()
    (await town.assess(id_, "judgement")).raise_for_status()
    await house.mailed("ada", 3)

    said = await town.at.town.on(town.at.town.topics.submissions)
    await town.at.town.publisher.publish_all(
        [
            Outgoing(town.at.town.topics.submissions.name, b"ada", value, [(k, v.encode()) for k, v in h.items()])
            for h, value in said
        ]
    )
    (await town.ask("POST", f"/submissions/{id_}/appeal", who="ada", body={"reason": "Look again."})).raise_for_status()
    (await town.judged(id_, GOOD, who="examiner")).raise_for_status()
    await house.mailed("ada", 4)
    messages = await house.inbox("ada")
    assert [(one["kind"], one["passed"], one["replaces"]) for one in messages] == [
        ("judged", True, True),
        ("judged", False, None),
        ("reminded", None, None),
        ("asked", None, None),
    ]
    assert {one["name"] for one in messages} == {"Weaving"}
    assert {one["page"] for one in messages} == {f"{ASSESSMENT}/my/submissions/{id_}"}
    assert len(house.mails("ada")) == 4, "what is said again is told once"
    delivery = await house.office.database["deliveries"].find_one({"kind": "asked"})
    assert delivery is not None
    assert delivery["traceparent"] == TRACE
    assert not (await office.one(id_)).submission.sayings


async def test_what_a_crash_left_unsaid_the_upkeep_says_once(house: House) -> None:
    town, office = house.town, house.town.reviews.office
    await house.office.enter("bea")
    teacher = {"achievement": "weaving", "review": "portfolio"}
    begun = await town.ask("POST", "/learners/bea/submissions", "submissions:write", who="teacher", body=teacher)
    id_ = begun.raise_for_status().json()["id"]
    for method, path, body in (("PUT", "evidence", {"text": "She wove this."}), ("POST", "handing-in", None)):
        answer = await town.ask(method, f"/submissions/{id_}/{path}", "submissions:write", who="teacher", body=body)
        answer.raise_for_status()
    assert await house.mailed("bea", 1) == ["Evidence for “Weaving” was handed in for you"]

    (await town.assess(id_, "seat")).raise_for_status()
    shelved = await office.one(id_)
    after = ask_for_more(shelved.submission, Person("tutor"), QUESTION, town.clock())
    left = await office.submissions.put(replace(shelved, submission=announced(shelved.submission, after, None)))
    await town.reviews.upkeep.once()
    assert (await house.mailed("bea", 2))[1] == "More evidence is asked for: “Weaving”"

    now = await office.one(id_)
    await office.submissions.put(replace(now, submission=now.submission.but(sayings=left.submission.sayings)))
    await town.reviews.upkeep.once()
    said = await town.at.town.on(town.at.town.topics.submissions)
    ids = [headers["ce_id"] for headers, _ in said if headers["ce_type"] == "cairn.submission.more-asked.v1"]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert await office.submissions.unsaid(10) == []
    assert [one["kind"] for one in await house.inbox("bea")] == ["asked", "handed_in"]

    gone = erasure("bea", town.clock())
    await town.at.town.publisher.publish(house.awards.name, "bea", envelope_of(gone, "cairn/awarding", None))

    async def forgotten() -> bool:
        return await house.inbox("bea") == []

    await eventually(forgotten, within=30)
    again = fact_of(left.submission.sayings[0])
    await town.at.town.publisher.publish(
        town.at.town.topics.submissions.name, "bea", envelope_of(again, "cairn/assessment", None)
    )
    await house.office.enter("zoe")
    await house.asked(await town.handed_in("zoe"))
    await house.mailed("zoe", 1)
    assert await house.inbox("bea") == []
    assert len(house.mails("bea")) == 2
