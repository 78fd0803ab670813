"""Assessment's readme lists every path that it answers, with the scope."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "services/assessment/README.md").read_text()
PATHS: Final = json.loads((ROOT / "docs/api/openapi/assessment.json").read_text())["paths"]
ANSWERED: Final = {
    f"{method.upper()} {path}" for path, methods in PATHS.items() for method in methods if not path.startswith("/health/")
}


def listed(row: str) -> set[str]:
    """The operations of a row. `…/suffix` is the operation of the method before whose path begins like the one before."""
    found: set[str] = set()
    method = before = ""
    for span in re.findall(r"`([^`]+)`", row.split("|")[1]):
        verb, _, path = span.rpartition(" ")
        method, path = verb or method, path.partition("?")[0]
        if path.startswith("…"):
            steps = before.split("/")
            longer = ["/".join(steps[:number]) + path[1:] for number in range(len(steps), 0, -1)]
            path = next((one for one in longer if f"{method} {one}" in ANSWERED), path)
        before = path
        found.add(f"{method} {path}")
    return found


def test_the_readme_lists_every_path_with_its_methods_and_no_other() -> None:
    table = README.split("\n## HTTP\n")[1].split("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    assert {operation for row in rows for operation in listed(row)} == ANSWERED
    assert all(row.split("|")[2].strip() for row in rows)
