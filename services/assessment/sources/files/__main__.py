"""`python -m services.assessment.sources.files FILE --source SOURCE --assessment URL`: bring a file, and watch it worked off.

The file is worked on where assessment runs: the command can be interrupted, and run again to watch on. It ends with 0 when every
line is taken, 1 when lines were refused, and 2 when the file was not taken.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".zip": "application/zip",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
}
KINDS: Final = ("accepted", "held", "ignored", "refused", "duplicated")
STYLES: Final = {"accepted": "green", "held": "yellow", "refused": "red"}
ENDED: Final = ("done", "cancelled", "failed")
EVERY: Final = 0.5
AWAY_FOR: Final = 120.0
"""Seconds for which assessment may not answer before the command gives up."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)
out = Console(highlight=False, soft_wrap=True)


@app.command()
def main(
    file: Annotated[Path, typer.Argument(help="CSV, a OneRoster zip, or JSON: a list of originals or one on each line")],
    source: Annotated[str, typer.Option(help="the source's id")],
    assessment: Annotated[str, typer.Option(help="assessment's address", envvar="CAIRN_ASSESSMENT")],
    token: Annotated[str | None, typer.Option(help="a token with sources:read and sources:write", envvar="CAIRN_TOKEN")] = None,
    token_file: Annotated[Path | None, typer.Option(help="a file that holds the token")] = None,
    key: Annotated[str | None, typer.Option(help="or a key of the source, as id:secret", envvar="CAIRN_KEY")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="take nothing, and show what would happen line by line")] = False,
    show: Annotated[int, typer.Option(help="how many lines to show of a dry run, or of what was refused")] = 100,
) -> None:
    """Bring a file of the source's originals. The same file again is the same work: nothing is taken twice."""
    try:
        content = file.read_bytes()
        bearer = token_file.read_text().strip() if token_file else token
    except (OSError, UnicodeDecodeError) as error:
        _give_up(f"{file}: {error}")
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    auth = httpx.BasicAuth(*key.split(":", 1)) if key and ":" in key and not bearer else None
    if not headers and auth is None:
        _give_up("no token and no key: give --token, --token-file or --key, or CAIRN_TOKEN or CAIRN_KEY")
    with httpx.Client(base_url=assessment.rstrip("/"), headers=headers, auth=auth, timeout=120) as client:
        media_type = MEDIA_TYPES.get(file.suffix.lower(), "application/octet-stream")
        query = {"dry_run": dry_run, "name": file.name[:200]}
        path = f"/sources/{source}/files"
        answer = _asked(client, "POST", path, content=content, headers={"content-type": media_type}, params=query)
        path = f"{path}/{answer['id']}"
        try:
            done = _watched(client, path, answer)
        except KeyboardInterrupt:
            _give_up("The file is worked on without you. Run the same command again to watch on, or cancel it: POST …/cancel.")
        if dry_run:
            _show_lines(client, path, show)
        else:
            _show_refusals(client, path, done, show)
    _sum_up(done)
    raise typer.Exit(2 if done["state"] != "done" else 1 if done["counts"]["refused"] else 0)


def _watched(client: httpx.Client, path: str, known: dict[str, Any]) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("lines"), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        task = progress.add_task(known["name"] or known["id"], total=known["lines"], completed=known["done"])
        while known["state"] not in ENDED:
            time.sleep(EVERY)
            known = _asked(client, "GET", path)
            progress.update(task, completed=known["done"], description=f"{known['name'] or known['id']} ({known['state']})")
    return known


def _asked(client: httpx.Client, method: str, path: str, **request: Any) -> Any:
    """What is answered. What passes is waited for: nothing is taken twice."""
    give_up_at = time.monotonic() + AWAY_FOR
    while True:
        try:
            answer = client.request(method, path, **request)
            if answer.status_code not in (429, 502, 503, 504) or time.monotonic() > give_up_at:
                break
            wait = answer.headers.get("retry-after", "2")
        except httpx.InvalidURL as error:
            _give_up(f"{client.base_url} is no address: {error}")
        except httpx.HTTPError as error:
            if time.monotonic() > give_up_at:
                _give_up(f"{client.base_url} does not answer: {str(error) or type(error).__name__}")
            wait = "2"
        time.sleep(min(float(wait) if wait.isdecimal() else 2.0, 30.0))
    if answer.is_error:
        _give_up(_problem(answer))
    return answer.json()


def _problem(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        places = "".join(f"\n    {error['place']}: {error['message']}" for error in said.get("errors", []) if error.get("place"))
        return f"assessment answers {answer.status_code} {said.get('title', '')}: {said.get('detail', '')}{places}".rstrip(": ")
    except (ValueError, AttributeError):
        return f"what answers {answer.status_code} there is not assessment"


def _show_lines(client: httpx.Client, path: str, most: int) -> None:
    table = _table("line", "outcome", "what is published, or why not")
    for line in _lines(client, path, most):
        published = [_event(event) for event in line["events"]]
        why = [": ".join(filter(None, (line["column"], line["detail"])))]
        table.add_row(str(line["line"]), _styled(line["outcome"]), Text("\n".join(published or why)))
    out.print(table)


def _lines(client: httpx.Client, path: str, most: int) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while most > 0:
        query = {"limit": min(most, 500)} | ({} if cursor is None else {"cursor": cursor})
        page = _asked(client, "GET", f"{path}/lines", params=query)
        yield from page["items"]
        most -= len(page["items"])
        if (cursor := page["next"]) is None:
            return


def _event(event: dict[str, Any]) -> str:
    data = event["data"]
    score = data.get("score") or {}
    points = score.get("scaled") or "/".join(filter(None, (score.get("raw"), score.get("max"))))
    said = (
        data.get("status", "retracts"),
        points,
        data.get("grade"),
        data.get("activity") or data.get("retracts"),
        data["learner"],
    )
    return " ".join(str(part) for part in said if part)


def _show_refusals(client: httpx.Client, path: str, file: dict[str, Any], most: int) -> None:
    refused = file["refusals"][:most]
    if not refused:
        return
    table = _table("line", "column", "why it is refused")
    for one in refused:
        table.add_row(str(one["line"]), Text(one["column"] or ""), Text(one["detail"] or ""))
    out.print(table)
    if file["counts"]["refused"] > len(refused):
        out.print(Text(f"All that were refused, as CSV: {client.base_url}{path.lstrip('/')}/refusals"))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column == "line" else "left", overflow="fold")
    return table


def _styled(kind: str) -> Text:
    return Text(kind, style=STYLES.get(kind, "dim"))


def _sum_up(file: dict[str, Any]) -> None:
    said = ", ".join(f"{file['counts'][kind]} {kind}" for kind in KINDS if file["counts"][kind]) or "nothing"
    what = "would be " if file["dry_run"] else ""
    out.print(Text(f"{file['state']}: of {file['lines']} lines {file['done']} are through; {what}{said}.", style="bold"))
    if file["problem"]:
        out.print(Text(file["problem"], style="red"))


def _give_up(why: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(why, style="red"))
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
