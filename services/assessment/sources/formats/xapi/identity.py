"""Which statement a statement is."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any, Final

from services.assessment.sources.formats.xapi.values import wrong

_UNNAMED: Final = uuid.UUID("3c9d6e1e-3f0b-5b43-8f0c-7d7a2d0d6f11")
_GIVEN_BY_STORES: Final = frozenset({"id", "stored", "authority", "version"})


def id_of(statement: dict[str, Any]) -> str:
    """Its own id in small letters, or one that follows from what it says: the same statement again gets the same one."""
    named = statement.get("id")
    return str(named).lower() if named is not None else made_of(statement)


def made_of(statement: dict[str, Any]) -> str:
    """An id for a statement that came without."""
    said = {name: value for name, value in statement.items() if name not in _GIVEN_BY_STORES}
    try:
        return str(uuid.uuid5(_UNNAMED, json.dumps(said, sort_keys=True, default=_exact)))
    except RecursionError:
        raise wrong("this is nested too deeply", "") from None


def _exact(value: object) -> str:
    assert isinstance(value, Decimal)
    return str(value)
