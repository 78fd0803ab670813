"""How large what grows is, and what stays as it is."""

from __future__ import annotations

from typing import Final

ACHIEVEMENTS: Final = (10, 100, 1_000, 10_000)
STACKS: Final = (1, 10, 100, 1_000)
BEFORE: Final = (0, 10_000, 100_000, 1_000_000)
HELD: Final = (0, 20, 50, 100, 200)
OTHERS: Final = 100
"""Achievements where their number isn't what grows."""
THROUGH: Final = 18
"""Stacks of modules where learners go through more than one."""


def completions_for(awards: int) -> int:
    """How many modules give so many awards, levels among them."""
    return next(number for number in range(awards + 1) if number + number // 3 >= awards)
