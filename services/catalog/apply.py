"""`python -m services.catalog.apply FOLDER --catalog URL`: publish a folder of documents, as often as one likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import httpx
import typer
from rich.console import Console
from rich.text import Text

from services.catalog.folder import Unreadable, Written, day, read_folder
from services.catalog.views import Applied

STYLES: Final = {
    "new": ("+", "green"),
    "changed": ("~", "yellow"),
    "unchanged": ("=", "dim"),
    "refused": ("!", "red"),
}
LONGEST: Final = 100

app = typer.Typer(add_completion=False, rich_markup_mode=None)
out = Console(highlight=False, soft_wrap=True)


@app.command()
def main(
    folder: Annotated[Path, typer.Argument(help="a folder of *.yaml, *.yml and *.json, or one such file")],
    catalog: Annotated[str, typer.Option(help="the catalog's address", envvar="CAIRN_CATALOG")],
    token: Annotated[str | None, typer.Option(help="a token with the scope catalog:write", envvar="CAIRN_TOKEN")] = None,
    token_file: Annotated[Path | None, typer.Option(help="a file that holds the token")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would happen, and publish nothing")] = False,
    effective_from: Annotated[
        str | None, typer.Option(help="the day from which what is published counts, unless its document names one")
    ] = None,
) -> None:
    """Publish the documents of a folder: all that is new or changed, or, if there is any error, nothing."""
    try:
        written = list(read_folder(folder))
        starts = None if effective_from is None else day(effective_from).isoformat()
        bearer = token_file.read_text().strip() if token_file else token
    except (Unreadable, ValueError, OSError) as error:
        _give_up(str(error))
    if not bearer:
        _give_up("no token: give --token, --token-file or CAIRN_TOKEN")
    if not written:
        _give_up(f"{folder}: there are no documents here (*.yaml, *.yml, *.json)")
    answer = _sent(catalog, bearer, [each.document for each in written], starts, dry_run)
    documents = [Applied.model_validate(document) for document in answer["documents"]]
    show(written, documents)
    raise typer.Exit(_summed_up(documents, len(written), dry_run))


def show(written: Sequence[Written], documents: Sequence[Applied]) -> None:
    """For each document what becomes of it, what changes in it, and what was found, with its file and line."""
    for applied in documents:
        source = written[applied.index]
        mark, style = STYLES[applied.action]
        version = f", version {applied.version}" if applied.version else ""
        name = f"{applied.kind or 'document'} {applied.id or source.path}"
        out.print(Text(f"{mark} {name}: {applied.action}{version}", style=style))
        for change in applied.changes:
            out.print(Text(f"    {change.place}: {_short(change.old)} → {_short(change.new)}"))
        for finding in applied.findings:
            colour = "red" if finding.severity == "error" else "yellow"
            out.print(Text(f"    {finding.severity}: ", style=colour) + Text(f"{source.where(finding.place)}: {finding.message}"))


def _sent(catalog: str, bearer: str, documents: Sequence[object], starts: str | None, dry_run: bool) -> dict[str, Any]:
    request = {"documents": documents, "effective_from": starts, "dry_run": dry_run}
    try:
        response = httpx.post(
            f"{catalog.rstrip('/')}/apply",
            json=request,
            headers={"authorization": f"Bearer {bearer}"},
            timeout=httpx.Timeout(300, connect=10),
        )
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        _give_up(f"{catalog} doesn't answer as a catalog does: {str(error) or type(error).__name__}")
    if "documents" not in answer:
        mistakes = "; ".join(f"{mistake['place']}: {mistake['message']}" for mistake in answer.get("errors", ()))
        said = ": ".join(part for part in (answer.get("title"), answer.get("detail"), mistakes) if part)
        _give_up(f"the catalog answers {response.status_code} {said}")
    return answer


def _summed_up(documents: Sequence[Applied], count: int, dry_run: bool) -> int:
    """Says it, and answers the exit code."""
    errors = sum(finding.severity == "error" for applied in documents for finding in applied.findings)
    warnings = sum(finding.severity == "warning" for applied in documents for finding in applied.findings)
    actions = Counter(applied.action for applied in documents)
    noted = f", {warnings} warning{'s' * (warnings != 1)}" if warnings else ""
    if errors:
        unseen = f"; {count - len(documents)} more are checked when these can be read" if len(documents) < count else ""
        out.print(Text(f"Nothing was published: {errors} error{'s' * (errors != 1)}{noted}{unseen}.", style="bold red"))
        return 1
    would = "Would be: " if dry_run else ""
    said = ", ".join(f"{actions[action]} {action}" for action in ("new", "changed", "unchanged"))
    out.print(Text(f"{would}{said}{noted}.", style="bold"))
    return 0


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _give_up(why: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(why, style="red"))
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
