"""A process whose clock is wrong, by libfaketime: its idea of the date is moved, its timers run as ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

LIBRARY: Final = Path("vendor", "libfaketime", "src", "libfaketime.so.1")
ASKED: Final = "import time; print(time.time())"


class NoMovedClock(Exception):
    """No clock can be moved here; the text says why."""


def moved_by(seconds: float) -> Mapping[str, str]:
    """What a process needs in its environment for its clock to be so much ahead, or behind. Raises NoMovedClock.

    It was tried: a library for another machine is passed over by the loader without a word that anybody heeds.
    """
    spec = find_spec("libfaketime")
    if spec is None or spec.origin is None:
        raise NoMovedClock("the package libfaketime is not installed")
    library = Path(spec.origin).parent / LIBRARY
    env = {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    said = subprocess.run([sys.executable, "-c", ASKED], env=env, capture_output=True, text=True, timeout=30)
    try:
        ahead = float(said.stdout) - datetime.now(UTC).timestamp()
    except ValueError:
        raise NoMovedClock(f"libfaketime does not work here: {said.stderr.strip()[:200]}") from None
    if abs(ahead - seconds) > 5:
        raise NoMovedClock("libfaketime moves no clock here")
    return env
