"""Write the dashboards into `deploy/observability/dashboards`: `python -m deploy.observability`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from deploy.observability.dashboards import dashboards

FOLDER: Final = Path(__file__).with_name("dashboards")


def texts() -> dict[Path, str]:
    """The text of each file."""
    return {
        FOLDER / f"{name}.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in dashboards().items()
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
