"""Works files off in portions, as long as the process lives. Several instances share the files: each is one's at a time.

Files take turns, so that a large one keeps nobody waiting for long. One that its source has brought with a key of its own counts
in the source's quota, and waits for room in it; staff's doesn't.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from services.assessment.domain.archive import original_id
from services.assessment.sources.claims import Kind, Outcome, Understood, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.files.file import File, State
from services.assessment.sources.files.reading import Readings
from services.assessment.sources.files.shelf import MOST_REFUSALS, Lease, Shelf
from services.assessment.sources.formats.csv.table import Line
from services.assessment.sources.intake import Intake
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.quota import MINUTE, Quotas
from services.assessment.sources.registry import Registered, Registry
from services.assessment.sources.settling import ERASED
from services.assessment.sources.vault import Unreadable
from shared import kafka
from shared.http import Problem
from shared.mongo import DatabaseError, Document
from shared.stream.loop import Steps, no_steps

log = logging.getLogger(__name__)

PORTION: Final = 200
"""Lines that are taken together."""

TURN: Final = 2.0
"""Seconds after which another file's turn has come, if one waits."""

LOOK_EVERY: Final = 1.0
AGAIN_AFTER: Final = timedelta(seconds=5)
PAUSED_FOR: Final = timedelta(seconds=30)
OLD_EVERY: Final = 3_600.0
UNFORESEEN: Final = "it could not be worked on, for a reason that nobody foresaw; the service's log has it"


class Worker:
    """`steps` is called between any two steps, with the name of the one that is done, for tests."""

    def __init__(
        self,
        shelf: Shelf,
        registry: Registry,
        intake: Intake,
        ledger: Ledger,
        quotas: Quotas,
        *,
        steps: Steps = no_steps,
        portion: int = PORTION,
        turn: float = TURN,
    ) -> None:
        self._shelf = shelf
        self._registry = registry
        self._intake = intake
        self._ledger = ledger
        self._quotas = quotas
        self._readings = Readings(shelf)
        self._step = steps
        self._portion = portion
        self._turn = turn

    async def run(self) -> None:
        """Until it is cancelled. What is in hand then is taken up again by whoever comes next."""
        forgotten_at = float("-inf")
        while True:
            try:
                if monotonic() - forgotten_at > OLD_EVERY:
                    await self._shelf.forget_old()
                    forgotten_at = monotonic()
                if await self.work():
                    continue
            except (DatabaseError, kafka.Unavailable) as error:
                log.warning("files are worked on later: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def work(self) -> bool:
        """One file's turn: as far as it goes, or until others wait for theirs. Whether there was one."""
        lease = await self._shelf.lease()
        if lease is None:
            self._readings.close()
            return False
        registered = await self._registry.fresh(lease.file.source)
        if registered is None:
            await self._shelf.end(lease, State.FAILED, "its source is registered no more")
            return True
        if registered.paused and not lease.file.dry_run:
            await self._shelf.later(lease, PAUSED_FOR, State.WORKING if lease.resumed else State.WAITING)
            return True
        try:
            await self._through(lease, registered)
        except (DatabaseError, kafka.Unavailable):
            await self._shelf.later(lease, AGAIN_AFTER)
            raise
        except Unreadable:
            await self._shelf.end(lease, State.FAILED, "its content cannot be unsealed; bring it again")
        except Wrong as wrong:
            place = f"{wrong.place}: " if wrong.place else ""
            await self._shelf.end(lease, State.FAILED, f"{place}{wrong.detail}")
        except Exception:
            log.exception("a file could not be worked on", extra={"file": lease.file.id, "source": lease.file.source})
            await self._shelf.end(lease, State.FAILED, UNFORESEEN)
        return True

    async def _through(self, lease: Lease, registered: Registered) -> None:
        file, source, begun = lease.file, registered.source, monotonic()
        reading = await self._readings.of(file, source, registered.revision)
        over_at = monotonic() + max(self._turn, monotonic() - begun)
        most = min(self._portion, source.quota.per_minute) if file.by_source else self._portion
        done, refused, in_doubt = file.done, file.counts[Kind.REFUSED], lease.resumed
        while (portion := await reading.next(most)) and await self._shelf.goes_on(lease):
            over = done > file.done and monotonic() > over_at and await self._is_over(lease)
            waits = timedelta() if over else None
            if waits is None and file.by_source:
                waits = await self._room_in(source, len(portion))
            if waits is not None:
                self._readings.keep(file, registered.revision, reading)
                return await self._shelf.later(lease, waits, State.WORKING if in_doubt else State.WAITING)
            originals = [line.original for line in portion]
            if file.dry_run:
                understood = await self._intake.trial(source, originals)
                await self._shelf.note(file, done, portion[-1].number, _noted(portion, understood))
                outcomes = [one.outcome for one in understood]
            else:
                outcomes = await self._intake.take(source, originals)
                if in_doubt:
                    outcomes = await self._as_first_told(source, outcomes, lease.since)
                if not file.by_source:
                    await self._quotas.note(source, len(portion))
            await self._step("taken")
            counts = Counter(outcome.kind for outcome in outcomes)
            upto = done + len(portion)
            refusals = _refusals(file, done, portion, outcomes) if refused < MOST_REFUSALS else []
            if not await self._shelf.move(lease, done, upto, counts, refusals):
                return None
            reading.through()
            done, refused, in_doubt = upto, refused + counts[Kind.REFUSED], False
            await self._step("moved")
        return await self._shelf.end(lease, State.DONE)

    async def _room_in(self, source: Source, lines: int) -> timedelta | None:
        """Count them in the source's quota; or after which time there may be room for them."""
        try:
            await self._quotas.admit(source, lines)
        except Problem as full:
            return timedelta(seconds=int((full.headers or {}).get("retry-after", MINUTE)))
        return None

    async def _is_over(self, lease: Lease) -> bool:
        """Whether others wait for their turn, or staff has paused the source meanwhile."""
        registered = await self._registry.one(lease.file.source)
        return registered is None or registered.paused or await self._shelf.others_wait(lease)

    async def _as_first_told(self, source: Source, outcomes: Sequence[Outcome], since: datetime) -> list[Outcome]:
        """What was entered by the work that ended in the middle of this portion came once, and was accepted or held then."""
        ids = {
            outcome.id: original_id(source.event_source, outcome.id)
            for outcome in outcomes
            if outcome.kind is Kind.DUPLICATED and outcome.id is not None
        }
        for outcome in outcomes:
            if outcome.kind in (Kind.ACCEPTED, Kind.HELD) and outcome.id is not None:
                ids.pop(outcome.id, None)
        entered = await self._ledger.entered(ids.values())
        told = []
        for outcome in outcomes:
            found = entered.get(ids.pop(outcome.id, "")) if outcome.kind is Kind.DUPLICATED and outcome.id is not None else None
            if found is not None and found.get("at") is not None and found["at"] >= since:
                told.append(Outcome(Kind.HELD if found.get("held") else Kind.ACCEPTED, outcome.id))
            else:
                told.append(outcome)
        return told


def _refusals(file: File, done: int, portion: Sequence[Line], outcomes: Sequence[Outcome]) -> list[Document]:
    return [
        {
            "_id": f"{file.id}:{done + index:08d}",
            "file": file.id,
            "line": line.number,
            "id": None if outcome.detail == ERASED else outcome.id,
            "detail": outcome.detail,
            "column": outcome.place,
            "status": outcome.status,
        }
        for index, (line, outcome) in enumerate(zip(portion, outcomes, strict=True))
        if outcome.kind is Kind.REFUSED
    ]


def _noted(portion: Sequence[Line], understood: Sequence[Understood]) -> list[dict[str, Any]]:
    return [
        {
            "line": line.number,
            "outcome": one.outcome.kind.value,
            "id": one.outcome.id,
            "detail": one.outcome.detail,
            "column": one.outcome.place,
            "status": one.outcome.status,
            "events": list(one.events),
        }
        for line, one in zip(portion, understood, strict=True)
    ]
