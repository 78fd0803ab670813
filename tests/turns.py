"""How several processes share the tests: each takes a file, or a package with one platform, at a time, the long ones first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT: Final = Path(__file__).parents[1]
LONGEST: Final = (
    "tests/faults/test_drill.py",
    "tests/faults/test_upgrade.py",
    "tests/journeys/test_any_order.py",
    "tests/journeys/test_replay.py",
    "tests/security",
    "tests/pages",
    "tests/faults",
    "tests/fuzz",
    "tests/journeys",
    "tests/observability",
    "tests/streams",
)
SHARED: Final = ("tests/security/",)
"""Packages whose files share one platform."""


def turn_of(item: pytest.Item) -> int:
    path = item.path.relative_to(ROOT).as_posix()
    return next((number for number, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))


class Turns(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return next((package for package in SHARED if file.startswith(package)), file)


def in_turn(items: list[pytest.Item]) -> Sequence[pytest.Item]:
    return sorted(items, key=turn_of)
