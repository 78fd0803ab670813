"""What whoever asks would rather have: a page, or JSON. Source: RFC 9110, section 12.5.1."""

from __future__ import annotations

from typing import Final

JSON: Final = ("application/ld+json", "application/json")
PAGE: Final = "text/html"


def json_type(accept: str) -> str | None:
    """The JSON media type to answer with, if the header prefers one to a page; who takes anything gets the page."""
    qualities = dict(_qualities(accept[:1_000]))

    def quality(kind: str) -> float:
        return qualities.get(kind, qualities.get(f"{kind.partition('/')[0]}/*", 0.0))

    best = max(JSON, key=quality)
    # Programs often say `application/json, */*`; browsers name the page.
    return best if quality(best) > 0 and quality(best) > quality(PAGE) else None


def _qualities(accept: str) -> list[tuple[str, float]]:
    """What is malformed is passed over."""
    found = []
    for part in accept.split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        said = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            found.append((kind, min(max(float(said), 0.0), 1.0)))
        except ValueError:
            continue
    return found
