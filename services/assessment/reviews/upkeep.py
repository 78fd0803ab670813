"""What goes on by itself: nothing that was handed in waits unseen, no verdict stays unpublished, no file is left behind."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from services.assessment.domain.announcing import reminded
from services.assessment.domain.submissions import State, Submission
from services.assessment.reviews.messages import Messenger, NotDelivered
from services.assessment.reviews.office import Office
from services.assessment.reviews.store import Moved
from shared import kafka, mongo
from shared.http import Problem
from shared.telemetry import NEW_TRACE, metrics, recording, span

log = logging.getLogger(__name__)

AT_ONCE: Final = 50
LOOK_EVERY: Final = 5.0
MEASURE_EVERY: Final = 60.0
TELL_AGAIN_AFTER: Final = 60.0
TIDY_EVERY: Final = 3_600.0
WORTH_TELLING: Final = timedelta(days=1)
"""What happened longer ago is no news any more, for instance when the messenger was set up only later."""
A_WEEK: Final = timedelta(days=7)
FILES_WAIT: Final = timedelta(days=1)
WITHDRAWN_WAIT: Final = timedelta(days=30)
TROUBLES: Final = (mongo.Unavailable, mongo.DatabaseError, kafka.Unavailable, Problem)


class Upkeep:
    """Several instances may run at once: each change is made on condition that nobody was faster."""

    def __init__(self, office: Office, messenger: Messenger | None = None, *, pause: float = LOOK_EVERY) -> None:
        self._office = office
        self.messenger = messenger
        self._pause = pause
        self.quiet_until = float("-inf")

    async def run(self) -> None:
        measured = tidied = float("-inf")
        while True:
            try:
                await self.once()
                if recording() and monotonic() - measured > MEASURE_EVERY:
                    await self.measure()
                    measured = monotonic()
                if monotonic() - tidied > TIDY_EVERY:
                    await self.tidy()
                    tidied = monotonic()
            except TROUBLES as trouble:
                log.warning("the reviews' upkeep goes on later: %s", type(trouble).__name__)
            await asyncio.sleep(self._pause)

    async def once(self) -> None:
        await self._publish()
        await self._remind()
        await self._say()
        await self._notify()

    async def _publish(self) -> None:
        for shelved in await self._office.submissions.untold(AT_ONCE):
            try:
                await self._office.tell(shelved)
            except (Moved, Problem) as trouble:
                log.warning("a verdict waits to be published: %s", type(trouble).__name__)

    async def _say(self) -> None:
        for shelved in await self._office.submissions.unsaid(AT_ONCE):
            with suppress(Moved):
                await self._office.say(shelved)

    async def _remind(self) -> None:
        """Once when it has waited for too long, and again each time that as much time has passed."""
        now = self._office.clock()
        for shelved in await self._office.submissions.to_remind_of(now, AT_ONCE):
            submission = shelved.submission
            again = now + self._remind_after(submission)
            with span("remind", parent=NEW_TRACE) as reminding:
                told = reminded(submission, now, reminding.traceparent)
            try:
                await self._office.submissions.put(replace(shelved, submission=told, remind_at=again, notice="overdue"))
            except Moved:
                continue
            whom = "learner" if submission.state is State.ASKED else "assessors"
            log.warning("a submission has waited for too long", extra={"submission": submission.id, "waits_for": whom})

    def _remind_after(self, submission: Submission) -> timedelta:
        offer = self._office.offers.of(submission.achievement, submission.review, submission.version)
        return A_WEEK if offer is None else offer.review.remind_after

    async def _notify(self) -> None:
        """Whoever did not take a message is left alone for a minute."""
        if self.messenger is None or monotonic() < self.quiet_until:
            return
        now = self._office.clock()
        for shelved in await self._office.submissions.noticeable(AT_ONCE):
            if _is_news(shelved.submission, shelved.notice, now):
                try:
                    await self.messenger.send(shelved, self._office.offer_of(shelved.submission), now)
                except NotDelivered as reason:
                    log.warning("those who follow the queue could not be told: %s", reason)
                    self.quiet_until = monotonic() + TELL_AGAIN_AFTER
                    return
            try:
                await self._office.submissions.put(replace(shelved, notice=None))
            except Moved:
                continue

    async def measure(self) -> None:
        now = self._office.clock()
        waiting = await self._office.submissions.waiting(None, now)
        oldest = min((one.oldest for one in waiting), default=now)
        metrics.REVIEWS_WAITING.set(sum(one.number for one in waiting))
        metrics.REVIEWS_OVERDUE.set(sum(one.overdue for one in waiting))
        metrics.REVIEWS_OLDEST.set((now - oldest).total_seconds())

    async def tidy(self) -> None:
        """Files that belong to no submission, since a request ended half-way or they were withdrawn a month ago."""
        now, after = self._office.clock(), None
        while pairs := await self._office.files.kept_before(now - FILES_WAIT, after, 500):
            for id_ in {submission for submission, _ in pairs}:
                found = await self._office.submissions.one(id_)
                belong = set() if found is None else _belonging(found.submission, now)
                await self._office.files.drop(id_, [file for one, file in pairs if one == id_ and file not in belong])
            after = "/".join(pairs[-1])


def _belonging(submission: Submission, now: datetime) -> set[str]:
    gone = submission.state is State.WITHDRAWN and submission.history[-1].at < now - WITHDRAWN_WAIT
    return set() if gone else {file.id for file in submission.evidence.files}


def _is_news(submission: Submission, notice: str | None, now: datetime) -> bool:
    return notice == "overdue" or submission.history[-1].at > now - WORTH_TELLING
