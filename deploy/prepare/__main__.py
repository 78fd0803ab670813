"""Prepare what services stand on: `python -m deploy.prepare keys|topics|indexes`. Asked again, it does only what is missing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from deploy.acls import SERVICES
from deploy.prepare.keys import make_keys
from services.assessment.app import open_service as assessment
from services.awarding.app import open_service as awarding
from services.catalog.app import open_service as catalog
from services.notifications.app import open_service as notifications
from shared.broker import broker_of
from shared.kafka import create_topics
from shared.process import Service
from shared.settings import KafkaSettings, Settings, Unset

T = TypeVar("T")

Which = StrEnum("Which", [*SERVICES])  # type: ignore[misc]  # the services are a table, not a literal

OPEN: Final[Mapping[str, Callable[[Settings], AbstractAsyncContextManager[Service]]]] = {
    "catalog": catalog,
    "assessment": assessment,
    "awarding": awarding,
    "notifications": notifications,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="where to write them")]) -> None:
    """Make the secrets and key pairs that the services keep for good. Keep a copy of them where nobody finds it."""
    made = make_keys(folder)
    print(f"made {', '.join(made)}" if made else "all keys are there")


@app.command()
def topics(
    partitions: Annotated[int, typer.Option(envvar="CAIRN_PARTITIONS", min=1, help="of each topic keyed by learner")] = 4,
    replication: Annotated[int, typer.Option(min=1, help="copies of each partition")] = 3,
) -> None:
    """Make the topics that are missing, as the registry has them. The environment says where the broker is."""
    made = _run(_topics(partitions, replication))
    print(f"made {', '.join(made)}" if made else "all topics are there")


@app.command()
def indexes(service: Annotated[Which, typer.Argument(help="whose collections")]) -> None:
    """Make the collections and indexes of a service that are missing. The environment is the service's."""
    _run(_indexes(service.value))
    print(f"all collections and indexes of {service.value} are there")


async def _topics(partitions: int, replication: int) -> list[str]:
    return await create_topics(broker_of(KafkaSettings.read()), partitions=partitions, replication=replication)


async def _indexes(service: str) -> None:
    """A service makes them when it opens; what its stream alone writes, the stream makes when it starts."""
    async with OPEN[service](Settings.read()):
        pass


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Unset as error:
        sys.exit(f"cannot start: {error}")


if __name__ == "__main__":
    app()
