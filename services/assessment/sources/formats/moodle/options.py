"""What the document of a Moodle source says beyond what all have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.assessment.sources.formats.format import Options as AnyOptions
from services.assessment.sources.formats.points import Maximum


def _bare(host: str) -> str:
    if "://" in host or host.endswith("/"):
        raise ValueError("only the host is written, as in moodle.example.edu: without https:// and without a slash at its end")
    return host


class Options(AnyOptions):
    """`host` is the site's, as plugins add it: what another site sends is refused. Ids are good within one site only.

    `maxima` are the greatest grades, which Moodle's events don't say: `{"of": "moodle:grade:*", "points": 100}`. Where none fits,
    a grade is told as it is written, without a score. `badges`: whether an awarded badge completes `moodle:badge:<id>`.
    """

    host: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_bare)] | None = None
    maxima: Annotated[tuple[Maximum, ...], Field(max_length=5_000)] = ()
    badges: Literal["completed", "ignored"] = "ignored"
