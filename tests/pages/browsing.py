"""A real browser: Debian's Chromium, driven by Playwright. With CAIRN_SCREENSHOTS=1 pictures of what it saw are kept under
`var/screenshots/`; without, what takes most of the time of these tests is saved.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, Response, async_playwright

from tests.interop.packages import Missing, installed

CHROMIUM: Final = Path("/usr/bin/chromium")
SCREENSHOTS: Final = Path(__file__).parents[2] / "var" / "screenshots"
WANTED: Final = os.environ.get("CAIRN_SCREENSHOTS") == "1"
WIDTHS: Final = (320, 768, 1_600)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Skips the test, saying so, where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visitor(browser: Browser, **context: Any) -> AsyncIterator[Page]:
    """A page in a window of its own. What the browser's console complains of (refused styles, scripts) fails the test."""
    window = await browser.new_context(**{"viewport": {"width": 1_280, "height": 900}, "reduced_motion": "reduce", **context})
    page = await window.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    try:
        yield page
        assert [text for text in complaints if "status of 4" not in text] == []
    finally:
        await window.close()


async def went(page: Page, address: str) -> Response:
    response = await page.goto(address)
    assert response is not None
    return response


async def kept(page: Page, name: str) -> None:
    """A picture of the whole page, for whoever wants to look."""
    if WANTED:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


async def kept_everywhere(page: Page, name: str) -> None:
    """Narrow, middling and wide, by day and by night; in none of them is anything wider than the window."""
    before = page.viewport_size
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width} pixels"
            await kept(page, f"{name}-{width}-{scheme}")
    await page.emulate_media(color_scheme="light")
    if before is not None:
        await page.set_viewport_size(before)


async def axe(page: Page) -> list[str]:
    """What axe-core finds wrong with the page, by day and by night: each finding with its places. Skips without axe-core."""
    try:
        script = (installed() / "node_modules" / "axe-core" / "axe.min.js").read_text()
    except (Missing, OSError) as reason:
        pytest.skip(f"there is no axe-core to look at pages with: {reason}")
    found: list[str] = []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate(script)
        result = await page.evaluate("axe.run({resultTypes: ['violations']})")
        for violation in result["violations"]:
            places = ", ".join(str(node["target"]) + " " + node["html"][:120] for node in violation["nodes"][:4])
            found.append(f"{scheme}: {violation['id']} ({violation['help']}): {places}")
    await page.emulate_media(color_scheme="light")
    return found
