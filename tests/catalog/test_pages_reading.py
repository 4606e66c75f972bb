"""Pages as anybody has to be able to read them: safely, in light and dark, on a small screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the town."""
    folder = tmp_path_factory.mktemp("town") / "pages"
    write_pages(town(), folder)
    return folder


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


async def test_names_are_text_and_no_script_in_them_runs(browser: Browser, folder: Path) -> None:
    titles: list[str] = []
    async for page in browser.each(folder, pages_in(folder)):
        titles.append(await page.title())
        assert await page.locator("script:not([src]), img, main b, main i, [onload], [onerror]").count() == 0
        assert await page.evaluate("[...document.scripts].every(one => one.getAttribute('src').match(/^[.a-z/]+$/))")
    names = {HALL, MARKET, SCRIPT, "constructor", "shop", "SHOP"}
    assert set(titles) == {
        *names,
        "Contexts",
        "Who follows whom",
        "What breaks?",
        "Traders: What breaks?",
        f"{HALL}: What breaks?",
    }
    page = await browser.open(url_of(folder, "index.html"))
    await expect(page.locator("#contexts a")).to_have_text(sorted(names))
    await page.get_by_role("link", name=HALL).click()
    await expect(page.locator("article h3", has_text=REGISTERED)).to_have_count(1)


async def test_an_event_of_any_name_is_reached_by_its_address(browser: Browser, folder: Path) -> None:
    page = await browser.open(url_of(folder, "index.html#q=onload"))
    await page.locator("#events a").click()
    await expect(page.locator("article:target h3")).to_contain_text(REGISTERED)


@pytest.mark.parametrize("dark", [False, True])
async def test_every_text_is_large_enough_and_stands_out(browser: Browser, folder: Path, dark: bool) -> None:
    seen = 0
    async for page in browser.each(folder, pages_in(folder), dark=dark):
        texts: list[tuple[str, float, float]] = await page.evaluate(TEXTS)
        seen += len(texts)
        assert [one for one in texts if one[1] < LEAST_SIZE or one[2] < LEAST_CONTRAST] == []
    assert seen > 300


async def test_every_page_fits_a_narrow_screen(browser: Browser, folder: Path) -> None:
    async for page in browser.each(folder, pages_in(folder), width=NARROW):
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW, page.url


async def test_every_page_has_one_heading_its_landmarks_and_a_name_for_every_control(
    browser: Browser, folder: Path
) -> None:
    async for page in browser.each(folder, pages_in(folder)):
        await expect(page.locator("h1")).to_have_count(1)
        for role in ("banner", "navigation", "main", "search"):
            await expect(page.get_by_role(role)).to_have_count(1)
        assert await page.locator("input, select, button").evaluate_all(
            "controls => controls.every(one => one.labels?.length || one.textContent)"
        )
        assert await page.evaluate("document.documentElement.lang") == "en"
