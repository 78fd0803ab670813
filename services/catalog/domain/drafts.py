"""Drafts: documents that aren't published yet, and may be wrong or unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.catalog.domain.document import Kind
from services.catalog.domain.findings import Finding, error


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was last changed; `revision` counts the changes."""

    kind: Kind
    id: str
    revision: int
    document: dict[str, Any]
    changed_at: datetime

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.id}"


def misnamed(kind: Kind, id_: str, document: dict[str, Any]) -> Finding | None:
    """A draft is of the kind and id under which it is kept."""
    if document.get(kind) != id_:
        return error(kind, f"the document must say {kind}: {id_}, for that is where it is kept")
    return None
