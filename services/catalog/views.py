"""What the catalog's API takes and answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.catalog.domain.changes import Change, document_of
from services.catalog.domain.document import Kind
from services.catalog.domain.drafts import Draft
from services.catalog.domain.findings import Finding
from services.catalog.domain.places import requirements_of
from services.catalog.domain.versions import Version
from services.catalog.publishing import Outcome
from shared.events.catalog import Endorsement
from shared.events.definitions import Definition, Stack
from shared.events.envelope import Instant
from shared.requirements.sentences import Names, sentence

LARGEST_APPLICATION: Final = 2_500
"""All of it is one transaction, which the smallest supported database must get through in time."""

Action = Literal["new", "changed", "unchanged", "refused"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Asked(View):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Spoken(View):
    """A requirement read aloud; `achievement` is what is awarded for it."""

    achievement: str
    level: str | None = None
    sentence: str


class PublishedVersion(View):
    """One version, as it was published, and when it counts (None: since ever, without end)."""

    kind: Kind
    id: str
    version: int
    published_at: Instant
    effective_from: Instant | None
    teach_out_ends: Instant | None
    retired: bool
    counts_now: bool
    requirements: list[Spoken]
    definition: dict[str, Any]


class Entry(View):
    """The newest version of a definition, in short."""

    kind: Kind
    id: str
    version: int
    name: str
    issuer: str
    description: str
    tags: list[str]
    skills: list[str]
    levels: Annotated[list[str], Field(description="the achievements that a stack's levels are awarded as, the lowest first")]
    retired: bool


class DraftView(View):
    """A draft, and what is wrong with it so far."""

    kind: Kind
    id: str
    revision: int
    changed_at: Instant
    document: dict[str, Any]
    findings: list[Finding] = []


class Validation(View):
    """Whether the document could be published as it is, what was found, and how its requirements read."""

    publishable: bool
    findings: list[Finding]
    requirements: list[Spoken] = []


class Window(Asked):
    """From when on a version counts; what is left out stays as the document says it."""

    effective_from: date | None = None
    teach_out_of_previous: date | None = None


class Retirement(Asked):
    """The day (midnight UTC) until which all versions still count; left out: now."""

    teach_out_ends: date | None = None


def _keepable(document: Any) -> Any:
    try:
        orjson.dumps(document)
    except TypeError as error:
        raise ValueError(f"this can't be kept: {error}") from error
    return document


Keepable = AfterValidator(_keepable)
"""Refuses what JSON can say but nobody can keep: half of a surrogate pair, integers over 64 bits, hundreds of levels."""


class Application(Asked):
    """Documents to be published together: all of them or, if there is any error, none."""

    documents: Annotated[list[Annotated[Any, Keepable]], Field(min_length=1, max_length=LARGEST_APPLICATION)]
    effective_from: Annotated[date | None, Field(description="for the documents that don't name a day of their own")] = None
    dry_run: Annotated[bool, Field(description="say what would happen, and write nothing")] = False


class Applied(View):
    """What became, or would become, of one document. `version` is None if it has errors."""

    index: Annotated[int, Field(description="which of the documents, from 0")]
    kind: Kind | None
    id: str | None
    action: Action
    version: int | None = None
    changes: list[Change] = []
    findings: list[Finding] = []


class Applying(View):
    """What became of the documents, in their order."""

    published: bool
    documents: list[Applied]


class AnnouncementView(View):
    """Whether the topic has an announcement yet."""

    id: str
    key: Annotated[str, Field(examples=["data-ethics@1"])]
    revision: int
    state: Literal["waiting", "sent"]
    time: Instant


class EndorsementView(View):
    """A partner's endorsement of a version: who vouches, in what words, until when (None: without end)."""

    digest: str
    by: str
    name: str
    comment: str | None
    valid_until: Instant | None
    credential: Annotated[str, Field(description="the credential: JSON, or a compact JWT")]


def endorsement_view(endorsement: Endorsement) -> EndorsementView:
    return EndorsementView.model_validate(endorsement.model_dump(exclude={"about"}))


def spoken(definition: Definition, names: Names) -> list[Spoken]:
    levels = (
        {f"{definition.id}.{level.level}": level.level for level in definition.levels} if isinstance(definition, Stack) else {}
    )
    return [
        Spoken(achievement=owner, level=levels.get(owner), sentence=sentence(requirement, names))
        for _, owner, requirement in requirements_of(definition)
    ]


def version_view(version: Version, names: Names, now: datetime) -> PublishedVersion:
    return PublishedVersion(
        kind=version.kind,
        id=version.id,
        version=version.number,
        published_at=version.published_at,
        effective_from=version.effective_from,
        teach_out_ends=version.teach_out_ends,
        retired=version.retired,
        counts_now=version.counts_at(now),
        requirements=spoken(version.definition, names),
        definition=document_of(version.definition),
    )


def entry(version: Version) -> Entry:
    definition = version.definition
    return Entry(
        kind=version.kind,
        id=version.id,
        version=version.number,
        name=definition.name,
        issuer=definition.issuer.id,
        description=definition.description,
        tags=list(definition.tags),
        skills=sorted(skills_of(definition)),
        levels=[f"{definition.id}.{level.level}" for level in definition.levels] if isinstance(definition, Stack) else [],
        retired=version.retired,
    )


def skills_of(definition: Definition) -> set[str]:
    """The codes of the skills of a definition, those of a stack's levels included."""
    skills = list(definition.skills)
    if isinstance(definition, Stack):
        skills += [skill for level in definition.levels for skill in level.skills]
    return {skill.code for skill in skills}


def draft_view(draft: Draft, findings: tuple[Finding, ...]) -> DraftView:
    return DraftView(
        kind=draft.kind,
        id=draft.id,
        revision=draft.revision,
        changed_at=draft.changed_at,
        document=draft.document,
        findings=list(findings),
    )


def applied(index: int, outcome: Outcome) -> Applied:
    return Applied(
        index=index,
        kind=outcome.submission.kind,
        id=outcome.submission.id,
        action=outcome.action,
        version=outcome.version,
        changes=list(outcome.changes),
        findings=list(outcome.findings),
    )
