"""Free TCP ports that stay free while their server is down."""

import asyncio
import errno
import fcntl
import os
import random
import socket
from pathlib import Path
from tempfile import gettempdir
from typing import IO

# Below the range from which systems take the ports of outgoing connections (32768 on Linux): a client that
# connects while a killed server is away cannot take the server's port.
FIRST, LAST = 20_000, 32_000
CLAIMS = Path(gettempdir()) / f"cairn-ports-{os.getuid()}"

_claimed: dict[int, IO[str]] = {}


def free_port() -> int:
    """A port of this machine to which nothing is bound, and which no other local platform has chosen and not opened yet."""
    for port in random.SystemRandom().sample(range(FIRST, LAST), 200):
        if port not in _claimed and _is_free(port) and _claim(port):
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")


def kept_port(path: Path) -> int:
    """A free port, the same as last time as long as nobody else has taken it. `path` remembers it."""
    kept = last_port(path)
    if kept is not None and _is_free(kept) and _claim(kept):
        return kept
    port = free_port()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(port))
    return port


def last_port(path: Path) -> int | None:
    """The one that `path` remembers."""
    try:
        kept = int(path.read_text())
    except (OSError, ValueError):
        return None
    return kept if 0 < kept <= 65_535 else None


def _is_free(port: int) -> bool:
    """Also on ::1, where the name localhost leads as well: browsers try it first."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if family is socket.AF_INET6 and error.errno != errno.EADDRINUSE:
                continue  # a machine without IPv6
            return False
    return True


def _claim(port: int) -> bool:
    """Until this process ends. Between the choice of a port and its server's start others might choose it, too."""
    if port in _claimed:
        return True
    CLAIMS.mkdir(mode=0o700, exist_ok=True)
    claim = (CLAIMS / str(port)).open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _claimed[port] = claim
    return True


async def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
