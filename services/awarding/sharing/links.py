"""Links of shares: a token follows from the share's id and the key of public ids, so it can be shown again and is not kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Links:
    """`outside` is where people reach awarding."""

    key: bytes = field(repr=False)
    outside: str

    def new_share(self) -> str:
        """A random id: 32 hexadecimal digits."""
        return secrets.token_hex(16)

    def token(self, share: str) -> str:
        """32 bytes in base64url without padding. Nobody without the key can go from one to another."""
        mac = hmac.new(self.key, b"share\x1f" + share.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def link(self, share: str) -> str:
        return f"{self.outside}/shared/{self.token(share)}"


def looked_up(token: str) -> str | None:
    """What a token is found by: its SHA-256 in hexadecimal. None if it has not the form of one."""
    return hashlib.sha256(token.encode()).hexdigest() if TOKEN.fullmatch(token) else None
