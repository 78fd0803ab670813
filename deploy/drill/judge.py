"""Compares what a platform says after a drill with a plain evaluation of all that was acknowledged. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.demo.run import Keyed
from deploy.drill.plain import Held, newest
from shared.events.awarding import AwardGranted, AwardStatus, CredentialIssued
from shared.events.envelope import Fact

SHOWN: Final = 5

Entry = tuple[str, str, str]
"""Learner, source and id of a completion."""

Place = tuple[str, int]
"""A status list and an index in it."""


@dataclass(frozen=True)
class Expected:
    """What follows from what was acknowledged: who holds what, what was entered, which garbage there is (by its bytes)."""

    held: Sequence[Held]
    entries: frozenset[Entry]
    garbage: frozenset[bytes]
    source: Mapping[str, int] = field(default_factory=dict)
    """Of the registered source: how many of its originals were accepted, and how many of those were new to the stream."""

    @classmethod
    def of(
        cls, completions: Iterable[Keyed], held: Sequence[Held], garbage: Iterable[bytes], source: Mapping[str, int] | None = None
    ) -> Expected:
        entries = frozenset((learner, envelope.source, envelope.id) for learner, envelope in completions)
        return cls(held, entries, frozenset(garbage), source or {})


@dataclass(frozen=True)
class Mailed:
    """A mail that arrived: its Message-ID without the domain, and when, in seconds since 1970."""

    id: str
    at: float


@dataclass(frozen=True)
class Found:
    """What the platform says. `told` and `mailed` are what follows from `awards` (the facts as they lie on the topic, repeated
    ones as well) for inboxes and mail; `windows` are the spans in which a mail may have been repeated.
    """

    held: Sequence[Held]
    verdicts: Sequence[Fact]
    awards: Sequence[Fact]
    entries: Sequence[Entry]
    dead: Sequence[bytes]
    set_places: frozenset[Place]
    inbox: Sequence[tuple[str, str, int]]
    """Message, learner and number."""
    told: Mapping[str, int]
    mailed: Mapping[str, int]
    deliveries: Mapping[str, str]
    """Their states."""
    mails: Sequence[Mailed]
    windows: Sequence[tuple[float, float]] = ()
    source: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    what: str
    number: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.number} {self.what}: {'; '.join(self.examples)}"


NOTED_WITHIN: Final = 30.0
"""Seconds after a mail was taken in which its sender has noted it, were it never so hard."""

FINAL: Final = frozenset({"sent", "not_wanted", "no_address"})


def judged(expected: Expected, found: Found) -> list[Difference]:
    """Nothing, if all is as it must be."""
    return [
        *_awards(expected.held, found.held),
        *unbroken("verdicts", found.verdicts),
        *unbroken("awards", found.awards),
        *_last_said(expected.held, found.awards),
        *_places(found.awards, found.set_places),
        *compared("entries", expected.entries, found.entries),
        *compared("dead letters", expected.garbage, set(found.dead)),
        *compared("messages in inboxes", Counter(found.told).elements(), [message for message, _, _ in found.inbox]),
        *numbered(found.inbox),
        *compared("deliveries", Counter(found.mailed).elements(), found.deliveries),
        *_mails(found),
        *compared("accounts of the source", expected.source.items(), [(k, found.source.get(k, 0)) for k in expected.source]),
    ]


def _awards(expected: Sequence[Held], found: Sequence[Held]) -> Iterator[Difference]:
    """Also those held twice."""
    yield from compared("awards", expected, found)
    twice = Counter((one.learner, one.achievement) for one in found if one.status is not AwardStatus.EXPIRED)
    yield from _any("achievements held twice by one learner", [key for key, number in twice.items() if number > 1])


def unbroken(topic: str, facts: Iterable[Fact]) -> Iterator[Difference]:
    """Whatever was said twice was the same, and no revision of anything is missing."""
    contents: defaultdict[str, set[bytes]] = defaultdict(set)
    revisions: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for fact in facts:
        contents[fact.id].add(fact.to_json())
        revisions[fact.key, fact.subject].add(fact.revision)
    yield from _any(f"facts on {topic} that were said in two ways", [id_ for id_, said in contents.items() if len(said) > 1])
    gaps = [key for key, numbers in revisions.items() if numbers != set(range(1, len(numbers) + 1))]
    yield from _any(f"subjects on {topic} of which a revision was never said", gaps)


def _last_said(expected: Sequence[Held], facts: Sequence[Fact]) -> Iterator[Difference]:
    said = [
        Held(one.learner, one.achievement, one.version, one.awarded_at, one.status)
        for one in newest(facts).values()
        if one.status is not AwardStatus.REVOKED
    ]
    yield from compared("awards as said last on the topic", expected, said)


def _places(facts: Sequence[Fact], set_places: frozenset[Place]) -> Iterator[Difference]:
    """Each award has a credential, each place belongs to one, and says what became of the award."""
    editions: dict[str, CredentialIssued] = {}
    owners: defaultdict[Place, set[str]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, CredentialIssued):
            owners[fact.status.list, fact.status.index].add(fact.credential)
            if fact.award not in editions or editions[fact.award].revision < fact.revision:
                editions[fact.award] = fact
    if not editions:
        return
    granted = {fact.award for fact in facts if isinstance(fact, AwardGranted)}
    yield from compared("awards with a credential", granted, editions)
    yield from _any("places in status lists that two credentials share", [p for p, of in owners.items() if len(of) > 1])
    for award in newest(facts).values():
        edition = editions.get(award.award)
        if edition is None:
            continue
        place = (edition.status.list, edition.status.index)
        if (place in set_places) != (award.status in (AwardStatus.REVOKED, AwardStatus.SUSPENDED)):
            said = "set" if place in set_places else "clear"
            yield Difference("places in status lists that are wrong", 1, (f"{award.award} is {award.status.value}, {said}",))
    yield from _any("places in status lists that are set for nobody", sorted(set_places - owners.keys()))


def numbered(inbox: Iterable[tuple[str, str, int]]) -> Iterator[Difference]:
    """Of (message, learner, number): each learner's are 1 and so on, each once."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for _, learner, number in inbox:
        numbers[learner].append(number)
    wrong = [learner for learner, found in numbers.items() if sorted(found) != list(range(1, len(found) + 1))]
    yield from _any("inboxes whose numbers have gaps or come twice", wrong)


def _mails(found: Found) -> Iterator[Difference]:
    """Each delivery that was sent has one mail; a second one only if its sender, or the way to the server, was hit in between."""
    yield from _any("deliveries that are not done", [f"{d} is {s}" for d, s in found.deliveries.items() if s not in FINAL])
    sent = {delivery for delivery, state in found.deliveries.items() if state == "sent"}
    arrived: defaultdict[str, list[float]] = defaultdict(list)
    for mail in found.mails:
        arrived[mail.id].append(mail.at)
    yield from compared("mails", sent, arrived)
    repeated = [
        f"{id_} {second - first:.1f} s later"
        for id_, times in arrived.items()
        for first, second in zip(sorted(times), sorted(times)[1:], strict=False)
        if not any(begin - NOTED_WITHIN <= first <= end and begin <= second for begin, end in found.windows)
    ]
    yield from _any("mails that were repeated though nobody was hit", repeated)


def compared(what: str, expected: Iterable[Hashable], found: Iterable[Hashable]) -> Iterator[Difference]:
    """As often as each is there."""
    wanted, there = Counter(list(expected)), Counter(list(found))
    yield from _any(f"{what} are missing", list((wanted - there).elements()))
    yield from _any(f"{what} are there that should not be, or are there again", list((there - wanted).elements()))


def _any(what: str, examples: Sequence[Any]) -> Iterator[Difference]:
    if examples:
        yield Difference(what, len(examples), tuple(_text(one) for one in examples[:SHOWN]))


def _text(example: object) -> str:
    if isinstance(example, Held):
        return f"{example.learner} {example.achievement}@{example.version} {example.awarded_at:%Y-%m-%d} {example.status.value}"
    return example[:120].decode("utf-8", "replace") if isinstance(example, bytes) else str(example)
