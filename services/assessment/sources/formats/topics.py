"""What the document of a source says that publishes on Kafka topics of its own."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from services.assessment.sources.formats.format import Options
from shared.requirements.model import Slug
from shared.topics import TOPICS

OURS: Final = frozenset(topic.name for topic in TOPICS)


def _theirs(name: str) -> str:
    if name in OURS or name in (".", ".."):
        raise ValueError(f"{name} is no topic of a source's own")
    return name


TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$"), AfterValidator(_theirs)]


class OnTopics(Options):
    """`topics` are the source's own: whatever is on them is taken as said by it. `cluster` is where they are, by the name that
    the operators gave it (CAIRN_SOURCE_CLUSTERS); by default they are on the platform's own broker. `begins` says where reading
    begins that was never begun before: with all that is there, or with what comes from then on.
    """

    topics: Annotated[tuple[TopicName, ...], Field(max_length=50)] = ()
    cluster: Slug | None = None
    begins: Literal["earliest", "latest"] = "earliest"
