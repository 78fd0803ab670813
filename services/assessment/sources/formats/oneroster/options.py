"""What the document of a source of OneRoster results says."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from services.assessment.sources.formats import format as formats
from services.assessment.sources.formats.csv.options import Zone
from services.assessment.sources.formats.points import Maximum

Meaning = Literal["counts", "clears", "ignored"]

MEANINGS: Final[dict[str, Meaning]] = {
    "fully graded": "counts",
    "exempt": "clears",
    "not submitted": "clears",
    "partially graded": "ignored",
    "submitted": "ignored",
}
"""A learner who is exempt, or has handed nothing in (any more), has no result; what is being graded leaves the last one."""


class Options(formats.Options):
    """`statuses` says what a scoreStatus means, where it is something else than usual, or one of the system's own (`ext:…`).

    `maxima` are the points possible where no line item says so. `zone` is that of dates.
    """

    statuses: Annotated[dict[str, Meaning], Field(default_factory=dict, max_length=50)]
    maxima: Annotated[tuple[Maximum, ...], Field(max_length=1_000)] = ()
    zone: Zone = "UTC"

    @field_validator("statuses")
    @classmethod
    def _known(cls, statuses: dict[str, Meaning]) -> dict[str, Meaning]:
        if strange := [name for name in statuses if name not in MEANINGS and not name.startswith("ext:")]:
            raise ValueError(
                f"OneRoster has no scoreStatus {strange[0]!r}; it has {', '.join(MEANINGS)}, and what begins with ext:"
            )
        return statuses
