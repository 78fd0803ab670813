"""What a line says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.assessment.sources.claims import Claim, Name, Nothing, Result, Wrong
from services.assessment.sources.formats.csv.options import Meaning, Options, ScoreColumns, TimeColumn
from services.assessment.sources.formats.members import derived_id, number, seconds, the_object, the_text
from services.assessment.sources.formats.ranges import score_between
from shared.events.completions import Score, Status
from shared.events.envelope import EARLIEST

if TYPE_CHECKING:
    from services.assessment.sources.document import Source

LONGEST_GRADE = 100
LONGEST_URL = 2_000

NOT_COUNTED = Nothing("the line's status is one that says nothing about completions")
NO_SCORE = Nothing("the line has no score yet")


def read(original: Any, source: Source) -> Sequence[Claim] | Nothing:
    """One line. `place` of what is wrong is the column."""
    cells = the_object(original, "", "a line")
    if "" in cells:
        raise Wrong(_trouble(cells[""]))
    assert isinstance(source.options, Options)
    line = Line(cells, source.options)
    id_ = line.id()
    try:
        return line.claims(id_)
    except Wrong as wrong:
        wrong.id = id_
        raise


def _trouble(said: Any) -> str:
    return said if isinstance(said, str) and said.isprintable() else "the line cannot be read"


def _by_pattern(said: str, pattern: str) -> datetime:
    return datetime.strptime(said, pattern)  # noqa: DTZ007 - the zone is the column's


class Line:
    def __init__(self, cells: Mapping[str, Any], options: Options) -> None:
        self.cells = cells
        self.options = options

    def id(self) -> str:
        options = self.options
        if len(options.id) == 1:
            return self.wanted(options.id[0])
        if options.id:
            return derived_id("csv", "id", *(self.wanted(column) for column in options.id))
        return derived_id("csv", "line", *(self.cell(column) for column in options.needed()))

    def claims(self, id_: str) -> Sequence[Claim] | Nothing:
        options = self.options
        named = [(name.kind, self.cell(name.column)) for name in options.learner]
        names = tuple(Name(kind, value) for kind, value in named if value is not None)
        if not names:
            raise Wrong("the line does not say which learner it is about", options.learner[0].column)
        activity = options.activity_is if options.activity is None else self.wanted(options.activity)
        time = self.time(options.time)
        said = self.said()
        return said if isinstance(said, Nothing) else [Claim(id_, time, names, activity, said)]

    def said(self) -> Result | Nothing:
        options = self.options
        status = self.status()
        if status == "ignored":
            return NOT_COUNTED
        if status == Status.CLEARED:
            return Result(Status.CLEARED)
        score = None if options.score is None else self.score(options.score)
        grade = None if options.grade is None else self.cell(options.grade)
        if grade is not None and len(grade) > LONGEST_GRADE:
            raise Wrong(f"a grade must be no longer than {LONGEST_GRADE} characters", options.grade or "")
        if status in (None, Status.SCORED) and score is None and grade is None:
            return self.without_score()
        attempt = self.attempt()
        return Result(Status(status or Status.SCORED), score, grade, attempt, self.evidence())

    def status(self) -> Meaning | None:
        column = self.options.status
        if column is None:
            return self.options.status_is
        said = self.cell(column.column)
        known = {text.strip().casefold(): meaning for text, meaning in column.values.items()}
        meaning = known.get((said or "").casefold(), column.otherwise)
        if meaning is None:
            raise Wrong(f"it must be one of {', '.join(sorted(column.values))}"[:500], column.column)
        return meaning

    def without_score(self) -> Result | Nothing:
        match self.options.without_score:
            case "ignored":
                return NO_SCORE
            case "clears":
                return Result(Status.CLEARED, attempt=self.attempt())
            case "refused":
                column = self.options.grade
                if (score := self.options.score) is not None:
                    column = score.scaled or score.percent or score.raw
                raise Wrong("it is empty, and the line needs a score or a grade", column or "")

    def score(self, columns: ScoreColumns) -> Score | None:
        if columns.percent is not None:
            said = self.points(columns.percent, columns, "%")
            return None if said is None else score_between(said, Decimal(0), Decimal(100), columns.percent, columns.percent)
        if columns.scaled is not None:
            said = self.points(columns.scaled, columns)
            if said is not None and not -1 <= said <= 1:
                raise Wrong("it must be between 0 and 1; map it as percent, or as raw with a maximum, if it is something else",
                            columns.scaled)  # fmt: skip
            return None if said is None else Score(scaled=said.quantize(Decimal("1e-10")))
        assert columns.raw is not None
        if (said := self.points(columns.raw, columns)) is None:
            return None
        most = columns.max_is
        if columns.max is not None and (most := self.points(columns.max, columns)) is None:
            raise Wrong("it is empty, and the score needs its maximum", columns.max)
        least = self.points(columns.min, columns) if columns.min is not None else None
        assert most is not None
        return score_between(said, columns.min_is if least is None else least, most, columns.raw, columns.max or columns.raw)

    def points(self, column: str, columns: ScoreColumns, unit: str = "") -> Decimal | None:
        said = self.cell(column)
        if said is None:
            return None
        if unit:
            said = said.removesuffix(unit).rstrip()
        if columns.decimal == ",":
            if "." in said:
                raise Wrong("it must be a number with a decimal comma and no points", column)
            said = said.replace(",", ".")
        if "_" in said:
            raise Wrong("it must be a number", column)
        return number(said, column)

    def attempt(self) -> int:
        column = self.options.attempt
        said = None if column is None else self.cell(column)
        if column is None or said is None:
            return 1
        found = number(said, column)
        if found is None or found != found.to_integral_value() or not 1 <= found <= 100_000:
            raise Wrong("it must be a whole number from 1 to 100000", column)
        return int(found)

    def evidence(self) -> tuple[str, ...]:
        found = []
        for column in self.options.evidence:
            if (said := self.cell(column)) is None:
                continue
            if not said.startswith(("http://", "https://")) or len(said) > LONGEST_URL:
                raise Wrong(f"it must be an address that begins with https:// and has at most {LONGEST_URL} characters", column)
            found.append(said)
        return tuple(found)

    def time(self, column: TimeColumn) -> datetime:
        said = self.wanted(column.column)
        if column.format == "epoch":
            return seconds(said, column.column)
        try:
            written = datetime.fromisoformat(said) if column.format == "iso" else _by_pattern(said, column.format)
            zone = written.tzinfo or ZoneInfo(column.zone)
            found = written.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            shape = "as in 2026-11-24T13:05:00+01:00" if column.format == "iso" else f"of the form {column.format}"
            raise Wrong(f"it must be a time {shape}", column.column) from error
        if found < EARLIEST:
            raise Wrong("no learning system has anything to tell from before 1900", column.column)
        return found

    def wanted(self, column: str) -> str:
        """Raises Wrong where there is nothing."""
        if (said := self.cell(column)) is None:
            raise Wrong("it is empty", column)
        return said

    def cell(self, column: str) -> str | None:
        """What stands there; None where that means nothing."""
        said = self.cells.get(column)
        if said is None or (isinstance(said, str) and said.strip() in self.options.empty):
            return None
        return the_text(said, column)
