"""Moodle's events, as its webhook plugins forward them.

Source: https://docs.moodle.org/dev/Events_API and lib/classes/event in Moodle's own code.
"""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.moodle.events import read
from services.assessment.sources.formats.moodle.options import Options

__all__ = ["FORMAT", "Options", "read"]

FORMAT: Final = Format(
    "moodle",
    "Moodle events",
    read,
    options=Options,
    keys=("secret", "webhook"),
    sent_to="POST /sources/{source}/moodle",
)
