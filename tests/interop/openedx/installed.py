"""Open edX's own producer and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.interop import environments
from tests.interop.environments import Missing as Missing

LOCK: Final = Path(__file__).with_name("requirements.txt")


def python() -> Path:
    """The interpreter that has them. Raises Missing."""
    return environments.python("openedx", LOCK)
