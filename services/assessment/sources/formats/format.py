"""What a format is to the rest of the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from services.assessment.sources.claims import Claim, Nothing
from shared.events.definitions import Described

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

KeyKind = Literal["secret", "public_key", "webhook"]
"""How a source shows who it is: a secret (Basic, or OAuth client credentials), a key pair of its own (OAuth with a signed
assertion), or a webhook's secret (signatures with a time, as Standard Webhooks has them)."""


class Options(Described):
    """What a source's document says beyond what all formats have."""


@dataclass(frozen=True)
class Format:
    """`read` is pure: one original, as parsed JSON, and the source's document in; claims out. It raises Wrong.

    An original is the least thing that has an id of its own: a statement, an event, a row; never a whole batch.
    `title` and `sent_to` (such as `POST /xapi/statements`) are for people. `registered`: whether sources may be of it.
    """

    name: str
    title: str
    read: Callable[[Any, Source], Sequence[Claim] | Nothing]
    options: type[Options] = Options
    keys: tuple[KeyKind, ...] = ("secret",)
    sent_to: str = ""
    registered: bool = True
