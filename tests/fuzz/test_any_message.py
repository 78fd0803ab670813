"""Topics on which anything may stand: no stream ends or stays behind, every refusal is a dead letter with its reason, and what
good learners have is what follows from their completions."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, seed, settings

from deploy.demo.cohort import Cohort, cohort
from shared.events.envelope import Fact, read_envelope
from shared.kafka import Outgoing, home
from shared.topics import AWARDS, COMPLETIONS, IDENTITIES, PUBLICATIONS, REQUESTS, SUBMISSIONS, VERDICTS, Topic
from tests.domain.demo.chain import awarded, held, told
from tests.domain.sources.anything import JSON
from tests.fuzz.dead import lags, letters, refused
from tests.fuzz.messages import ALWAYS_DEAD, KIND, Spoiler
from tests.journeys.campus import MODELS, Campus
from tests.platform.eventually import eventually
from tests.platform.log import records

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(3_600)]

LONG: Final = "CAIRN_FUZZ" in os.environ
SEED: Final = int(os.environ.get("CAIRN_FUZZ_SEED", "20260301"))
MESSAGES: Final = int(os.environ.get("CAIRN_FUZZ_MESSAGES", "100000")) if LONG else 2_000
LEARNERS: Final = 200 if LONG else 25
WITHIN: Final = 1_200.0 if LONG else 120.0

SHARES: Final[dict[Topic, float]] = {
    COMPLETIONS: 0.70,
    VERDICTS: 0.09,
    AWARDS: 0.09,
    **dict.fromkeys(REQUESTS.values(), 0.025),
    SUBMISSIONS: 0.02,
    IDENTITIES: 0.02,
    PUBLICATIONS: 0.005,
}
"""Of the spoilt messages. On topics that our own services write each stands between two good ones: more of them were a flood."""
SERVICES: Final = ("assessment", "awarding", "notifications")


def pool() -> list[Any]:
    """JSON of any shape, as hypothesis finds it."""
    found: list[Any] = []

    @seed(SEED)
    @settings(max_examples=500, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(JSON)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


@dataclass(frozen=True)
class Fuzzed:
    campus: Campus
    people: Cohort
    pids: dict[str, int]
    sent: Counter[str]
    """Spoilt messages by how."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fuzzed]:
    people = cohort(learners=LEARNERS)
    async with Campus.open(tmp_path_factory.mktemp("fuzzed")) as campus:
        await campus.publish_catalog()
        pids = {service: campus.platform[service].process.pid for service in SERVICES}
        sent = await _send(campus, people)
        yield Fuzzed(campus, people, pids, sent)


async def _send(campus: Campus, people: Cohort) -> Counter[str]:
    """The cohort's completions among spoilt messages, nine in ten; the last tenth comes when all that is read."""
    partitions = len(await _partitions(campus))
    spoiler = Spoiler(SEED, pool(), partitions)
    good = [Outgoing.of(COMPLETIONS.name, learner, envelope) for learner, envelope in people.completions]
    late = len(good) * 9 // 10
    mixed = list(_mixed(spoiler, good[:late], partitions))
    started = monotonic()
    for start in range(0, len(mixed), 1_000):
        await campus.publisher.publish_all(mixed[start : start + 1_000], within=120)
    print(f"\nseed {SEED}: {len(mixed):,} messages sent in {monotonic() - started:.0f} s")
    await _read(campus)
    print(f"all read after {monotonic() - started:.0f} s")
    await campus.publisher.publish_all(good[late:], within=120)
    await _read(campus)
    return Counter(kind for kind in map(_kind, mixed) if kind not in ("", "good"))


def _mixed(spoiler: Spoiler, good: list[Outgoing], partitions: int) -> Iterator[Outgoing]:
    rng = spoiler.rng
    topics, weights = list(SHARES), list(SHARES.values())
    fillers = {part: next(f"good-{n}" for n in range(999) if home(f"good-{n}", partitions) == part) for part in range(partitions)}
    waiting = iter(good)
    for number in range(MESSAGES):
        if number * len(good) // MESSAGES != (number + 1) * len(good) // MESSAGES or len(good) > MESSAGES:
            yield from [one for _ in range(max(1, len(good) // MESSAGES)) if (one := next(waiting, None)) is not None]
        topic = rng.choices(topics, weights)[0]
        spoilt = spoiler.spoilt(topic)
        if topic in (COMPLETIONS, PUBLICATIONS):
            yield spoilt
        else:
            neighbour = spoiler.good(topic, fillers[spoilt.partition or 0])
            yield from (neighbour, spoilt, neighbour)
    yield from waiting


def _kind(message: Outgoing) -> str:
    return next((raw.decode() for name, raw in message.headers if name == KIND), "")


async def _partitions(campus: Campus) -> list[int]:
    return list(range(await campus.publisher.partitions(COMPLETIONS.name)))


async def _read(campus: Campus) -> None:
    """Wait until no stream has anything left."""
    async with lags(campus.platform.bootstrap) as left:

        async def none() -> bool:
            found = await left.of()
            assert found == {}
            return True

        for _ in range(3):  # what one stream says, the next has to read
            await eventually(none, within=WITHIN, every=0.5, why="a stream stays behind")
    await campus.settled(WITHIN)


async def test_no_stream_ends_or_starts_anew(fuzzed: Fuzzed) -> None:
    for service, pid in fuzzed.pids.items():
        process = fuzzed.campus.platform[service].process
        assert (process.running, process.pid) == (True, pid), process.tail()
        lines = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
        assert not [line for line in lines if line["level"] == "CRITICAL" or "passed over" in line["message"]]


async def test_every_refusal_is_a_dead_letter_with_its_reason_and_nothing_good_is_one(fuzzed: Fuzzed) -> None:
    bootstrap = fuzzed.campus.platform.bootstrap
    buried = await letters(bootstrap)
    expected, count = await refused(bootstrap, len(await _partitions(fuzzed.campus)))
    missing = {place: why for place, why in expected.items() if place not in buried}
    assert not missing, f"{len(missing)} refusals have no letter: {dict(list(missing.items())[:5])}"
    assert not [letter for letter in buried.values() if not letter.reason.strip()]
    assert not [letter for letter in buried.values() if letter.spoilt == "good"][:5]
    bugs = [one for one in buried.values() if "the decision failed" in one.reason or "can't be stored" in one.reason]
    assert not bugs, Counter((one.reason[:200], one.spoilt, one.origin[0]) for one in bugs).most_common(10)
    print(f"\n{count:,} messages read, {len(buried):,} dead letters, {len(expected):,} of them unreadable")
    for kind, number in sorted(fuzzed.sent.items()):
        of_kind = [one.reason for one in buried.values() if one.spoilt == kind]
        print(f"  {kind:20} {number:7,} sent {len(of_kind):7,} dead  {Counter(r[:60] for r in of_kind).most_common(1)}")


async def test_what_can_be_no_event_is_always_refused(fuzzed: Fuzzed) -> None:
    dead = Counter(letter.spoilt for letter in (await letters(fuzzed.campus.platform.bootstrap)).values())
    sent = fuzzed.sent
    on_topics = {kind: sent[kind] for kind in ALWAYS_DEAD}
    unread = {kind: (number, dead[kind]) for kind, number in on_topics.items() if dead[kind] < number * 0.9}
    assert on_topics
    assert not unread, unread


async def test_what_good_learners_have_is_what_follows_from_their_completions(fuzzed: Fuzzed) -> None:
    campus, completions = fuzzed.campus, fuzzed.people.completions
    facts = awarded(completions, datetime.now(UTC))
    ours = {learner for learner, _ in completions}
    expected = [one for one in held(facts) if one.learner in ours]

    async def as_expected() -> bool:
        found = [one for one in await campus.held() if one.learner in ours]
        assert sorted(found) == sorted(expected)
        return True

    await eventually(as_expected, within=WITHIN, every=1.0, why="who holds what is not what follows from the completions")
    async with campus.database("assessment") as database:
        entries = Counter([entry["learner"] async for entry in database["entries"].find({}, {"learner": 1})])
    assert {learner: number for learner, number in entries.items() if learner in ours} == Counter(
        learner for learner, _ in set(completions)
    )
    async with campus.database("notifications") as database:
        inbox = Counter([one["_id"] async for one in database["inbox"].find({}, {"learner": 1}) if one["learner"] in ours])
    assert inbox == told(await _said(campus, ours))


async def _said(campus: Campus, learners: set[str]) -> list[Fact]:
    """What awarding says of these, each learner's in their order."""
    found: list[Fact] = []
    async for record in records(campus.platform.bootstrap, AWARDS.name):
        if record.key is not None and record.key.decode("utf-8", "replace") in learners:
            envelope = read_envelope(record.headers, record.value)
            fact = MODELS[envelope.type].model_validate_json(envelope.data)
            assert isinstance(fact, Fact)
            found.append(fact)
    return found


async def test_a_flood_on_a_topic_of_our_own_ends_who_reads_it_and_nobody_else(fuzzed: Fuzzed) -> None:
    """The last one: awarding ends, and would again, until somebody mends what writes there. What stopped it isn't buried."""
    platform, bootstrap = fuzzed.campus.platform, fuzzed.campus.platform.bootstrap
    topic = REQUESTS["awarding"]
    flood = [Outgoing(topic.name, b"zz-flood", b"{", [("ce_id", str(number).encode())]) for number in range(300)]
    await fuzzed.campus.publisher.publish_all(flood, within=120)
    await platform["awarding"].process.ended(120)
    assert "is the deployment wrong?" in platform["awarding"].process.tail()
    buried = [one for one in (await letters(bootstrap)).values() if one.origin[0] == topic.name and "lack ce_type" in one.reason]
    assert len(buried) < len(flood)
    assert all(platform[service].process.running for service in ("assessment", "notifications"))
