"""The sender: takes deliveries, mails them, and notes what became of them.

What the stream of the same process writes is given to it at once, as much as it has room for: it is leased to the sender from
the beginning, and known when it is committed, without being asked for. The rest waits, and is claimed with a lease too, some at
a time, so that several senders share the work and those of a dead one are taken up by another when the lease ends. Between the
server's acceptance and the note of it a death repeats the mail, under the same Message-ID; nothing else does. Taking, mailing
over several connections and noting go on side by side.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Final, ParamSpec, TypeVar
from uuid import uuid4

from services.notifications.clock import Clock
from services.notifications.domain.contact import Contact
from services.notifications.domain.delivery import Accepted, Answer, Away, Delivery, Outcome, Refusal, State, outcome
from services.notifications.domain.telling import DELIVERIES
from services.notifications.hand import Hand
from services.notifications.letters import compose, mail, page_of
from services.notifications.post import Addressed, Post
from services.notifications.smtp import Connection
from services.notifications.store import Claim, Contacts, Deliveries, Note, delivery_of, portions
from shared.decisions import Amend, Drop, Put
from shared.mongo import DatabaseError, Document, is_impossible
from shared.telemetry import metrics, recording, span

log = logging.getLogger(__name__)

NOTES_WAITING: Final = 500
CLOCK_EVERY: Final = 5.0

P = ParamSpec("P")
T = TypeVar("T")
Write = Put | Drop | Amend


class Sender:
    """`run` it as long as the process lives. Cancelling it finishes the mails in conversation and gives the others back."""

    def __init__(self, deliveries: Deliveries, contacts: Contacts, post: Post) -> None:
        self._deliveries = deliveries
        self._contacts = contacts
        self._post = post
        self._clock = Clock(deliveries.time)
        self._hand = Hand(post.at_once, post.in_hand, post.in_hand_for)
        self._taken: asyncio.Queue[tuple[Sequence[Delivery], Claim]] = asyncio.Queue()
        self._to_mail: asyncio.Queue[Addressed] = asyncio.Queue()
        self._notes: asyncio.Queue[Note] = asyncio.Queue()
        self._at_work = False
        self._others_wait = True
        self._stopping = asyncio.Event()
        self._server_was_away = True

    def engage(self, writes: Sequence[Write]) -> tuple[Sequence[Write], Callable[[], None]]:
        """Of what a stream is about to write, the deliveries for which there is room are this sender's from the beginning. What
        is to be called when all is committed hands them over; if it never is, nobody has them until the lease ends.

        While others wait, a quarter of the room is theirs.
        """
        room = self._room - (self._hand.size // 4 if self._others_wait else 0)
        claim = self._claim()
        leased: dict[str, Document] = {}
        written = list(writes)
        for place, write in enumerate(writes if self._at_work else ()):
            if isinstance(write, Put) and write.collection == DELIVERIES and len(leased) < room:
                document = write.document | {"state": State.LEASED.value, "lease": claim.document()}
                leased[document["_id"]] = document
                written[place] = replace(write, document=document)

        def committed() -> None:
            self._take([delivery_of(document) for document in leased.values()], claim)

        return written, committed

    async def run(self) -> None:
        work = asyncio.create_task(self._work())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stop()
            await work
            raise

    def _stop(self) -> None:
        self._at_work = False
        self._stopping.set()

    async def _work(self) -> None:
        """Outcomes are noted until all else has ended; a sender that cannot note any more must not go on mailing."""
        await self._patiently(self._clock.look)
        self._at_work = not self._stopping.is_set()
        async with asyncio.TaskGroup() as group:
            noting = group.create_task(self._note_all())
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._claim_all())
                parts.create_task(self._address_all())
                parts.create_task(self._wake_all())
                parts.create_task(self._watch_the_clock())
                for _ in range(self._post.connections):
                    parts.create_task(self._mail_all())
            self._give_back()
            await self._notes.join()
            noting.cancel()

    def _claim(self) -> Claim:
        return Claim(uuid4().hex, self._clock.now() + self._post.lease)

    def _take(self, deliveries: Sequence[Delivery], claim: Claim) -> None:
        self._hand.take(len(deliveries))
        for portion in portions(deliveries):
            self._taken.put_nowait((portion, claim))

    @property
    def _room(self) -> int:
        """Outcomes that many others wait before to be noted take room as well: with a slow database no more is taken on."""
        return max(0, self._hand.room - max(0, self._notes.qsize() - NOTES_WAITING))

    async def _claim_all(self) -> None:
        """Take what waits, where there is room for some."""
        while not self._stopping.is_set():
            room, claimed = self._room, 0
            if room >= min(self._post.at_once, self._hand.size // 4):
                claimed = await self._patiently(self._claim_some, room) or 0
                self._others_wait = claimed == room
            if not claimed or not self._others_wait:
                await self._pause(self._post.look_every)

    async def _claim_some(self, most: int) -> int:
        claim = self._claim()
        claimed = await self._deliveries.claim(claim, most)
        self._take(claimed, claim)
        return len(claimed)

    async def _address_all(self) -> None:
        while (taken := await self._next_of(self._taken)) is not None:
            deliveries, claim = taken
            contacts = await self._patiently(self._contacts.of, {delivery.learner for delivery in deliveries})
            if contacts is None:
                self._taken.put_nowait(taken)
                return
            self._sort(deliveries, contacts, claim)

    def _sort(self, taken: Sequence[Delivery], contacts: Mapping[str, Contact], claim: Claim) -> None:
        """Those that nobody is to be mailed for are noted at once."""
        for delivery in taken:
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
            while (addressed := await self._next_of(self._to_mail, connection)) is not None:
                if addressed.claim.until - timedelta(seconds=self._post.timeout + self._post.spare) < self._clock.now():
                    self._note(addressed.delivery, _unsent(addressed.delivery), addressed.claim)
                else:
                    await self._mail(connection, addressed)
        finally:
            await connection.close()

    async def _next_of(self, queue: asyncio.Queue[T], connection: Connection | None = None) -> T | None:
        """The next at hand; None when stopping. A connection that is idle for long is closed."""
        used = monotonic()
        while not self._stopping.is_set():
            with suppress(asyncio.QueueEmpty):
                return queue.get_nowait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._post.look_every):
                    return await queue.get()
            if connection is not None and monotonic() - used > self._post.close_after:
                await connection.close()
        return None

    def _give_back(self) -> None:
        while not self._taken.empty():
            deliveries, claim = self._taken.get_nowait()
            for delivery in deliveries:
                self._note(delivery, _unsent(delivery), claim)
        while not self._to_mail.empty():
            addressed = self._to_mail.get_nowait()
            self._note(addressed.delivery, _unsent(addressed.delivery), addressed.claim)

    async def _mail(self, connection: Connection, addressed: Addressed) -> None:
        delivery, post = addressed.delivery, self._post
        attributes = {"cairn.delivery": delivery.id, "cairn.kind": delivery.kind}
        with span("mail", kind="client", parent=delivery.traceparent, attributes=attributes) as sending:
            answer = await self._answer(connection, addressed)
            found = outcome(delivery, answer, self._clock.now(), post.patience)
            if not isinstance(answer, Accepted):
                sending.failed(found.state.value)
            self._note(delivery, found, addressed.claim)
        await self._watch(answer)

    async def _answer(self, connection: Connection, addressed: Addressed) -> Answer:
        delivery, contact, sender = addressed.delivery, addressed.contact, self._post.sender
        try:
            data = {**delivery.data, "page": page_of(self._post.assessment, delivery.data)}
            letter = compose(delivery.kind, data, contact.language, contact.name)
            message = mail(
                letter, id_=delivery.id, sender=sender, address=contact.address, person=contact.name, now=self._clock.now()
            )
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
        self._hand.done()
        metrics.DELIVERIES.add(1, {metrics.OUTCOME: found.state.value})
        self._notes.put_nowait(Note(delivery.id, found, claim))

    async def _note_all(self) -> None:
        """Write what has come together: one at a time when little goes on, many when much."""
        while True:
            notes = [await self._notes.get()]
            if self._hand.busy:
                await self._pause(self._post.gather_for)
            while not self._notes.empty() and len(notes) < NOTES_WAITING:
                notes.append(self._notes.get_nowait())
            if not await self._patiently(self._written, notes):
                log.error("%d outcomes could not be noted before the end; their mails may be repeated", len(notes))
            for _ in notes:
                self._notes.task_done()

    async def _written(self, notes: Sequence[Note]) -> bool:
        await self._deliveries.note(notes, self._clock.now())
        return True

    async def _watch_the_clock(self) -> None:
        while not self._stopping.is_set():
            await self._pause(CLOCK_EVERY)
            await self._patiently(self._clock.look)

    async def _wake_all(self) -> None:
        """Deliveries put off whose time has come, and those of ended leases. Looking takes a twentieth of the time at most."""
        looked = -self._post.leases_every
        while not self._stopping.is_set():
            began = monotonic()
            await self._patiently(self._wake)
            if began - looked >= self._post.leases_every:
                looked = began
                await self._patiently(self._deliveries.end_leases, self._clock.now())
            await self._pause(max(self._post.wake_every, 20 * (monotonic() - began)))

    async def _wake(self) -> None:
        await self._deliveries.wake(self._clock.now())
        if recording():
            metrics.DELIVERIES_WAITING.set(await self._deliveries.waiting())

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
