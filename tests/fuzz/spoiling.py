"""Bodies of requests: good ones, ones in which something is anything else, and bytes that are hardly a body at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from tests.domain.sources.anything import JSON, spoilt
from tests.fuzz.doors import Door, anew, written

FAR: Final = (
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-14:00",
    "2016-12-31T23:59:60Z",
    "2026-01-01T00:00:00+99:99",
    "2026-02-30T00:00:00Z",
    "2026-01-01T00:00:00",
    "1e400",
)
STRANGE: Final = (
    b"",
    b" ",
    b"null",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[[]]",
    b"[null, 1, {}, []]",
    b"[" * 50_000,
    b"[" * 600 + b"]" * 600,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"\xef\xbb\xbf{}",
    b"\xff\xfe\x00\x00",
    b"\xed\xa0\x80",
    b"NaN",
    b'{"id": NaN}',
    b"1" * 6_000,
    b"1e99999999999999999999",
    b"\0" * 1_000,
    gzip.compress(b"[" + b"0," * 2_000_000 + b"0]"),
    b"eyJhbGciOiJub25lIn0.e30.e30",
    b"eyJhbGciOiJIUzI1NiJ9.bm8.bm8",
    b"a=1&a=2&eventname=%ff%fe&%00=%00",
)
NUMBERS: Final = (
    b"1e400",
    b"-1e400",
    b"1e99999999999999999999",
    b"1" * 5_000,
    b"NaN",
    b"-0",
    b"1E-400",
    b"-1",
    b"0",
    b"true",
    b"0.1" + b"1" * 300,
)
TEXTS: Final = (
    b'"\\ud800"',
    b'"\\u0000"',
    b'"' + b"x" * 10_000 + b'"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b'"\\x"',
    b'""',
    b'" "',
    b"{}",
    b"[]",
)
TYPES: Final = (
    "application/json; charset=utf-16",
    "application/json; charset=utf-8",
    "text/plain",
    "",
    "application/x-www-form-urlencoded",
    "multipart/mixed; boundary=x",
    "multipart/form-data",
    "application/cloudevents+avro",
    "application/cloudevents+json",
    "application/jwt",
    "a/b;" * 100,
)


def _truncated(body: bytes, at: int) -> bytes:
    return body[: at % (len(body) + 1)]


def _twice(body: bytes, at: int) -> bytes:
    """With its first member there twice, the second time otherwise."""
    start = body.find(b'"')
    end = body.find(b'"', start + 1) + 1
    return body[:start] + body[start:end] + b": " + NUMBERS[at % len(NUMBERS)] + b", " + body[start:] if 0 < start < end else body


def _with(pieces: tuple[bytes, ...], begins: Callable[[bytes, int], bool]) -> Callable[[bytes, int], bytes]:
    """With one of its values as one of these."""

    def change(body: bytes, at: int) -> bytes:
        places = [place + 2 for place in range(len(body) - 2) if body[place : place + 2] == b": " and begins(body, place + 2)]
        if not places:
            return body
        start = places[at % len(places)]
        end = start + 1
        while end < len(body) and body[end : end + 1] not in b",}]":
            end += 1
        return body[:start] + pieces[at % len(pieces)] + body[end:]

    return change


SPOILERS: Final[tuple[Callable[[bytes, int], bytes], ...]] = (
    _truncated,
    _twice,
    _with(NUMBERS, lambda body, place: body[place : place + 1] in b"-0123456789"),
    _with(TEXTS, lambda body, place: body[place : place + 1] == b'"'),
    _with(tuple(f'"{time}"'.encode() for time in FAR), lambda body, place: body[place : place + 3] == b'"20'),
    lambda body, at: b"\xef\xbb\xbf" + body,
    lambda body, at: body.decode("utf-8", "replace").encode("utf-16"),
    lambda body, at: body[:at] + bytes([at % 256]) + body[at:],
)


@st.composite
def bodies(draw: st.DrawFn, door: Door) -> bytes:
    good: list[Any] = [one for one in door.good if not isinstance(one, str)]
    if not good:
        body: bytes = draw(st.sampled_from([one.encode() for one in door.good]))
    else:
        good = [anew(one, draw(st.integers(0, 2**48 - 1))) for one in good]
        kinds = st.one_of(st.sampled_from(good), spoilt(good), spoilt(good), JSON)
        if door.around is None:
            said: Any = draw(kinds)
        else:
            said = door.around(draw(st.lists(kinds, max_size=4)))
        body = written(said)
    if draw(st.integers(0, 3)):
        return body
    spoil: Callable[[bytes, int], bytes] = draw(st.sampled_from(SPOILERS))
    return bytes(spoil(body, draw(st.integers(0, 5_000))))


@st.composite
def requests(draw: st.DrawFn, door: Door) -> tuple[bytes, dict[str, str]]:
    """A body and the headers that differ from those of the door."""
    headers: dict[str, str] = {"ce-id": f"b-{draw(st.integers(0, 2**48))}"} if "ce-id" in door.headers else {}
    if not draw(st.integers(0, 9)):
        headers["content-type"] = draw(st.sampled_from(TYPES))
    if not draw(st.integers(0, 15)):
        headers["content-encoding"] = draw(st.sampled_from(["gzip", "br", "identity", "?"]))
        return gzip.compress(draw(bodies(door))), headers
    if not draw(st.integers(0, 5)):
        return draw(st.sampled_from(STRANGE) | st.binary(max_size=200)), headers
    return draw(bodies(door)), headers
