"""Somebody at a browser: follows redirects, keeps cookies, signs in by the provider's page, and can keep what they see."""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from deploy.demo.office import Refused
from deploy.local.platform import Platform

HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ADDRESS: Final = re.compile(r'\b(href|src)="([^"#]+)"')
STYLES: Final = "/static/"
"""Where a page's style is. It and the pictures are kept with the page, so that it looks the same when the platform has ended."""
FILES: Final = "files"
MOST_TIMES: Final = 20


class Visitor:
    """Without a sign-in an employer, or anybody."""

    def __init__(self, platform: Platform) -> None:
        self._provider = platform.provider.issuer
        self._http = httpx.AsyncClient(
            headers={"accept": "text/html"}, timeout=60, trust_env=False, follow_redirects=True, max_redirects=5
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def open(self, address: str, learner: str | None = None) -> httpx.Response:
        """The page. If the way there leads to the provider, sign in as `learner`. Raises Refused for anything but a page."""
        page = await self._http.get(address)
        if learner is not None and str(page.url).startswith(self._provider):
            fields = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
            page = await self._http.post(f"{self._provider}/authorize", data={**fields, "learner": learner})
        return _good(page)

    async def download(self, address: str) -> bytes:
        return _good(await self._http.get(address)).content

    async def upload(self, address: str, name: str, content: bytes) -> httpx.Response:
        """Send a file by the form of a page: `credential` is its field."""
        return _good(await self._http.post(address, files={"credential": (name, content)}))

    async def post(self, address: str, content: bytes, media_type: str) -> dict[str, Any]:
        """As a program does: when it is told to try again later, it does."""
        headers = {"content-type": media_type, "accept": "application/json"}
        answer = await self._http.post(address, content=content, headers=headers)
        for _ in range(MOST_TIMES):
            if not _again(answer):
                break
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
            answer = await self._http.post(address, content=content, headers=headers)
        found: dict[str, Any] = _good(answer).json()
        return found

    async def keep(self, page: httpx.Response, path: Path) -> Path:
        """Write the page so that it opens from the file: style and pictures beside it, links to the platform whole."""
        found: dict[str, str] = {}
        for kind, address in {(kind, html.unescape(address)) for kind, address in ADDRESS.findall(page.text)}:
            if address.startswith("data:"):
                continue
            target = page.url.join(address)
            found.setdefault(address, str(target))
            if target.host == page.url.host and (kind == "src" or target.path.startswith(STYLES)):
                found[address] = await self._kept(target, path.parent)

        def rewritten(match: re.Match[str]) -> str:
            address = html.unescape(match[2])
            return f'{match[1]}="{html.escape(found.get(address, address))}"'

        return written(path, ADDRESS.sub(rewritten, page.text).encode())

    async def _kept(self, address: httpx.URL, folder: Path) -> str:
        name = f"{FILES}/{address.path.strip('/').replace('/', '-')}"
        written(folder / name, await self.download(str(address)))
        return name


def _again(answer: httpx.Response) -> bool:
    """Whether the same may be answered otherwise when the machine is less busy."""
    return answer.status_code == 503 or (answer.status_code == 422 and answer.json().get("code") == "too_costly")


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:2_000]}")
    return answer
