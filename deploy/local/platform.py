"""The whole platform on this machine: broker, database, mailbox, sign-in service and the four services."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.acls import PRINCIPALS, Acl, acls
from deploy.local.database import Database
from deploy.local.guard import ADMIN, Guard, Way, allow
from deploy.local.kafka import Kafka
from deploy.local.keys import AUDIENCE, ISSUER, LocalKeys
from deploy.local.mailbox import Mailbox
from deploy.local.ports import free_port, kept_port, last_port
from deploy.local.provider import Provider
from deploy.local.proxy import Proxy
from deploy.local.server import Server
from deploy.local.service import ROOT, SERVICES, Service
from shared.broker import At
from shared.kafka import create_topics

PARTITIONS = 4
MAIL_FROM = "cairn@example.org"
OIDC_CLIENT = "cairn"
SIGNED_IN_TO = ("assessment", "awarding", "notifications")
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

    `through` are the servers that services reach through a proxy each (`kafka`, `database`, `mailbox`), and services that have
    one of their own to the database (`awarding.database`): `platform.proxies["database"].delay(0.1)`.

    With `guarded`, broker and database are spoken to over TLS, and each service has a user of its own there. It comes to the
    broker by that way (by default with a password) and may do what `deploy/acls.py` says. `rights` are those of other users:
    `platform.broker("lms")`.

    `code` is the tree whose program the services run, for one that was released before.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ports: Ports | None = None,
        services: Iterable[str] = SERVICES,
        partitions: int = PARTITIONS,
        env: Mapping[str, str] | None = None,
        through: Iterable[str] = (),
        guarded: Mapping[str, Way] | None = None,
        rights: Mapping[str, Iterable[Acl]] | None = None,
        code: Path = ROOT,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or Ports()
        self.keys = LocalKeys(self.folder / "keys")
        self._through = {name: free_port() for name in through}
        self._http: dict[str, int] = {}
        self.moved: dict[str, str] = {}
        """Services that are elsewhere than last time, since their ports were taken, and where they were then."""
        self._rights = {user: tuple(acls(user)) for user in PRINCIPALS} | {
            user: tuple(own) for user, own in (rights or {}).items()
        }
        self.guard = self._guarded(guarded)
        self.kafka, self.database = self._own_broker(), self._own_database()
        self.mailbox = Mailbox(self.folder / "mailbox", self.ports.smtp)
        self.provider = Provider(
            self.folder / "provider",
            OIDC_CLIENT,
            self.keys.oidc_client_secret,
            [self.address(service) for service in SIGNED_IN_TO],
            self.port("provider"),
        )
        self.proxies: dict[str, Proxy] = {}
        self.instances: list[Service] = []
        self._services = tuple(services)
        self._partitions = partitions
        self._code = code
        self._env = dict(env or {})
        self._numbers: Counter[str] = Counter()

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap if self.kafka else os.environ["CAIRN_KAFKA"]

    @property
    def mongodb(self) -> str:
        return self.database.uri if self.database else os.environ["CAIRN_MONGODB"]

    def broker(self, user: str) -> At:
        """The broker, for this process: as one of its users, where it is guarded."""
        if self.guard is None or self.kafka is None:
            return self.bootstrap
        return self.guard.as_user(user, self.kafka.doors)

    @property
    def servers(self) -> list[Server]:
        """What was started for the services to stand on."""
        needed = self.guard is not None and self.guard.issuer is not None
        provider = self.provider if needed or set(SIGNED_IN_TO) & set(self._services) else None
        return [server for server in (self.kafka, self.database, self.mailbox, provider) if server is not None]

    def __getitem__(self, service: str) -> Service:
        """The first instance of a service. Raises KeyError."""
        for instance in self.instances:
            if instance.service == service:
                return instance
        raise KeyError(service)

    async def start(self) -> None:
        """Start everything and wait until all is ready. Raises ProcessFailed, with the tail of the log in it."""
        first = [self.provider] if self.guard is not None and self.guard.issuer is not None else []
        for provider in first:  # the broker asks it for its keys at the start
            provider.admit({user: self.guard.password(user) for user in self.guard.users} if self.guard else {})
            await provider.start()
        await together(server.start() for server in self.servers if server not in first)
        self.proxies = {name: Proxy(self._behind(name), port) for name, port in self._through.items()}
        await together(proxy.start() for proxy in self.proxies.values())
        if self.guard is not None and self.kafka is not None:
            await allow(self.kafka.admin, self._rights)
        await create_topics(self.broker("topics"), partitions=self._partitions)
        await together(self._instance(service, self.port(service), code=self._code).start() for service in self._services)

    async def add(self, service: str, env: Mapping[str, str] | None = None) -> Service:
        """Start one more instance of a service beside those that run. `env` is added to its environment alone."""
        instance = self._instance(service, env=env)
        await instance.start()
        return instance

    async def stop(self) -> None:
        """Stop the services, each finishing its batch, and then what they stand on."""
        await together(instance.stop() for instance in self.instances)
        await together(proxy.stop() for proxy in self.proxies.values())
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

    def _instance(
        self, service: str, port: int | None = None, env: Mapping[str, str] | None = None, code: Path = ROOT
    ) -> Service:
        self._numbers[service] += 1
        told = self.environment(service) | dict(env or {})
        instance = Service(service, self._numbers[service], self.folder / "logs", told, port, code)
        self.instances.append(instance)
        return instance

    def _guarded(self, ways: Mapping[str, Way] | None) -> Guard | None:
        """Raises ValueError where broker or database are not ours, or a proxy would be between."""
        if ways is None:
            return None
        if self._through or {"CAIRN_KAFKA", "CAIRN_MONGODB"} & set(os.environ):
            raise ValueError("only broker and database of its own can be guarded, and without proxies before them")
        issuer = f"http://localhost:{self.port('provider')}" if "oauth" in ways.values() else None
        return Guard(self.folder / "guard", {user: ways.get(user, "scram") for user in self._rights}, issuer)

    def _own_broker(self) -> Kafka | None:
        if "CAIRN_KAFKA" in os.environ:
            return None
        return Kafka(self.folder / "kafka", self.ports.kafka, self._through.get("kafka"), self.guard)

    def _own_database(self) -> Database | None:
        if "CAIRN_MONGODB" in os.environ:
            return None
        own = {service: [f"cairn_{service}"] for service in SERVICES}
        return Database(self.folder / "database", self.ports.mongodb, self.guard, own)

    def _guarding(self, service: str | None) -> dict[str, str]:
        """Who a service is at broker and database. Nobody in particular is an operator, and the database's admin."""
        if self.guard is None or self.kafka is None or self.database is None:
            return {}
        at_broker = self.guard.environment(service or "operators", self.kafka.doors)
        return at_broker | self.database.environment(service or ADMIN)

    def _behind(self, name: str) -> str:
        """The address that a proxy passes on to. Raises ValueError where a server is not ours."""
        if name == "kafka" and self.kafka is not None:
            return self.kafka.proxied
        if name == "mailbox":
            return self.mailbox.address
        if name.rpartition(".")[2] == "database" and self.database is not None:
            return self.database.address
        raise ValueError(f"no proxy can be put before {name!r}")

    def _mongodb_of(self, service: str | None) -> str:
        proxy = self.proxies.get(f"{service}.database") or self.proxies.get("database")
        return self.mongodb if proxy is None or self.database is None else self.database.uri_at(proxy.address)

    def environment(self, service: str | None = None) -> dict[str, str]:
        """What every service is told, or one of them, beside its own name and port."""
        kafka, mailbox = self.proxies.get("kafka"), self.proxies.get("mailbox")
        return {
            **os.environ,
            "CAIRN_KAFKA": kafka.address if kafka else self.bootstrap,
            "CAIRN_MONGODB": self._mongodb_of(service),
            "CAIRN_PARTITIONS": str(self._partitions),
            "CAIRN_SMTP": mailbox.address if mailbox else self.mailbox.address,
            "CAIRN_MAIL_FROM": MAIL_FROM,
            "CAIRN_JWKS": str(self.keys.jwks),
            "CAIRN_TOKEN_ISSUER": ISSUER,
            "CAIRN_TOKEN_AUDIENCE": AUDIENCE,
            "CAIRN_PUBLIC_ID_KEY": str(self.keys.public_id_key),
            "CAIRN_SOURCES_KEY": str(self.keys.sources_key),
            "CAIRN_ASSESSMENT_URL": self.address("assessment"),
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
            **self._guarding(service),
            **self._env,
        }


async def together(actions: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, also when one fails; then raise the first failure."""
    for outcome in await asyncio.gather(*actions, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
