"""The operators' command: how all services stand, their switches, their dead letters, and one learner's whole way.

The services' addresses and the token come from the environment or from options. `dead-letters` reads the broker itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console

from deploy.operate import tables
from deploy.operate.asking import SERVICES, STREAMING, Platform, Refused
from shared.dead_letters.__main__ import app as dead_letters
from shared.operations.journey import Journey, in_order
from shared.operations.standing import Standing

T = TypeVar("T")

Which = StrEnum("Which", [*STREAMING])  # type: ignore[misc]  # the services are a table, not a literal
Service = Annotated[Which, typer.Argument(help="the service whose stream it is")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.add_typer(dead_letters, name="dead-letters", help="list, show, edit and send again what could not be applied")
console = Console()
WIDE: Final = 240
"""Columns where nobody looks: in a pipe or a file."""


@app.callback()
def main(
    context: typer.Context,
    catalog: Annotated[str | None, typer.Option(envvar="CAIRN_CATALOG_URL", help="catalog's address")] = None,
    assessment: Annotated[str | None, typer.Option(envvar="CAIRN_ASSESSMENT_URL", help="assessment's address")] = None,
    awarding: Annotated[str | None, typer.Option(envvar="CAIRN_AWARDING_URL", help="awarding's address")] = None,
    notifications: Annotated[str | None, typer.Option(envvar="CAIRN_NOTIFICATIONS_URL", help="notifications' address")] = None,
    token: Annotated[str | None, typer.Option(envvar="CAIRN_TOKEN", help="a token with operations:read and :write")] = None,
    token_file: Annotated[Path | None, typer.Option(help="a file that holds the token")] = None,
) -> None:
    """Ask and tell the services of one platform."""
    given = dict(zip(SERVICES, (catalog, assessment, awarding, notifications), strict=True))
    addresses = {service: address for service, address in given.items() if address}
    try:
        bearer = token_file.read_text().strip() if token_file else token
    except (OSError, UnicodeDecodeError) as error:
        _give_up(f"{token_file}: {error}")
    context.obj = Platform(addresses, bearer or "")


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """How each service stands: consumers, backfills, silent sources, dead letters. Exit status 1 if one did not answer."""
    answers = _run(_platform(context).all(SERVICES, "/operations"))
    if as_json:
        print(orjson.dumps({"services": answers.said, "refused": answers.refused}).decode())
    else:
        standings = [Standing.model_validate(answers.said[service]) for service in STREAMING if service in answers.said]
        out = _out()
        out.print(tables.services(standings, answers.said.get("catalog")))
        out.print(tables.consumers(standings))
        for line in tables.troubles(standings):
            out.print(line)
    _tell_refusals(answers.refused)


@app.command()
def pause(
    context: typer.Context,
    service: Service,
    reason: Annotated[str, typer.Option(help="why, in words; who looks at the page sees it")],
) -> None:
    """Let a service's stream finish what it has begun and take nothing more, until it is resumed."""
    _run(_platform(context).post(service.value, "/operations/consumers/pause", {"reason": reason}))
    console.print(f"{service.value} stops within seconds")


@app.command()
def resume(context: typer.Context, service: Service) -> None:
    """Let a service's stream go on where it stopped."""
    _run(_platform(context).post(service.value, "/operations/consumers/resume"))
    console.print(f"{service.value} goes on within seconds")


@app.command()
def journey(
    context: typer.Context,
    learner: Annotated[str, typer.Argument(help="the learner's id")],
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="the latest so many of each service")] = 500,
    as_json: AsJson = False,
) -> None:
    """A learner's whole way through all services, in the order of time, with the ids of its traces."""
    if not learner or "/" in learner:
        _give_up("that is no learner's id")
    answers = _run(_platform(context).all(STREAMING, f"/operations/learners/{learner}", limit=limit))
    journeys = [Journey.model_validate(said) for said in answers.said.values()]
    steps = in_order(step for one in journeys for step in one.steps)
    if as_json:
        print(orjson.dumps({"steps": [step.model_dump(mode="json") for step in steps], "refused": answers.refused}).decode())
    else:
        out = _out()
        out.print(tables.way(steps))
        earlier = ", ".join(one.service for one in journeys if one.more)
        out.print(f"{len(steps)} steps" + (f"; there are earlier ones in {earlier}" if earlier else ""))
    _tell_refusals(answers.refused)


def _platform(context: typer.Context) -> Platform:
    platform: Platform = context.obj
    if not platform.token:
        _give_up("no token: give --token, --token-file or CAIRN_TOKEN")
    if not platform.addresses:
        _give_up("no addresses: give --assessment and the others, or CAIRN_ASSESSMENT_URL and the others")
    return platform


def _out() -> Console:
    return console if console.is_terminal else Console(width=WIDE)


def _tell_refusals(refused: Any) -> None:
    for why in refused.values():
        Console(stderr=True).print(f"[red]{tables.plain(why)}[/]")
    if refused:
        raise typer.Exit(1)


def _give_up(why: str) -> NoReturn:
    Console(stderr=True).print(tables.plain(why))
    raise typer.Exit(2)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Refused as error:
        _give_up(str(error))


if __name__ == "__main__":
    app()
