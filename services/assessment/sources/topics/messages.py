"""A message as it lay on a source's topic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.assessment.sources.claims import Wrong


class Later(Exception):
    """It can't be read now, and may be later. The text says what is in the way, and names nobody."""


@dataclass(frozen=True, slots=True)
class Message:
    """`stamp` is the time that the topic gives it. Its key is left out: it decides nothing here, and may name a person."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    stamp: datetime

    @classmethod
    def of(cls, record: Any) -> Message:
        """A consumer's record."""
        headers = tuple((name, bytes(raw)) for name, raw in record.headers if raw is not None)
        stamp = datetime.fromtimestamp(max(0, record.timestamp or 0) / 1000, UTC)
        return cls(record.topic, record.partition, record.offset, record.value, headers, stamp)

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    def attributes(self) -> dict[str, str]:
        """The headers as text, those of CloudEvents without `ce_`. Raises Wrong when one is no text, or there twice."""
        found: dict[str, str] = {}
        for name, raw in self.headers:
            attribute = name.removeprefix("ce_")
            try:
                said = raw.decode()
            except UnicodeDecodeError as error:
                raise Wrong("the header is not UTF-8", name, status=400) from error
            if found.setdefault(attribute, said) != said:
                raise Wrong("the header is there twice, and says different things", name, status=400)
        return found
