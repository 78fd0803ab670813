"""What the parts of a definition have in common, and the texts and periods in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from shared.requirements.model import Period

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


LONGEST: Final = timedelta(days=36_500)
"""A hundred years: so that every award's end stays within the calendar."""


def _whole_days(period: timedelta) -> timedelta:
    if period % timedelta(days=1):
        raise ValueError("the period must be whole days, like P730D")
    if period > LONGEST:
        raise ValueError("the period is P36500D (a hundred years) at most; leave it out for what never expires")
    return period


Days = Annotated[
    Period,
    AfterValidator(_whole_days),
    PlainSerializer(lambda period: f"P{period.days}D", return_type=str, when_used="json"),
]


class Described(BaseModel):
    """A part of a definition: frozen, and strict about its keys so that a misspelt one is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)
