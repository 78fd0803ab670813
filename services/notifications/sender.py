"""The sender: takes deliveries that wait, mails them, and notes what became of them.

Deliveries are claimed with a lease, some at a time, so that several senders share the work and those of a dead one are taken up
by another when the lease ends. Between the server's acceptance and the note of it a death repeats the mail, under the same
Message-ID; nothing else does. Claiming, mailing over several connections and noting go on side by side.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import ParamSpec, TypeVar
from uuid import uuid4

from services.notifications.domain.contact import Contact
from services.notifications.domain.delivery import Accepted, Answer, Away, Delivery, Outcome, Patience, Refusal, State, outcome
from services.notifications.letters import compose, mail
from services.notifications.smtp import Connection
from services.notifications.store import Claim, Contacts, Deliveries, Note
from shared.mongo import DatabaseError, is_impossible
from shared.telemetry import metrics, recording, span

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Post:
    """Where mails go and how. A lease outlasts a conversation by far; a mail whose lease is nearly over is given back."""

    server: tuple[str, int]
    sender: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    connections: int = 8
    at_once: int = 64
    timeout: float = 20.0
    lease: timedelta = timedelta(seconds=60)
    patience: Patience = field(default_factory=Patience)
    look_every: float = 0.25
    wake_every: float = 1.0
    close_after: float = 30.0


@dataclass(frozen=True, slots=True)
class Addressed:
    """A delivery in hand, with whom it goes to."""

    delivery: Delivery
    contact: Contact
    claim: Claim


def now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """`run` it as long as the process lives. Cancelling it finishes the mails in conversation and gives the others back."""

    def __init__(self, deliveries: Deliveries, contacts: Contacts, post: Post) -> None:
        self._deliveries = deliveries
        self._contacts = contacts
        self._post = post
        self._to_mail: asyncio.Queue[Addressed] = asyncio.Queue()
        self._notes: asyncio.Queue[Note] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self._server_was_away = True

    async def run(self) -> None:
        work = asyncio.create_task(self._work())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stopping.set()
            await work
            raise

    async def _work(self) -> None:
        """Outcomes are noted until all else has ended; a sender that cannot note any more must not go on mailing."""
        async with asyncio.TaskGroup() as group:
            noting = group.create_task(self._note_all())
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._claim_all())
                parts.create_task(self._wake_all())
                for _ in range(self._post.connections):
                    parts.create_task(self._mail_all())
            self._give_back()
            await self._notes.join()
            noting.cancel()

    async def _claim_all(self) -> None:
        """Keep some deliveries at hand; those that nobody is to be mailed for are noted at once."""
        while not self._stopping.is_set():
            claimed = 0
            if self._to_mail.qsize() < self._post.at_once:
                claimed = await self._patiently(self._claim_some) or 0
            if claimed < self._post.at_once:
                await self._pause(self._post.look_every if self._to_mail.empty() else 0.01)

    async def _claim_some(self) -> int:
        claim = Claim(uuid4().hex, now() + self._post.lease)
        claimed = await self._deliveries.claim(claim, self._post.at_once)
        if claimed:
            self._sort(claimed, await self._contacts.of({delivery.learner for delivery in claimed}), claim)
        return len(claimed)

    def _sort(self, claimed: Sequence[Delivery], contacts: Mapping[str, Contact], claim: Claim) -> None:
        for delivery in claimed:
            contact = contacts.get(delivery.learner)
            if contact is None:
                self._note(delivery, Outcome(State.NO_ADDRESS, delivery.attempts, "the contact book has no address"), claim)
            elif delivery.kind not in contact.wants:
                self._note(delivery, Outcome(State.NOT_WANTED, delivery.attempts, "the learner does not want these mails"), claim)
            else:
                self._to_mail.put_nowait(Addressed(delivery, contact, claim))

    async def _mail_all(self) -> None:
        """One connection's work."""
        connection = Connection(*self._post.server, self._post.timeout, self._post.login)
        try:
            while (addressed := await self._next(connection)) is not None:
                if addressed.claim.until - timedelta(seconds=2 * self._post.timeout) < now():
                    self._note(addressed.delivery, _unsent(addressed.delivery), addressed.claim)
                else:
                    await self._mail(connection, addressed)
        finally:
            await connection.close()

    async def _next(self, connection: Connection) -> Addressed | None:
        """The next at hand; None when stopping. An idle connection is closed."""
        used = monotonic()
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._post.look_every):
                    return await self._to_mail.get()
            if monotonic() - used > self._post.close_after:
                await connection.close()
        return None

    def _give_back(self) -> None:
        while not self._to_mail.empty():
            addressed = self._to_mail.get_nowait()
            self._note(addressed.delivery, _unsent(addressed.delivery), addressed.claim)

    async def _mail(self, connection: Connection, addressed: Addressed) -> None:
        delivery, post = addressed.delivery, self._post
        attributes = {"cairn.delivery": delivery.id, "cairn.kind": delivery.kind}
        with span("mail", kind="client", parent=delivery.traceparent, attributes=attributes) as sending:
            answer = await self._answer(connection, addressed)
            found = outcome(delivery, answer, now(), post.patience)
            if not isinstance(answer, Accepted):
                sending.failed(found.state.value)
            self._note(delivery, found, addressed.claim)
        await self._watch(answer)

    async def _answer(self, connection: Connection, addressed: Addressed) -> Answer:
        delivery, contact, sender = addressed.delivery, addressed.contact, self._post.sender
        try:
            letter = compose(delivery.kind, delivery.data, contact.language, contact.name)
            message = mail(letter, id_=delivery.id, sender=sender, address=contact.address, person=contact.name, now=now())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one delivery, the others go out
            log.error("a mail could not be written: %s", type(error).__name__, extra={"delivery": delivery.id})
            return Refusal(f"the mail could not be written: {type(error).__name__}")
        return await connection.send(message, sender, contact.address)

    async def _watch(self, answer: Answer) -> None:
        """When the server answers again after it was away, those put off because of that are due at once."""
        if isinstance(answer, Away):
            if not self._server_was_away:
                log.warning("the mail server is away; deliveries are put off")
            self._server_was_away = True
        elif self._server_was_away:
            self._server_was_away = False
            await self._patiently(self._deliveries.server_is_back)

    def _note(self, delivery: Delivery, found: Outcome, claim: Claim) -> None:
        metrics.DELIVERIES.add(1, {metrics.OUTCOME: found.state.value})
        self._notes.put_nowait(Note(delivery.id, found, claim))

    async def _note_all(self) -> None:
        """Write what has come together since the last write: one at a time when little goes on, many when much."""
        while True:
            notes = [await self._notes.get()]
            while not self._notes.empty() and len(notes) < 500:
                notes.append(self._notes.get_nowait())
            if not await self._patiently(self._written, notes):
                log.error("%d outcomes could not be noted before the end; their mails may be repeated", len(notes))
            for _ in notes:
                self._notes.task_done()

    async def _written(self, notes: Sequence[Note]) -> bool:
        await self._deliveries.note(notes, now())
        return True

    async def _wake_all(self) -> None:
        """Deliveries put off whose time has come, and those of ended leases. Looking takes a twentieth of the time at most."""
        while not self._stopping.is_set():
            began = monotonic()
            await self._patiently(self._wake)
            await self._pause(max(self._post.wake_every, 20 * (monotonic() - began)))

    async def _wake(self) -> None:
        await self._deliveries.wake(now())
        if recording():
            metrics.DELIVERIES_WAITING.set((await self._deliveries.count())[State.WAITING.value])

    async def _patiently(self, action: Callable[P, Awaitable[T]], *args: P.args, **named: P.kwargs) -> T | None:
        """Do it again, with growing pauses, as long as the database has a trouble that may pass; None when stopping meanwhile."""
        pause = 0.1
        while True:
            try:
                return await action(*args, **named)
            except DatabaseError as trouble:
                if is_impossible(trouble):
                    raise
                log.warning("the database does not do as asked, trying again: %s", type(trouble).__name__)
            if self._stopping.is_set():
                return None
            await self._pause(pause)
            pause = min(2 * pause, 5.0)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _unsent(delivery: Delivery) -> Outcome:
    return Outcome(State.WAITING, delivery.attempts, "given back unsent")
