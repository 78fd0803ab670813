"""The embedded document database: MongoDB's wire protocol on WiredTiger, every commit on disk before it is answered."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.guard import ADMIN, Guard
from deploy.local.ports import free_port, listens
from deploy.local.process import Process
from deploy.local.server import Server

GUARDED = "guarded"


class Database(Server):
    """A database server of one's own: `async with Database(folder) as database: database.uri`.

    A killed one keeps everything it has committed. With a `guard` clients come over TLS, with a user and its password, and
    `databases` says which databases each user may read and write; `certificates`: and only with a certificate, too.
    """

    name = "database"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        guard: Guard | None = None,
        databases: Mapping[str, Iterable[str]] | None = None,
        certificates: bool = False,
    ) -> None:
        super().__init__(folder, port)
        self._guard = guard
        self._databases = {user: tuple(names) for user, names in (databases or {}).items()}
        self._certificates = certificates
        self._open = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        """For who may do everything."""
        return self.uri_at(self.address) if self._guard is None else self.uri_of(ADMIN)

    @staticmethod
    def uri_at(address: str) -> str:
        """For clients that reach it at another address, through a proxy."""
        return f"mongodb://{address}/?directConnection=true"

    def uri_of(self, user: str) -> str:
        """For one of a guarded one's users. What their TLS needs is in `environment`."""
        assert self._guard is not None
        password = self._guard.password(user).read_text()
        return f"mongodb://{user}:{password}@{self.address}/?directConnection=true&authSource=admin"

    def environment(self, user: str) -> dict[str, str]:
        """What a service is told that comes as this user."""
        assert self._guard is not None
        told = {"CAIRN_MONGODB": self.uri_of(user), "CAIRN_MONGODB_CA": str(self._guard.authority.ca)}
        if self._certificates:
            told["CAIRN_MONGODB_CERTIFICATE"] = str(self._guard.authority.certificate(user).both)
        return told

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        settings = self.folder / "database.toml"
        settings.touch()  # named, though empty: otherwise a file of the user's own would be found and obeyed
        command = [sys.executable, "-m", "secantus", "--config", str(settings)]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        command += ["--sync-on-commit", "--cache-size", "512M", "--log-level", "WARNING"]
        return Process(self.name, command + self._guarding(), log=self.log, env=os.environ)

    async def start(self) -> None:
        """A guarded one is started without its guard once, to be told of its users: nobody else knows of it by then."""
        if self._guard is not None and not (self.folder / GUARDED).exists():
            self._open = True
            await super().start()
            async with self._client() as client:
                for user in (ADMIN, *self._databases):
                    await client.admin.command(
                        "createUser", user, pwd=self._guard.password(user).read_text(), roles=self._roles(user)
                    )
            await self.stop()
            self._open, self._process = False, None
            (self.folder / GUARDED).touch()
        await super().start()

    async def answers(self) -> bool:
        if not await listens("127.0.0.1", self.port):
            return False
        async with self._client() as client:
            try:
                await client.admin.command("ping")
            except PyMongoError:
                return False
        return True

    def _client(self) -> AsyncMongoClient[dict[str, object]]:
        if self._guard is None or self._open:
            return AsyncMongoClient(self.uri_at(self.address), serverSelectionTimeoutMS=2000)
        tls: dict[str, Any] = {"tlsCAFile": str(self._guard.authority.ca)}
        if self._certificates:
            tls["tlsCertificateKeyFile"] = str(self._guard.authority.certificate(ADMIN).both)
        return AsyncMongoClient(self.uri, serverSelectionTimeoutMS=2000, **tls)

    def _guarding(self) -> list[str]:
        if self._guard is None or self._open:
            return []
        own = self._guard.authority.certificate("database")
        told = [
            "--auth",
            "--tls-cert-file",
            own.certificate,
            "--tls-key-file",
            own.key,
            "--tls-ca-file",
            self._guard.authority.ca,
        ]
        return [str(part) for part in told] + (["--tls-require-client-cert"] if self._certificates else [])

    def _roles(self, user: str) -> list[dict[str, str]]:
        if user == ADMIN:
            return [{"role": "root", "db": "admin"}]
        return [{"role": "readWrite", "db": name} for name in self._databases[user]]
