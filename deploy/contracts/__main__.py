"""Write the contracts beneath `docs/api`, or say where they differ from the code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deploy.contracts import asyncapi, metrics, openapi
from deploy.contracts.schemas import schemas
from services.catalog.documents import json_schemas

ROOT: Final = Path(__file__).parents[2]
API: Final = Path("docs/api")
RELEASED: Final = Path("tests/contracts/released")
MADE: Final = (API / "schemas", API / "documents", API / "openapi")
"""Folders in which nothing else stands."""


def contracts(root: Path = ROOT) -> dict[Path, str]:
    """The text of every file, by its path beneath the root."""
    files = {API / "schemas" / f"{name}.json": _json(schema) for name, schema in schemas().items()}
    files |= {API / "documents" / name: _json(schema) for name, schema in json_schemas().items()}
    files |= {API / "openapi" / f"{service}.json": _json(document) for service, document in openapi.documents().items()}
    files[API / "asyncapi.yaml"] = asyncapi.document(root)
    files[API / "metrics.md"] = metrics.page()
    return files


def drift(files: Mapping[Path, str], root: Path = ROOT) -> list[str]:
    """Where the files that are there differ from those that should be."""
    said = []
    for path, text in sorted(files.items()):
        if not (root / path).exists():
            said.append(f"{path} is missing")
        elif (root / path).read_text() != text:
            said.append(f"{path} differs from the code")
    known = {root / path for path in files}
    said += [
        f"{path.relative_to(root)} is of nothing that exists"
        for folder in MADE
        for path in (root / folder).glob("*")
        if path not in known
    ]
    return said


def main(
    check: Annotated[bool, typer.Option("--check", help="write nothing; fail where something differs")] = False,
    release: Annotated[str | None, typer.Option(help="also keep the schemas as those of this released version")] = None,
) -> None:
    """Write the contracts beneath docs/api, or say where they differ from the code."""
    files = contracts()
    if check:
        if said := drift(files):
            print("\n".join([*said, "run: python -m deploy.contracts"]))
            raise typer.Exit(1)
        return
    if release:
        files |= {RELEASED / release / f"{name}.json": _json(schema) for name, schema in schemas().items()}
    known = {ROOT / path for path in files}
    for stale in (path for folder in MADE for path in (ROOT / folder).glob("*") if path not in known):
        stale.unlink()
    for path, text in files.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    typer.run(main)
