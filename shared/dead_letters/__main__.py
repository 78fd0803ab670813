"""List, show and redrive dead letters, for one service or all."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import click
import orjson
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Column, Table

from shared.broker import Broker, broker_of
from shared.dead_letters.letters import Letter, NotTheirs, NotWhole, chosen, reading, redrive, survey, whole
from shared.dead_letters.original import Unreadable, document_of, edited
from shared.kafka import Publisher, Unavailable
from shared.settings import KafkaSettings, Unset
from shared.topics import DEAD_LETTERS

T = TypeVar("T")

Which = StrEnum("Which", [*DEAD_LETTERS, "all"])  # type: ignore[misc]  # the services are a table, not a literal

Service = Annotated[Which, typer.Option(help="whose dead letters")]
Reason = Annotated[str | None, typer.Option(help="a regular expression that the reason must contain", metavar="REGEX")]
Ids = Annotated[list[str] | None, typer.Option("--id", help="the beginning of a letter's id; may be given several times")]
Bootstrap = Annotated[
    str, typer.Option("--kafka", envvar="CAIRN_KAFKA", help="bootstrap servers; CAIRN_KAFKA_… say who we are there")
]

ALL: Final = Which("all")
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console()
WIDE: Final = 240
"""Columns where nobody looks: in a pipe or a file."""


@app.command("list")
def list_(
    kafka: Bootstrap,
    service: Service = ALL,
    reason: Reason = None,
    ids: Ids = None,
    limit: Annotated[int, typer.Option(min=1, help="the newest so many")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
) -> None:
    """The letters with their reasons, the oldest first."""
    letters = chosen(_run(_surveyed(kafka, service)), reason=_pattern(reason), ids=ids or ())
    shown = letters[-limit:]
    if as_json:
        for letter in shown:
            print(orjson.dumps(_line(letter)).decode())
        return
    table = Table(Column("id", no_wrap=True), "came", "service", "origin", "type", "reason", "trace", "redriven")
    for letter in shown:
        table.add_row(*("" if said is None else _plain(str(said)) for said in _line(letter).values()))
    wide = console if console.is_terminal else Console(width=WIDE)
    wide.print(table)
    console.print(f"{len(shown)} of {len(letters)} dead letters")


@app.command()
def show(
    kafka: Bootstrap, id_: Annotated[str, typer.Option("--id", help="the beginning of the letter's id")], service: Service = ALL
) -> None:
    """One letter whole: its reason, and the original with its headers and its data."""
    letter = _run(_one(kafka, service, id_))
    about: dict[str, Any] = _line(letter) | {"stands_at": f"{letter.topic}/{letter.partition}/{letter.offset}"}
    if letter.truncated_from is not None:
        about["truncated_from"] = letter.truncated_from
    console.print_json(orjson.dumps(about | {"original": document_of(letter)}).decode())


@app.command("redrive")
def redrive_(
    kafka: Bootstrap,
    service: Service = ALL,
    reason: Reason = None,
    ids: Ids = None,
    limit: Annotated[int | None, typer.Option(min=1, help="the oldest so many")] = None,
    again: Annotated[bool, typer.Option(help="also those that were redriven before")] = False,
    edit: Annotated[bool, typer.Option("--edit", help="open each original in $EDITOR first")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing")] = False,
) -> None:
    """Send the originals again, through the requests of the service that could not apply them."""
    letters = chosen(_run(_surveyed(kafka, service)), reason=_pattern(reason), ids=ids or ())
    if not again:
        letters = [letter for letter in letters if letter.redriven_at is None]
    letters = letters[:limit]
    if letters and not yes and sys.stdin.isatty():
        typer.confirm(f"Send {len(letters)} messages again?", abort=True)
    sent, refused = _run(_redriven(kafka, letters, edit))
    for why in refused:
        console.print(f"[red]not sent[/] {_plain(why)}")
    console.print(f"{sent} sent again")
    if refused:
        raise typer.Exit(1)


async def _surveyed(kafka: str, service: Which) -> list[Letter]:
    async with reading(_broker(kafka)) as consumer:
        return await survey(consumer, DEAD_LETTERS if service is ALL else (service.value,))


async def _one(kafka: str, service: Which, id_: str) -> Letter:
    """Exits when no letter's id begins so, or several do."""
    async with reading(_broker(kafka)) as consumer:
        found = chosen(await survey(consumer, DEAD_LETTERS if service is ALL else (service.value,)), ids=(id_,))
        if len(found) != 1:
            console.print(
                "no dead letter has that id" if not found else f"{len(found)} dead letters' ids begin so; give more of it"
            )
            raise typer.Exit(1)
        return await whole(consumer, found[0])


async def _redriven(kafka: str, letters: list[Letter], edit: bool) -> tuple[int, list[str]]:
    """How many were sent, and why others were not."""
    sent, refused = 0, []
    broker = _broker(kafka)
    async with reading(broker) as consumer, Publisher(broker, client="cairn-operator") as publisher:
        for letter in letters:
            original = await whole(consumer, letter)
            try:
                if edit:
                    original = await asyncio.to_thread(_by_hand, original)
                await redrive(publisher, original)
                sent += 1
            except (NotTheirs, NotWhole, Unreadable) as error:
                refused.append(f"{letter.id}: {error}")
    return sent, refused


def _by_hand(letter: Letter) -> Letter:
    text = orjson.dumps(document_of(letter), option=orjson.OPT_INDENT_2).decode()
    after = click.edit(text, extension=".json", require_save=True)
    if after is None:
        raise Unreadable("it was left unsaved")
    return edited(letter, after)


def _line(letter: Letter) -> dict[str, str | None]:
    return {
        "id": letter.id,
        "came": letter.came_at,
        "service": letter.service,
        "origin": letter.origin,
        "type": letter.type,
        "reason": letter.reason,
        "trace": letter.trace,
        "redriven": letter.redriven_at,
    }


def _pattern(reason: str | None) -> re.Pattern[str] | None:
    try:
        return None if reason is None else re.compile(reason)
    except re.error as error:
        raise typer.BadParameter(f"not a regular expression: {error}", param_hint="--reason") from error


def _plain(text: str) -> str:
    """Without what a terminal or rich would take for an order."""
    return "".join(sign if sign.isprintable() else "·" for sign in text).replace("[", r"\[")


def _broker(bootstrap: str) -> Broker:
    return broker_of(KafkaSettings.read(kafka=bootstrap))


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (KafkaError, Unavailable) as error:
        console.print(f"the broker does not answer: {type(error).__name__}")
        raise typer.Exit(1) from error
    except Unset as error:
        console.print(str(error))
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
