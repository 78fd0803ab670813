"""From what became of awards to editions of their credentials, and to what changes in status lists.

An edition is a fact: it records what the award doesn't determine. Its bytes are made, and signed, when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.awarding.domain.record import Issued, Record
from services.awarding.domain.rules import Rules, Version
from services.awarding.domain.status_lists import Places, Purpose
from shared.decisions import Amend, Decided, Event, Put, Writer
from shared.events.awarding import (
    AwardExpiring,
    AwardFact,
    AwardStatus,
    CredentialIssued,
    ReissueRequested,
    StatusEntry,
)
from shared.events.definitions import Party
from shared.events.envelope import Cause
from shared.events.notifications import IdentityShared
from shared.pieces import Draft

CREDENTIALS: Final = "credentials"
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Issuing:
    """What the platform brings to an edition; it reads nothing while it is asked.

    `keys_of` gives, for an issuing unit's id, the ids of the keys that sign its embedded proofs now, and its JWTs (None: it has
    none for those); or None, if nothing can be signed for it. `unusable` are the ids of keys whose credentials are to be issued
    again. `contexts` is the SHA-256 digest of the JSON-LD contexts in hexadecimal, `profile_of` gives that of an issuer's
    profile.
    """

    keys_of: Callable[[str], tuple[str, str | None] | None]
    unusable: Container[str]
    contexts: str
    profile_of: Callable[[Party], str]


@dataclass(frozen=True, slots=True)
class Stated:
    """What an edition says of the award: `revision` is that of the award's fact with all the rest."""

    achievement: str
    award: str
    revision: int
    version: int
    awarded_at: datetime
    valid_until: datetime | None


def issue(
    before: Record, decided: Decided[Record], event: Event[Any] | None, writer: Writer, rules: Rules, *, issuing: Issuing
) -> tuple[Decided[Record], Mapping[str, int]]:
    """The decision with the editions that follow from it, and the partition's counters after them."""
    record = decided.record
    told = [fact for fact in decided.facts if isinstance(fact, AwardFact) and not isinstance(fact, AwardExpiring)]
    asked = event is not None and isinstance(event.data, ReissueRequested | IdentityShared)
    if record is None or not (told or asked):
        return decided, writer.numbers
    desk = _Desk(record, rules, issuing, writer.now, Places.of(writer, rules.ids), Draft(record.credentials))
    for fact in told:
        desk.follow(fact)
    if event is not None and isinstance(event.data, IdentityShared) and record.identity != before.identity:
        desk.identify(event.data.cause)
    if event is not None and isinstance(event.data, ReissueRequested):
        cause = Cause(kind="decision", id=event.id, source=event.source, time=event.time)
        desk.reissue(event.data.award, cause)
    if not desk.writes:
        return decided, writer.numbers
    after = replace(record, credentials=desk.credentials.done())
    return Decided(after, (*decided.facts, *desk.facts), (*decided.writes, *desk.writes)), desk.places.numbers


@dataclass(slots=True)
class _Desk:
    """One decision's worth of issuing."""

    record: Record
    rules: Rules
    issuing: Issuing
    now: datetime
    places: Places
    credentials: Draft[Issued]
    facts: list[CredentialIssued] = field(default_factory=list)
    writes: list[Put | Amend] = field(default_factory=list)

    def follow(self, fact: AwardFact) -> None:
        """A revoked award gets no further edition. One that was suspended, or revoked, and is valid again has its mark taken
        back if its list allows that, or else gets another place.
        """
        issued = self.credentials.get(fact.award)
        if fact.status is AwardStatus.REVOKED:
            if issued is not None:
                self._mark(fact.award, issued, True)
                self.writes.append(Amend(CREDENTIALS, self.rules.ids.credential(fact.award), {"revoked": True}))
            return
        stated = Stated(fact.achievement, fact.award, fact.revision, fact.version, fact.awarded_at, fact.valid_until)
        suspended = fact.status is AwardStatus.SUSPENDED
        elsewhere = issued is not None and issued.marked and not suspended and issued.at.purpose == "revocation"
        if issued is None or elsewhere or _differ(issued, stated):
            issued = self._edition(stated, fact.cause, elsewhere=elsewhere)
        if issued is not None:
            self._mark(fact.award, issued, suspended)

    def identify(self, cause: Cause) -> None:
        """The learner shares something else of who they are."""
        shared = self._shared()
        for award, issued in list(self.credentials.items()):
            said = self.record.said.get(award)
            held = said is not None and said.status in (AwardStatus.VALID, AwardStatus.SUSPENDED)
            if held and issued.identity != shared:
                self._again(award, issued, cause)

    def reissue(self, award: str, cause: Cause) -> None:
        """Only what lacks a credential, or whose credential's key can't be relied on any more."""
        issued, said = self.credentials.get(award), self.record.said.get(award)
        if said is None or said.status is AwardStatus.REVOKED:
            return
        if issued is not None:
            if self._unusable(issued.signed_with, issued.jwt_signed_with):
                self._again(award, issued, cause)
            return
        achievement = self._achievement(award)
        if achievement is not None:
            stated = Stated(achievement, award, said.revision, said.version, said.awarded_at, said.valid_until)
            first = self._edition(stated, cause)
            if first is not None:
                self._mark(award, first, said.status is AwardStatus.SUSPENDED)

    def _again(self, award: str, issued: Issued, cause: Cause) -> None:
        achievement = self._achievement(award)
        if achievement is not None:
            of = (issued.award_revision, issued.version, issued.awarded_at, issued.valid_until)
            self._edition(Stated(achievement, award, *of), cause)

    def _unusable(self, *keys: str | None) -> bool:
        return any(key is not None and key in self.issuing.unusable for key in keys)

    def _achievement(self, award: str) -> str | None:
        return next((id_ for id_, line in self.record.lines.items() for one in line if one.id == award), None)

    def _shared(self) -> int | None:
        identity = self.record.identity
        return identity.revision if identity is not None and identity.shared else None

    def _edition(self, stated: Stated, cause: Cause, *, elsewhere: bool = False) -> Issued | None:
        """None, and nothing changed, if nobody can sign it."""
        rule = self.rules.by_id.get(stated.achievement)
        version = None if rule is None else rule.by_number.get(stated.version)
        keys = None if version is None else self.issuing.keys_of(version.definition.issuer.id)
        if version is None or keys is None or self._unusable(*keys):
            return self.credentials.get(stated.award)
        last = self.credentials.get(stated.award)
        unit = version.definition.issuer.id
        if last is not None and last.at.unit != unit:
            self._mark(stated.award, last, True)
            elsewhere = True
        if last is None or elsewhere:
            purpose: Purpose = "suspension" if self.rules.can_be_suspended(version) else "revocation"
            list_, index = self.places.next(unit, purpose)
            marked = False
        else:
            list_, index, marked = last.list, last.index, last.marked
        issued = Issued(
            edition=1 if last is None else last.edition + 1,
            award_revision=stated.revision,
            version=stated.version,
            awarded_at=stated.awarded_at,
            valid_until=stated.valid_until,
            valid_from=_valid_from(last, stated, self.now),
            list=list_,
            index=index,
            marked=marked,
            signed_with=keys[0],
            jwt_signed_with=keys[1],
            identity=self._shared(),
        )
        self.credentials[stated.award] = issued
        self._say(stated, issued, version, cause)
        return issued

    def _say(self, stated: Stated, issued: Issued, version: Version, cause: Cause) -> None:
        fact = CredentialIssued(
            revision=issued.edition,
            cause=cause,
            credential=self.rules.ids.credential(stated.award),
            award=stated.award,
            award_revision=stated.revision,
            learner=self.record.learner,
            achievement=stated.achievement,
            version=stated.version,
            issuer=issued.at.unit,
            status=StatusEntry(purpose=issued.at.purpose, list=issued.list, index=issued.index),
            signed_with=issued.signed_with,
            jwt_signed_with=issued.jwt_signed_with,
            valid_from=issued.valid_from,
            created=_second(self.now),
            profile=self.issuing.profile_of(version.definition.issuer),
            contexts=self.issuing.contexts,
            endorsements=_endorsements(version, self.now),
            identity=issued.identity,
        )
        self.facts.append(fact)
        self.writes.append(Put(CREDENTIALS, credential_document(fact), new=issued.edition == 1))

    def _mark(self, award: str, issued: Issued, to: bool) -> None:
        """Set the credential's place in its list, or clear it. What is revoked stays so."""
        if issued.marked is to or (not to and issued.at.purpose == "revocation"):
            return
        self.writes.append(self.places.changed(issued.list, issued.index, to))
        if not to:
            self.writes.append(Amend(CREDENTIALS, self.rules.ids.credential(award), {"revoked": False}))
        self.credentials[award] = replace(issued, marked=to)


def credential_document(fact: CredentialIssued) -> dict[str, Any]:
    """The newest edition as the collection `credentials` keeps it; `revoked` says that there will be no further one.

    The fact is one text, which databases write much faster than its many values.
    """
    return {
        "_id": fact.credential,
        "award": fact.award,
        "learner": fact.learner,
        "issuer": fact.issuer,
        "achievement": fact.achievement,
        "version": fact.version,
        "list": fact.status.list,
        "index": fact.status.index,
        "purpose": fact.status.purpose,
        "edition": fact.revision,
        "signed_with": fact.signed_with,
        "jwt_signed_with": fact.jwt_signed_with,
        "fact": fact.to_json().decode(),
        "current": True,
        "revoked": False,
    }


def _differ(issued: Issued, stated: Stated) -> bool:
    return (issued.version, issued.awarded_at, issued.valid_until) != (stated.version, stated.awarded_at, stated.valid_until)


def _valid_from(last: Issued | None, stated: Stated, now: datetime) -> datetime:
    """Strictly newer with each edition. An edition made after the end of validity is dated within it: an edition that is valid
    from after its end would be no credential at all.
    """
    if last is None:
        return _second(min(stated.awarded_at, now))
    next_ = last.valid_from + SECOND
    wanted = max(_second(now), next_)
    return next_ if stated.valid_until is not None and wanted > stated.valid_until else wanted


def _endorsements(version: Version, now: datetime) -> tuple[str, ...]:
    """The digests of those that can be embedded: JSON with a proof of its own, not expired."""
    return tuple(
        sorted(
            one.digest
            for one in version.endorsements
            if one.credential.lstrip().startswith("{") and (one.valid_until is None or one.valid_until > now)
        )
    )


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
