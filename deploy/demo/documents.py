"""The demonstration's catalog, as documents: the first edition in `catalog/`, what is published after it in `revisions/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from services.catalog.folder import read_folder

FIRST: Final = Path(__file__).parent / "catalog"
REVISIONS: Final = Path(__file__).parent / "revisions"

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """Every document of a folder's files, each of which may hold several."""
    return [dict(written.document) for written in read_folder(folder) if isinstance(written.document, dict)]
