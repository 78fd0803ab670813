"""Publishing, revising and retiring: validated against all that is published, and committed only if that is still so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

from services.catalog.domain.changes import Change, changes
from services.catalog.domain.dependencies import publishing_order
from services.catalog.domain.document import Submission
from services.catalog.domain.drafts import Draft
from services.catalog.domain.entitlements import Entitlements
from services.catalog.domain.findings import Finding, has_errors
from services.catalog.domain.known import Known
from services.catalog.domain.naming import names_of
from services.catalog.domain.validation import validated
from services.catalog.domain.versions import (
    Shelf,
    Version,
    come_into_force,
    endorsed,
    published,
    retired,
    unendorsed,
)
from services.catalog.store import Moved, Versions, now
from shared.events.catalog import Endorsement
from shared.requirements.sentences import Names
from shared.telemetry import traceparent

ATTEMPTS: Final = 20


class Busy(Exception):
    """So many others publish that this one didn't come through; it may be tried again."""


@dataclass(frozen=True)
class Stock:
    """Everything published as of one revision of the catalog."""

    revision: int
    shelf: Shelf

    @cached_property
    def known(self) -> Known:
        return self.shelf.known()

    @cached_property
    def names(self) -> Names:
        return names_of(self.known)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or would become, of one submission. `version` is the one it is published as; None if it has errors."""

    submission: Submission
    action: Literal["new", "changed", "unchanged", "refused"]
    version: int | None
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Publishing:
    """The outcome for each submission, in their order, and whether anything was refused; then nothing was published."""

    outcomes: tuple[Outcome, ...]

    @property
    def refused(self) -> bool:
        return any(has_errors(outcome.findings) for outcome in self.outcomes)


@dataclass
class Catalog:
    """What was published, as this instance knows it, and the way to publish more.

    `committed` is called after each commit, so that announcements go out at once.
    """

    versions: Versions
    committed: Callable[[], None] = lambda: None
    clock: Callable[[], datetime] = now
    entitlements: Entitlements = field(default_factory=dict)
    _stock: Stock = field(default_factory=lambda: Stock(-1, Shelf({})))
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def stock(self) -> Stock:
        """Everything published until now, by any instance."""
        revision = await self.versions.revision()
        if revision != self._stock.revision:
            stock = Stock(revision, await self.versions.shelf())
            # The versions may be those of a later revision; then the next call reads them once more.
            self._stock = stock
        return self._stock

    async def publish(
        self,
        submissions: Sequence[Submission],
        *,
        effective_from: datetime | None = None,
        dry_run: bool = False,
        drafts: Sequence[Draft] = (),
    ) -> Publishing:
        """Validate all together and publish what is new or changed: all of it, or, if there is any error, nothing.

        `effective_from` is for what doesn't name a day of its own.
        """
        if effective_from is not None:
            submissions = [replace(each, effective_from=each.effective_from or effective_from) for each in submissions]
        async with self._one_at_a_time:
            for _ in range(ATTEMPTS):
                stock = await self.stock()
                moment = self.clock()
                publishing = await asyncio.to_thread(_judged, submissions, stock, moment, self.entitlements)
                if dry_run or publishing.refused:
                    return publishing
                accepted = [each.submission for each in publishing.outcomes if each.action in ("new", "changed")]
                if await self._committed(stock, _versions(accepted, stock, moment), drafts):
                    return publishing
        raise Busy

    async def retire(self, id_: str, ends: datetime | None) -> tuple[Version, ...]:
        """All versions, retired from `ends` (None: now) on; nothing if there is none."""
        async with self._one_at_a_time:
            for _ in range(ATTEMPTS):
                stock = await self.stock()
                changed = retired(stock.shelf.of(id_), ends, self.clock())
                if await self._committed(stock, changed):
                    return (await self.stock()).shelf.of(id_)
        raise Busy

    async def endorse(self, id_: str, number: int, endorsement: Endorsement) -> bool:
        """Add a partner's endorsement to a version. False if it has it already; raises KeyError if there is no such version."""
        return await self._changed(id_, number, lambda version: endorsed(version, endorsement, self.clock()))

    async def withdraw_endorsement(self, id_: str, number: int, digest: str) -> bool:
        """False if the version hasn't got it; raises KeyError if there is no such version."""
        return await self._changed(id_, number, lambda version: unendorsed(version, digest, self.clock()))

    async def _changed(self, id_: str, number: int, change: Callable[[Version], tuple[Version, ...]]) -> bool:
        async with self._one_at_a_time:
            for _ in range(ATTEMPTS):
                stock = await self.stock()
                version = next((version for version in stock.shelf.of(id_) if version.number == number), None)
                if version is None:
                    raise KeyError(f"{id_}@{number}")
                changed = change(version)
                if await self._committed(stock, changed):
                    return bool(changed)
        raise Busy

    async def bring_into_force(self) -> int:
        """Announce again the versions whose time has come. Says how many there were."""
        async with self._one_at_a_time:
            for _ in range(ATTEMPTS):
                stock = await self.stock()
                changed = come_into_force(stock.shelf, self.clock())
                if await self._committed(stock, changed):
                    return len(changed)
        raise Busy

    async def _committed(self, stock: Stock, changed: Sequence[Version], drafts: Sequence[Draft] = ()) -> bool:
        """False when somebody else came first."""
        if not changed:
            return True
        try:
            await self.versions.commit(stock.revision, changed, traceparent(), drafts)
        except Moved:
            await asyncio.sleep(0)
            return False
        self._stock = Stock(stock.revision + 1, stock.shelf.with_(changed))
        self.committed()
        return True


def _judged(submissions: Sequence[Submission], stock: Stock, moment: datetime, entitlements: Entitlements) -> Publishing:
    """Only what is new or changed is validated: what is published already stays, whatever became of what it refers to."""
    changed = [each for each in submissions if _action(each, stock) != "unchanged"]
    findings = validated(changed, stock.known, moment, entitlements)
    return Publishing(tuple(_outcome(each, stock, findings) for each in submissions))


def _outcome(submission: Submission, stock: Stock, findings: Mapping[str, tuple[Finding, ...]]) -> Outcome:
    before = stock.shelf.of(submission.id)
    action, found = _action(submission, stock), findings.get(submission.id, ())
    if action == "unchanged":
        return Outcome(submission, "unchanged", before[-1].number)
    differences = changes(before[-1].definition, submission.definition) if before else ()
    if has_errors(found):
        return Outcome(submission, "refused", None, differences, found)
    return Outcome(submission, action, len(before) + 1, differences, found)


def _action(submission: Submission, stock: Stock) -> Literal["new", "changed", "unchanged"]:
    before = stock.shelf.of(submission.id)
    if not before:
        return "new"
    return "unchanged" if before[-1].definition == submission.definition else "changed"


def _versions(submissions: Sequence[Submission], stock: Stock, moment: datetime) -> list[Version]:
    """What others depend on is announced before them."""
    by_id = {submission.id: submission for submission in submissions}
    definitions = [submission.definition for submission in submissions]
    order = publishing_order(definitions, stock.known.with_(definitions))
    return [version for definition in order for version in published(by_id[definition.id], stock.shelf.of(definition.id), moment)]
