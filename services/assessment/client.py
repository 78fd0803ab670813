"""For systems that report completions from Python: over Kafka, or over HTTP. Needs nothing of the service but its events.

    async with OverHttp("https://assessment.example.edu", Key(id, secret), source="urn:example:lms") as completions:
        await completions.send(Report("attempt-17", time, CompletionReported(learner=..., activity=..., status="passed")))

A registered source shows its key, and gets access tokens for it by itself; the institution's own systems show a token.
`send` returns when everything is safely there. Sending the same reports again, under the same ids, does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from shared.broker import At
from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, rfc3339
from shared.kafka import Outgoing, Publisher
from shared.topics import COMPLETIONS

BATCH: Final = "application/cloudevents-batch+json"
MOST_AT_ONCE: Final = 500
LARGEST: Final = 900_000
AGAIN: Final = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Key:
    """A registered source's key, of the kind `secret`."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """What a system says: `id` names it among all it ever said, `time` is when it happened (with its offset)."""

    id: str
    time: datetime
    said: CompletionReported | CompletionRetracted


class NotAccepted(Exception):
    """Some reports can never be accepted; the others are. `reasons` are by the report's id."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{id_}: {reason}" for id_, reason in reasons.items())[:2_000])


class Unreachable(Exception):
    """Nobody answered in time, or the answer was that nothing can be taken now. Send the same again."""


class OverKafka:
    """Publishes to the topic itself, to each learner's own partition. `topic` is for tests."""

    def __init__(self, broker: At, source: str, *, topic: str = COMPLETIONS.name) -> None:
        self._publisher = Publisher(broker, client=source[:100])
        self._source = source
        self._topic = topic

    async def __aenter__(self) -> Self:
        await self._publisher.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._publisher.stop()

    async def send(self, *reports: Report, within: float = 30.0) -> None:
        """Raises `shared.kafka.Unavailable` when the broker has not confirmed in time. What is said is not checked here."""
        messages = [Outgoing.of(self._topic, report.said.learner, _envelope(report, self._source)) for report in reports]
        await self._publisher.publish_all(messages, within=within)


class OverHttp:
    """Posts batches. `credential` is a source's key, a token, or a function that gives a fresh one; `client` is for tests."""

    def __init__(
        self, url: str, credential: Key | str | Callable[[], str], source: str, *, client: httpx.AsyncClient | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._credential = credential
        self._source = source
        self._client = client or httpx.AsyncClient(timeout=20.0)
        self._token, self._good_until = "", 0.0
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def send(self, *reports: Report, within: float = 30.0) -> dict[str, str]:
        """Sends in portions, each again while nobody takes it, for `within` seconds in all.

        What is returned are the ids of those that are held, each with the reason: a learner or an activity that isn't known
        there yet. They are applied when it is; nothing is to be done about them here.
        Raises NotAccepted when all portions were answered and something of them was refused; Unreachable;
        `httpx.HTTPStatusError` for an answer that says that the request itself is wrong, such as a key that is retired.
        """
        until = monotonic() + within
        refused: dict[str, str] = {}
        held: dict[str, str] = {}
        for portion in _portions([_json(_envelope(report, self._source)) for report in reports]):
            for item in await self._post(b"[" + b",".join(portion) + b"]", until):
                if item["status"] == "refused":
                    refused[str(item["id"])] = _reason(item)
                elif item["status"] == "held":
                    held[str(item["id"])] = _reason(item)
        if refused:
            raise NotAccepted(refused)
        return held

    async def _post(self, body: bytes, until: float) -> list[dict[str, Any]]:
        """What became of each."""
        answer = await self._answered(body, until)
        if answer.status_code == 401 and isinstance(self._credential, Key):
            # The token ended before its time; the key may be good still.
            self._good_until = 0.0
            answer = await self._answered(body, until)
        try:
            items = answer.json().get("items", [])
        except (ValueError, AttributeError):
            items = []
        if answer.is_error and not items:
            answer.raise_for_status()
        return list(items)

    async def _answered(self, body: bytes, until: float) -> httpx.Response:
        """The first answer that isn't to come again. Raises Unreachable."""
        pause = 0.2
        while True:
            try:
                headers = {"authorization": f"Bearer {await self._bearer()}", "content-type": BATCH}
                answer = await self._client.post(f"{self._url}/completions", content=body, headers=headers)
                if answer.status_code not in AGAIN:
                    return answer
                pause = max(pause, _seconds(answer.headers.get("retry-after")))
                trouble = f"status {answer.status_code}"
            except httpx.TransportError as error:
                trouble = type(error).__name__
            except Unreachable as error:
                trouble = str(error)
            if monotonic() + pause > until:
                raise Unreachable(trouble)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _bearer(self) -> str:
        """A token that is good for a minute more at least. Raises Unreachable, or HTTPStatusError when the key is refused."""
        if not isinstance(self._credential, Key):
            return self._credential if isinstance(self._credential, str) else self._credential()
        async with self._renewing:
            if monotonic() > self._good_until - 60:
                key = (self._credential.id, self._credential.secret)
                grant = {"grant_type": "client_credentials"}
                answer = await self._client.post(f"{self._url}/oauth/token", data=grant, auth=key)
                if answer.status_code in AGAIN:
                    raise Unreachable(f"status {answer.status_code}")
                said = answer.raise_for_status().json()
                self._token, self._good_until = str(said["access_token"]), monotonic() + float(said["expires_in"])
            return self._token


def _reason(item: Mapping[str, Any]) -> str:
    return str((item.get("problem") or item).get("detail", ""))


def _envelope(report: Report, source: str) -> Envelope:
    said = report.said
    return Envelope(id=report.id, type=said.TYPE, source=source, time=report.time, data=said.to_json())


def _json(envelope: Envelope) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": envelope.id,
            "type": envelope.type,
            "source": envelope.source,
            "time": rfc3339(envelope.time),
            "datacontenttype": "application/json",
            "data": orjson.Fragment(envelope.data),
        }
    )


def _portions(events: Sequence[bytes]) -> Iterator[list[bytes]]:
    """As many at once as a request may have."""
    portion: list[bytes] = []
    size = 0
    for event in events:
        if portion and (len(portion) == MOST_AT_ONCE or size + len(event) > LARGEST):
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event) + 1
    if portion:
        yield portion


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after is not None and retry_after.isdigit() else 0.0
