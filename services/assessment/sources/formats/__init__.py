"""The formats, each a pure reader of its own: one original in, claims out."""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats import (
    ags,
    caliper,
    canvas,
    cloudevents,
    csv,
    moodle,
    oneroster,
    openedx,
    proofs,
    reviews,
    xapi,
)
from services.assessment.sources.formats.format import Format

FORMATS: Final[dict[str, Format]] = {
    module.FORMAT.name: module.FORMAT
    for module in (ags, caliper, canvas, cloudevents, csv, moodle, oneroster, openedx, proofs, reviews, xapi)
}
"""By name, as documents of sources call them."""
