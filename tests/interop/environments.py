"""Other projects' Python packages, each in a virtual environment of its own under `var/`, once per lock. Only tests use them.

A lock is made, beside its `requirements.in`, by
    uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url \\
        --no-header --no-annotate --output-file requirements.txt
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

INSTALLED: Final = Path(__file__).parents[2] / "var" / "interop"
WITHIN: Final = 180
"""Seconds that installing may take: forty packages."""


class Missing(RuntimeError):
    """The packages can't be installed here; says why."""


def python(name: str, lock: Path) -> Path:
    """The interpreter that has what the lock says. Raises Missing."""
    folder = INSTALLED / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not (folder / "installed").exists():
        _install(name, lock, folder)
    return folder / "environment" / "bin" / "python"


def _install(name: str, lock: Path, folder: Path) -> None:
    """An environment can't be moved: it is made in a folder of its own, to which a link leads when it is whole."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(dir=INSTALLED, prefix=f"{name}-"))
    try:
        _run(["venv", "--quiet", "--python", sys.executable, str(fresh / "environment")])
        target = str(fresh / "environment" / "bin" / "python")
        _run(["pip", "install", "--quiet", "--python", target, "--require-hashes", "--requirements", str(lock)])
        (fresh / "installed").touch()
        try:
            folder.symlink_to(fresh.name)
        except FileExistsError:
            shutil.rmtree(fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run([sys.executable, "-m", "uv", *command], capture_output=True, text=True, timeout=WITHIN, check=False)
    except subprocess.TimeoutExpired:
        raise Missing(f"the packages were not installed within {WITHIN} s") from None
    if done.returncode:
        raise Missing(f"the packages could not be installed: {done.stderr.strip()[-300:]}")
