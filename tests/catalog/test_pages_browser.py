"""Pages as somebody uses them: finding, looking around, asking."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.async_api import expect

from benchmarks.catalogs import company
from leftfold.catalog import Catalog, Descriptor, impact, map_graph
from leftfold.catalog.pages import write_pages
from tests.catalog.chromium import Browser, url_of
from tests.catalog.companies import consumer, follows, producer
from tests.catalog.test_impact import CHARGED
from tests.catalog.town import HALL, MARKET, REGISTERED, SCRIPT, town

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLES = "nodes => nodes.map(one => one.querySelector('title').textContent.split(', ')[0]).sort()"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a company of 60 contexts."""
    folder = tmp_path_factory.mktemp("seeded") / "pages"
    write_pages(Catalog(company(size=0.06)), folder)
    return folder


@pytest.fixture(scope="module")
def town_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the town."""
    folder = tmp_path_factory.mktemp("town") / "pages"
    write_pages(town(), folder)
    return folder


async def test_typing_filters_is_kept_in_the_address_and_enter_opens_the_first(browser: Browser, seeded: Path) -> None:
    page = await browser.open(url_of(seeded, "index.html"))
    rows = page.locator("#contexts tr")
    await expect(rows).to_have_count(60)
    await page.keyboard.press("/")
    await page.keyboard.type("context-0017")
    await expect(rows).to_have_count(1)
    assert parse_qs(page.url.partition("#")[2]) == {"q": ["context-0017"]}
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/contexts/context-0017.html")
    await expect(page.locator("h1")).to_have_text("context-0017")
    await expect(page).to_have_title("context-0017")


async def test_what_is_called_as_typed_comes_before_what_only_begins_so_or_has_it(
    browser: Browser, tmp_path: Path
) -> None:
    names = ["a-market", "market", "market-hall", "zoo"]
    write_pages(Catalog(Descriptor(name=name, purpose="Serve the market") for name in names), tmp_path)
    page = await browser.open(url_of(tmp_path, "index.html#q=market"))
    await expect(page.locator("#contexts a")).to_have_text(["market", "market-hall", "a-market", "zoo"])


async def test_a_shared_address_shows_what_was_found_events_and_fields_too(browser: Browser, seeded: Path) -> None:
    page = await browser.open(url_of(seeded, f"index.html#{urlencode({'q': 'event-00017 field_3'})}"))
    await expect(page.locator("#contexts tr")).to_have_count(0)
    await expect(page.locator("#events li")).to_have_text(["context-0017.event-00017 of context-0017 /field_3"])
    await expect(page.locator("#search")).to_have_value("event-00017 field_3")
    await page.locator("#search").press("Enter")
    await expect(page.locator("article:target h3")).to_contain_text("context-0017.event-00017")


async def test_of_very_many_contexts_the_first_are_there_at_once_and_the_next_when_somebody_gets_there(
    browser: Browser, tmp_path: Path
) -> None:
    names = [f"c{number:04}" for number in range(1000)]
    write_pages(Catalog(Descriptor(name=name) for name in names), tmp_path)
    page = await browser.open(url_of(tmp_path, "index.html"))
    links = page.locator("#contexts a")
    await expect(links).to_have_text(names[:100])
    assert await page.evaluate("document.querySelectorAll('*').length") < 1200
    await expect(page.locator("#more")).to_have_text("Show 100 more of 900")
    await page.locator("#more").focus()
    await page.keyboard.press("Enter")
    await expect(links.nth(199)).to_have_text("c0199")
    await page.locator("#search").fill("c09")
    await expect(links).to_have_text(names[900:])
    await expect(page.locator("#more")).to_be_hidden()


async def test_a_search_on_any_page_leads_to_what_is_found(browser: Browser, town_pages: Path) -> None:
    page = await browser.open(url_of(town_pages, "matrix.html"))
    await page.keyboard.press("/")
    await page.keyboard.type("everybody's seals")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/index.html#*")
    await expect(page.locator("#contexts tr")).to_have_count(1)
    await page.locator("#search").fill("nobody is called so")
    await expect(page.locator("#contexts tr")).to_have_count(0)
    await page.locator("#search").fill("traders anti-corruption")
    await expect(page.locator("#contexts a")).to_have_text([MARKET])


@pytest.mark.parametrize("name", [HALL, MARKET, "shop", "SHOP"])
async def test_the_drawing_shows_who_is_around_one_and_two_away(browser: Browser, town_pages: Path, name: str) -> None:
    page = await browser.open(url_of(town_pages, "index.html"))
    await page.locator("#contexts").get_by_text(name, exact=True).click()
    await expect(page.locator("h1")).to_contain_text(name)
    drawn = page.locator("#around .node")
    around = map_graph(town(), focus=name)
    if not around.links:
        await expect(page.locator("#around")).to_have_count(0)
        return
    for depth in (1, 2):
        await page.get_by_role("button", name=f"{depth} step").click()
        graph = map_graph(town(), focus=name, depth=depth)
        assert await drawn.evaluate_all(TITLES) == sorted(one.name for one in graph.nodes)
        await expect(page.locator("#around .line")).to_have_count(len(graph.links))


async def test_a_context_in_the_drawing_leads_to_its_page(browser: Browser, town_pages: Path) -> None:
    page = await browser.open(url_of(town_pages, "contexts/shop.html"))
    await page.locator("#around a", has_text="market").click()
    await expect(page.locator("h1")).to_contain_text(MARKET)


async def test_of_very_many_around_one_those_with_a_relation_are_drawn(browser: Browser, tmp_path: Path) -> None:
    edge = follows("bank", "z-partner", "conformist")
    takers = [consumer(f"c{number:03}", "charged") for number in range(100)]
    partner = consumer("z-partner", "charged", relations=(edge,))
    write_pages(Catalog([producer("bank", CHARGED, relations=(edge,)), partner, *takers]), tmp_path)
    page = await browser.open(url_of(tmp_path, "contexts/bank.html"))
    await expect(page.locator("#drawn")).to_have_text(
        "101 around it, of which the nearest 59 are drawn; relations first"
    )
    await expect(page.locator("#around .node")).to_have_count(60)
    await expect(page.locator("#around .node", has_text="z-partner")).to_have_count(1)


async def test_asking_by_keyboard_shows_the_hits_of_impact_and_the_address_holds_the_question(
    browser: Browser, town_pages: Path
) -> None:
    page = await browser.open(url_of(town_pages, "impact.html"))
    await page.locator("#subject").fill("registered")
    await page.locator("#subject").press("Enter")
    await page.locator("#change").select_option("type")
    await page.locator("#field").select_option("/name")
    found = impact(town(), f"event:{REGISTERED}#/name", change="type")
    assert (len(found.hits), len(found.approvals), len(found.unaffected)) == (3, 1, 1)
    paths = ["".join(hit.path) for hit in found.hits]
    shown = page.locator(".hits .path")
    assert sorted(path.replace(" → ", "") for path in await shown.all_inner_texts()) == sorted(paths)
    agree = [f"{one.team or 'the team'} for {one.context}: {one.because}" for one in found.approvals]
    await expect(page.locator(".agree li")).to_have_text(agree)
    spared = [f"{one.context} ({one.handler}): {one.reason}" for one in found.unaffected]
    await expect(page.locator(".spared li")).to_have_text(spared)
    again = await browser.open(page.url)
    assert await again.locator("#answer").inner_text() == await page.locator("#answer").inner_text()


async def test_a_field_on_a_contexts_page_leads_to_what_it_breaks(browser: Browser, town_pages: Path) -> None:
    page = await browser.open(url_of(town_pages, "index.html"))
    await page.get_by_role("link", name=HALL).click()
    readers = page.locator("article", has_text="registered").locator("tr", has_text="/name")
    await expect(readers.locator("td").nth(2)).to_have_text(MARKET)
    await page.get_by_role("link", name="/<i>age").click()
    await expect(page.locator("#field")).to_have_value("/<i>age")
    hits = impact(town(), f"event:{REGISTERED}#/<i>age").hits
    assert SCRIPT in [hit.context for hit in hits]
    await expect(page.locator(".hits .who a")).to_have_text([hit.context for hit in hits])


async def test_what_is_not_there_is_said(browser: Browser, town_pages: Path) -> None:
    page = await browser.open(url_of(town_pages, "impact.html#kind=event&name=nothing"))
    await expect(page.locator("#answer")).to_have_text("Nothing in this catalog is called so.")


async def test_a_group_of_the_matrix_opens_and_shows_marks(browser: Browser, town_pages: Path) -> None:
    page = await browser.open(url_of(town_pages, "matrix.html#by=team"))
    lines = page.locator("#matrix tbody tr")
    await expect(lines).to_have_count(3)
    await page.locator("#matrix tbody").get_by_role("button", name="Traders (3)").click()
    await expect(lines).to_have_count(5)
    assert parse_qs(page.url.partition("#")[2]) == {"by": ["team"], "open": ["Traders"]}
    await page.get_by_role("button", name="each context").click()
    names = await page.locator("#matrix tbody th").all_inner_texts()
    assert names == sorted([HALL, MARKET, SCRIPT, "SHOP", "shop", "constructor"])
    follows_hall = lines.nth(names.index(MARKET)).locator("td").nth(names.index(HALL))
    await expect(follows_hall).to_have_text("U")
    await expect(lines.nth(names.index("shop")).locator("td").nth(names.index(MARKET))).to_have_text("e")
