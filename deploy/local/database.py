"""The embedded document database: MongoDB's wire protocol on WiredTiger, every commit on disk before it is answered."""

import os
import sys

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.ports import free_port, listens
from deploy.local.process import Process
from deploy.local.server import Server


class Database(Server):
    """A database server of one's own: `async with Database(folder) as database: database.uri`.

    A killed one keeps everything it has committed.
    """

    name = "database"

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        settings = self.folder / "database.toml"
        settings.touch()  # named, though empty: otherwise a file of the user's own would be found and obeyed
        command = [sys.executable, "-m", "secantus", "--config", str(settings)]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        command += ["--sync-on-commit", "--cache-size", "512M", "--log-level", "WARNING"]
        return Process(self.name, command, log=self.log, env=os.environ)

    async def answers(self) -> bool:
        if not await listens("127.0.0.1", self.port):
            return False
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(self.uri, serverSelectionTimeoutMS=2000)
        try:
            await client.admin.command("ping")
        except PyMongoError:
            return False
        finally:
            await client.close()
        return True
