"""HTTP in: inboxes, the contact book, and for operators the deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notifications.domain.contact import Contact
from services.notifications.domain.delivery import FINAL, State
from services.notifications.domain.kinds import Kind
from services.notifications.identity import Identities, NoSealingKey
from services.notifications.identity_api import NO_KEY
from services.notifications.identity_api import router as identity
from services.notifications.letters import page_of
from services.notifications.store import Contacts, Deliveries, Inbox
from shared.events.envelope import Instant, LearnerId
from shared.http import Page, Paging, Problem, Tokens, create_app, may_see_learner, requires
from shared.http.health import Check
from shared.http.paging import PagingByNumber
from shared.operations import api as operating

NAME: Final = "notifications"
AT_ONCE: Final = 1_000

Learner = Annotated[LearnerId, Path(description="the learner's id")]


@dataclass(frozen=True)
class Stores:
    """What the paths work on; the app carries it as `app.state.stores`. `assessment` is where people reach its pages."""

    inbox: Inbox
    contacts: Contacts
    deliveries: Deliveries
    identities: Identities | None = None
    assessment: str = ""

    async def enter(self, contacts: Mapping[str, Contact], now: datetime) -> None:
        """What learners share of who they are follows."""
        try:
            if self.identities is not None:
                await self.identities.changing(contacts)
        except NoSealingKey as missing:
            raise Problem(503, detail=NO_KEY) from missing
        await self.contacts.put(contacts, now)


def stores(request: Request) -> Stores:
    found: Stores = request.app.state.stores
    return found


Of = Annotated[Stores, Depends(stores)]


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True)


class InboxMessage(Shown):
    """One message to a learner. `at` is when what it tells of happened, at its source."""

    id: str
    kind: Kind
    at: Instant
    number: Annotated[int, Field(description="counts the learner's messages, from 1")]
    read: bool
    read_at: Instant | None = None
    achievement: str
    version: int
    award: Annotated[str | None, Field(description="of messages about awards")] = None
    name: str
    issuer: str | None = None
    stack: str | None = None
    stack_name: str | None = None
    level: str | None = None
    level_name: str | None = None
    from_level: str | None = None
    from_level_name: str | None = None
    awarded_at: Instant | None = None
    valid_until: Instant | None = None
    note: str | None = None
    submission: Annotated[str | None, Field(description="of messages about evidence that was handed in")] = None
    page: Annotated[str | None, Field(description="where the learner sees the submission")] = None
    review: str | None = None
    waits_since: Annotated[Instant | None, Field(description="since when the submission has waited")] = None
    passed: Annotated[bool | None, Field(description="what the verdict says")] = None
    replaces: Annotated[bool | None, Field(description="whether the verdict replaces an earlier one")] = None
    cause: Annotated[str | None, Field(description="completion, publication, expiry or decision")] = None


class InboxPage(Page[InboxMessage]):
    unread: Annotated[int, Field(description="how many messages of the whole inbox are not read yet")]


class ContactShown(Contact):
    model_config = ConfigDict(frozen=True, extra="ignore")

    changed_at: Instant


class ContactOf(Contact):
    """A contact with the learner it is of."""

    learner: LearnerId


class ManyContacts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: Annotated[list[ContactOf], Field(min_length=1, max_length=AT_ONCE)]


class Stored(Shown):
    stored: int


class DeliveryShown(Shown):
    """One mail and what became of it, without the address. `answer` is the server's last one, or why none was asked."""

    id: str
    learner: str
    kind: Kind
    award: str | None = None
    submission: str | None = None
    at: Instant
    state: State
    attempts: int
    answer: str | None = None
    next_at: Instant | None = None
    changed_at: Instant | None = None


inbox = APIRouter(tags=["inbox"])
contacts = APIRouter(tags=["contacts"])
deliveries = APIRouter(tags=["deliveries"])


def app_of(ready: Check, tokens: Tokens | None = None, stores: Stores | None = None) -> FastAPI:
    """The HTTP side alone; without `stores` only its document can be read."""
    routers = (inbox, contacts, identity, deliveries, operating.router)
    app = create_app(NAME, routers=routers, ready=ready, tokens=tokens, says="Inboxes, the contact book and mail to learners.")
    app.state.stores = stores
    return app


@inbox.get("/learners/{learner}/inbox", dependencies=[Depends(may_see_learner("inbox:read"))])
async def read_inbox(
    learner: Learner,
    of: Of,
    paging: PagingByNumber,
    unread: Annotated[bool, Query(description="only those that are not read yet")] = False,
) -> InboxPage:
    """A learner's messages, the newest first."""
    found = await of.inbox.of(learner, unread=unread, before=paging.after, limit=paging.limit + 1)
    here = [_message(document, of) for document in found[: paging.limit]]
    page = paging.page(here, here[-1].number if len(found) > paging.limit else None)
    return InboxPage(items=page.items, next=page.next, unread=await of.inbox.unread(learner))


@inbox.post("/learners/{learner}/inbox/{message}/read", dependencies=[Depends(may_see_learner("inbox:read"))])
async def mark_read(learner: Learner, message: str, of: Of) -> InboxMessage:
    """The message has been read; asked again, nothing changes."""
    document = await of.inbox.mark_read(learner, message, _now())
    if document is None:
        raise Problem(404, detail="The learner's inbox has no such message.")
    return _message(document, of)


@contacts.put("/learners/{learner}/contact", dependencies=[Depends(may_see_learner("contacts:write"))])
async def put_contact(learner: Learner, contact: Contact, of: Of) -> ContactShown:
    """Enter how the learner is reached, or replace what was there. It counts for what is mailed from now on."""
    now = _now()
    await of.enter({learner: contact}, now)
    return _contact(contact, now)


@contacts.get("/learners/{learner}/contact", dependencies=[Depends(may_see_learner("contacts:read"))])
async def get_contact(learner: Learner, of: Of) -> ContactShown:
    found = await of.contacts.one(learner)
    if found is None:
        raise Problem(404, detail="The contact book has no entry for this learner.")
    return _contact(*found)


@contacts.delete("/learners/{learner}/contact", status_code=204, dependencies=[Depends(may_see_learner("contacts:write"))])
async def delete_contact(learner: Learner, of: Of) -> Response:
    """Nothing is mailed to the learner any more, and their credentials say nothing of who they are; the inbox stays.

    Deleting what is not there is no error.
    """
    if of.identities is not None:
        await of.identities.leaving(learner)
    await of.contacts.delete(learner)
    return Response(status_code=204)


@contacts.post("/contacts", dependencies=[Depends(requires("contacts:write"))])
async def import_contacts(many: ManyContacts, of: Of) -> Stored:
    """Enter or replace up to 1,000 contacts. If one of them is wrong, none is stored."""
    counted = Counter(contact.learner for contact in many.contacts)
    if len(counted) < len(many.contacts):
        errors = [
            {"place": f"body.contacts[{place}].learner", "message": "the learner is named more than once"}
            for place, contact in enumerate(many.contacts)
            if counted[contact.learner] > 1
        ]
        raise Problem(422, "The request is not valid", f"{len(errors)} errors, each with its place", errors=errors)
    await of.enter({contact.learner: contact for contact in many.contacts}, _now())
    return Stored(stored=len(counted))


@deliveries.get("/deliveries", dependencies=[Depends(requires("operations:read"))])
async def list_deliveries(
    of: Of, paging: Paging, state: Annotated[State, Query(description="what has become of them")] = State.FAILED
) -> Page[DeliveryShown]:
    """The deliveries in one state, in the order of their ids."""
    found = await of.deliveries.in_state(state, paging.after, paging.limit + 1)
    here = [_delivery(document) for document in found[: paging.limit]]
    return paging.page(here, here[-1].id if len(found) > paging.limit else None)


@deliveries.get("/deliveries/states", dependencies=[Depends(requires("operations:read"))])
async def count_deliveries(of: Of) -> dict[State, int]:
    """How many deliveries are in each state."""
    return {State(state): number for state, number in (await of.deliveries.count()).items()}


@deliveries.get("/deliveries/{delivery}", dependencies=[Depends(requires("operations:read"))])
async def get_delivery(delivery: str, of: Of) -> DeliveryShown:
    """One delivery; its id is that of the fact it tells of, and of the message in the inbox."""
    return _delivery(await _found(of, delivery))


@deliveries.post(
    "/deliveries/{delivery}/retry",
    status_code=202,
    dependencies=[Depends(requires("operations:read"))],
    responses={409: {"description": "It is on its way, or was sent."}},
)
async def retry_delivery(delivery: str, of: Of) -> DeliveryShown:
    """Try again what failed, had no address, was not wanted or waits for its next attempt. What was sent is not sent again."""
    again = FINAL - {State.SENT} | {State.DEFERRED}
    if await of.deliveries.retry(delivery, again, _now()):
        return _delivery(await _found(of, delivery))
    state = (await _found(of, delivery))["state"]
    raise Problem(409, detail=f"The delivery is {state}; only one that ended unsent, or was put off, is tried again.")


async def _found(of: Stores, delivery: str) -> Mapping[str, Any]:
    document = await of.deliveries.one(delivery)
    if document is None:
        raise Problem(404, detail="There is no such delivery.")
    return document


def _message(document: Mapping[str, Any], of: Stores) -> InboxMessage:
    return InboxMessage.model_validate({**document, "id": document["_id"], "page": page_of(of.assessment, document)})


def _delivery(document: Mapping[str, Any]) -> DeliveryShown:
    about = {name: document["data"].get(name) for name in ("award", "submission")}
    return DeliveryShown.model_validate({**document, "id": document["_id"], **about})


def _contact(contact: Contact, changed_at: datetime) -> ContactShown:
    return ContactShown(**dict(contact), changed_at=changed_at)


def _now() -> datetime:
    return datetime.now(UTC)
