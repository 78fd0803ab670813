"""The npm packages beside this file, installed once per lock into `var/`. Only tests use them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

PROJECT: Final = Path(__file__).parent
INSTALLED: Final = Path(__file__).parents[2] / "var" / "interop"
WITHIN: Final = 180
"""Seconds that installing may take: thirty small packages."""


class Missing(RuntimeError):
    """The packages can't be installed here; says why."""


def installed() -> Path:
    """The folder with `node_modules` as the lock says. Raises Missing."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(f"there is no {tool} on this machine")
    lock = (PROJECT / "package-lock.json").read_bytes()
    folder = INSTALLED / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "node_modules").is_dir():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    """Installs beside the folder and moves it there whole, so that nobody finds half of it."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(dir=INSTALLED))
    try:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(PROJECT / name, fresh / name)
        command = ["npm", "ci", "--ignore-scripts", "--prefer-offline"]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=WITHIN, check=False)
        if done.returncode:
            raise Missing(f"npm could not install the packages: {done.stderr.strip()[-300:]}")
        try:
            fresh.rename(folder)
        except OSError:
            if not (folder / "node_modules").is_dir():
                raise
    except subprocess.TimeoutExpired:
        raise Missing(f"npm did not install the packages within {WITHIN} s") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
