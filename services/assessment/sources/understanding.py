"""What originals of a source say in our words, by its document and by what is known now. Writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.assessment.domain.archive import original_id
from services.assessment.sources.claims import Claim, Kind, Nothing, Outcome, Wrong
from services.assessment.sources.directory import Directory
from services.assessment.sources.document import Source
from services.assessment.sources.formats import FORMATS
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.resolving import Awaiting, Known, Plan, Ready, Reported, plan_of, referred, resolve
from services.assessment.sources.vault import Vault
from services.assessment.sources.writing import text_of, words_of
from shared.events.envelope import Envelope

log = logging.getLogger(__name__)

MISREAD: Final = "it cannot be read, for a reason that nobody foresaw; the service's log has it"


@dataclass(frozen=True, slots=True)
class Read:
    """An original and its claims. `id` is the first one's; `ids` are the places of all of them in the ledger."""

    text: bytes
    claims: Sequence[Claim]
    id: str
    ids: tuple[str, ...]
    digest: str
    text_digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an original says. `owner` is under whose key it is sealed: nobody's but its own while its learner isn't known."""

    read: Read
    says: Ready | Awaiting

    @property
    def owner(self) -> str:
        return self.says.learner or f" {self.says.awaits[0]}" if isinstance(self.says, Awaiting) else self.says.learner

    @property
    def events(self) -> tuple[Envelope, ...]:
        return self.says.events if isinstance(self.says, Ready) else ()


class Understanding:
    def __init__(self, vault: Vault, directory: Directory, ledger: Ledger) -> None:
        self._vault = vault
        self._directory = directory
        self._ledger = ledger

    def read(self, source: Source, original: Any, came_at: datetime | None = None) -> Read | Outcome:
        """What the format's reader makes of it, or what was wrong before it could be read. Reads nothing else.

        `came_at` is when it came, if that was before: what has no time of its own keeps it.
        """
        if isinstance(original, Wrong):
            return refused(original)
        try:
            text = text_of(original)
            claims = FORMATS[source.format].read(original, source)
            if isinstance(claims, Nothing):
                return Outcome(Kind.IGNORED, detail=claims.reason)
            if not claims:
                return Outcome(Kind.IGNORED, detail="it says nothing about completions")
            if came_at is not None:
                claims = [claim if claim.timed else replace(claim, time=came_at) for claim in claims]
            words = words_of(claims)
        except Wrong as wrong:
            return refused(wrong)
        except Exception:
            log.exception("a reader failed on an original", extra={"format": source.format, "source": source.id})
            return Outcome(Kind.REFUSED, detail=MISREAD, status=422)
        ids = tuple(original_id(source.event_source, claim.id) for claim in claims)
        return Read(text, claims, claims[0].id, ids, self._vault.digest(words), self._vault.digest(text))

    async def found(
        self, source: Source, read: Sequence[Read | Outcome], now: datetime, traceparents: Sequence[str | None] = ()
    ) -> list[Found | Outcome]:
        """Each in our words, in order; what names others of them is resolved after those. `traceparents` are what their events
        carry on, one for each, or none."""
        plan = plan_of(source)
        claims = [claim for one in read if isinstance(one, Read) for claim in one.claims]
        references = referred(claims)
        known = Known(
            await self._directory.learners(plan.lookups(claims)),
            dict(await self._ledger.reports(source.event_source, references)),
            self._directory.mark,
            lambda text: self.mark(source, text),
        )
        found: list[Found | Outcome] = [one if isinstance(one, Outcome) else Outcome(Kind.REFUSED) for one in read]
        for index in _in_turn(read, references):
            one = read[index]
            assert isinstance(one, Read)
            found[index] = made = self._resolved(one, plan, known, now, traceparents[index] if traceparents else None)
            if references and isinstance(made, Found) and isinstance(made.says, Ready):
                for claim in one.claims:
                    known.reports.setdefault(claim.id, Reported(made.says.learner, claim.id))
        return found

    def mark(self, source: Source, text: str) -> str:
        """An activity or an id of the source, as what waits for it names it."""
        return self._vault.name(source.id, "", text)

    def _resolved(self, read: Read, plan: Plan, known: Known, now: datetime, traceparent: str | None) -> Found | Outcome:
        try:
            return Found(read, resolve(read.claims, plan, known, now, traceparent))
        except Wrong as wrong:
            return refused(wrong, read.id)


def _in_turn(read: Sequence[Read | Outcome], references: Iterable[str]) -> list[int]:
    """Those that name nothing first."""
    indexes = [index for index, one in enumerate(read) if isinstance(one, Read)]
    if not references:
        return indexes
    return sorted(indexes, key=lambda index: bool(referred(read[index].claims)))  # type: ignore[union-attr]  # only those that were read


def refused(wrong: Wrong, id_: str | None = None) -> Outcome:
    named = wrong.id or id_
    place = sayable(wrong.place) or None
    return Outcome(Kind.REFUSED, None if named is None else sayable(named), sayable(wrong.detail), place, wrong.status)


def sayable(text: str) -> str:
    """As an answer can carry it: JSON may bring half of a surrogate pair, which has no UTF-8."""
    return text.encode(errors="replace").decode()
