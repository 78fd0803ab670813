"""Settings in, the office that reviews are done in out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.assessment.reviews.announcer import Announcer
from services.assessment.reviews.files import Files
from services.assessment.reviews.messages import Messenger
from services.assessment.reviews.offers import Offers
from services.assessment.reviews.office import Office
from services.assessment.reviews.store import Submissions
from services.assessment.reviews.upkeep import Upkeep
from services.assessment.rulebook import Rulebook
from services.assessment.sources.people import People
from services.assessment.sources.sources import Sources
from shared.kafka import Publisher
from shared.mongo import Database
from shared.settings import Settings
from shared.topics import SUBMISSIONS, Topic


@dataclass(frozen=True)
class Reviews:
    """`background` is what must run as long as a process of the stream does."""

    office: Office
    upkeep: Upkeep

    @property
    def background(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return (self.upkeep.run,)


@asynccontextmanager
async def open_reviews(
    settings: Settings,
    database: Database,
    rulebook: Rulebook,
    sources: Sources,
    publisher: Publisher,
    *,
    topic: Topic = SUBMISSIONS,
) -> AsyncIterator[Reviews]:
    """Raises Unset."""
    people = People(database, sources.vault)
    submissions, files = Submissions(database, people), Files(database, people)
    office = Office(submissions, files, Offers(rulebook), sources.intake, Announcer(publisher, topic))
    await office.submissions.create_indexes()
    await office.files.create_indexes()
    messenger = Messenger.from_settings(settings)
    try:
        yield Reviews(office, Upkeep(office, messenger))
    finally:
        if messenger is not None:
            await messenger.close()
