from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leftfold.borders import Observed, dump_observed
from leftfold.catalog import Catalog, dump_catalog
from leftfold.catalog.pages import LIST, write_pages
from tests.catalog.town import MARKET, town
from tests.cli.command import Leftfold


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The catalog of the town."""
    file = tmp_path / "catalog.json"
    file.write_text(dump_catalog(town().descriptors))
    return str(file)


def test_pages_of_a_catalog_are_written_and_told(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    ran = leftfold("docs", "--catalog", file, "--output", str(folder))
    assert (ran.code, ran.err) == (0, "")
    files = len([one for one in folder.rglob("*") if one.is_file()]) - 1
    assert ran.out == f"{folder / 'index.html'}: 6 contexts, {files} files\n"
    write_pages(town(), tmp_path / "same")
    assert (folder / "data/impact.js").read_bytes() == (tmp_path / "same/data/impact.js").read_bytes()


def test_json_tells_programs_the_same(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    [said] = leftfold("docs", "--catalog", file, "--output", str(folder), "--json").lines
    written = [one for one in folder.rglob("*") if one.is_file() and one.name != LIST]
    expected = {"contexts": 6, "files": len(written), "bytes": sum(one.stat().st_size for one in written)}
    assert said == {"folder": str(folder), **expected}


def test_pages_of_an_app_have_its_contexts_and_those_on_its_map(leftfold: Leftfold, tmp_path: Path) -> None:
    ran = leftfold("docs", "--app", "tests.catalog.harbour:app", "--output", str(tmp_path / "site"))
    assert ran.code == 0, ran.err
    names = {one.stem for one in (tmp_path / "site/contexts").iterdir()}
    assert names == {"docks", "billing", "watch", "customs"}
    assert "docks, full-transitive" in (tmp_path / "site/contexts/docks.html").read_text()


def test_what_was_observed_is_on_the_page_of_who_was_seen(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    folder, last = tmp_path / "site", datetime(2026, 5, 4, tzinfo=UTC)
    seen = Observed(
        kind="event", source=MARKET, type="sold", version=1, consumer="SHOP", count=1, first=last, last=last
    )
    (tmp_path / "seen.json").write_text(dump_observed([seen]))
    asked = ("docs", "--catalog", file, "--output", str(folder))
    assert leftfold(*asked, "--observed", str(tmp_path / "seen.json")).code == 0
    [page] = [one for one in (folder / "contexts").iterdir() if "<title>SHOP" in one.read_text()]
    assert "observed last on 2026-05-04" in page.read_text()
    assert last.isoformat() in (folder / "data/impact.js").read_text()
    assert leftfold(*asked, "--observed", "nowhere").code == 2


def test_a_catalog_is_taken_before_an_app(
    leftfold: Leftfold, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEFTFOLD_APP", "nowhere:app")
    assert leftfold("docs", "--catalog", file, "--output", str(tmp_path / "site")).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "site"], "which catalog?"),
        (["--catalog", "FILE"], "where to? Give --output FOLDER"),
        (["--catalog", "FILE", "--output", "-"], "give --output a folder"),
        (["--catalog", "nowhere.json", "--output", "site"], "there is no such file or folder"),
        (["--catalog", "FILE", "--output", "FILE"], "is a file; name an empty folder"),
    ],
)
def test_what_cannot_be_done_is_2_and_writes_nothing(
    leftfold: Leftfold, file: str, tmp_path: Path, arguments: list[str], said: str
) -> None:
    ran = leftfold("docs", *(file if one == "FILE" else one for one in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert [one.name for one in tmp_path.iterdir()] == ["catalog.json"]


def test_a_folder_with_something_else_in_it_is_refused(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.txt").write_text("years of work")
    ran = leftfold("docs", "--catalog", file, "--output", str(tmp_path / "site"))
    assert (ran.code, ran.out) == (2, "")
    assert "has files in it that were not written as pages: thesis.txt; name an empty folder" in ran.err
    assert (tmp_path / "site" / "thesis.txt").read_text() == "years of work"


def test_an_empty_catalog_has_pages_too(leftfold: Leftfold, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text(dump_catalog(Catalog([]).descriptors))
    assert leftfold("docs", "--catalog", str(file), "--output", str(tmp_path / "site")).code == 0
