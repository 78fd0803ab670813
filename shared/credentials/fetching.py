"""Addresses given by strangers, fetched without harm: only public hosts, bounded in size, time and redirects.

The name is resolved here, every address it has is looked at, and the connection goes to an address that was looked at: a name
that resolves differently the next moment (DNS rebinding) gains nothing. No cookies, no proxies, nothing from the environment.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from shared.credentials.shelf import Shelf

WITHIN: Final = 1.5
"""Seconds for one document, with its redirects."""

MOST_BYTES: Final = 2_000_000
REDIRECTS: Final = 2
LONGEST: Final = 2_000
"""Characters of an address."""

FRESH: Final = 60.0
FRESHEST: Final = 300.0
"""Seconds that a document is kept if its server says nothing, and at most."""

NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("168.63.129.16/32", "192.88.99.0/24", "100.64.0.0/10", "192.0.0.0/24", "fec0::/10", "64:ff9b:1::/48")
)
"""What `ipaddress` takes for public, in this or another release, and is not: clouds' inner addresses, relays, old local ones."""
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], Awaitable[Collection[str]]]
"""The addresses of a host, as text. Raises OSError."""


class NotFetched(Exception):
    """`code` is one of refused, unreachable, not_there, too_slow, too_large, redirected; `address` is what was asked for."""

    def __init__(self, code: str, address: str, says: str) -> None:
        super().__init__(says)
        self.code = code
        self.address = address
        self.says = says


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    media_type: str
    """Without its parameters, in small letters; empty if the server didn't say."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `port` is always there."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """How it is named in the list of hosts that are allowed."""
        return f"{self.host}:{self.port}"


class Refused(Exception):
    """The text says why nobody may connect there."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to a host of the open internet, wherever an IPv4 address is wrapped in an IPv6 one too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if wrapped is None and ip in NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    if any(ip.version == network.version and ip in network for network in NEVER):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and to whatever `allowed` (host:port) names."""

    def __init__(self, allowed: Collection[str], resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = list(await self._resolve(host, port))
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if f"{host}:{port}" not in self._allowed and not all(is_public(address) for address in addresses):
            raise Refused("its host is not on the open internet")
        trouble: Exception | None = None
        for address in addresses[:3]:
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble or httpcore.ConnectError("nobody listens")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise Refused("it is no address of a host")

    async def sleep(self, seconds: float) -> None:
        await self._sockets.sleep(seconds)


class Fetcher:
    """GETs documents. `allowed` are hosts of the own network, `host:port` each, that may be asked, by http as well."""

    def __init__(
        self, allowed: Iterable[str] = (), *, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self.allowed = frozenset(name.strip().lower() for name in allowed if name.strip())
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="names")
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=32,
            max_keepalive_connections=8,
            keepalive_expiry=5.0,
            network_backend=Guard(self.allowed, resolve or self._names),
        )
        self._shelf: Shelf[Fetched] = Shelf(entries=256, size=32_000_000)

    async def get(
        self, address: str, *, within: float = WITHIN, most_bytes: int = MOST_BYTES, accept: str = "*/*", afresh: bool = False
    ) -> Fetched:
        """The document there, from memory if its server allows and it need not be read `afresh`. Raises NotFetched."""
        if not afresh and (kept := self._shelf.get((address, accept))) is not None:
            return kept
        asked = address
        try:
            async with asyncio.timeout(min(within, WITHIN)):
                for _ in range(REDIRECTS + 1):
                    self.target(address)
                    found = await self._asked(address, asked, most_bytes, accept)
                    if isinstance(found, Fetched):
                        return found
                    address = found
        except TimeoutError as error:
            raise NotFetched("too_slow", asked, "it did not answer in time") from error
        except Refused as error:
            raise NotFetched("refused", asked, str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise NotFetched("unreachable", asked, "nobody answers there") from error
        raise NotFetched("redirected", asked, f"it leads to other addresses more than {REDIRECTS} times")

    def target(self, address: str) -> Target:
        """The address taken apart. Raises Refused if it is none that may be fetched, before anything is asked."""
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise Refused("it is not an address") from error
        if len(address) > LONGEST or not address.isascii() or re.search(r"[\s\x00-\x1f\\]", address):
            raise Refused("it is not an address")
        return self._permitted(parts, host, port)

    def _permitted(self, parts: SplitResult, host: str, port: int | None) -> Target:
        if not host or parts.scheme not in ("https", "http"):
            raise Refused("only https addresses are fetched")
        if parts.username is not None or parts.password is not None:
            raise Refused("it has a name or password in it")
        target = Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))
        if target.scheme == "http" and target.name not in self.allowed:
            raise Refused("only https addresses are fetched")
        return target

    async def _asked(self, address: str, asked: str, most_bytes: int, accept: str) -> Fetched | str:
        """The document, or the address that it is at instead."""
        headers: list[tuple[bytes | str, bytes | str]] = [
            ("host", urlsplit(address).netloc.lower()),
            ("accept", accept),
            ("accept-encoding", "identity"),
            ("user-agent", "cairn-check"),
        ]
        async with self._pool.stream("GET", address.partition("#")[0], headers=headers) as response:
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in (301, 302, 303, 307, 308) and "location" in told:
                return urljoin(address, told["location"])
            if response.status != 200:
                raise NotFetched("not_there", asked, f"its server answered with {response.status}")
            if told.get("content-encoding", "identity") != "identity":
                raise NotFetched("not_there", asked, "its server sends it packed though it was asked not to")
            body = bytearray()
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) > most_bytes:
                    raise NotFetched("too_large", asked, f"it is longer than {most_bytes} bytes")
        fetched = Fetched(bytes(body), told.get("content-type", "").partition(";")[0].strip().lower())
        self._shelf.put((asked, accept), fetched, size=len(body), seconds=_fresh(told.get("cache-control", "")))
        return fetched

    async def _names(self, host: str, port: int) -> Collection[str]:
        """In threads of its own: a server of names that doesn't answer holds up nobody else."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except UnicodeError as error:
            raise OSError("not a name") from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def close(self) -> None:
        await self._pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _fresh(cache_control: str) -> float:
    """Seconds that the document may be kept."""
    says = {part.strip().partition("=")[0].lower(): part.partition("=")[2].strip('" ') for part in cache_control.split(",")}
    if says.keys() & {"no-store", "no-cache", "private"}:
        return 0.0
    age = says.get("max-age", "")
    return min(float(age), FRESHEST) if age.isdigit() else FRESH
