"""The whole platform on this machine: broker, database, mailbox, sign-in service and the four services."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.database import Database
from deploy.local.kafka import Kafka
from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from deploy.local.mailbox import Mailbox
from deploy.local.ports import kept_port, last_port
from deploy.local.provider import Provider
from deploy.local.server import Server
from deploy.local.service import SERVICES, Service
from shared.kafka import create_topics

PARTITIONS = 4
MAIL_FROM = "cairn@example.org"
OIDC_CLIENT = "cairn"
SIGNED_IN_TO = ("awarding", "notifications")
ENTITLEMENTS = Path(__file__).with_name("entitlements.json")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Fixed ports of 127.0.0.1; what isn't named takes a free one. `http` is catalog's, the others and the sign-in service's
    follow it.
    """

    kafka: int | None = None
    mongodb: int | None = None
    smtp: int | None = None
    http: int | None = None

    def of(self, name: str) -> int | None:
        return None if self.http is None else self.http + (*SERVICES, "provider").index(name)


class Platform:
    """Everything under one `folder`: data, keys, and in `logs/` the output of each process.

    `async with Platform(folder) as platform: platform["assessment"].url`. Where `CAIRN_KAFKA` or
    `CAIRN_MONGODB` name a broker or a database, that one is used and none is started (`kafka` or `database`
    is None then). `env` is added to the environment of every service.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        services: Iterable[str] = SERVICES,
        partitions: int = PARTITIONS,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or Ports()
        self.keys = LocalKeys(self.folder / "keys")
        self.kafka = None if "CAIRN_KAFKA" in os.environ else Kafka(self.folder / "kafka", self.ports.kafka)
        self.database = None if "CAIRN_MONGODB" in os.environ else Database(self.folder / "database", self.ports.mongodb)
        self.mailbox = Mailbox(self.folder / "mailbox", self.ports.smtp)
        self._http: dict[str, int] = {}
        self.moved: dict[str, str] = {}
        """Services that are elsewhere than last time, since their ports were taken, and where they were then."""
        self.provider = Provider(
            self.folder / "provider",
            OIDC_CLIENT,
            self.keys.oidc_client_secret,
            [self.address(service) for service in SIGNED_IN_TO],
            self.port("provider"),
        )
        self.instances: list[Service] = []
        self._services = tuple(services)
        self._partitions = partitions
        self._env = dict(env or {})
        self._numbers: Counter[str] = Counter()

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap if self.kafka else os.environ["CAIRN_KAFKA"]

    @property
    def mongodb(self) -> str:
        return self.database.uri if self.database else os.environ["CAIRN_MONGODB"]

    @property
    def servers(self) -> list[Server]:
        """What was started for the services to stand on."""
        provider = self.provider if set(SIGNED_IN_TO) & set(self._services) else None
        return [server for server in (self.kafka, self.database, self.mailbox, provider) if server is not None]

    def __getitem__(self, service: str) -> Service:
        """The first instance of a service. Raises KeyError."""
        for instance in self.instances:
            if instance.service == service:
                return instance
        raise KeyError(service)

    async def start(self) -> None:
        """Start everything and wait until all is ready. Raises ProcessFailed, with the tail of the log in it."""
        await together(server.start() for server in self.servers)
        await create_topics(self.bootstrap, partitions=self._partitions)
        await together(self._instance(service, self.port(service)).start() for service in self._services)

    async def add(self, service: str) -> Service:
        """Start one more instance of a service beside those that run."""
        instance = self._instance(service)
        await instance.start()
        return instance

    async def stop(self) -> None:
        """Stop the services, each finishing its batch, and then what they stand on."""
        await together(instance.stop() for instance in self.instances)
        await together(server.stop() for server in self.servers)

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    def address(self, service: str) -> str:
        """Where people reach a service's first instance. Identity documents are found by it, so it stays from run to run."""
        return f"http://localhost:{self.port(service)}"

    def port(self, name: str) -> int:
        """Of a service's first instance, or of the sign-in service."""
        if name not in self._http:
            path = self.folder / "ports" / name
            last = last_port(path)
            self._http[name] = self.ports.of(name) or kept_port(path)
            if last not in (None, self._http[name]):
                self.moved[name] = f"http://localhost:{last}"
        return self._http[name]

    def _instance(self, service: str, port: int | None = None) -> Service:
        self._numbers[service] += 1
        instance = Service(service, self._numbers[service], self.folder / "logs", self.environment(), port)
        self.instances.append(instance)
        return instance

    def environment(self) -> dict[str, str]:
        """What every service is told, beside its own name and port."""
        return {
            **os.environ,
            "CAIRN_KAFKA": self.bootstrap,
            "CAIRN_MONGODB": self.mongodb,
            "CAIRN_PARTITIONS": str(self._partitions),
            "CAIRN_SMTP": self.mailbox.address,
            "CAIRN_MAIL_FROM": MAIL_FROM,
            "CAIRN_JWKS": str(self.keys.jwks),
            "CAIRN_TOKEN_ISSUER": ISSUER,
            "CAIRN_TOKEN_AUDIENCE": AUDIENCE,
            "CAIRN_PUBLIC_ID_KEY": str(self.keys.public_id_key),
            "CAIRN_CATALOG_URL": self.address("catalog"),
            "CAIRN_AWARDING_URL": self.address("awarding"),
            "CAIRN_NOTIFICATIONS_URL": self.address("notifications"),
            "CAIRN_ISSUER_KEYS": str(self.keys.issuer_keys),
            "CAIRN_SEALING_KEY": str(self.keys.sealing_key),
            "CAIRN_UNSEALING_KEY": str(self.keys.unsealing_key),
            "CAIRN_SESSION_KEY": str(self.keys.session_key),
            "CAIRN_ENTITLEMENTS": os.environ.get("CAIRN_ENTITLEMENTS", str(ENTITLEMENTS)),
            "CAIRN_OIDC_ISSUER": self.provider.issuer,
            "CAIRN_OIDC_CLIENT_ID": OIDC_CLIENT,
            "CAIRN_OIDC_CLIENT_SECRET": str(self.keys.oidc_client_secret),
            "CAIRN_LOG_LEVEL": os.environ.get("CAIRN_LOG_LEVEL", "INFO"),
            **self._env,
        }


async def together(actions: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, also when one fails; then raise the first failure."""
    for outcome in await asyncio.gather(*actions, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
