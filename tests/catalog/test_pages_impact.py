"""What the page says breaks is what `impact` says, word for word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.async_api import Page

from benchmarks.catalogs import company
from leftfold.catalog import Catalog, Change, Impact, Subject, SubjectKind, impact
from leftfold.catalog.pages import write_pages
from leftfold.catalog.pages.data_files import data_files
from leftfold.catalog.pages.site import Site
from tests.catalog.chromium import Browser, constants, url_of
from tests.catalog.wide_companies import CHANGES, subjects_of, wide_companies

pytestmark = pytest.mark.asyncio(loop_scope="session")

Asked = Sequence[tuple[Subject, Change]]

ASK = """([data, asked]) => {
  const whole = leftfold.wholeOf(data ?? leftfold);
  return JSON.stringify(asked.map(([subject, change]) => leftfold.impactOf(whole, subject, change)));
}"""
SIZE = 0.02


def subjects(catalog: Catalog) -> list[Subject]:
    kinds: dict[str, SubjectKind] = {"context": "context", "event": "event", "kernel": "kernel", "team": "team"}
    return [
        Subject(kind=kinds[kind], name=name, version=version, field=field)
        for kind, name, version, field in subjects_of(catalog)
    ]


def said(found: Impact) -> dict[str, object]:
    """An answer, and what is summed up of it."""
    summed = {
        "names": found.names,
        "registered": found.registered,
        "unregistered": found.unregistered,
        "unknown": found.unknown,
        "approvals": found.approvals,
    }
    answer: dict[str, object] = json.loads(msgspec.json.encode(found))
    answer.update(json.loads(msgspec.json.encode(summed)))
    return answer


async def answers(page: Page, data: object, asked: Asked) -> list[dict[str, object]]:
    asking = [(msgspec.to_builtins(subject), change) for subject, change in asked]
    found: list[dict[str, object]] = json.loads(await page.evaluate(ASK, [data, asking]))
    return found


def data_of(catalog: Catalog) -> dict[str, object]:
    return {name: value for text in data_files(Site(catalog)).values() for name, value in constants(text).items()}


def differing(catalog: Catalog, asked: Asked, found: Sequence[dict[str, object]]) -> list[object]:
    """What was answered otherwise: subject, change, and both answers."""
    assert len(found) == len(asked)
    expected = [said(impact(catalog, subject, change=change)) for subject, change in asked]
    return [
        (str(subject), change, one, other)
        for (subject, change), one, other in zip(asked, expected, found, strict=True)
        if one != other
    ]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of nothing, for their scripts."""
    folder = tmp_path_factory.mktemp("empty") / "pages"
    write_pages(Catalog([]), folder)
    return folder


# A browser is too slow to shrink in; what differs is told with its subject.
@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(catalog=wide_companies())
async def test_the_page_answers_as_impact_does_for_all_of_any_company(
    browser: Browser, empty: Path, catalog: Catalog
) -> None:
    page = browser.shown or await browser.open(url_of(empty, "impact.html"))
    asked: Asked = [(subject, change) for subject in subjects(catalog) for change in CHANGES]
    assert differing(catalog, asked, await answers(page, data_of(catalog), asked)) == []


async def test_the_page_answers_as_impact_does_for_every_context_team_event_and_field_of_a_seeded_company(
    browser: Browser, tmp_path: Path
) -> None:
    catalog = Catalog(company(size=SIZE))
    write_pages(catalog, tmp_path)
    page = await browser.open(url_of(tmp_path, "impact.html"))
    asked: Asked = [(subject, "remove") for subject in subjects(catalog)]
    assert len(asked) > len(catalog.events) * 10
    assert differing(catalog, asked, await answers(page, None, asked)) == []


@pytest.mark.asyncio(loop_scope="function")
async def test_companies_drawn_by_chance_have_hits_of_every_outcome_and_basis() -> None:
    """So that what the answers are compared by is not all the same."""
    seen: set[tuple[str, str]] = set()

    @settings(max_examples=20, database=None, derandomize=True)
    @given(catalog=wide_companies())
    def draw(catalog: Catalog) -> None:
        for subject in subjects(catalog):
            seen.update((hit.outcome, hit.basis) for hit in impact(catalog, subject).hits)

    draw()
    assert {outcome for outcome, _ in seen} == {"affected", "absorbed", "deferred", "unknown"}
    assert {basis for _, basis in seen} == {"event", "relation", "kernel"}
