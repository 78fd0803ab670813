"""CSV files of any columns, which the source's document maps.

An original is a line: `{"column": "text", …}`. What could not be read as a line has the trouble under the empty name.
"""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats.csv.options import Options
from services.assessment.sources.formats.csv.reading import read
from services.assessment.sources.formats.format import Format

__all__ = ["FORMAT", "Options", "read"]

FORMAT: Final = Format("csv", "CSV files", read, options=Options, keys=("secret",), sent_to="POST /sources/{source}/files")
