"""What staff asks about sources, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.assessment.progress import Shown
from services.assessment.sources.claims import Kind, Understood
from services.assessment.sources.document import Source
from services.assessment.sources.formats.format import KeyKind
from services.assessment.sources.keys import Key
from services.assessment.sources.registry import Registered
from shared.events.envelope import Instant


class SourceListed(Shown):
    source: str
    name: str
    owner: str
    format: str
    paused: bool
    revision: int
    changed_at: Instant

    @classmethod
    def of(cls, registered: Registered) -> Self:
        source = registered.source
        return cls(
            source=source.id,
            name=source.name,
            owner=source.owner,
            format=source.format,
            paused=registered.paused,
            revision=registered.revision,
            changed_at=registered.changed_at,
        )


class SourceShown(Shown):
    """`document` is as it was put; `event_source` is the CloudEvents source of its completions."""

    document: Source
    event_source: str
    paused: bool
    revision: int
    made_at: Instant
    changed_at: Instant
    changed_by: str

    @classmethod
    def of(cls, registered: Registered) -> Self:
        return cls(
            document=registered.source,
            event_source=registered.source.event_source,
            paused=registered.paused,
            revision=registered.revision,
            made_at=registered.made_at,
            changed_at=registered.changed_at,
            changed_by=registered.changed_by,
        )


class FormatShown(Shown):
    """`options` is the JSON Schema of what a document says beyond what all have; `keys` are the kinds that a source may have."""

    format: str
    title: str
    sent_to: str
    keys: tuple[KeyKind, ...]
    options: dict[str, Any]


class TrialShown(Shown):
    """What would become of one original, were it sent, and what would be published."""

    outcome: Kind
    id: str | None
    detail: str | None
    place: str | None
    status: int | None
    events: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, understood: Understood) -> Self:
        outcome = understood.outcome
        return cls(
            outcome=outcome.kind,
            id=outcome.id,
            detail=outcome.detail,
            place=outcome.place,
            status=outcome.status,
            events=understood.events,
        )


class Trials(Shown):
    items: tuple[TrialShown, ...]


class Refused(Shown):
    """One that was refused, without what it said."""

    at: Instant
    id: str | None
    status: int | None
    place: str | None
    reason: str


class Reason(Shown):
    outcome: Kind
    reason: str
    count: int


class DayShown(Shown):
    """A day in UTC, as counted when it came in."""

    day: date
    received: int
    accepted: int
    held: int
    ignored: int
    refused: int
    duplicated: int
    reasons: tuple[Reason, ...]


class TopicsShown(Shown):
    """Of a source that publishes on topics of its own."""

    partitions: Annotated[int, Field(description="partitions of its topics that are being read now")]
    waits_for: Annotated[tuple[str, ...], Field(description="what is in the way of reading them")]
    unread: Annotated[int, Field(description="messages that could not be read, and are kept for a while")]


class Health(Shown):
    """`silent_for` is the time since something last came in, in seconds, and `too_long` whether that is longer than
    `expects_every` allows: None where the document doesn't say, or nothing ever came. It is `losing` if events that followed
    from what it sent were not taken by the stream."""

    source: str
    state: Literal["paused", "never_heard", "silent", "losing", "waiting", "refusing", "well"]
    last_event: Instant | None
    silent_for: float | None
    too_long: bool | None
    last_hour: Annotated[int | None, Field(description="originals in the last 60 minutes; null: not known")]
    dead_letters: Annotated[int, Field(description="events that the stream could not take, today and yesterday")]
    unread: Annotated[int, Field(description="events that followed from what came yesterday, and that the stream has not read")]
    today: DayShown
    yesterday: DayShown
    refusals: Annotated[tuple[Refused, ...], Field(description="the latest, the newest first")]
    topics: TopicsShown | None = None


class KeyAsked(BaseModel):
    """A public key comes as `jwks`, or is fetched from `jwks_uri` (https); secrets are made here."""

    model_config = ConfigDict(extra="forbid")

    kind: KeyKind
    note: Annotated[str, Field(max_length=300, description="for people: where it is used")] = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: Annotated[str, Field(max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _public(self) -> Self:
        given = (self.jwks is not None) + (self.jwks_uri is not None)
        if self.kind == "public_key" and given != 1:
            raise ValueError("a public key needs either jwks or jwks_uri")
        if self.kind != "public_key" and given:
            raise ValueError("only a public key has jwks or jwks_uri; a secret is made here and shown once")
        return self


class Retirement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: Annotated[Instant | None, Field(description="when it shall open nothing any more; null: now")] = None


class KeyShown(Shown):
    """Never a secret. `retires_at` in the past: it opens nothing any more. Times of use are exact to ten seconds."""

    id: str
    kind: KeyKind
    note: str
    live: bool
    made_at: Instant
    made_by: str
    retires_at: Instant | None
    last_used_at: Instant | None
    failures: Annotated[int, Field(description="attempts with its id that proved nothing")]
    last_failed_at: Instant | None
    jwks_uri: str | None = None

    @classmethod
    def of(cls, key: Key, live: bool) -> Self:
        return cls(
            id=key.id,
            kind=key.kind,
            note=key.note,
            live=live,
            made_at=key.made_at,
            made_by=key.made_by,
            retires_at=key.retires_at,
            last_used_at=key.used_at,
            failures=key.failures,
            last_failed_at=key.failed_at,
            jwks_uri=key.jwks_uri,
        )


class KeyMade(Shown):
    """`secret` is shown this once: nobody can show it again."""

    key: KeyShown
    secret: str | None
    use: Annotated[str, Field(description="what to do with it, in a sentence")]
