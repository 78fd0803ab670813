"""What people do with submissions: each step is decided purely, kept on condition that nobody was faster, and then told."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from services.assessment.domain import handing_in
from services.assessment.domain.announcing import announced
from services.assessment.domain.handing_in import Person, Refused
from services.assessment.domain.submissions import Did, Evidence, File, Kind, Step, Submission
from services.assessment.reviews.announcer import Announcer
from services.assessment.reviews.files import LARGEST, MOST_FILES, Files, NotTaken, safe_name, type_of
from services.assessment.reviews.offers import Offer, Offers
from services.assessment.reviews.speaking import SOURCE, original_of
from services.assessment.reviews.store import NOTICES, Moved, Shelved, Submissions, micros
from services.assessment.sources.claims import Kind as Became
from services.assessment.sources.intake import Intake
from shared import kafka, mongo
from shared.http import Problem
from shared.telemetry import traceparent

log = logging.getLogger(__name__)

TRIES: Final = 5
MOST_ATTEMPTS: Final = 100

Act = Callable[[Submission, Offer, datetime], Submission]
"""What is to become of a submission whose review this is, now. It may raise Refused."""


class Office:
    """The app carries it as `app.state.reviews`. Whoever calls it has made sure that the caller may."""

    def __init__(
        self,
        submissions: Submissions,
        files: Files,
        offers: Offers,
        intake: Intake,
        announcer: Announcer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.submissions = submissions
        self.files = files
        self.offers = offers
        self.clock = clock
        self._intake = intake
        self._announcer = announcer

    async def one(self, id_: str) -> Shelved:
        """Raises the 404 problem."""
        found = await self.submissions.one(id_)
        if found is None:
            raise Problem(404, detail="There is no such submission.")
        return found

    def offer_of(self, submission: Submission) -> Offer:
        """The review as it stands in the submission's version of the achievement."""
        found = self.offers.of(submission.achievement, submission.review, submission.version)
        if found is None:
            raise Problem(
                503, detail="The achievement's definition is not here yet; please try again.", headers={"retry-after": "2"}
            )
        return found

    def current(self, achievement: str, review: str) -> Offer:
        """Raises the 404 problem."""
        found = self.offers.current(achievement, review, self.clock())
        if found is None:
            raise Problem(404, detail=f"The achievement {achievement} asks for no review {review} now.")
        return found

    async def begin(self, who: Person, learner: str, achievement: str, review: str, kind: Kind) -> Shelved:
        """A draft. Raises the 409 problem while another one of the learner for the same review is open."""
        offer = self.current(achievement, review)
        before = [one.submission for one in await self.submissions.of_review(learner, achievement, review)]
        if (there := next((one for one in before if one.is_open), None)) is not None:
            raise Problem(409, detail="Another submission for this review is open.", submission=there.id)
        attempt = max((one.attempt for one in before), default=0) + 1
        if attempt > MOST_ATTEMPTS:
            raise Problem(409, detail=f"There were {MOST_ATTEMPTS} submissions for this review; nobody may begin more.")
        now = self.clock()
        try:
            begun = handing_in.begin(
                who,
                now,
                id_=new_id(now),
                learner=learner,
                achievement=achievement,
                version=offer.version,
                review=offer.review,
                kind=kind,
                attempt=attempt,
            )
            return await self.submissions.add(Shelved(begun, offer.issuer))
        except Refused as refused:
            raise problem_of(refused) from refused
        except Moved as moved:
            raise Problem(409, detail="Another submission for this review was begun just now.") from moved

    async def act(self, id_: str, act: Act) -> Shelved:
        """Do it to the submission as it is. What is decided by it is published."""
        for _ in range(TRIES):
            before = await self.one(id_)
            now = max(self.clock(), _last(before.submission))
            offer = self.offer_of(before.submission)
            try:
                after = announced(before.submission, act(before.submission, offer, now), traceparent())
                shelved = await self.submissions.put(_kept(before, after, offer))
            except Refused as refused:
                raise problem_of(refused) from refused
            except Moved:
                continue
            return await self._told_if_it_can(shelved)
        raise Problem(409, detail="Others are changing it at the same time; look at it again.")

    async def hand_in(self, id_: str, who: Person) -> Shelved:
        """For the first time by the rubric that is in force now."""

        def handed_in(submission: Submission, offer: Offer, now: datetime) -> Submission:
            if submission.handed_in_at is None:
                offer = self.current(submission.achievement, submission.review)
            return handing_in.hand_in(submission, who, now, version=offer.version, review=offer.review)

        return await self.act(id_, handed_in)

    async def change(self, id_: str, text: str, links: tuple[str, ...], learned: str, *, show_links: bool) -> Shelved:
        """All of the evidence but the files."""

        def changed(submission: Submission, offer: Offer, _: datetime) -> Submission:
            evidence = Evidence(text=text, links=links, learned=learned, show_links=show_links, files=submission.evidence.files)
            return handing_in.change(submission, evidence, offer.review)

        return await self.act(id_, changed)

    async def add_file(self, id_: str, name: str, content: bytes) -> Shelved:
        """Raises the 413, 415 and 409 problems."""
        if len(content) > LARGEST:
            raise Problem(413, detail=f"A file may have {LARGEST // 1_000_000} MB at most.")
        try:
            type_ = type_of(content)
        except NotTaken as reason:
            raise Problem(415, "This file is not taken", str(reason)) from reason
        file = File(
            id=secrets.token_hex(8),
            name=safe_name(name, type_),
            type=type_,
            size=len(content),
            digest=hashlib.sha256(content).hexdigest(),
        )

        def added(submission: Submission, offer: Offer, _: datetime) -> Submission:
            files = submission.evidence.files
            if any(one.digest == file.digest for one in files):
                raise Refused(409, "This file is there already.", "evidence.files")
            if len(files) >= MOST_FILES:
                raise Refused(409, f"There are {MOST_FILES} files already; more are not taken.", "evidence.files")
            return handing_in.change(submission, submission.evidence.but(files=(*files, file)), offer.review)

        before = await self.one(id_)
        try:
            added(before.submission, self.offer_of(before.submission), self.clock())
        except Refused as refused:
            raise problem_of(refused) from refused
        await self.files.keep(id_, file.id, before.submission.learner, content, self.clock())
        try:
            return await self.act(id_, added)
        except Problem:
            await self.files.drop(id_, [file.id])
            raise

    async def remove_file(self, id_: str, file: str) -> Shelved:
        def removed(submission: Submission, offer: Offer, _: datetime) -> Submission:
            files = tuple(one for one in submission.evidence.files if one.id != file)
            if len(files) == len(submission.evidence.files):
                raise Refused(404, "There is no such file.")
            return handing_in.change(submission, submission.evidence.but(files=files), offer.review)

        shelved = await self.act(id_, removed)
        await self.files.drop(id_, [file])
        return shelved

    async def tell(self, shelved: Shelved) -> Shelved:
        """Publish the verdicts that were not published yet; the same again does no harm. Raises `kafka.Unavailable`."""
        submission = shelved.submission
        untold = submission.verdicts[submission.told :]
        if not untold:
            return shelved
        review = self.offer_of(submission).review
        outcomes = await self._intake.take(SOURCE, [original_of(submission, verdict, review) for verdict in untold])
        history = submission.history
        for outcome in outcomes:
            if outcome.kind not in (Became.ACCEPTED, Became.DUPLICATED):
                log.error("a verdict was not published", extra={"submission": submission.id, "outcome": outcome.kind.value})
                step = Step(at=self.clock(), by="", did=Did.NOT_PUBLISHED, note=outcome.detail or outcome.kind.value, inner=True)
                history = (*history, step)
        told = submission.but(told=len(submission.verdicts), history=history)
        return await self.submissions.put(replace(shelved, submission=told))

    async def say(self, shelved: Shelved) -> Shelved:
        """Publish what its learner is to hear; the same again does no harm. Raises `kafka.Unavailable`."""
        submission = shelved.submission
        if not submission.sayings:
            return shelved
        await self._announcer.publish(submission.sayings)
        return await self.submissions.put(replace(shelved, submission=submission.but(sayings=())))

    async def _told_if_it_can(self, shelved: Shelved) -> Shelved:
        """What can't be published now is published later: the step stands."""
        for tell in (self.tell, self.say):
            try:
                shelved = await tell(shelved)
            except (kafka.Unavailable, mongo.DatabaseError, Moved, Problem) as trouble:
                log.warning(
                    "what was done waits to be published: %s", type(trouble).__name__, extra={"submission": shelved.submission.id}
                )
        return shelved


def _kept(before: Shelved, after: Submission, offer: Offer) -> Shelved:
    """With the reminders that follow from its state, and what is to be told of it."""
    steps = [step.did.value for step in after.history[len(before.submission.history) :] if step.did.value in NOTICES]
    notice = steps[-1] if steps and after.handed_in_at is not None else before.notice
    if after.waits_since is None:
        return replace(before, submission=after, due=None, remind_at=None, notice=notice)
    if after.waits_since == before.submission.waits_since and after.state is before.submission.state:
        return replace(before, submission=after, notice=notice)
    due = after.waits_since + offer.review.remind_after
    return replace(before, submission=after, due=due, remind_at=due, notice=notice)


def problem_of(refused: Refused) -> Problem:
    if not refused.place:
        return Problem(refused.status, detail=refused.detail)
    return Problem(refused.status, detail=refused.detail, errors=[{"place": refused.place, "message": refused.detail}])


def new_id(at: datetime) -> str:
    """Later ones are greater."""
    return f"{micros(at):014x}{secrets.token_hex(9)}"


def _last(submission: Submission) -> datetime:
    """When something last happened to it: clocks of several processes may differ a little."""
    return submission.history[-1].at
