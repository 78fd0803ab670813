"""The demonstration's catalog, as documents: the first edition in `catalog/`, what is published after it in `revisions/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

FIRST: Final = Path(__file__).parent / "catalog"
REVISIONS: Final = Path(__file__).parent / "revisions"

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """Every document of a folder's YAML files, each of which may hold several."""
    return [document for path in sorted(folder.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())]
