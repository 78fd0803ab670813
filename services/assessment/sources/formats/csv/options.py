"""What the document of a source of CSV files says: how its files are written, and which column says what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from services.assessment.sources.formats import format as formats
from shared.events.completions import Status
from shared.events.definitions import Described

Column = Annotated[str, Field(min_length=1, max_length=200)]
"""A column's name, as the first line has it (blanks around it left out) or as `columns` says."""

Meaning = Status | Literal["ignored"]
"""What a text in the status column means; `ignored` lines say nothing about completions."""

Points = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}; write one as Europe/Zurich") from error
    return name


Zone = Annotated[str, Field(max_length=100), AfterValidator(_zone)]


def _format(pattern: str) -> str:
    if pattern in ("iso", "epoch"):
        return pattern
    try:
        datetime.strptime(datetime(2026, 11, 24, 13, 5, 7, tzinfo=UTC).strftime(pattern), pattern)  # noqa: DTZ007
    except ValueError as error:
        raise ValueError(f"times cannot be read with this: {error}") from error
    if not all(any(part in pattern for part in one) for one in (("%Y", "%y", "%c", "%x"), ("%d", "%j", "%c", "%x"))):
        raise ValueError("it must have at least the year and the day, as in %d.%m.%Y %H:%M")
    return pattern


class LearnerColumn(Described):
    """A column that names the learner; `kind` says what sort of name that is, as in the rules of `learners`."""

    column: Column
    kind: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S+$")] = "csv"


class TimeColumn(Described):
    """When it was. `format`: `iso`, `epoch` (seconds since 1970), or a pattern as Python's strptime has them.

    `zone` is that of times without an offset; a date without a time is the beginning of that day there.
    """

    column: Column
    format: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_format)] = "iso"
    zone: Zone = "UTC"


class StatusColumn(Described):
    """What happened. Texts are compared without regard to case; what isn't in `values` is as `otherwise` says, or refused."""

    column: Column
    values: Annotated[dict[str, Meaning], Field(min_length=1, max_length=200)]
    otherwise: Meaning | None = None


class ScoreColumns(Described):
    """`scaled` (0 to 1), `percent`, or `raw` with `max` and `min` from columns or, the same for all lines, `max_is` and `min_is`.

    `decimal` is what stands before the fraction.
    """

    scaled: Column | None = None
    percent: Column | None = None
    raw: Column | None = None
    max: Column | None = None
    max_is: Points | None = None
    min: Column | None = None
    min_is: Points = Decimal(0)
    decimal: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(column is not None for column in (self.scaled, self.percent, self.raw)) != 1:
            raise ValueError("a score is either scaled, percent or raw")
        if (self.raw is not None) != ((self.max is not None) != (self.max_is is not None)):
            raise ValueError("raw, and only raw, needs either max or max_is")
        return self


class Options(formats.Options):
    """How a file is written, and what its columns say.

    Without `header`, or in the header's place, `columns` name the columns by their position. `skip` lines stand before all of it.
    `id` are the columns that name a line among all that ever come; without, a line is known by the cells that are mapped here.
    What changes under the same id is refused: so name the time as well where lines are sent again with another result.
    `empty` are texts that mean nothing. Where neither a score nor a grade is in a line that is to have one, `without_score` says
    what that means: nothing, that the result is taken back, or that the line is wrong.
    """

    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[^\r\n\"]$")] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[^\r\n]$")] = '"'
    header: bool = True
    columns: Annotated[tuple[Column, ...], Field(max_length=500)] = ()
    skip: Annotated[int, Field(ge=0, le=1_000)] = 0
    id: Annotated[tuple[Column, ...], Field(max_length=10)] = ()
    learner: Annotated[tuple[LearnerColumn, ...], Field(min_length=1, max_length=5)]
    activity: Column | None = None
    activity_is: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    time: TimeColumn
    status: StatusColumn | None = None
    status_is: Status | None = None
    score: ScoreColumns | None = None
    grade: Column | None = None
    attempt: Column | None = None
    evidence: Annotated[tuple[Column, ...], Field(max_length=20)] = ()
    empty: Annotated[tuple[Annotated[str, Field(max_length=50)], ...], Field(max_length=20)] = ("", "-")
    without_score: Literal["ignored", "clears", "refused"] = "ignored"

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.activity is None) == (self.activity_is is None):
            raise ValueError("the activity is either in a column, or the same for all lines (activity_is)")
        if self.status is not None and self.status_is is not None:
            raise ValueError("the status is either in a column, or the same for all lines (status_is)")
        if all(one is None for one in (self.status, self.status_is, self.score, self.grade)):
            raise ValueError("something must say what happened: status, status_is, score or grade")
        if self.delimiter == self.quote:
            raise ValueError("what delimits cells cannot quote them, too")
        if not self.header and not self.columns:
            raise ValueError("without a header the columns must be named")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("two columns have the same name")
        if self.columns and (missing := [name for name in self.needed() if name not in self.columns]):
            raise ValueError(f"columns lacks {', '.join(missing)}")
        return self

    def needed(self) -> list[str]:
        """The columns that are mapped, each once, in an order that depends on what they are for."""
        return list(dict.fromkeys(filter(None, self._mapped())))

    def _mapped(self) -> Iterator[str | None]:
        yield from (name.column for name in self.learner)
        yield from (self.activity, self.time.column)
        yield self.status.column if self.status is not None else None
        if (score := self.score) is not None:
            yield from (score.scaled, score.percent, score.raw, score.max, score.min)
        yield from (self.grade, self.attempt, *self.evidence, *self.id)
