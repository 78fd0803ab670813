"""What would become of originals, were they sent. Nothing is written."""

from __future__ import annotations

from typing import Any, Final

from services.assessment.sources.claims import Understood
from services.assessment.sources.document import Source
from services.assessment.sources.sources import Sources
from shared.http.problems import invalid, unavailable

MOST_TRIED: Final = 500
MOST_PROOFS: Final = 5
"""Each is checked by asking those who issued it."""


def most_of(source: Source) -> int:
    return MOST_PROOFS if source.format == "proofs" else MOST_TRIED


async def tried(at: Sources, source: Source, given: Any) -> list[Understood]:
    """Of one original, or a list of them: as the source sends them, of a source of proofs the credentials as they are brought.
    Raises the problems 422 and 503."""
    originals = given if isinstance(given, list) else [given]
    most = most_of(source)
    if not 0 < len(originals) <= most:
        raise invalid([{"loc": ("body",), "msg": f"A trial has 1 to {most} originals, not {len(originals)}"}])
    if source.format == "proofs":
        if at.proofs is None:
            raise unavailable(60, "This process takes no proofs.")
        originals = await at.proofs.originals(source, originals)
    return await at.intake.trial(source, originals)
