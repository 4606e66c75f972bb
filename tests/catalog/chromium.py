"""Pages opened in a real browser, and what the browser says about them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, Request, ViewportSize, async_playwright

from tests.conftest import leave_out

__all__ = ["Browser", "browser", "chromium", "constants", "url_of"]

_CONSTANT = re.compile(r"^leftfold\.(\w+) = JSON\.parse\(String\.raw`(\[[^`]*\])`\);$", re.MULTILINE)
_WAIT_MS = 10_000
_LEFT = "net::ERR_ABORTED"
"""What is still loading when its page is left fails so, and nothing is wrong with it."""


class Browser:
    """Opens pages, and keeps what they ask for and what goes wrong in them."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._opened: list[Page] = []
        self.requests: list[str] = []
        self.wrong: list[str] = []

    async def open(self, url: str) -> Page:
        """Open *url* in a window of its own."""
        page = await self._chromium.new_page(viewport=ViewportSize(width=1200, height=800), color_scheme="light")
        page.set_default_timeout(_WAIT_MS)
        self._opened.append(page)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._note)
        page.on("console", lambda said: self.wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        await page.goto(url)
        return page

    async def each(self, folder: Path, paths: Sequence[str]) -> AsyncIterator[tuple[str, Page]]:
        """Open pages of *folder* one after another, all in one window."""
        page = await self.open("about:blank")
        for path in paths:
            await page.goto("about:blank")  # an address that differs only behind # is no new page
            await page.goto(url_of(folder, path))
            yield path, page

    def _note(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def check(self) -> None:
        """That nothing went wrong, and no request left the disk."""
        assert not self.wrong, self.wrong
        assert self.requests
        assert [url for url in self.requests if not url.startswith(("file:///", "about:blank"))] == []

    @property
    def shown(self) -> Page | None:
        """The page that was opened last; None before there is one."""
        return self._opened[-1] if self._opened else None

    async def close(self) -> None:
        """Close what was opened."""
        for page in self._opened:
            await page.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """One browser for all tests; Debian's package is called chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        leave_out("chromium is not installed")
    async with async_playwright() as playwright:
        # Where root runs the tests, as in a container, Chromium cannot build its sandbox.
        started = await playwright.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    """A browser in which nothing may go wrong, and from which no request may leave the disk."""
    opening = Browser(chromium)
    yield opening
    await opening.close()
    opening.check()


def url_of(folder: Path, page: str) -> str:
    """The address of a page on disk."""
    return f"{folder.as_uri()}/{page}"


def constants(text: str) -> dict[str, object]:
    """What a data file assigns, by name."""
    found = {name: msgspec.json.decode(value, type=object) for name, value in _CONSTANT.findall(text)}
    assert len(found) == text.count("JSON.parse(String.raw`")
    return found
