"""One example of each event type, kept as a file of its data; the envelope around it is made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from shared.events.envelope import Envelope, Fact, Message, envelope_of
from shared.topics import Topic

FOLDER: Final = Path("docs/api/examples")
TRACEPARENT: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENT_AT: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)


def data_of(root: Path, model: type[Message]) -> dict[str, Any]:
    """Raises FileNotFoundError where somebody added a type and no example."""
    data: dict[str, Any] = json.loads((root / FOLDER / f"{model.TYPE}.json").read_text())
    return data


def headers_of(model: type[Message], data: dict[str, Any], topic: Topic) -> dict[str, str]:
    """The headers with which the example would stand on the topic."""
    message = model.model_validate(data)
    if isinstance(message, Fact):
        envelope = envelope_of(message, f"cairn/{topic.owner}", TRACEPARENT)
    else:
        source = "https://lms.example.edu" if topic.strangers_write else f"cairn/{topic.owner}"
        envelope = Envelope(id="5e1f2c1a", type=model.TYPE, source=source, time=SENT_AT, traceparent=TRACEPARENT)
    return {name: raw.decode() for name, raw in envelope.headers()}
