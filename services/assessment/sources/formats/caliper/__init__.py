"""Caliper 1.2, and 1.1 as Blackboard and Canvas send it: grades, submissions and completions.

Source: https://www.imsglobal.org/spec/caliper/v1p2 and its fixtures.
"""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats.caliper.events import read
from services.assessment.sources.formats.caliper.options import AttemptRule, Options
from services.assessment.sources.formats.format import Format

__all__ = ["FORMAT", "AttemptRule", "Options", "read"]

FORMAT: Final = Format(
    "caliper",
    "Caliper 1.2",
    read,
    options=Options,
    keys=("secret", "webhook"),
    sent_to="POST /sources/{source}/caliper",
)
