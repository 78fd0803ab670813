"""Published versions: immutable in what they say; only when they count is set later. Every change is announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.catalog.domain.document import Kind, Submission, kind_of
from services.catalog.domain.endorsements import same_credential
from services.catalog.domain.known import Known
from shared.events.catalog import AchievementPublished, Endorsement, Published, StackPublished
from shared.events.definitions import Achievement, Definition, Stack
from shared.events.envelope import Cause


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it was last announced. `revision` counts its announcements; the times are in UTC."""

    definition: Definition
    number: int
    revision: int
    announced_at: datetime
    published_at: datetime
    effective_from: datetime | None = None
    teach_out_ends: datetime | None = None
    retired: bool = False
    endorsements: tuple[Endorsement, ...] = ()

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def kind(self) -> Kind:
        return kind_of(self.definition)

    @property
    def key(self) -> str:
        return f"{self.id}@{self.number}"

    @property
    def levels(self) -> tuple[Achievement, ...]:
        """A stack's levels as the achievements that they are awarded as, the lowest first; none of an achievement."""
        return self.definition.as_achievements() if isinstance(self.definition, Stack) else ()

    @property
    def awaits_force(self) -> bool:
        """It was announced before its time had come."""
        return self.effective_from is not None and self.effective_from > self.announced_at

    def counts_at(self, moment: datetime) -> bool:
        return (self.effective_from is None or self.effective_from <= moment) and (
            self.teach_out_ends is None or moment < self.teach_out_ends
        )

    def announcement(self) -> Published:
        cause = Cause(kind="publication", id=self.key, time=self.announced_at)
        if isinstance(self.definition, Stack):
            return StackPublished(
                revision=self.revision,
                cause=cause,
                id_=self.id,
                version=self.number,
                effective_from=self.effective_from,
                teach_out_ends=self.teach_out_ends,
                retired=self.retired,
                announced_at=self.announced_at,
                published_at=self.published_at,
                endorsements=self.endorsements,
                definition=self.definition,
            )
        return AchievementPublished(
            revision=self.revision,
            cause=cause,
            id_=self.id,
            version=self.number,
            effective_from=self.effective_from,
            teach_out_ends=self.teach_out_ends,
            retired=self.retired,
            announced_at=self.announced_at,
            published_at=self.published_at,
            endorsements=self.endorsements,
            definition=self.definition,
        )

    def again(self, now: datetime) -> Version:
        """To be announced once more, as it now is."""
        return replace(self, revision=self.revision + 1, announced_at=max(now, self.announced_at))


@dataclass(frozen=True)
class Shelf:
    """Everything published: the versions of each definition by its id, the oldest first."""

    versions: Mapping[str, tuple[Version, ...]]

    def known(self) -> Known:
        return Known(
            {id_: tuple(version.definition for version in versions) for id_, versions in self.versions.items()},
            frozenset(id_ for id_, versions in self.versions.items() if versions[-1].retired),
        )

    def of(self, id_: str) -> tuple[Version, ...]:
        return self.versions.get(id_, ())

    def with_(self, changed: Sequence[Version]) -> Shelf:
        """With these put in place of the versions they are of, or behind the older ones."""
        versions = dict(self.versions)
        for version in changed:
            others = [old for old in versions.get(version.id, ()) if old.number != version.number]
            versions[version.id] = tuple(sorted([*others, version], key=lambda each: each.number))
        return Shelf(versions)


def published(submission: Submission, before: Sequence[Version], now: datetime) -> tuple[Version, ...]:
    """The new version, preceded by the one before it, whose window it ends; nothing if it says what the newest says.

    A revision that names no day counts from now on. The version before ends where the author says, or else when the new one
    takes effect; a day that has passed doesn't take away what was earned since, so it ends now at the earliest.
    """
    if before and before[-1].definition == submission.definition:
        return ()
    starts = submission.effective_from or (now if before else None)
    ends = submission.teach_out_of_previous or max(starts or now, now)
    last = before[-1] if before else None
    ended = (replace(last.again(now), teach_out_ends=ends),) if last else ()
    number = last.number + 1 if last else 1
    new = Version(submission.definition, number, 1, announced_at=now, published_at=now, effective_from=starts)
    return (*ended, new)


def retired(versions: Sequence[Version], ends: datetime | None, now: datetime) -> tuple[Version, ...]:
    """All versions retired, counting until `ends` (None: now) at most; nothing if that is so already."""
    until = ends or now
    changed = []
    for version in versions:
        end = until if version.teach_out_ends is None else min(version.teach_out_ends, until)
        if not version.retired or end != version.teach_out_ends:
            changed.append(replace(version.again(now), retired=True, teach_out_ends=end))
    return tuple(changed)


def endorsed(version: Version, endorsement: Endorsement, now: datetime) -> tuple[Version, ...]:
    """With the endorsement, in place of an older edition of the same credential; nothing if it has it already."""
    if any(each.digest == endorsement.digest for each in version.endorsements):
        return ()
    others = [each for each in version.endorsements if not same_credential(each, endorsement)]
    return (replace(version.again(now), endorsements=(*others, endorsement)),)


def unendorsed(version: Version, digest: str, now: datetime) -> tuple[Version, ...]:
    """Without the endorsement; nothing if it hasn't got it."""
    kept = tuple(each for each in version.endorsements if each.digest != digest)
    return () if kept == version.endorsements else (replace(version.again(now), endorsements=kept),)


def come_into_force(shelf: Shelf, now: datetime) -> tuple[Version, ...]:
    """The versions whose time has come since they were announced, to be announced again."""
    return tuple(
        version.again(now)
        for versions in shelf.versions.values()
        for version in versions
        if version.awaits_force and version.effective_from is not None and version.effective_from <= now
    )


def next_start(shelf: Shelf) -> datetime | None:
    """When the next version comes into force."""
    waiting = [v.effective_from for versions in shelf.versions.values() for v in versions if v.awaits_force and v.effective_from]
    return min(waiting, default=None)
