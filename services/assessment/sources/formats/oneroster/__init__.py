"""OneRoster 1.2 results, as the gradebook service has them in JSON, and from the CSV binding's zip.

Sources: https://www.imsglobal.org/spec/oneroster/v1p2 (gradebook service, CSV binding 1.2.1). 1.1's files are read as well.

An original is a result as the service has it, with what is known of its line item and student:
`{"result": {"sourcedId": …}, "lineItem": {"resultValueMax": …}, "user": {"identifier": …}}`.
"""

from __future__ import annotations

from typing import Final

from services.assessment.sources.formats.format import Format
from services.assessment.sources.formats.oneroster.options import Options
from services.assessment.sources.formats.oneroster.reading import read

__all__ = ["FORMAT", "Options", "read"]

FORMAT: Final = Format(
    "oneroster",
    "OneRoster 1.2 results",
    read,
    options=Options,
    keys=("secret", "public_key"),
    sent_to="POST /sources/{source}/files or /oneroster",
)
