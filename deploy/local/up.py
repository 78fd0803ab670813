"""Start the platform and keep it until Ctrl-C: `make up`."""

import asyncio
import fcntl
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.platform import Platform, Ports
from deploy.local.process import ProcessFailed
from shared.events.completions import CompletionReported, Status
from shared.events.envelope import rfc3339

STAFF_SCOPES = (
    "awards:read",
    "awards:write",
    "catalog:read",
    "catalog:write",
    "completions:publish",
    "contacts:read",
    "contacts:write",
    "decisions:write",
    "directory:write",
    "entries:read",
    "inbox:read",
    "operations:read",
    "operations:write",
    "originals:read",
    "reviews:assess",
    "reviews:read",
    "sources:read",
    "sources:write",
    "submissions:write",
    "verdicts:read",
)
DESK_SCOPES = tuple(
    scope for scope in STAFF_SCOPES if scope.partition(":")[0] in {"directory", "operations", "originals", "reviews", "sources"}
)
"""What people need at the desks that the pages have."""
LEARNER = "learner-1"
FIRST_COMPLETION = """\
curl -i {url}/completions -H "authorization: Bearer $TOKEN" -H "content-type: application/json" \\
  -H "ce-specversion: 1.0" -H "ce-id: first" -H "ce-type: {type}" \\
  -H "ce-source: https://lms.example.org" -H "ce-time: {time}" \\
  -d '{data}'"""


def up(
    folder: Annotated[Path, typer.Option(help="data, keys and logs; what is there is used again")] = Path("var"),
    http: Annotated[
        int | None, typer.Option(help="catalog's port, the other services and the sign-in service on the next four")
    ] = None,
    kafka: Annotated[int | None, typer.Option(help="the broker's port")] = None,
    mongodb: Annotated[int | None, typer.Option(help="the database's port")] = None,
    smtp: Annotated[int | None, typer.Option(help="the mailbox's port")] = None,
) -> None:
    """Start broker, database, mailbox, sign-in and the four services; Ctrl-C stops them. Ports not given are free ones."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"a platform runs in {folder} already")
        platform = Platform(folder, ports=Ports(kafka=kafka, mongodb=mongodb, smtp=smtp, http=http))
        try:
            asyncio.run(keep(platform))
        except ProcessFailed as failure:
            sys.exit(str(failure))


async def keep(platform: Platform) -> None:
    """Run it until Ctrl-C or SIGTERM, or until one of its processes ends by itself. Raises ProcessFailed."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    running = asyncio.create_task(run(platform))
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        print("stopped")


async def run(platform: Platform) -> None:
    """Start it, say where all is, and watch over it until cancelled."""
    async with platform:
        show(platform)
        while True:
            await asyncio.sleep(1.0)
            for one in [*platform.servers, *platform.instances]:
                if not one.process.running:
                    raise ProcessFailed(f"{one.name} ended by itself\n{one.process.tail()}")


def show(platform: Platform) -> None:
    """Print addresses, tokens and a first command."""
    console = Console()
    print(places(dict(pages(platform))))
    signing_in = f"All but the first two ask to sign in: as {LEARNER}, or anybody; there is no password. Staff gives its scopes:"
    console.print(f"\n{signing_in}\n {' '.join(DESK_SCOPES)}\n", highlight=False, soft_wrap=True)
    print(
        places(
            {
                **{f"{instance.service} API": f"{instance.url}/docs" for instance in platform.instances},
                "sign-in service": platform.provider.issuer,
                "broker": platform.bootstrap,
                "database": platform.mongodb,
                "mails": str(platform.mailbox.folder / "mails"),
                "logs": str(platform.folder / "logs"),
            }
        )
    )
    if "awarding" in platform.moved:
        console.print(
            f"\n[bold]Awarding was at {platform.moved['awarding']} before; that port is taken.[/] "
            "Credentials issued then name issuers at that address, and cannot be checked now."
        )
    staff = platform.keys.token(*STAFF_SCOPES)
    console.print("\na token of staff (others: python -m deploy.local.token --help):")
    print(f"export TOKEN={staff}")
    for instance in platform.instances:
        print(f"export {instance.service.upper()}={instance.url}")
    print(f"export LEARNER_TOKEN={platform.keys.token(learner=LEARNER)}")
    console.print(f"\na first completion, of {LEARNER}:")
    print(first_completion(platform["assessment"].url))


def pages(platform: Platform) -> list[tuple[str, str]]:
    """What people open in a browser, by what it is."""
    services = ("catalog", "assessment", "awarding", "notifications")
    catalog, assessment, awarding, notifications = map(platform.address, services)
    return [
        ("what there is to earn", f"{catalog}/"),
        ("check a credential", f"{awarding}/check"),
        ("a learner's passport", f"{awarding}/passport"),
        ("a learner's settings", f"{notifications}/settings"),
        ("a learner's evidence", f"{assessment}/my/submissions"),
        ("sources, for staff", f"{assessment}/desk/sources"),
        ("reviews, for staff", f"{assessment}/desk/reviews"),
        ("operations, for staff", f"{assessment}/desk/operations"),
    ]


def places(found: Mapping[str, str]) -> str:
    """A line for each, however long: people copy addresses or click on them."""
    width = max(map(len, found))
    return "\n".join(f" {what:<{width}}  {where}" for what, where in found.items())


def first_completion(url: str) -> str:
    """The command that sends one to assessment's gateway, in CloudEvents' binary mode."""
    completion = CompletionReported(learner=LEARNER, activity="https://lms.example.org/quiz/1", status=Status.PASSED)
    return FIRST_COMPLETION.format(
        url=url,
        type=completion.TYPE,
        time=rfc3339(datetime.now(UTC).replace(microsecond=0)),
        data=completion.to_json().decode(),
    )


if __name__ == "__main__":
    typer.run(up)
