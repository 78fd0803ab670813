"""Sources of CSV files, and files, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from services.assessment.sources.claims import Claim, Nothing
from services.assessment.sources.document import Source
from services.assessment.sources.formats.csv import Options, read
from services.assessment.sources.formats.csv.table import lines

OPTIONS: dict[str, Any] = {
    "learner": [{"column": "Matriculation", "kind": "sis:matriculation"}],
    "activity": "Module",
    "time": {"column": "Graded", "format": "%d.%m.%Y %H:%M", "zone": "Europe/Zurich"},
    "score": {"raw": "Points", "max": "Out of", "decimal": ","},
}
"""Those of a file as a student information system exports it in Switzerland."""


def source(**options: Any) -> Source:
    """What is None is left out."""
    said = {name: value for name, value in (OPTIONS | options).items() if value is not None}
    document = {
        "source": "sis",
        "name": "Student records",
        "owner": "Registrar",
        "format": "csv",
        "may_publish": ["*"],
        "options": said,
    }
    return Source.model_validate(document)


def originals(text: str | bytes, where: Source) -> list[tuple[int, Any]]:
    content = text if isinstance(text, bytes) else text.encode()
    assert isinstance(where.options, Options)
    return [(line.number, line.original) for line in lines(BytesIO(content), where.options)]


def claims(text: str | bytes, where: Source) -> list[Claim]:
    """Of all lines, which are to say one thing each."""
    found: list[Claim] = []
    for _, original in originals(text, where):
        said = read(original, where)
        assert not isinstance(said, Nothing), said.reason
        found += said
    return found


def said(row: dict[str, str], where: Source) -> Sequence[Claim] | Nothing:
    return read(row, where)
