"""A schema registry on this machine: Apicurio Registry, from Maven Central, with its schemas in memory.

It speaks Confluent's protocol, at `url`. What it ships is 160 MB, unpacked once per user; it is up in about four seconds.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tarfile
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

import httpx
from jgo.maven import MavenContext

from deploy.local.kafka import java, jvm
from deploy.local.ports import free_port
from deploy.local.process import Process
from deploy.local.server import Server

GROUP, ARTIFACT, VERSION = "io.apicurio", "apicurio-registry-app", "3.3.3"
DOWNLOADED_WITHIN: Final = 300
"""Seconds for one answer of Maven Central."""


def unpacked() -> Path:
    """The folder with the registry, downloaded and unpacked at the first call on this machine. Safe to call from several
    processes at once. Raises what the download raises."""
    component = MavenContext(timeout=DOWNLOADED_WITHIN).project(GROUP, ARTIFACT).at_version(VERSION)
    with (Path(gettempdir()) / f"cairn-registry-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        archive = component.artifact("all", "tar.gz").resolve()
        folder = archive.with_name("unpacked")
        if not folder.is_dir():
            _unpack(archive, folder)
        return folder


def _unpack(archive: Path, folder: Path) -> None:
    """Beside the folder, and then moved there whole, so that nobody finds half of it."""
    fresh = Path(mkdtemp(dir=archive.parent))
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(fresh, filter="data")
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


class SchemaRegistry(Server):
    """A registry of one's own: `async with SchemaRegistry(folder) as registry: registry.url`. It forgets all when it ends."""

    name = "schema-registry"
    ready_within = 90.0

    @property
    def url(self) -> str:
        """Where Confluent's protocol is spoken."""
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    async def start(self) -> None:
        await asyncio.to_thread(unpacked)
        await super().start()

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        says = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": self.port,
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": free_port(),
            "quarkus.http.access-log.enabled": "false",
            "quarkus.log.level": "WARN",
        }
        options = [f"-D{name}={value}" for name, value in says.items()]
        command: list[str | Path] = [java(), *jvm(tier=1), *options, "-jar", unpacked() / "quarkus-run.jar"]
        return Process(self.name, command, log=self.log, env=os.environ, cwd=self.folder)

    async def answers(self) -> bool:
        async with httpx.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"{self.url}/subjects")).status_code == 200
            except httpx.TransportError:
                return False
