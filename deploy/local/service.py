"""One instance of one of the four services, as a process of this machine."""

import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.ports import free_port
from deploy.local.process import Process
from deploy.local.server import Server

SERVICES = ("catalog", "assessment", "awarding", "notifications")
HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]


class Service(Server):
    """`python -m services.<service> all`, configured by its environment alone; `url` is its API.

    It is ready when `GET /health/ready` says so. `name` is the instance's, such as `awarding-2`. Its program is that of the tree
    `code`.
    """

    ready_within = 90.0

    def __init__(
        self, service: str, number: int, folder: Path, env: Mapping[str, str], port: int | None = None, code: Path = ROOT
    ) -> None:
        self.name = f"{service}-{number}"
        self.service = service
        self._env = env
        self._code = code
        super().__init__(folder, port)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def prepared(self) -> Process:
        self.port = self.port or free_port()
        own = {"CAIRN_HTTP_HOST": HOST, "CAIRN_HTTP_PORT": str(self.port), "CAIRN_INSTANCE": self.name}
        command = [sys.executable, "-m", f"services.{self.service}", "all"]
        return Process(self.name, command, log=self.log, env={**self._env, **own}, cwd=self._code)

    async def replaced(self, code: Path = ROOT) -> None:
        """End it, and start the program of another tree in its place: same name, same port. Raises ProcessFailed."""
        await self.stop()
        self._code, self._process = code, None
        await self.start()

    async def answers(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            try:
                return (await client.get(f"{self.url}/health/ready")).is_success
            except httpx.TransportError:
                return False
