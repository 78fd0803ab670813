"""A learner whose awards are issued as credentials, and what a stranger sees of them: editions, and bits in lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.awarding.domain.decisions import identity_shared, reissue_requested, revise
from services.awarding.domain.issuing import Issuing, issue
from services.awarding.domain.record import Issued
from services.awarding.domain.status_lists import ListId
from shared.decisions import Amend, Decided, Drop, Event, Put, Writer
from shared.events.awarding import AwardStatus, CredentialIssued, ReissueRequested
from shared.events.catalog import Published
from shared.events.envelope import Cause, Fact, Message
from shared.events.notifications import IdentityShared
from tests.domain.awarding.scene import TABLE, Learner, day, event

ISSUING = Issuing(
    keys_of=lambda unit: (f"ed-{unit}", f"rsa-{unit}"),
    unusable=frozenset(),
    contexts="c" * 64,
    profile_of=lambda party: f"profile of {party.id}",
)
NOW = day(100)

DECIDE: dict[type[Message], Any] = {**TABLE, IdentityShared: identity_shared, ReissueRequested: reissue_requested}


class Holder(Learner):
    """`of` is another holder in the same partition, if there is one.

    `bits` are what is set, by list and index; `places` who has which.
    """

    def __init__(
        self,
        *published: Published,
        learner: str = "ada",
        issuing: Issuing = ISSUING,
        partition: int = 2,
        of: Holder | None = None,
    ) -> None:
        super().__init__(*published, learner=learner)
        self.issuing, self.partition, self.now = issuing, partition, NOW
        self.numbers: dict[str, int] = {} if of is None else of.numbers
        self.bits: dict[tuple[str, int], bool] = {}
        self.log: dict[str, list[int]] = {} if of is None else of.log
        self.places: dict[tuple[str, int], str] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.identities: dict[str, dict[str, Any]] = {}

    def apply(self, *events: Any) -> tuple[Fact, ...]:
        said: list[Fact] = []
        for one in events:
            if not isinstance(one, Event):
                one = event(one, one.cause.time)
            decided = DECIDE[type(one.data)](self.record, one, self.rules)
            said += self._take(self._numbered(decided, one))
        return tuple(said)

    def publish(self, *published: Published) -> tuple[Fact, ...]:
        super().publish()
        self.rules = type(self)(*published).rules
        decided = revise(self.record, self.rules, {one.id_: one.cause for one in published})
        return self._take(self._numbered(decided, None))

    def share(self, revision: int, sealed: str | None = "sealed", at: float = 50) -> tuple[Fact, ...]:
        cause = Cause(kind="decision", id=f"share-{revision}", time=day(at))
        return self.apply(IdentityShared(learner=self.record.learner, sealed=sealed, revision=revision, cause=cause))

    def ask_again(self, award: str, at: float = 60) -> tuple[Fact, ...]:
        return self.apply(event(ReissueRequested(learner=self.record.learner, award=award), day(at)))

    def with_keys(self, **changes: Any) -> None:
        self.issuing = replace(self.issuing, **changes)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def issued(self, achievement: str) -> Issued:
        return self.record.credentials[self.award(achievement).id]

    def is_set(self, achievement: str) -> bool:
        issued = self.issued(achievement)
        return self.bits.get((issued.list, issued.index), False)

    def editions(self, achievement: str | None = None) -> list[CredentialIssued]:
        return [fact for fact in self.facts if isinstance(fact, CredentialIssued) and achievement in (None, fact.achievement)]

    def _numbered(self, decided: Decided[Any], about: Event[Any] | None) -> Decided[Any]:
        writer = Writer(self.partition, self.now, dict(self.numbers))
        decided, numbers = issue(self.record, decided, about, writer, self.rules, issuing=self.issuing)
        self.numbers.update(numbers)
        for write in decided.writes:
            self._write(write)
        return decided

    def _write(self, write: Put | Drop | Amend) -> None:
        match write:
            case Put("status_changes", document):
                list_, n = document["list"], document["n"]
                assert document["_id"] == f"{list_}:{n}"
                self.log.setdefault(list_, []).append(n)
                place = (list_, document["index"])
                was = self.bits.get(place, False)
                assert was is not document["set"], "a change that changes nothing"
                assert not (was and ListId.of(list_).purpose == "revocation"), "a revocation was taken back"  # type: ignore[union-attr]
                self.bits[place] = document["set"]
            case Put("credentials", document):
                place = (document["list"], document["index"])
                assert self.places.setdefault(place, document["_id"]) == document["_id"], "a place was given twice"
                self.documents[document["_id"]] = document
            case Put("identities", document):
                self.identities[document["_id"]] = document
            case Amend("credentials", id_, fields):
                self.documents[id_] = {**self.documents[id_], **fields}
            case Drop("credentials"):
                self.documents.clear()
            case Drop("identities"):
                self.identities.clear()

    def agrees(self) -> None:
        """What must always be true of what was issued and what is held."""
        editions: dict[str, list[CredentialIssued]] = {}
        for fact in self.editions():
            editions.setdefault(fact.award, []).append(fact)
        for award, found in editions.items():
            assert [fact.revision for fact in found] == list(range(1, len(found) + 1)), award
            dates = [fact.valid_from for fact in found]
            assert dates == sorted(set(dates)), "editions are not strictly newer"
            assert all(moment.microsecond == 0 for fact in found for moment in (fact.valid_from, fact.created))
            assert len({fact.credential for fact in found}) == 1
        for award, said in self.record.said.items():
            issued = self.record.credentials.get(award)
            if issued is None:
                assert said.status is AwardStatus.REVOKED, "an award that was never revoked has no credential"
                continue
            marked = said.status in (AwardStatus.SUSPENDED, AwardStatus.REVOKED)
            assert issued.marked is marked
            assert self.bits.get((issued.list, issued.index), False) is marked, (award, said.status)
            document = self.documents[editions[award][-1].credential]
            assert (document["edition"], document["list"], document["index"]) == (issued.edition, issued.list, issued.index)
            assert document["revoked"] is (said.status is AwardStatus.REVOKED)
            assert document["fact"] == editions[award][-1].to_json().decode()
            if not marked:
                assert (issued.version, issued.awarded_at, issued.valid_until) == (
                    said.version,
                    said.awarded_at,
                    said.valid_until,
                ), "the newest edition does not state the award as it is"
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in self.log.values())


def seconds(moment: datetime, number: int) -> datetime:
    return moment + timedelta(seconds=number)


def state(mapping: Mapping[str, Issued]) -> dict[str, tuple[int, bool]]:
    return {award: (issued.edition, issued.marked) for award, issued in mapping.items()}
