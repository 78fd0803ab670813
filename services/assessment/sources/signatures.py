"""Signed webhooks, as Standard Webhooks has them.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, TypeVar

WINDOW: Final = 300
"""Seconds by which the sender's clock may differ from ours, and for which a delivery that was overheard could be sent again."""

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

K = TypeVar("K")


class NotSigned(Exception):
    """The text says what is wrong with the headers."""


def signature(secret: bytes, id_: str, timestamp: str, body: bytes) -> str:
    """As the header has it: `v1,…`. `secret` is the text `whsec_…`."""
    key = b64decode(secret.removeprefix(b"whsec_"))
    return "v1," + b64encode(hmac.new(key, f"{id_}.{timestamp}.".encode() + body, sha256).digest()).decode()


def signed_with(headers: Mapping[str, str], body: bytes, secrets: Iterable[tuple[K, bytes]], now: float) -> K | None:
    """Which of the secrets signed it; None if none did. Each is tried, so that it takes as long whichever it is.

    Raises NotSigned when a header is missing or can't be read, and when the time is too far from now.
    """
    id_, timestamp, sent = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if missing := [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]:
        raise NotSigned(f"the request lacks {', '.join(missing)}")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotSigned(f"{TIMESTAMP} must be seconds since 1970")
    if abs(now - int(timestamp)) > WINDOW:
        raise NotSigned(f"{TIMESTAMP} is more than {WINDOW // 60} minutes from now")
    given = [one.encode("latin-1", "replace") for one in sent.split(" ")[:20] if one.startswith("v1,")]
    found: K | None = None
    for key, secret in secrets:
        right = signature(secret, id_, timestamp, body).encode()
        if any(hmac.compare_digest(right, one) for one in given):
            found = key
    return found


def is_secret(text: str) -> bool:
    """Whether it is a webhook's secret as the standard wants it: 24 to 64 bytes after `whsec_`."""
    try:
        return text.startswith("whsec_") and 24 <= len(b64decode(text.removeprefix("whsec_"), validate=True)) <= 64
    except (Error, ValueError):
        return False
