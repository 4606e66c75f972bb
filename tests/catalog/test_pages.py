"""The folder of pages: what is in it, when it is the same, and what is never replaced."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert

from benchmarks.catalogs import company
from leftfold.catalog import Catalog, Consumption, Descriptor, LinkKind, Published
from leftfold.catalog.catalog import Taken
from leftfold.catalog.pages import LIST, FolderInUse, write_pages
from leftfold.catalog.pages.event_readers import field_readers
from leftfold.catalog.pages.file_names import file_names
from leftfold.catalog.pages.markup import Html, joined, tag
from leftfold.catalog.pages.site import event_anchor
from leftfold.catalog.pages.writing import page_texts
from tests.catalog.chromium import constants
from tests.catalog.town import HALL, MARKET, SCRIPT, town
from tests.catalog.wide_companies import wide_companies

LARGEST_PAGE = 300_000
LARGEST_DATA = 10_000_000


def read(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


class Links(HTMLParser):
    """Where a page leads to, what it loads, and what it has to lead to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ways: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a":
            self.ways.append(said["href"] or "")
        elif tag in ("script", "link"):
            self.loads.append(said.get("src") or said.get("href") or "")
        if said.get("id"):
            self.ids.append(said["id"] or "")


def test_the_same_catalog_gives_the_same_bytes_in_whatever_order_it_comes(tmp_path: Path) -> None:
    write_pages(town(), tmp_path / "one")
    write_pages(Catalog(reversed(town().descriptors)), tmp_path / "other")
    assert read(tmp_path / "one") == read(tmp_path / "other")


def test_what_is_written_is_what_is_told_and_listed(tmp_path: Path) -> None:
    written = write_pages(town(), tmp_path)
    found = read(tmp_path)
    assert sorted(found) == sorted([*written.files, LIST])
    assert written.size == sum(len(found[file]) for file in written.files)
    assert len([file for file in written.files if file.startswith("contexts/")]) == 6


@pytest.mark.parametrize("catalog", [town(), Catalog([])], ids=["town", "empty"])
def test_every_way_and_every_script_leads_to_something_in_the_folder(catalog: Catalog) -> None:
    texts = dict(page_texts(catalog))
    pages = {path: Links(text) for path, text in texts.items() if path.endswith(".html")}
    for path, page in pages.items():
        around = path.rpartition("/")[0]
        for way in (*page.ways, *page.loads):
            file, _, anchor = way.partition("#")
            target = os.path.normpath(f"{around}/{file}") if around else file
            assert target in texts, (path, way)
            if anchor.startswith("event-"):
                assert anchor in pages[target].ids, (path, way)
        assert len(page.ids) == len(set(page.ids))


@settings(max_examples=25)
@given(wide_companies())
def test_any_company_has_pages_whose_data_can_be_read(catalog: Catalog) -> None:
    texts = dict(page_texts(catalog))
    data = {
        name: value
        for path, text in texts.items()
        if path.startswith("data/")
        for name, value in constants(text).items()
    }
    assert sorted(data) == sorted(
        ["contexts", "edges", "events", "handlers", "kinds", "labels", "links", "patterns", "silent", "taken"]
    )
    assert len([path for path in texts if path.startswith("contexts/")]) == len(
        {*catalog.by_name, *catalog.unregistered}
    )


def test_the_pages_of_a_large_company_are_light() -> None:
    texts = dict(page_texts(Catalog(company(size=0.2))))
    assert max(len(text.encode()) for path, text in texts.items() if path.endswith(".html")) < LARGEST_PAGE
    assert sum(len(text.encode()) for path, text in texts.items() if path.startswith("data/")) < LARGEST_DATA / 5


def test_a_context_page_says_what_the_context_says() -> None:
    texts = dict(page_texts(town()))
    page = texts["contexts/" + file_names([HALL])[HALL] + ".html"]
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    for said in (
        "Keep &lt;b&gt;everybody&#x27;s&lt;/b&gt; papers &amp; seals",
        "town.hall.api",
        "open-host-service to anti-corruption-layer",
        "the customer has to agree to a break; translated in market.hall",
        "version 1, served until 2027-01-31; version 2",
        "string in 1, not there in 2",
        "what makes a paper hold",
        "paper, owned by Archive",
        "GET /papers",
        "Nobody takes it.",
        "only who reads all of it",
    ):
        assert said in text, said


def test_one_who_is_only_named_has_a_page_too() -> None:
    page = dict(page_texts(town()))["contexts/constructor.html"]
    assert "Nobody describes this context; others name it." in page
    assert "unregistered-context" in page


def test_a_field_is_read_by_those_who_read_it_or_what_is_in_it_or_around_it() -> None:
    def takes(context: str, *reads: str) -> Taken:
        return Taken(context, Consumption(event="e", reads=reads), None)

    versions = [Published(name="e", fields={"/a": "object", "/a/x": "string", "/ab": "string"})]
    taken = [takes("one", "/a/x"), takes("two", "/a"), takes("two", "/a/x"), takes("three", "/gone")]
    taken.append(Taken("all", Consumption(event="e"), None))
    assert field_readers(versions, taken) == {
        "/a": ["one", "two"],
        "/a/x": ["one", "two"],
        "/ab": [],
        "/gone": ["three"],
    }


NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["Orders", "orders", "ORDERS", "con", "CON", "..", "a/b", "."]
)


@given(st.sets(NAMES, max_size=12))
def test_file_names_are_safe_and_differ_even_where_case_does_not_count(names: set[str]) -> None:
    files = file_names(sorted(names))
    assert len(set(files.values())) == len(names)
    assert all(
        re.fullmatch(r"[a-z0-9][a-z0-9_-]*", file) and file not in ("con", "nul", "com1") for file in files.values()
    )
    assert all(file_names([name])[name] == file for name, file in files.items())


def test_a_plain_name_keeps_its_file_whatever_else_is_called_like_a_made_up_one() -> None:
    made_up = file_names(["Orders"])["Orders"]
    files = file_names(["Orders", made_up, "orders"])
    assert (files[made_up], files["orders"]) == (made_up, "orders")
    assert len(set(files.values())) == 3


@given(st.text(max_size=20), st.text(max_size=20))
def test_what_is_no_markup_is_escaped_in_text_and_attributes(text: str, value: str) -> None:
    made = tag("a", text, None, title=value)
    assert made.count("<") == 2
    assert made.count('"') == 2
    assert joined([text]).count("<") == 0
    assert tag("p", Html("<b>")) == "<p><b></p>"


@given(st.text(min_size=1, max_size=20))
def test_anchors_are_what_an_address_can_have(event: str) -> None:
    assert re.fullmatch(r"event-[A-Za-z0-9_.~%-]*", event_anchor(event))


def test_an_earlier_output_is_replaced_and_nothing_of_it_stays(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    write_pages(town(), folder)
    write_pages(Catalog([Descriptor(name="alone")]), folder)
    write_pages(Catalog([Descriptor(name="alone")]), tmp_path / "fresh")
    assert read(folder) == read(tmp_path / "fresh")
    assert [one.name for one in tmp_path.iterdir()] in (["pages", "fresh"], ["fresh", "pages"])


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    write_pages(town(), tmp_path / "pages")
    assert (tmp_path / "pages" / "index.html").is_file()


@pytest.mark.parametrize("stranger", ["notes.txt", "contexts/notes.txt", ".git/HEAD"])
def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, stranger: str) -> None:
    for earlier in (False, True):
        folder = tmp_path / str(earlier)
        if earlier:
            write_pages(town(), folder)
        (folder / stranger).parent.mkdir(parents=True, exist_ok=True)
        (folder / stranger).write_text("mine")
        before = read(folder)
        with pytest.raises(FolderInUse, match=f"were not written as pages: {stranger}; name an empty folder"):
            write_pages(town(), folder)
        assert read(folder) == before


def test_a_file_and_a_list_that_is_none_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(FolderInUse, match="is a file"):
        write_pages(town(), file)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / LIST).write_text("mine")
    with pytest.raises(FolderInUse, match="is no list of what was written"):
        write_pages(town(), folder)
    assert ((folder / LIST).read_text(), file.read_text()) == ("mine", "mine")


def test_a_list_that_names_files_elsewhere_touches_none_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / LIST).write_text('{"files": ["../mine.txt"]}')
    (tmp_path / "mine.txt").write_text("mine")
    write_pages(town(), folder)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pages(town(), tmp_path)
    before = read(tmp_path)

    def broken(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("leftfold.catalog.pages.writing.data_files", broken)
    with pytest.raises(OSError, match="no space left"):
        write_pages(Catalog([]), tmp_path)
    assert read(tmp_path) == before


def test_what_a_killed_run_leaves_is_replaced_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at each rename in turn: a folder that is half old and half new, with its staging folder still there."""
    write_pages(Catalog([Descriptor(name="new")]), tmp_path / "fresh")
    rename = Path.rename

    def kept(_folder: Path, *, ignore_errors: bool) -> None:
        assert ignore_errors

    for deadline in range(12):
        folder = tmp_path / str(deadline)
        write_pages(town(), folder)
        left = [deadline]

        def killed(self: Path, target: Path, left: list[int] = left) -> Path:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", killed)
            patched.setattr("leftfold.catalog.pages.writing.shutil.rmtree", kept)
            with pytest.raises(KeyboardInterrupt):
                write_pages(Catalog([Descriptor(name="new")]), folder)
        write_pages(Catalog([Descriptor(name="new")]), folder)
        assert read(folder) == read(tmp_path / "fresh")


def test_every_kind_of_line_is_in_the_data() -> None:
    kinds: tuple[LinkKind, ...] = ("directed", "partnership", "shared-kernel", "separate-ways", "listens")
    data = constants(dict(page_texts(town()))["data/links.js"])
    assert data["kinds"] == list(kinds)
    links = convert(data["links"], list[tuple[int, int, int, int]])
    assert {kinds[kind] for _, _, kind, _ in links} == set(kinds)
    assert {HALL, MARKET, SCRIPT} <= set(town().by_name)
