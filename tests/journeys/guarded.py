"""A platform whose broker and database let in only whom they know: over TLS, one user for each service, exactly their rights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from deploy.acls import Acl
from deploy.demo.office import Office
from deploy.local.guard import Way
from deploy.local.platform import Platform
from services.assessment.client import OverKafka, Report
from shared.broker import connection
from shared.events.completions import CompletionReported, Score, Status
from shared.topics import COMPLETIONS, REQUESTS, VERDICTS, Topic

LMS: Final = "lms"
"""An integration team's user: it may write completions, and nothing else."""

ACHIEVEMENT: Final = {
    "achievement": "first-steps",
    "name": "First steps in programming",
    "description": "Writes small programs that do what they should.",
    "criteria": "The introductory course is passed.",
    "issuer": {"id": "my-university", "name": "My University"},
    "requirement": {"activity": "lms:intro", "passed": True},
}
STACK: Final = {
    "stack": "trail",
    "name": "The trail",
    "description": "Stones on stones.",
    "issuer": {"id": "my-university", "name": "My University"},
    "levels": [{"level": "bronze", "name": "Bronze", "requirement": {"achievement": "first-steps"}}],
}
MAY_WRITE: Final[dict[str, frozenset[str]]] = {
    "catalog": frozenset({"catalog.publications"}),
    "assessment": frozenset(
        {COMPLETIONS.name, VERDICTS.name, "assessment.reviews", REQUESTS["assessment"].name, "assessment.dead-letters"}
    ),
    "awarding": frozenset({"awarding.awards", REQUESTS["awarding"].name, "awarding.dead-letters"}),
    "notifications": frozenset({"notifications.identities", REQUESTS["notifications"].name, "notifications.dead-letters"}),
    LMS: frozenset({COMPLETIONS.name}),
}
"""By user, the topics that are theirs to write: said here again, so that a slip in the table of rights is found."""


WAYS: Final[dict[str, Way]] = {
    "catalog": "oauth",
    "assessment": "scram",
    "awarding": "certificates",
    "notifications": "oauth",
    "topics": "certificates",
    LMS: "scram",
}
"""All ways of coming to the broker, by stream engines and by plain producers."""


@dataclass(frozen=True)
class Guarded:
    platform: Platform
    office: Office

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        rights = {LMS: [Acl("topic", COMPLETIONS.name, "literal", ("Describe", "Write"))]}
        async with (
            Platform(folder, guarded=WAYS, rights=rights, env={"CAIRN_LOG_LEVEL": "DEBUG"}) as platform,
            Office(platform) as office,
        ):
            yield cls(platform, office)

    async def complete(self, *learners: str) -> None:
        """As the integration team does it."""
        when = datetime(2026, 1, 12, 10, tzinfo=UTC)
        said = [
            CompletionReported(learner=learner, activity="lms:intro", status=Status.PASSED, score=Score(raw=8, max=10))
            for learner in learners
        ]
        async with OverKafka(self.platform.broker(LMS), "urn:example:lms") as completions:
            await completions.send(*(Report(f"1-{one.learner}", when, one) for one in said))

    async def write(self, user: str, topic: Topic) -> None:
        """A message that means nothing, to partition 0. Raises what the broker answers."""
        async with AIOKafkaProducer(**connection(self.platform.broker(user)), request_timeout_ms=10_000) as producer:
            await producer.send_and_wait(topic.name, b"", partition=0)

    @asynccontextmanager
    async def database(self, user: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
        """As one of the services' users comes to it."""
        assert self.platform.database is not None
        assert self.platform.guard is not None
        uri, ca = self.platform.database.uri_of(user), str(self.platform.guard.authority.ca)
        async with AsyncMongoClient[dict[str, Any]](uri, tlsCAFile=ca, serverSelectionTimeoutMS=5_000) as client:
            yield client
