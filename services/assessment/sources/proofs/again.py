"""Whether credentials that were taken still stand: asked again from time to time, each by itself.

What an issuer has taken back is taken back here; what it has restored is said again. That it could not be found out changes
nothing, and is noted. Several processes share the work by leases.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from services.assessment.domain.archive import original_id
from services.assessment.sources.claims import Kind
from services.assessment.sources.document import Source
from services.assessment.sources.formats.proofs import Options, claim_id
from services.assessment.sources.formats.proofs.results import listed
from services.assessment.sources.intake import Intake
from services.assessment.sources.ledger import Ledger
from services.assessment.sources.people import NOBODY, People
from services.assessment.sources.proofs.tracking import Proof, Tracking
from services.assessment.sources.registry import Registry
from services.assessment.sources.settling import opened
from services.assessment.sources.vault import Unreadable
from services.assessment.sources.writing import original_in, text_of
from shared import kafka
from shared.credentials.checking import Tools, status_now
from shared.credentials.findings import Check, finding
from shared.credentials.workers import TookTooLong
from shared.events.envelope import rfc3339
from shared.mongo import Database, DatabaseError

log = logging.getLogger(__name__)

TURN_EVERY: Final = 5.0
AT_ONCE: Final = 20
SOON: Final = timedelta(minutes=1)
UNKNOWN_AGAIN: Final = timedelta(hours=1)
"""After which what could not be found out is asked again, at the latest."""

NEEDED: Final[tuple[str, ...]] = ("id", "type", "issuer", "validFrom", "issuanceDate", "awardedDate", "credentialStatus")


class CheckingAgain:
    def __init__(
        self,
        tools: Tools,
        tracking: Tracking,
        registry: Registry,
        intake: Intake,
        ledger: Ledger,
        people: People,
        database: Database,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tools = tools
        self._tracking = tracking
        self._registry = registry
        self._intake = intake
        self.ledger = ledger
        self.people = people
        self._erasures = database["erasures"]
        self._clock = clock

    async def run(self) -> None:
        """For ever. What passes is tried again in the next turn."""
        while True:
            try:
                while await self.turn() == AT_ONCE:
                    pass
            except (DatabaseError, kafka.Unavailable) as error:
                log.warning("credentials are checked again later: %s", type(error).__name__)
            await asyncio.sleep(TURN_EVERY)

    async def turn(self) -> int:
        """Look at those that are due; how many they were."""
        async for erased in self._erasures.find({}):
            for proof in await self._tracking.of_learner(erased["_id"]):
                if proof.at <= datetime.fromisoformat(erased["at"]):
                    await self._tracking.forget(proof)
        due = await self._tracking.lease(self._clock(), AT_ONCE)
        for proof in due:
            await self._look_at(proof)
        return len(due)

    async def look_now(self, proof: Proof) -> Proof | None:
        """What is known of it now that it was looked at, or None if nothing may be known of it any more. Somebody else who is
        looking at it just now is left to it."""
        for _ in range(2):
            leased = await self._tracking.lease_one(proof, self._clock())
            if leased is None:
                break
            await self._look_at(leased, afresh=True)
            if leased.sealed is not None:
                break
        return await self._tracking.one(proof.id)

    async def _look_at(self, proof: Proof, *, afresh: bool = False) -> None:
        registered = await self._registry.one(proof.source)
        if registered is None or not isinstance(registered.source.options, Options):
            return await self._tracking.forget(proof)
        source, options = registered.source, registered.source.options
        if registered.paused:
            return await self._tracking.put(proof, due=self._clock() + SOON)
        if proof.sealed is None:
            return await self._keep_an_eye_on(proof, options)
        credential = await self._needed(proof)
        if credential is None:
            return await self._tracking.forget(proof)
        found = await self._status(credential, afresh)
        now = self._clock()
        if found.outcome == "unknown":
            since = proof.unknown_since or now
            later = now + min(options.checks_again_every, UNKNOWN_AGAIN)
            return await self._tracking.put(proof, unknown_since=since, unknown_says=found.sentence, due=_spread(now, later))
        known = {"checked_at": now, "code": found.code, "says": found.sentence, "unknown_since": None, "unknown_says": None}
        known["due"] = _spread(now, now + options.checks_again_every)
        if found.outcome == "no" and proof.state == "stands":
            return await self._taken_back(proof, source, found, now, known)
        if found.outcome == "yes" and proof.state == "taken_back":
            return await self._said_again(proof, source, credential, known)
        return await self._tracking.put(proof, **known)

    async def _keep_an_eye_on(self, proof: Proof, options: Options) -> None:
        """Keep what is needed of the original, whose text is forgotten in time. It waits for its learner to be known."""
        kept = (await self.ledger.whole([proof.original])).get(proof.original)
        if kept is None:
            return await self._tracking.forget(proof)
        owners = await self.people.known([kept["owner"]])
        found = opened(kept, owners)
        if found is None:
            return await self._tracking.forget(proof)
        now = self._clock()
        if kept.get("learner") is None:
            return await self._tracking.put(proof, due=_spread(now, now + options.checks_again_every))
        credential = needed_of(original_in(found[0])["credential"])
        key = owners[kept["owner"]].key
        assert key is not None
        changed = {"learner": kept["learner"], "sealed": key.seal(text_of(credential), proof.id)}
        return await self._tracking.put(proof, due=_spread(now, now + options.checks_again_every), **changed)

    async def _needed(self, proof: Proof) -> dict[str, Any] | None:
        """None: its learner was erased, and the key with them."""
        assert proof.learner is not None
        assert proof.sealed is not None
        key = (await self.people.known([proof.learner])).get(proof.learner, NOBODY).key
        try:
            found: dict[str, Any] | None = None if key is None else orjson.loads(key.unseal(proof.sealed, proof.id))
            return found
        except Unreadable:
            return None

    async def _status(self, credential: dict[str, Any], afresh: bool) -> Check:
        try:
            return await status_now(self._tools, credential, afresh=afresh)
        except TookTooLong:
            return finding("status.unreadable", address="its list", reason="it took too long")

    async def _taken_back(self, proof: Proof, source: Source, found: Check, now: datetime, known: dict[str, Any]) -> None:
        original = {"status": {"claim": proof.claim, "to": proof.learner, "says": found.sentence, "at": rfc3339(now)}}
        if await self._went_in(source, original):
            await self._tracking.put(proof, state="taken_back", **known)

    async def _said_again(self, proof: Proof, source: Source, credential: dict[str, Any], known: dict[str, Any]) -> None:
        edition = proof.edition + 1
        claim = claim_id(credential, edition)
        checked = {"verdict": "valid", "code": known["code"], "says": known["says"]}
        original = {
            "credential": credential,
            "checked": checked,
            "given": {"to": proof.learner, "by": "before"},
            "edition": edition,
        }
        if await self._went_in(source, original):
            changed = {"claim": claim, "original": original_id(source.event_source, claim), "edition": edition, "state": "stands"}
            await self._tracking.put(proof, **changed, **known)

    async def _went_in(self, source: Source, original: dict[str, Any]) -> bool:
        (outcome,) = await self._intake.take(source, [original])
        if outcome.kind in (Kind.ACCEPTED, Kind.HELD, Kind.DUPLICATED):
            return True
        log.warning("what was found of a credential's status is not taken: %s", outcome.detail, extra={"source": source.id})
        return False


def needed_of(credential: dict[str, Any]) -> dict[str, Any]:
    """What it takes to check its status and to say again what it says: nothing about whom it was given to."""
    found: dict[str, Any] = {name: credential[name] for name in NEEDED if name in credential}
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        found["issuer"] = {"id": issuer.get("id")}
    subjects = listed(credential.get("credentialSubject"))
    subject = subjects[0] if subjects and isinstance(subjects[0], dict) else {}
    achievement = subject.get("achievement")
    achievement = achievement if isinstance(achievement, dict) else {}
    kept = {name: achievement[name] for name in ("id", "name", "achievementType", "resultDescription") if name in achievement}
    found["credentialSubject"] = {"achievement": kept, **({"result": subject["result"]} if "result" in subject else {})}
    return found


def _spread(now: datetime, due: datetime) -> datetime:
    """Not all at the same time: what came together is asked about apart."""
    return now + (due - now) * random.uniform(0.8, 1.0)
