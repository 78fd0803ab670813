"""Messages that no good producer sends: the examples of every event, with something of the value, headers or key spoilt.

Whatever comes of them is about learners of their own, whose ids begin with `zz-`: what is well-formed after all is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from deploy.contracts.__main__ import ROOT
from deploy.contracts.examples import data_of, headers_of
from shared.events.assessment import ErasureRequested
from shared.events.awarding import ExpiryFellDue
from shared.events.envelope import Message
from shared.kafka import Outgoing, home
from shared.topics import COMPLETIONS, REQUESTS, Topic

KIND: Final = "spoilt"
"""The header that says how a message was spoilt. Readers ignore it, and dead letters keep it."""
STRANGERS: Final = 500


@dataclass
class Draft:
    """A message before it is sent. `value` None: made of `data`."""

    data: Any
    headers: list[tuple[str, bytes]]
    key: bytes | None
    value: bytes | None = None
    kind: str = "good"

    def body(self) -> bytes | None:
        return self.value if self.value is not None else json.dumps(self.data, default=str).encode()

    def with_header(self, name: str, *raws: bytes) -> list[tuple[str, bytes]]:
        """With these in its place; none: without it."""
        return [one for one in self.headers if one[0] != name] + [(name, raw) for raw in raws]


Spoil = Callable[[Random, Draft, Sequence[Any]], Draft]


def example(topic: Topic, model: type[Message], learner: str, id_: str) -> Draft:
    """The example of this type as it would stand on the topic, about this learner."""
    data = data_of(ROOT, model)
    headers = headers_of(model, data, topic) | {"ce_id": id_, "ce_time": "2026-03-01T00:00:00Z"}
    if "learner" in data:
        data["learner"] = learner
    if "cause" in data:
        data["cause"]["time"] = "2026-03-01T00:00:00Z"
    key = learner if "learner" in data else f"{learner}@1"
    if "definition" in data:
        id_of = f"{learner}-{id_[:6]}"
        data["definition"]["id"] = id_of
        key = f"{id_of}@{data['definition'].get('version', 1)}"
    return Draft(data, [(name, text.encode()) for name, text in headers.items()], key.encode())


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with a key or index in it."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in list(items):
        yield data, name
        yield from _places(value)


def _put(rng: Random, draft: Draft, value: Any) -> Draft:
    """With this in one place of the data."""
    data = deepcopy(draft.data)
    holder, name = rng.choice(list(_places(data)))
    holder[name] = value
    return replace(draft, data=data)


MARK: Final = "\x01here\x01"


def _raw(rng: Random, draft: Draft, text: bytes) -> Draft:
    """With these bytes in one place, whether they are JSON or not."""
    marked = _put(rng, draft, MARK)
    return replace(draft, value=json.dumps(marked.data, default=str).encode().replace(json.dumps(MARK).encode(), text))


def flipped(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    body = bytearray(draft.body() or b"{}")
    for _ in range(rng.choice((1, 1, 2, 8))):
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    return replace(draft, value=bytes(body))


def truncated(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    body = draft.body() or b""
    return replace(draft, value=body[: rng.randrange(len(body))])


def removed(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    data = deepcopy(draft.data)
    holder, name = rng.choice(list(_places(data)))
    del holder[name]
    return replace(draft, data=data)


def anything_somewhere(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return _put(rng, draft, rng.choice(pool))


def anything(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return replace(draft, data=rng.choice(pool))


def operator(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return _put(rng, draft, rng.choice(({"$gt": ""}, {"$where": "sleep(9)"}, {"a.b": 1, "$set": {}}, {"": 0}, {"\x00": 1})))


def nested(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    depth = rng.choice((20, 200, 2_000, 50_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"all":[', b"]}"), (b'{"a":', b"}")))
    return _raw(rng, draft, opening * depth + b"1" + closing * rng.choice((depth, depth, 0)))


def odd_number(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    odd = (
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"-1e99999999",
        b"9" * 5_000,
        b"-0",
        b"1E-400",
        b"0x10",
        b"1" + b"0" * 30,
        b"0.1" + b"1" * 400,
    )
    return _raw(rng, draft, rng.choice(odd))


def odd_text(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    odd = (
        b'"\\ud800"',
        b'"\\udc00x"',
        b'"\\u0000"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"' + b"x" * 20_000 + b'"',
        b'""',
        b'" "',
        b'"\\x"',
    )
    return _raw(rng, draft, rng.choice(odd))


def far_time(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    far = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2016-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "1e400", "")
    said = rng.choice((*far, (datetime.now(UTC) + timedelta(days=rng.choice((1, 40_000)))).isoformat()))
    if rng.random() < 0.5:
        return replace(draft, headers=draft.with_header("ce_time", said.encode()))
    return _put(rng, draft, said)


def twice_there(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    body = (draft.body() or b"{}").strip()
    if rng.random() < 0.5:
        return replace(draft, value=body[:-1] + b', "learner": "zz-other", "revision": 99999999}')
    return replace(draft, value=b'{"learner": "zz-other", "revision": 99999999, "learner": 1, ' + body[1:])


def huge(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    """More than an event may have, and little enough for its topic."""
    return replace(draft, data={**draft.data, "more": "x" * rng.choice((400_000, 1_100_000))})


def no_value(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return replace(draft, value=rng.choice((b"", b" ", b"null", b"[]", b'"x"', b"\x00" * 100, b"\xff\xfe")))


def no_header(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return replace(draft, headers=draft.with_header(rng.choice([name for name, _ in draft.headers])))


def odd_header(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    name = rng.choice([name for name, _ in draft.headers])
    odd = (b"", b" ", b"\xff\xfe", b"\x00", b"x" * 300, b"x" * 200_000, "\u202e\u2028".encode(), b"1.1", b"application/xml")
    return replace(draft, headers=draft.with_header(name, rng.choice(odd)))


def repeated_header(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    name, raw = rng.choice(draft.headers)
    return replace(draft, headers=draft.with_header(name, raw, rng.choice((raw, b"other", b""))))


def many_headers(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    more = [(rng.choice(("x", "ce_", "redriven_from", "original_ce_id")) + str(n % 7), bytes(n % 9)) for n in range(2_000)]
    return replace(draft, headers=draft.headers + more)


def other_type(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    known = dict(draft.headers).get("ce_type", b"").decode()
    others = (
        known[:-1] + "2",
        known[:-3],
        known.upper(),
        "cairn.dead-letter.v1",
        "x" * 5_000,
        "cairn.learner.erased.v2",
        "$where",
    )
    return replace(draft, headers=draft.with_header("ce_type", rng.choice(others).encode()))


def no_key(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return replace(draft, key=None)


def foreign_key(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    return replace(draft, key=rng.choice((b"zz-somebody-else", b"", b"\xff\xfe", b"\x00", b"k" * 10_000, b"{}")))


def same_id(rng: Random, draft: Draft, pool: Sequence[Any]) -> Draft:
    """An id that is used already, with other content."""
    learner = f"zz-same-{rng.randrange(4)}"
    data = {**draft.data, "learner": learner, "more": rng.random()} if "learner" in draft.data else draft.data
    return replace(draft, data=data, key=learner.encode(), headers=draft.with_header("ce_id", b"used"))


SPOILS: Final[tuple[Spoil, ...]] = (
    *(flipped, truncated, removed, anything_somewhere, anything, operator, nested, odd_number, odd_text, far_time, twice_there),
    *(no_value, no_header, odd_header, repeated_header, other_type, no_key, foreign_key, same_id),
)
RARE: Final[tuple[Spoil, ...]] = (huge, many_headers)
"""One in two hundred: each takes the room of a thousand others."""
ALWAYS_DEAD: Final = frozenset(one.__name__ for one in (truncated, no_value, other_type, no_key, foreign_key))
"""What can never be an event."""


NEIGHBOURS: Final[dict[Topic, type[Message]]] = {
    REQUESTS["assessment"]: ErasureRequested,
    REQUESTS["awarding"]: ExpiryFellDue,
}
"""Of which type good ones are, where it isn't the topic's first: one that any learner's stream takes."""


@dataclass
class Spoiler:
    """Makes messages of a seed; the same seed makes the same ones but for times near now. `pool` is JSON of any shape."""

    seed: int
    pool: Sequence[Any]
    partitions: int
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)

    def good(self, topic: Topic, learner: str) -> Outgoing:
        """One that is well-formed, and always the same for a learner: the second time it decides nothing."""
        model = NEIGHBOURS.get(topic, topic.events[0])
        return self._sent(topic, example(topic, model, learner, f"good-{learner}-{model.TYPE}"))

    def spoilt(self, topic: Topic) -> Outgoing:
        rng = self.rng
        model = rng.choice(sorted(topic.events, key=lambda model: model.TYPE))
        draft = example(topic, model, f"zz-{rng.randrange(STRANGERS)}", str(UUID(int=rng.getrandbits(128))))
        spoil = rng.choice(RARE) if rng.random() < 0.005 else rng.choice(SPOILS)
        if topic.compacted and spoil is no_key:  # the broker takes none of these
            spoil = foreign_key
        draft = replace(spoil(rng, draft, self.pool), kind=spoil.__name__)
        return self._sent(topic, draft)

    def _sent(self, topic: Topic, draft: Draft) -> Outgoing:
        count = self.partitions if topic.partitioned else 1
        at_home = draft.key is not None and (topic is not COMPLETIONS or self.rng.random() < 0.9)
        partition = home(draft.key, count) if at_home and draft.key is not None else self.rng.randrange(count)
        headers = [*draft.headers, (KIND, draft.kind.encode())]
        return Outgoing(topic.name, draft.key, draft.body(), headers, partition)
