"""`python -m services.assessment.sources.apply FOLDER --assessment URL`: register a folder of sources, as often as one likes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import httpx
import typer
import yaml
from rich.console import Console
from rich.text import Text

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
MARKS: Final = {"new": ("+", "green"), "changed": ("~", "yellow"), "unchanged": ("=", "dim"), "refused": ("!", "red")}
LONGEST: Final = 100

app = typer.Typer(add_completion=False, rich_markup_mode=None)
out = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Written:
    """A document as it stands in a file; JSON is YAML, too."""

    path: Path
    document: Any
    node: yaml.Node

    def where(self, place: str) -> str:
        """`lms.yaml:12: activities[3].is`, for a place as problem details name it."""
        node, line = self.node, self.node.start_mark.line + 1
        place = place.removeprefix("body").lstrip(".")
        for step in re.findall(r"[^.\[\]]+", place):
            key, node = _beneath(node, step)
            if node is None:
                break
            line = (key or node).start_mark.line + 1
        return f"{self.path}:{line}{f': {place}' if place else ''}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one document. `tag` is the revision that this was found at; None: there is no such source yet."""

    written: Written
    action: str
    tag: str | None
    changes: tuple[tuple[str, Any, Any], ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        document = self.written.document
        return str(document.get("source", "?")) if isinstance(document, dict) else "?"


@app.command()
def main(
    folder: Annotated[Path, typer.Argument(help="a folder of *.yaml, *.yml and *.json, or one such file")],
    assessment: Annotated[str, typer.Option(help="assessment's address", envvar="CAIRN_ASSESSMENT")],
    token: Annotated[str | None, typer.Option(help="a token with sources:read and sources:write", envvar="CAIRN_TOKEN")] = None,
    token_file: Annotated[Path | None, typer.Option(help="a file that holds the token")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would happen, and register nothing")] = False,
) -> None:
    """Register the sources of a folder: all that is new or changed, or, if there is any error, nothing."""
    try:
        written = list(read_folder(folder))
        bearer = token_file.read_text().strip() if token_file else token
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        _give_up(f"{folder}: {error}")
    if not bearer:
        _give_up("no token: give --token, --token-file or CAIRN_TOKEN")
    if not written:
        _give_up(f"{folder}: there are no documents here (*.yaml, *.yml, *.json)")
    with httpx.Client(base_url=assessment.rstrip("/"), headers={"authorization": f"Bearer {bearer}"}, timeout=60) as client:
        plans = [_planned(client, each) for each in written]
        applying = not dry_run and not any(plan.errors for plan in plans)
        if applying:
            plans = [_applied(client, plan) for plan in plans]
    for plan in plans:
        _show(plan)
    raise typer.Exit(_summed_up(plans, applying))


def read_folder(folder: Path) -> Iterator[Written]:
    """Every document of a file, or of all files beneath a folder in the order of their names. Raises OSError or YAMLError."""
    paths = [folder]
    if folder.is_dir():
        found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))
        paths = sorted(found)
    for path in paths:
        for node in yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader):
            document = _constructed(node)
            if document is not None:
                yield Written(path, document, node)


def _constructed(node: yaml.Node) -> Any:
    """As the service would read it: numbers with a fraction, and days, stay as they are written."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _constructed(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_constructed(value) for value in node.value]
    if node.tag.endswith((":int", ":bool", ":null")):
        return yaml.safe_load(yaml.serialize(node))
    return str(node.value)


def _planned(client: httpx.Client, written: Written) -> Plan:
    document = written.document
    slug = document.get("source") if isinstance(document, dict) else None
    if not isinstance(slug, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", slug):
        return Plan(
            written, "refused", None, errors=(f"{written.where('source')}: a source's id is needed, letters, digits, . _ -",)
        )
    now = _asked(client, "GET", f"/sources/{slug}")
    if now.status_code not in (200, 404):
        _give_up(_problem(now))
    would = _asked(client, "PUT", f"/sources/{slug}", params={"dry_run": True}, json=document)
    if would.is_error:
        return Plan(written, "refused", None, errors=_errors(written, would))
    if now.status_code == 404:
        return Plan(written, "new", None)
    before, after = now.json()["document"], would.json()["document"]
    changes = tuple(_changes("", before, after))
    return Plan(written, "changed" if changes else "unchanged", now.headers["etag"], changes)


def _applied(client: httpx.Client, plan: Plan) -> Plan:
    if plan.action == "unchanged":
        return plan
    headers = {"if-none-match": "*"} if plan.tag is None else {"if-match": plan.tag}
    answer = _asked(client, "PUT", f"/sources/{plan.name}", json=plan.written.document, headers=headers)
    return plan if answer.is_success else Plan(plan.written, "refused", None, errors=_errors(plan.written, answer))


def _asked(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    try:
        answer = client.request(method, path, **request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _give_up(f"{client.base_url} does not answer: {str(error) or type(error).__name__}")
    if answer.status_code in (401, 403) or answer.status_code >= 500:
        _give_up(_problem(answer))
    return answer


def _problem(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        return f"assessment answers {answer.status_code} {said.get('title', '')}: {said.get('detail', '')}".rstrip(": ")
    except (ValueError, AttributeError):
        return f"what answers {answer.status_code} there is not assessment"


def _errors(written: Written, answer: httpx.Response) -> tuple[str, ...]:
    try:
        found = answer.json().get("errors", [])
    except (ValueError, AttributeError):
        found = []
    return tuple(f"{written.where(error['place'])}: {error['message']}" for error in found) or (
        f"{written.where('')}: {_problem(answer)}",
    )


def _changes(place: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _changes(f"{place}.{name}".lstrip("."), before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(f"{place}[{number}]", old, new)
    elif before != after:
        yield place, before, after


def _beneath(node: yaml.Node, step: str) -> tuple[yaml.Node | None, Any]:
    """The key and the node under it."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    if isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        return None, node.value[int(step)]
    return None, None


def _show(plan: Plan) -> None:
    mark, style = MARKS[plan.action]
    out.print(Text(f"{mark} source {plan.name}: {plan.action}", style=style))
    for place, old, new in plan.changes:
        out.print(Text(f"    {place}: {_short(old)} → {_short(new)}"))
    for error in plan.errors:
        out.print(Text("    error: ", style="red") + Text(error))


def _summed_up(plans: Sequence[Plan], applied: bool) -> int:
    """Says it, and answers the exit code. What is refused only when it is applied, somebody else has just changed."""
    actions = Counter(plan.action for plan in plans)
    said = ", ".join(f"{actions[action]} {action}" for action in MARKS if actions[action] or action != "refused")
    if actions["refused"]:
        what = "Not everything was registered" if applied else "Nothing was registered"
        out.print(Text(f"{what}: {said}.", style="bold red"))
        return 1
    out.print(Text(f"{'' if applied else 'Would be: '}{said}.", style="bold"))
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
