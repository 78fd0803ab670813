"""For systems that report completions from Python: over Kafka, or over HTTP. Needs nothing of the service but its events.

    async with OverHttp("https://assessment.example.edu", token, source="urn:example:lms") as completions:
        await completions.send(Report("attempt-17", time, CompletionReported(learner=..., activity=..., status="passed")))

`send` returns when everything is safely on the topic. Sending the same reports again, under the same ids, does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Final, Self

import httpx
import orjson

from shared.events.completions import CompletionReported, CompletionRetracted
from shared.events.envelope import Envelope, rfc3339
from shared.kafka import Outgoing, Publisher
from shared.topics import COMPLETIONS

BATCH: Final = "application/cloudevents-batch+json"
MOST_AT_ONCE: Final = 500
LARGEST: Final = 900_000


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

    def __init__(self, bootstrap: str, source: str, *, topic: str = COMPLETIONS.name) -> None:
        self._publisher = Publisher(bootstrap, client=source[:100])
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
    """Posts batches to the gateway. `token` may be a function that gives a fresh one; `client` is for tests."""

    def __init__(self, url: str, token: str | Callable[[], str], source: str, *, client: httpx.AsyncClient | None = None) -> None:
        self._url = f"{url.rstrip('/')}/completions"
        self._token = token
        self._source = source
        self._client = client or httpx.AsyncClient(timeout=20.0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def send(self, *reports: Report, within: float = 30.0) -> None:
        """Sends in portions, each again while nobody takes it, for `within` seconds in all.

        Raises NotAccepted when all portions were answered and something of them was refused; Unreachable;
        `httpx.HTTPStatusError` for an answer that says that the request itself is wrong, such as a token without the scope.
        """
        until = monotonic() + within
        refused: dict[str, str] = {}
        for portion in _portions([_json(_envelope(report, self._source)) for report in reports]):
            refused |= await self._post(b"[" + b",".join(portion) + b"]", until)
        if refused:
            raise NotAccepted(refused)

    async def _post(self, body: bytes, until: float) -> dict[str, str]:
        pause = 0.2
        while True:
            try:
                answer = await self._client.post(self._url, content=body, headers=self._headers())
                if answer.status_code not in (429, 502, 503, 504):
                    break
                pause = max(pause, _seconds(answer.headers.get("retry-after")))
                trouble = f"status {answer.status_code}"
            except httpx.TransportError as error:
                trouble = type(error).__name__
            if monotonic() + pause > until:
                raise Unreachable(trouble)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        if answer.status_code not in (202, 400, 422):
            answer.raise_for_status()
        items = answer.json().get("items", [])
        if not items and answer.is_error:
            answer.raise_for_status()
        return {str(item["id"]): item["problem"]["detail"] for item in items if item["status"] == "refused"}

    def _headers(self) -> dict[str, str]:
        token = self._token if isinstance(self._token, str) else self._token()
        return {"authorization": f"Bearer {token}", "content-type": BATCH}


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
