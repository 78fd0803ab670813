"""Ports of the local platform: the same from run to run, and never those of somebody else."""

import asyncio
import re
import socket
import sys
from pathlib import Path

import pytest

from deploy.local.platform import Platform, Ports
from deploy.local.ports import FIRST, LAST, free_port, kept_port
from deploy.local.up import STAFF_SCOPES

CHOOSER = """
import sys
from deploy.local.ports import free_port
print(*(free_port() for _ in range(200)), flush=True)
sys.stdin.read()
"""


def listening(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((host, port))
    server.listen()
    return server


def test_a_port_is_kept_from_run_to_run(tmp_path: Path) -> None:
    assert kept_port(tmp_path / "ports" / "awarding") == kept_port(tmp_path / "ports" / "awarding")


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_that_somebody_has_taken_is_left_to_them(tmp_path: Path, family: socket.AddressFamily, host: str) -> None:
    port = kept_port(tmp_path / "awarding")
    try:
        server = listening(family, host, port)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with server:
        another = kept_port(tmp_path / "awarding")
    assert another != port
    assert kept_port(tmp_path / "awarding") == another, "it does not go back"


@pytest.mark.parametrize("kept", ["", "nonsense", "0", "-1", "70000"])
def test_what_is_no_port_is_chosen_anew(tmp_path: Path, kept: str) -> None:
    (tmp_path / "awarding").write_text(kept)
    assert FIRST <= kept_port(tmp_path / "awarding") < LAST


async def test_platforms_that_start_together_never_choose_one_port() -> None:
    """A port is chosen some time before its server opens it."""
    choosers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHOOSER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    chosen = [free_port() for _ in range(200)]
    for chooser in choosers:
        assert chooser.stdout is not None
        chosen += map(int, (await chooser.stdout.readline()).split())
    for chooser in choosers:
        await chooser.communicate(b"")
    assert len(chosen) == len(set(chosen)) == 800


def test_a_platform_says_when_an_address_is_another_than_before(tmp_path: Path) -> None:
    first = Platform(tmp_path)
    assert (Platform(tmp_path).address("awarding"), Platform(tmp_path).moved) == (first.address("awarding"), {})
    with listening(socket.AF_INET, "127.0.0.1", first.port("awarding")):
        moved = Platform(tmp_path)
    assert moved.moved == {"awarding": first.address("awarding")}


def test_fixed_ports_follow_one_another(tmp_path: Path) -> None:
    platform = Platform(tmp_path, ports=Ports(http=31_000))
    assert [platform.port(name) for name in ("catalog", "assessment", "awarding", "notifications", "provider")] == [
        *range(31_000, 31_005)
    ]


def test_staff_of_the_local_platform_may_do_everything() -> None:
    root = Path(__file__).parents[2]
    sources = [*root.joinpath("services").rglob("*.py"), *root.joinpath("shared").rglob("*.py")]
    asked = {scope for source in sources for scope in re.findall(r'"([a-z]+:(?:read|write|publish|assess))"', source.read_text())}
    assert asked - {"self:read"} == set(STAFF_SCOPES)
