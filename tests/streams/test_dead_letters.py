"""Law 8: what can never be applied becomes a dead letter with its reason, and the events around it go through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.events.envelope import Headers
from shared.kafka import MEGABYTE, Outgoing, home
from shared.stream.dead_letters import Flood, letter_id
from tests.streams.scene import NOW, PARTITIONS, Scene, counts, ended, reasons
from tests.streams.tally import Counted, CountRefused, Topics, event

GOOD = event(Counted(learner="ada"), "good", time=NOW)


def altered(**headers: str | None) -> Headers:
    """The headers of a good event with some changed, or (None) left out."""
    found = {name: raw for name, raw in GOOD.headers() if name not in headers}
    return [*found.items(), *((name, said.encode()) for name, said in headers.items() if said is not None)]


GARBAGE: dict[str, tuple[bytes | None, bytes | None, Headers, str]] = {
    "no headers": (b"ada", GOOD.data, [], "the headers lack ce_id, ce_type, ce_source, ce_time"),
    "headers that are no text": (b"ada", GOOD.data, [("ce_id", b"\xff\xfe")], "a header is not UTF-8"),
    "another way of CloudEvents": (b"ada", GOOD.data, altered(ce_specversion="0.3"), "ce_specversion must be 1.0"),
    "no key": (None, GOOD.data, GOOD.headers(), "has no key"),
    "no value": (b"ada", None, GOOD.headers(), "has no value"),
    "an empty value": (b"ada", b"", GOOD.headers(), "the data: Invalid JSON"),
    "bytes that are no JSON": (b"ada", b"\x00\xff\x00\xff" * 10, GOOD.headers(), "the data: Invalid JSON"),
    "JSON nested too deeply": (b"ada", b"[" * 100_000, GOOD.headers(), "the data: Invalid JSON"),
    "no object": (b"ada", b"[1]", GOOD.headers(), "the data: Input should be an object"),
    "an impossible value": (b"ada", b'{"learner":"ada","points":101}', GOOD.headers(), "points: Input should be less than or"),
    "an unknown type": (b"ada", GOOD.data, altered(ce_type="test.dreamt.v1"), "the type 'test.dreamt.v1' is unknown"),
    "an unknown version": (b"ada", GOOD.data, altered(ce_type="test.counted.v9"), "version 'v9' of test.counted is unknown"),
    "another's key": (b"bob", GOOD.data, GOOD.headers(), "the key is not the learner in the data"),
    "a key that is no text": (b"\xff\xff", GOOD.data, GOOD.headers(), "the key is not the learner in the data"),
    "a learner of 10,000 characters": (
        b"a" * 10_000,
        b'{"learner":"%s"}' % (b"a" * 10_000),
        GOOD.headers(),
        "learner: String should have at most 255 characters",
    ),
    "a source that looks like another": (b"ada", GOOD.data, altered(ce_source="test/counts\u200b"), "ce_source has blanks or"),
    "a source with a blank": (b"ada", GOOD.data, altered(ce_source="test/counts "), "ce_source has blanks or"),
    "no time": (b"ada", GOOD.data, altered(ce_time="yesterday"), "ce_time is not an RFC 3339 time"),
    "a time before all calendars": (b"ada", GOOD.data, altered(ce_time="0001-01-01T00:00:00+05:00"), "is before 1900"),
    "a time after all calendars": (b"ada", GOOD.data, altered(ce_time="9999-12-31T23:59:59-05:00"), "has no such time in UTC"),
    "a time far ahead": (b"ada", GOOD.data, altered(ce_time="2999-01-01T00:00:00Z"), "is later than the broker's own"),
    "a megabyte of garbage": (b"ada", b"\xff" * (MEGABYTE + 1), GOOD.headers(), f"the data have {MEGABYTE + 1} bytes"),
}


async def test_garbage_of_all_kinds_is_buried_with_its_reason_and_its_neighbours_go_through(scene: Scene) -> None:
    async with scene.running():
        for number, (key, value, headers, _) in enumerate(GARBAGE.values()):
            await scene.count((f"before-{number}", f"before-{number}", 1))
            await scene.send_raw(Outgoing(scene.topics.events.name, key, value, headers))
        await scene.count(("after", "after", 1))
        await scene.settled()
    found = reasons(await scene.letters())
    missing = {name: reason for name, (_, _, _, reason) in GARBAGE.items() if not any(reason in said for said in found)}
    assert missing == {}
    assert len(found) == len(GARBAGE)


async def test_a_letter_holds_the_original_and_where_it_stood(scene: Scene) -> None:
    headers = [*altered(ce_type="test.counted.v9"), ("traceparent", b"00-%s-%s-01" % (b"a" * 32, b"b" * 16))]
    async with scene.running():
        await scene.send_raw(Outgoing(scene.topics.events.name, b"ada", GOOD.data, headers))
        await scene.count(("ada", "next", 1))
        await scene.settled()
    (origin,) = [record for record in await scene.on(scene.topics.events) if dict(record.headers)["ce_type"].endswith(b"v9")]
    (record,) = await scene.on(scene.topics.letters)
    letter: dict[str, Any] = {name: raw.decode() for name, raw in record.headers}
    assert (record.key, record.value) == (b"ada", GOOD.data)
    assert letter["ce_id"] == letter_id(origin.topic, origin.partition, origin.offset)
    assert (letter["origin_topic"], letter["origin_partition"]) == (origin.topic, str(origin.partition))
    assert letter["origin_offset"] == str(origin.offset)
    assert letter["service"] == f"{scene.topics.prefix}tally"
    assert letter["traceparent"] == "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert [(name, raw) for name, raw in record.headers if name.startswith("original_")] == [
        (f"original_{name}", raw) for name, raw in origin.headers
    ]


async def test_what_is_too_large_is_cut_and_says_so(scene: Scene) -> None:
    async with scene.running():
        await scene.send_raw(Outgoing(scene.topics.events.name, b"ada", b"x" * (MEGABYTE + 7), GOOD.headers()))
        await scene.count(("ada", "next", 1))
        await scene.settled()
    (record,) = await scene.on(scene.topics.letters)
    assert dict(record.headers)["truncated_from"] == str(MEGABYTE + 7).encode()
    assert record.value == b"x" * 65_536


async def test_refused_events_bugs_and_what_cannot_be_stored_are_buried_alone(scene: Scene) -> None:
    ways = ("refused", "bug", "unstorable", "too much")
    async with scene.running():
        for way in ways:
            await scene.count(*counts(20, learners=5, start=20 * ways.index(way)))
            await scene.send([(CountRefused(learner="learner-1", how=way), way)])
        await scene.settled()
    assert reasons(await scene.letters()) == [
        "the decision failed: ZeroDivisionError: a bug",
        "the tally refuses it",
        "what follows from it can't be stored",
        "what follows from it can't be stored",
    ]


async def test_a_time_within_the_tolerance_of_clocks_is_accepted(scene: Scene) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=2)
    async with scene.running():
        scene.sent["ada"], scene.points["ada"] = 1, 1
        envelope = event(Counted(learner="ada"), "early", time=soon)
        await scene.send_raw(Outgoing.of(scene.topics.events.name, "ada", envelope))
        await scene.settled()
    assert await scene.letters() == []


async def test_an_event_sent_again_through_the_requests_is_applied(scene: Scene) -> None:
    scene.sent["ada"], scene.points["ada"] = 1, 4
    redriven = event(Counted(learner="ada", points=4), "redriven", time=NOW)
    async with scene.running():
        headers = [*redriven.headers(), ("redriven_from", b"letter")]
        await scene.send_raw(Outgoing(scene.topics.requests.name, b"ada", redriven.data, headers))
        await scene.settled()


REFUSED = [(CountRefused(learner=f"learner-{number}"), f"refused-{number}") for number in range(300)]


async def test_a_flood_on_a_topic_that_strangers_write_does_not_stop_the_stream(scene: Scene) -> None:
    async with scene.running() as stream:
        await scene.send(REFUSED)
        await scene.count(("ada", "after", 1))
        await scene.settled()
        assert not stream.failed.done()
    assert len(await scene.letters()) == len(REFUSED)


async def test_a_flood_on_a_topic_of_our_own_ends_the_stream_and_loses_nothing(scene: Scene) -> None:
    scene.topics = Topics(scene.topics.prefix, strangers=False)
    await scene.send(REFUSED)
    stream = scene.stream()
    await stream.start()
    try:
        with pytest.raises(Flood, match="is the deployment wrong"):
            raise await ended(stream, within=30)
    finally:
        await stream.stop()
    held = sum((found["offsets"]["reads"] or -1) + 1 for found in await scene.documents("checkpoints"))
    assert held <= len(await scene.letters()) < len(REFUSED)


async def test_what_cannot_be_stored_beside_what_has_to_be_forwarded_moves_no_checkpoint_back_or_past_anything(
    scene: Scene,
) -> None:
    """One batch: to be forwarded stands behind what can't be stored, and in front of it."""
    here = home("ada", PARTITIONS)
    elsewhere = next(name for name in map(str, range(99)) if home(name, PARTITIONS) != here)
    for number in range(3):
        await scene.count((elsewhere, f"away-{number}", 1), partition=here)
        await scene.send([(CountRefused(learner="ada", how="unstorable"), f"bad-{number}")])
        await scene.count((elsewhere, f"away-again-{number}", 1), partition=here)
    async with scene.running() as stream:
        await scene.settled()
        await scene.count(("ada", "after", 1))
        await scene.settled()
        assert not stream.failed.done()
    assert len(await scene.letters()) == 3
