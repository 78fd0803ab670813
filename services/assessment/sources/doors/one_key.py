"""Keys in one text, for senders that have one field for a key: `<key id>:<secret>`, or with a dot between them.

Caliper's sensors send such a key as Authorization, with Bearer before it or bare; Moodle's local_webhooks in the event itself.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final

from fastapi import Request

_KEY: Final = re.compile(r"(key-[0-9a-f]{8,40})[:.](\S{1,200})", re.ASCII)
"""A secret that was cut off, or isn't one, is an attempt with that key all the same."""


def as_basic(key: str) -> str | None:
    """What Authorization would be by Basic; None for what is no such key."""
    found = _KEY.fullmatch(key.strip())
    return None if found is None else f"Basic {b64encode(f'{found[1]}:{found[2]}'.encode()).decode()}"


def with_authorization(request: Request, value: str) -> Request:
    """The same request, as if it had been sent with this."""
    others = [(name, sent) for name, sent in request.scope["headers"] if name != b"authorization"]
    return Request({**request.scope, "headers": [*others, (b"authorization", value.encode("latin-1", "replace"))]})


def with_key_of_sensor(request: Request) -> Request:
    """With Basic where Authorization is such a key; with Bearer where there is a token and nothing before it."""
    said = request.headers.get("authorization", "").strip()
    scheme, blank, value = said.partition(" ")
    token = value if scheme.lower() == "bearer" else "" if blank else said
    if (basic := as_basic(token)) is not None:
        return with_authorization(request, basic)
    return with_authorization(request, f"Bearer {said}") if said and not blank else request
