"""Canvas Live Events, in Canvas's own format.

Source: https://developerdocs.instructure.com/services/canvas/data-services/live-events/event-format-canvas
"""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats.canvas.events import read
from services.assessment.sources.formats.canvas.options import Options, Signers
from services.assessment.sources.formats.format import Format

__all__ = ["FORMAT", "Options", "Signers", "read"]

FORMAT: Final = Format(
    "canvas",
    "Canvas Live Events",
    read,
    options=Options,
    keys=("secret", "webhook"),
    sent_to="POST /sources/{source}/canvas",
)
