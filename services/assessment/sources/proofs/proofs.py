"""Takes what somebody brings as proof: checked, found to be the learner's, taken in, and kept an eye on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.assessment.sources.applying import Applying
from services.assessment.sources.claims import Kind, Outcome, Wrong
from services.assessment.sources.document import Source
from services.assessment.sources.formats.proofs import Options, claim_id
from services.assessment.sources.formats.proofs import since as since_of
from services.assessment.sources.gate import Gate
from services.assessment.sources.intake import Intake
from services.assessment.sources.proofs.again import CheckingAgain
from services.assessment.sources.proofs.checking import Brought, Refused, brought_in, unreadable
from services.assessment.sources.proofs.matching import Bringing, Matching, subjects_in
from services.assessment.sources.proofs.tracking import Proof, Tracking
from services.assessment.sources.writing import text_of
from shared.credentials.checking import Tools

ANOTHERS: Final = "it was taken as the proof of another learner before; a credential proves what one learner can do"
OLDER: Final = "a newer edition of this credential was taken before, which stands in its place"
BROUGHT_AGAIN: Final = "it came again with whose it is, and counts as what came then"
TAKEN: Final = (Kind.ACCEPTED, Kind.HELD, Kind.DUPLICATED)
AT_ONCE: Final = 4
"""How many may be checked at the same time: others wait."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """An original; of what is a credential, its mark, the id of what it says, and where its edition begins."""

    original: dict[str, Any]
    mark: str | None = None
    claim: str = ""
    since: datetime | None = None


class Proofs:
    """`again` is to be run by a process of the stream."""

    def __init__(
        self,
        tools: Tools,
        gate: Gate,
        intake: Intake,
        applying: Applying,
        matching: Matching,
        tracking: Tracking,
        again: CheckingAgain,
    ) -> None:
        self._tools = tools
        self._gate = gate
        self._intake = intake
        self._applying = applying
        self._matching = matching
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.tracking = tracking
        self.again = again

    async def take(self, source: Source, data: bytes, bringing: Bringing) -> list[Outcome]:
        """What became of each credential in it. Raises the problems 413 and 429, and what the intake raises."""
        assert isinstance(source.options, Options)
        await self._gate.admit(source, 1)
        async with self._slots:
            found = await brought_in(self._tools, data, source.options)
        if len(found) > 1:
            await self._gate.admit(source, len(found) - 1)
        ready = [await self._ready(source, one, bringing) if isinstance(one, Brought) else _Ready(one) for one in found]
        outcomes = await self._intake.take(source, [one.original for one in ready])
        for one, outcome in zip(ready, outcomes, strict=True):
            if one.mark is not None and one.since is not None and outcome.kind in TAKEN:
                learner, replaces = one.original["given"].get("to"), one.original.get("replaces")
                await self.tracking.taken(one.mark, source, one.claim, learner, one.since, replaces, datetime.now(UTC))
        return outcomes

    async def originals(self, source: Source, credentials: Sequence[Any]) -> list[dict[str, Any]]:
        """Of credentials and records, each an object or a token: what would go in if the source itself brought them."""
        assert isinstance(source.options, Options)
        found: list[Brought | Refused] = []
        for one in credentials:
            try:
                data = one.encode(errors="replace") if isinstance(one, str) else text_of(one)
            except Wrong as wrong:
                found.append(unreadable(wrong.detail, wrong.status))
                continue
            async with self._slots:
                found += await brought_in(self._tools, data, source.options)
        return [one.original({}) if isinstance(one, Brought) else one for one in found]

    async def held(self, proofs: Sequence[Proof]) -> frozenset[str]:
        """The ids of those that count for nothing yet, because what they are about is not known here."""
        entered = await self.again.ledger.entered(proof.original for proof in proofs)
        return frozenset(proof.id for proof in proofs if entered.get(proof.original, {}).get("held"))

    async def _ready(self, source: Source, one: Brought, bringing: Bringing) -> _Ready:
        if one.checked["verdict"] != "valid":
            return _Ready(one.original({}))
        given = await self._matching.given(source, subjects_in(one.credential, one.of_record), bringing)
        try:
            mark, since, claim = self.tracking.mark(source, one.credential), since_of(one.credential), claim_id(one.credential)
        except Wrong:
            return _Ready(one.original(given))
        before = await self.tracking.one(mark)
        replaces, edition, known = None, 1, False
        if before is not None:
            given = _refused(before, given, since) or given
            if before.since == since:
                edition, replaces = before.edition, before.replaces if before.edition == 1 else None
                known, given = await self._as_before(before, given)
            elif before.state == "stands":
                replaces = before.claim
        if (to := given.get("to")) is not None:
            await self._matching.lead(source, to)
        return _Ready(one.original(given, edition=edition, replaces=replaces), None if known else mark, claim, since)

    async def _as_before(self, before: Proof, given: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Of what came before: whether it is the same again, and to whom it was given then. Whoever says whose it is settles what
        was held because nobody had said so.
        """
        entered = (await self.again.ledger.entered([before.original])).get(before.original)
        if entered is None or "refused" in given:
            return True, given
        if before.named or before.edition > 1:
            return True, {"to": before.learner, "by": "before"}
        if "to" not in given:
            return True, {}
        if not entered["held"]:
            return True, {} if given["to"] == entered["learner"] else {"refused": ANOTHERS, "status": 409}
        held = await self._applying.held([before.original])
        return not await self._applying.discard(held, BROUGHT_AGAIN), given


def _refused(before: Proof, given: Mapping[str, Any], since: datetime) -> dict[str, Any] | None:
    if "refused" in given:
        return None
    if before.learner is not None and given.get("to", before.learner) != before.learner:
        return {"refused": ANOTHERS, "status": 409}
    if since < before.since:
        return {"refused": OLDER, "status": 409}
    return None
