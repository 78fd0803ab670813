"""Addresses that strangers give are fetched only from the open internet, and only so much of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from time import monotonic

import pytest
import pytest_asyncio

from shared.credentials.fetching import Fetcher, NotFetched, is_public
from shared.credentials.shelf import Shelf
from tests.domain.checking.host import Host


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.1.1.1"),
        *("240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("64:ff9b:1::1", "2001:0:7f00:1::", "::127.0.0.1"),
    ],
)
def test_addresses_within_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest_asyncio.fixture
async def host() -> AsyncIterator[Host]:
    async with Host.open() as host:
        yield host


@pytest_asyncio.fixture
async def fetcher(host: Host) -> AsyncIterator[Fetcher]:
    """May ask the one host of the own network, as an administrator allows it."""
    fetcher = Fetcher([f"127.0.0.1:{host.port}"])
    yield fetcher
    await fetcher.close()


async def refused(fetcher: Fetcher, address: str) -> str:
    begun = monotonic()
    with pytest.raises(NotFetched) as error:
        await fetcher.get(address)
    assert monotonic() - begun < 2.0
    return error.value.code


async def test_a_document_is_fetched_without_anything_that_could_tell_who_asks(host: Host, fetcher: Fetcher) -> None:
    host.says("/a", b'{"a": 1}', content_type="application/json; charset=utf-8", set_cookie="a=b")
    found = await fetcher.get(f"http://127.0.0.1:{host.port}/a")
    assert (found.body, found.media_type) == (b'{"a": 1}', "application/json")
    assert "cookie" not in host.headers[0]
    assert "authorization" not in host.headers[0]


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.org/", "ftp://example.org/", "file:///etc/passwd", "//example.org", "https://", "text", "https://a b/"),
        *("https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://0x7f000001/", "https://2130706433/"),
        *(
            "https://127.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://user:secret@example.org/",
            "https://[::ffff:127.0.0.1]/",
        ),
        *("https://example.org:99999/", "https://example.org\\@127.0.0.1/", "https://" + "a" * 3_000 + ".org/"),
    ],
)
async def test_what_is_no_address_of_the_open_internet_is_not_asked(fetcher: Fetcher, address: str) -> None:
    assert await refused(fetcher, address) == "refused"


async def test_a_name_with_any_address_within_a_network_is_not_asked(host: Host) -> None:
    async def resolve(name: str, port: int) -> Collection[str]:
        return ["93.184.216.34", "127.0.0.1"]

    fetcher = Fetcher(resolve=resolve)
    assert await refused(fetcher, f"https://rebound.example:{host.port}/") == "refused"
    assert host.asked == []
    await fetcher.close()


async def test_the_connection_goes_to_the_address_that_was_looked_at(host: Host) -> None:
    host.says("/a")
    looked: list[str] = []

    async def resolve(name: str, port: int) -> Collection[str]:
        looked.append(name)
        return ["127.0.0.1"] if len(looked) == 1 else ["10.0.0.1"]

    fetcher = Fetcher([f"inside.example:{host.port}"], resolve=resolve)
    assert (await fetcher.get(f"http://inside.example:{host.port}/a")).body == b"{}"
    assert looked == ["inside.example"]
    assert f"host: inside.example:{host.port}" in host.headers[0]
    await fetcher.close()


async def test_each_redirect_is_looked_at_anew_and_there_are_two_at_most(host: Host, fetcher: Fetcher) -> None:
    host.says("/far", b"there")
    host.says("/1", status="302 Found", location="/far")
    host.says("/2", status="301 Moved", location="/1")
    host.says("/3", status="308 Moved", location="/2")
    host.says("/within", status="302 Found", location="https://169.254.169.254/latest/meta-data")
    host.says("/plain", status="302 Found", location="http://localhost:1/")
    origin = f"http://127.0.0.1:{host.port}"
    assert (await fetcher.get(f"{origin}/2")).body == b"there"
    assert await refused(fetcher, f"{origin}/3") == "redirected"
    assert await refused(fetcher, f"{origin}/within") == "refused"
    assert await refused(fetcher, f"{origin}/plain") == "refused"


async def test_size_time_and_packing_are_bounded(host: Host, fetcher: Fetcher) -> None:
    origin = f"http://127.0.0.1:{host.port}"
    host.says("/large", bytes(3_000_000))
    host.says("/packed", b"x", content_encoding="gzip")
    host.says("/gone", status="404 Not Found")
    assert await refused(fetcher, f"{origin}/large") == "too_large"
    assert await refused(fetcher, f"{origin}/packed") == "not_there"
    assert await refused(fetcher, f"{origin}/gone") == "not_there"
    assert await refused(fetcher, f"{origin}/silent") == "too_slow"
    assert await refused(fetcher, "http://127.0.0.1:1/") == "refused"


async def test_what_was_fetched_is_kept_as_long_as_its_server_allows(host: Host, fetcher: Fetcher) -> None:
    host.says("/kept", cache_control="public, max-age=600")
    host.says("/said-nothing")
    host.says("/fleeting", cache_control="no-store")
    for path in ("/kept", "/said-nothing", "/fleeting") * 2:
        await fetcher.get(f"http://127.0.0.1:{host.port}{path}")
    assert host.asked == ["/kept", "/said-nothing", "/fleeting", "/fleeting"]
    await fetcher.get(f"http://127.0.0.1:{host.port}/kept", afresh=True)
    assert host.asked[4:] == ["/kept"]


def test_what_is_kept_is_bounded_in_number_bytes_and_time() -> None:
    now = [0.0]
    shelf: Shelf[str] = Shelf(entries=3, size=100, clock=lambda: now[0])
    for name in "abcd":
        shelf.put(name, name, size=10, seconds=60)
    assert [shelf.get(name) for name in "abcd"] == [None, "b", "c", "d"]
    shelf.put("large", "large", size=26, seconds=60)
    assert shelf.get("large") is None
    now[0] = 61
    assert shelf.get("d") is None
