"""What must be so of a platform when all is done, whatever befell it: nothing lost, nothing doubled, nothing shared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from deploy.demo.run import Keyed
from deploy.drill.judge import numbered, unbroken
from services.notifications.domain.delivery import State
from shared.events.awarding import AwardGranted, CredentialIssued
from shared.events.envelope import Fact
from shared.mongo import Document
from shared.topics import AWARDS, VERDICTS
from tests.domain.demo.chain import Held, told
from tests.journeys.campus import Campus


async def all_is_exact(campus: Campus, completions: Sequence[Keyed], expected: Sequence[Held], within: float) -> None:
    """When all is settled: every completion is entered once, and what followed is exactly what must follow."""
    await campus.settled(within)
    await campus.holds(expected, within)
    await campus.settled(within)

    assert await campus.dead_letters() == 0
    async with campus.database("assessment") as database:
        entries = Counter([entry["learner"] async for entry in database["entries"].find({}, {"learner": 1})])
    assert entries == Counter(learner for learner, _ in set(completions))
    assert list(unbroken("verdicts", await campus.said(VERDICTS))) == []
    awards = await campus.said(AWARDS)
    assert list(unbroken("awards", awards)) == []
    places_are_never_shared(awards)
    await inboxes_are_exact(campus, awards)
    await mails_went_out(campus)


def places_are_never_shared(facts: Sequence[Fact]) -> None:
    """Each award has a credential, and each place in a status list belongs to one credential."""
    issued = [fact for fact in facts if isinstance(fact, CredentialIssued)]
    assert {fact.award for fact in issued} == {fact.award for fact in facts if isinstance(fact, AwardGranted)}
    owners = defaultdict(set)
    for fact in issued:
        owners[fact.status.list, fact.status.index].add(fact.credential)
    assert [place for place, found in owners.items() if len(found) > 1] == []


async def inboxes_are_exact(campus: Campus, awards: Iterable[Fact]) -> None:
    async with campus.database("notifications") as database:
        messages: list[Document] = await database["inbox"].find({}).to_list(None)
    assert Counter(message["_id"] for message in messages) == told(awards)
    inbox = [(message["_id"], message["learner"], message["number"]) for message in messages]
    assert list(numbered(inbox)) == []


async def mails_went_out(campus: Campus) -> None:
    """A mail may be there twice, under the same Message-ID, if the sender was killed between acceptance and note."""
    async with campus.database("notifications") as database:
        deliveries: list[Document] = await database["deliveries"].find({}).to_list(None)
    assert {delivery["state"] for delivery in deliveries} <= {State.SENT.value, State.NOT_WANTED.value}
    sent = {delivery["_id"] for delivery in deliveries if delivery["state"] == State.SENT.value}
    assert {mail["Message-ID"].strip("<>").split("@")[0] for mail in campus.platform.mailbox.mails()} == sent
