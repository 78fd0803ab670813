"""Free TCP ports that stay free while their server is down."""

import asyncio
import random
import socket
from pathlib import Path

# Below the range from which systems take the ports of outgoing connections (32768 on Linux): a client that
# connects while a killed server is away cannot take the server's port.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """A port of 127.0.0.1 to which nothing is bound at this moment."""
    for port in random.SystemRandom().sample(range(FIRST, LAST), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {FIRST} and {LAST}")


def kept_port(path: Path) -> int:
    """A free port, the same as last time as long as nobody else has taken it. `path` remembers it."""
    try:
        kept = int(path.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", kept))
        return kept
    except (OSError, ValueError):
        port = free_port()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(port))
        return port


async def listens(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
