"""From a source's own words to ours: which learner, which activity, and so which completion. Pure, but for what was looked up."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from pydantic import ValidationError

from services.assessment.sources import patterns
from services.assessment.sources.claims import Claim, Name, Result, TakenBack, Wrong
from services.assessment.sources.document import Source
from shared.events.completions import CompletionReported, CompletionRetracted, Status
from shared.events.envelope import EARLIEST, Envelope
from shared.events.reviews import not_to_judge
from shared.stream.incoming import CLOCKS_DIFFER, explained

LONGEST_ID: Final = 255
MOST_PLANS: Final = 256
_LEARNER: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,255}")
_GROUP: Final = re.compile(r"\{(\w+)\}")


class Lookup(NamedTuple):
    """Where a name is looked up."""

    directory: str
    kind: str
    value: str


class Reported(NamedTuple):
    """What a source said under an id before: of whom, and the id under which it stands now."""

    learner: str
    id: str


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Not everything that the original names is known yet. `awaits` are any of `learner:…`, `activity:…` and `report:…`: each
    that becomes known is a reason to look again.
    """

    awaits: tuple[str, ...]
    learner: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """All that the original says, of one learner."""

    learner: str
    events: tuple[Envelope, ...]


class Known(NamedTuple):
    """What was looked up: learners by names, and what was said before, by claims' ids. `marks` hides names and ids."""

    learners: Mapping[Lookup, str]
    reports: dict[str, Reported]
    name_mark: Callable[[Lookup], str]
    text_mark: Callable[[str], str]


class Meant(NamedTuple):
    """Our activity, and from which share on a score passes it."""

    activity: str
    passes_at: Decimal | None = None


class Plan:
    """A source's document, made ready for looking things up in it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._named: dict[str, Meant] = {}
        self._matching: list[tuple[str, str, Decimal | None]] = []
        for rule in source.activities:
            if rule.named is not None:
                self._named.setdefault(rule.named, Meant(rule.is_, rule.passes_at))
            elif rule.matching is not None:
                self._matching.append((rule.matching, rule.is_, rule.passes_at))
        self.meant = lru_cache(maxsize=10_000)(self._meant)
        self.may_speak_of = lru_cache(maxsize=10_000)(source.may_speak_of)

    def _meant(self, activity: str) -> Meant | None:
        """None: no rule is about it. An exact name goes before the patterns, which are tried in their order."""
        if not self.source.activities:
            return Meant(activity)
        if (meant := self._named.get(activity)) is not None:
            return meant
        for pattern, is_, passes_at in self._matching:
            if (found_by := patterns.match(pattern, activity)) is not None:
                return Meant(_filled(is_, found_by), passes_at)
        return None

    def leads(self, name: Name) -> str | Lookup:
        """The learner's id itself, or where to look for it. A kind without a rule is looked up in the source's own directory."""
        return self._led(name)[1]

    def ways(self, names: Iterable[Name]) -> list[str | Lookup]:
        """Where several names of one learner lead, in the order of the document's rules; under one rule in the format's."""
        return [way for _, way in sorted(map(self._led, names), key=lambda led: led[0])]

    def _led(self, name: Name) -> tuple[int, str | Lookup]:
        """By which rule."""
        rules = self.source.learners
        for place, rule in enumerate(rules):
            if not rule.fits(name.kind):
                continue
            match = None if rule.matching is None else patterns.match(rule.matching, name.value)
            if rule.matching is not None and match is None:
                continue
            if rule.are == "ids":
                found = match.groupdict().get("learner") if match is not None else None
                return place, name.value if found is None else found
            return place, Lookup(rule.directory or self.source.id, name.kind, name.value)
        return len(rules), Lookup(self.source.id, name.kind, name.value)

    def lookups(self, claims: Iterable[Claim]) -> set[Lookup]:
        return {found for claim in claims for name in claim.names if isinstance(found := self.leads(name), Lookup)}


_plans: OrderedDict[int, Plan] = OrderedDict()


def plan_of(source: Source) -> Plan:
    """The same for the same object: the registry gives the same until the document changes."""
    plan = _plans.get(id(source))
    if plan is None or plan.source is not source:
        plan = _plans[id(source)] = Plan(source)
        while len(_plans) > MOST_PLANS:
            _plans.popitem(last=False)
    return plan


def _filled(template: str, matched: re.Match[str]) -> str:
    groups = matched.groupdict(default="")
    return _GROUP.sub(lambda group: groups.get(group[1], group[0]), template)


def referred(claims: Iterable[Claim]) -> set[str]:
    """The ids of earlier claims that these take back or correct."""
    found = set()
    for claim in claims:
        if isinstance(claim.said, TakenBack):
            found.add(claim.said.retracts)
        elif claim.said.corrects is not None:
            found.add(claim.said.corrects)
    return found


def waits_for(awaits: Iterable[str]) -> str:
    kinds = {one.partition(":")[0] for one in awaits}
    missing = [
        said
        for kind, said in (
            ("learner", "its learner is not known yet"),
            ("activity", "its activity is not known yet"),
            ("report", "what it takes back has not come yet"),
        )
        if kind in kinds
    ]
    return ", and ".join(missing)


def resolve(claims: Sequence[Claim], plan: Plan, known: Known, now: datetime, traceparent: str | None = None) -> Ready | Awaiting:
    """Raises Wrong."""
    learners: set[str] = set()
    awaits: dict[str, None] = {}
    drafts: list[tuple[Claim, Meant | None]] = []
    for claim in claims:
        _check(claim, now)
        learner = _learner(claim, plan, known, awaits)
        if learner is not None:
            learners.add(learner)
        meant = None
        if isinstance(claim.said, Result):
            if claim.activity is None:
                raise Wrong("it does not say which activity it is about", "activity")
            meant = plan.meant(claim.activity)
            activity = None if meant is None else meant.activity
            if (not_theirs := not_to_judge(plan.source.event_source, activity, judged=bool(claim.said.results))) is not None:
                raise Wrong(not_theirs[1], not_theirs[0], status=403)
            if meant is None:
                awaits[f"activity:{known.text_mark(claim.activity)}"] = None
            elif not plan.may_speak_of(meant.activity):
                allowed = ", ".join(plan.source.may_publish[:5])
                raise Wrong(
                    f"the source may not speak of what this activity is here; it may of {allowed}", "activity", status=403
                )
        drafts.append((claim, meant))
    if len(learners) > 1:
        raise Wrong("it speaks of several learners; what is sent must be about one, for each is kept under a key of their own")
    learner = next(iter(learners), None)
    if awaits or learner is None:
        return Awaiting(tuple(awaits), learner)
    return Ready(learner, tuple(_envelope(claim, meant, learner, plan.source, known, traceparent) for claim, meant in drafts))


def _check(claim: Claim, now: datetime) -> None:
    if not 0 < len(claim.id) <= LONGEST_ID:
        raise Wrong(f"its id must have 1 to {LONGEST_ID} characters", "id")
    if claim.time.tzinfo is None:
        raise Wrong("its time has no offset; write 2026-11-23T12:00:00Z or …+01:00", "time")
    if claim.time > now + CLOCKS_DIFFER:
        raise Wrong("its time is later than now", "time")
    if claim.time < EARLIEST:
        raise Wrong("its time is before 1900", "time")


def _learner(claim: Claim, plan: Plan, known: Known, awaits: dict[str, None]) -> str | None:
    """The learner of whom it stands; otherwise what is awaited is added, any one of which will do."""
    if isinstance(claim.said, TakenBack) and (before := known.reports.get(claim.said.retracts)) is not None:
        return before.learner
    asked: dict[str, None] = {}
    for found in plan.ways(claim.names):
        learner = known.learners.get(found) if isinstance(found, Lookup) else found
        if learner is None:
            assert isinstance(found, Lookup)
            asked[f"learner:{known.name_mark(found)}"] = None
        elif _LEARNER.fullmatch(learner) is None:
            raise Wrong("what names the learner is no learner's id: those have 1 to 255 characters and no spaces", "learner")
        else:
            return learner
    if isinstance(claim.said, TakenBack):
        asked[f"report:{known.text_mark(claim.said.retracts)}"] = None
    if not asked:
        raise Wrong("it does not say which learner it is about", "learner")
    awaits.update(asked)
    return None


def _envelope(claim: Claim, meant: Meant | None, learner: str, source: Source, known: Known, traceparent: str | None) -> Envelope:
    said = claim.said
    try:
        if isinstance(said, TakenBack):
            stands = known.reports.get(said.retracts)
            retracts = stands.id if stands is not None and stands.learner == learner else said.retracts
            data = CompletionRetracted(learner=learner, retracts=retracts, reason=said.reason).to_json()
            kind = CompletionRetracted.TYPE
        else:
            assert meant is not None
            data = _reported(said, meant, learner, known).to_json()
            kind = CompletionReported.TYPE
    except ValidationError as error:
        raise Wrong(explained(error), ".".join(map(str, error.errors()[0]["loc"]))) from error
    except (ValueError, OverflowError) as error:
        raise Wrong("it has text or numbers that no completion can carry") from error
    return Envelope(claim.id, kind, source.event_source, claim.time.astimezone(UTC), None, traceparent, data)


def _reported(said: Result, meant: Meant, learner: str, known: Known) -> CompletionReported:
    status = said.status
    if status is Status.SCORED and meant.passes_at is not None and said.score is not None:
        status = Status.PASSED if said.score.share >= meant.passes_at else Status.FAILED
    corrects = said.corrects
    if corrects is not None and (stands := known.reports.get(corrects)) is not None and stands.learner == learner:
        corrects = stands.id
    return CompletionReported(
        learner=learner,
        activity=meant.activity,
        status=status,
        score=said.score,
        grade=said.grade,
        attempt=said.attempt,
        evidence=said.evidence,
        corrects=corrects,
        results=said.results,
    )
