"""The headers that every page carries."""

from __future__ import annotations

from typing import Final, Literal

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script at all, nothing from elsewhere, and in nobody's frame."""

Cache = Literal["never", "short", "own"]

CACHING: Final = {"never": "no-store", "short": "public, max-age=60", "own": "private, max-age=60"}
"""`never`: for what is about a person, so that what was withdrawn is gone. `short`: for what anybody may see.
`own`: for what anybody may see, with a cookie that is only for whoever asked."""

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For what is served under the hash of its content."""


def page_headers(cache: Cache, *, secret_address: bool) -> dict[str, str]:
    """`secret_address`: whoever knows the page's address may see it, so no other site may learn it, nor an index list it."""
    headers = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer" if secret_address else "same-origin",
        "cache-control": CACHING[cache],
        "vary": "Accept, Accept-Language, Cookie",
    }
    if secret_address:
        headers["x-robots-tag"] = "noindex, nofollow"
    return headers
