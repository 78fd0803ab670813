"""The real broker and database that tests run on: those the environment names, or embedded ones."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from deploy.local.database import Database
from deploy.local.kafka import Kafka


class Broker(Protocol):
    @property
    def bootstrap(self) -> str:
        """host:port"""


class DatabaseServer(Protocol):
    @property
    def uri(self) -> str:
        """A MongoDB connection string."""


def address_of(uri: str) -> str:
    """The first server that a connection string names, host:port."""
    return urlsplit(uri).netloc.rpartition("@")[2].partition(",")[0]


class NamedBroker:
    """The one `CAIRN_KAFKA` names."""

    bootstrap = os.environ.get("CAIRN_KAFKA", "")


class NamedDatabase:
    """The one `CAIRN_MONGODB` names."""

    uri = os.environ.get("CAIRN_MONGODB", "")


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Broker]:
    if NamedBroker.bootstrap:
        yield NamedBroker()
        return
    async with Kafka(folder) as kafka:
        yield kafka


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[DatabaseServer]:
    if NamedDatabase.uri:
        yield NamedDatabase()
        return
    async with Database(folder) as server:
        yield server
