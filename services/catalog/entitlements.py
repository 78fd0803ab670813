"""The issuers' entitlements, read at start from the file that the environment names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from services.catalog.domain.entitlements import Entitlements
from shared.events.definitions import AchievementType
from shared.settings import Unset

_ENTITLEMENTS: Final = TypeAdapter(dict[str, frozenset[AchievementType]])


def entitlements_of(file: Path | None) -> Entitlements:
    """What the file says, as JSON: `{issuer: [types]}`. Raises Unset when it can't be read or says something else."""
    if file is None:
        return {}
    try:
        return _ENTITLEMENTS.validate_json(file.read_bytes())
    except OSError as trouble:
        raise Unset(f"CAIRN_ENTITLEMENTS: {file} can't be read") from trouble
    except ValidationError as mistaken:
        said = "; ".join(f"{'/'.join(str(step) for step in each['loc'])}: {each['msg']}" for each in mistaken.errors())
        raise Unset(f"CAIRN_ENTITLEMENTS: {file} must say {{issuer: [types]}}: {said}") from mistaken
