"""Pages as anybody has to be able to read them: safely, in light and dark, on a small screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from msgspec import Struct, convert
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, ViewportSize, expect

from leftfold.catalog import Catalog, Descriptor
from leftfold.catalog.pages import write_pages
from tests.catalog.chromium import Browser, url_of
from tests.catalog.town import HALL, MARKET, REGISTERED, SCRIPT, town

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Every text that is seen, with its size and how far its colour is from what is behind it, as WCAG 2 counts it.
TEXTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    if (element instanceof SVGElement && element.tagName === "text") {
      return rgba(getComputedStyle(element.parentNode.querySelector("rect")).fill);
    }
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility() && !one.disabled
    && !["NOSCRIPT", "OPTION", "TITLE", "title"].includes(one.tagName) && !one.classList.contains("unseen")
    && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())).map((one) => {
    const style = getComputedStyle(one);
    const ink = light(rgba(one instanceof SVGElement ? style.fill : style.color));
    const paper = light(behind(one));
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    return [one.textContent.trim().slice(0, 40), parseFloat(style.fontSize), contrast];
  });
}"""
LEAST_SIZE = 14
LEAST_CONTRAST = 4.5
NARROW = 400
PAGES = ["index.html", "matrix.html", "impact.html"]
WIDE = 1200
FACTS = """() => ({
  title: document.title,
  markup: document.querySelectorAll("script:not([src]), img, main b, main i, [onload], [onerror]").length,
  own: [...document.scripts].every((one) => /^[.a-z/]+$/.test(one.getAttribute("src"))),
  landmarks: ["body > header", "nav", "main", "[role=search]", "h1"].map(
    (one) => document.querySelectorAll(one).length),
  named: [...document.querySelectorAll("input, select, button")].every(
    (one) => one.hidden || one.labels?.length || one.textContent),
  language: document.documentElement.lang,
})"""
ODD: Final = (
    "`${document.title = 4}`",
    "../../up",
    "CON",
    "index",
    "contexts",
    "\u202e\u05d0\u05d1 \U0001f980",
    "n" * 300,
    "'\"&amp;\\u0060",
)
"""Names that a script, a file system or a line could take for something else."""


class Looked(Struct, frozen=True, kw_only=True):
    """What was seen on one page.

    Args:
        markup: elements that only a name taken for markup could have made.
        own: whether every script is a file beside the pages.
        texts: each with its size and how far it stands out, in light and in dark.
        width: that it takes on a narrow screen.
        landmarks: how many of each kind, and of headings of the first rank.
        named: whether every control has a name.
    """

    path: str
    title: str
    markup: int
    own: bool
    texts: Sequence[tuple[str, float, float]]
    width: int
    landmarks: Sequence[int]
    named: bool
    language: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the town, and of some whose names are odd in other ways."""
    folder = tmp_path_factory.mktemp("town") / "pages"
    odd = (Descriptor(name=name, team="Traders", purpose=name) for name in ODD)
    write_pages(Catalog([*town().descriptors, *odd]), folder)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def looked(chromium: Chromium, folder: Path) -> AsyncIterator[Sequence[Looked]]:
    """Every page, looked at once."""
    browser = Browser(chromium)
    yield [await _look(page, path) async for path, page in browser.each(folder, pages_in(folder))]
    await browser.close()
    browser.check()


async def _look(page: Page, path: str) -> Looked:
    facts = await page.evaluate(FACTS)
    light = await page.evaluate(TEXTS)
    await page.emulate_media(color_scheme="dark")
    dark = await page.evaluate(TEXTS)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(ViewportSize(width=NARROW, height=800))
    width = await page.evaluate("document.documentElement.scrollWidth")
    await page.set_viewport_size(ViewportSize(width=WIDE, height=800))
    return convert({**facts, "path": path, "texts": [*light, *dark], "width": width}, Looked)


def pages_in(folder: Path) -> list[str]:
    """Every page, and an answer."""
    contexts = sorted(f"contexts/{file.name}" for file in (folder / "contexts").iterdir())
    return [
        *PAGES,
        "index.html#q=registered",
        "impact.html#kind=team&name=Traders",
        "impact.html#kind=context&name=Town+hall",
        *contexts,
    ]


async def test_names_are_text_and_no_script_in_them_runs(
    browser: Browser, folder: Path, looked: Sequence[Looked]
) -> None:
    assert [one.path for one in looked if one.markup or not one.own] == []
    names = {HALL, MARKET, SCRIPT, "constructor", "shop", "SHOP", *ODD}
    assert {one.title for one in looked} == {
        *names,
        "Contexts",
        "Who follows whom",
        "What breaks?",
        "Traders: What breaks?",
        f"{HALL}: What breaks?",
    }
    page = await browser.open(url_of(folder, "index.html"))
    await expect(page.locator("#contexts a")).to_have_text(sorted(names))
    for name in ODD[:3]:
        await page.locator("#contexts a").nth(sorted(names).index(name)).click()
        await expect(page).to_have_title(name)
        await page.go_back()
    await page.get_by_role("link", name=HALL).click()
    await expect(page.locator("article h3", has_text=REGISTERED)).to_have_count(1)


async def test_an_event_of_any_name_is_reached_by_its_address(browser: Browser, folder: Path) -> None:
    page = await browser.open(url_of(folder, "index.html#q=onload"))
    await page.locator("#events a").click()
    await expect(page.locator("article:target h3")).to_contain_text(REGISTERED)


async def test_every_text_is_large_enough_and_stands_out_in_light_and_dark(looked: Sequence[Looked]) -> None:
    texts = [text for one in looked for text in one.texts]
    assert [one for one in texts if one[1] < LEAST_SIZE or one[2] < LEAST_CONTRAST] == []
    assert len(texts) > 600


async def test_every_page_fits_a_narrow_screen(looked: Sequence[Looked]) -> None:
    assert [(one.path, one.width) for one in looked if one.width > NARROW] == []


async def test_every_page_has_one_heading_its_landmarks_and_a_name_for_every_control(looked: Sequence[Looked]) -> None:
    assert [one.path for one in looked if set(one.landmarks) != {1} or not one.named or one.language != "en"] == []
