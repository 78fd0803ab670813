"""An achievement's own image is used when it can be had, and its absence keeps nobody from a credential."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from PIL import Image

from services.awarding.credentials.gallery import Gallery, drawn
from services.awarding.domain.rules import Rule, Rules
from shared.credentials.fetching import Fetcher
from tests.domain.awarding.scene import achievement, rules


class Gate:
    """A web server of somebody's, which counts who asks it."""

    def __init__(self, body: bytes) -> None:
        self.asked = 0
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gate.asked += 1
                self.send_response(200)
                self.send_header("cache-control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the library's name

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"

    @contextmanager
    def open(self) -> Iterator[None]:
        thread = Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


def known(image: str) -> tuple[Rules, Rule]:
    made = rules(achievement("a", image=image))
    return made, made.by_id["a"]


def bitmap() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 10, 10)).save(data, "PNG")
    return data.getvalue()


async def test_an_own_image_is_fetched_once_and_used() -> None:
    gate = Gate(bitmap())
    made, rule = known(f"http://{gate.name}/badge.png")
    fetcher = Fetcher({gate.name})
    with gate.open():
        gallery = Gallery(fetcher)
        first, second = [await gallery.picture(rule, rule.newest, made) for _ in range(2)]
    await fetcher.close()
    assert first.svg == second.svg != drawn(rule, rule.newest, made).svg
    assert "data:image/png;base64," in first.svg
    assert gate.asked == 1


@pytest.mark.parametrize("body", [b"<html>not a picture</html>", b"\x89PNG but cut off"])
async def test_an_own_image_that_is_none_is_replaced_by_the_drawn_one_and_not_asked_for_again(body: bytes) -> None:
    gate = Gate(body)
    made, rule = known(f"http://{gate.name}/badge.png")
    fetcher = Fetcher({gate.name})
    with gate.open():
        gallery = Gallery(fetcher)
        found = [await gallery.picture(rule, rule.newest, made) for _ in range(2)]
    await fetcher.close()
    assert {picture.svg for picture in found} == {drawn(rule, rule.newest, made).svg}
    assert gate.asked == 1


async def test_an_own_image_on_the_own_network_is_never_asked_for() -> None:
    gate = Gate(bitmap())
    made, rule = known(f"http://{gate.name}/badge.png")
    fetcher = Fetcher()
    with gate.open():
        found = await Gallery(fetcher).picture(rule, rule.newest, made)
    await fetcher.close()
    assert found.svg == drawn(rule, rule.newest, made).svg
    assert gate.asked == 0
