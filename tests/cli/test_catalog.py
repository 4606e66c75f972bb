from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from leftfold.catalog import (
    SUFFIX,
    Consumption,
    Descriptor,
    MapGraph,
    Published,
    dump_catalog,
    dump_descriptor,
    load_descriptors,
)
from tests.catalog.companies import follows, tutorial
from tests.catalog.harbour import APP
from tests.cli.command import Leftfold, Ran


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of descriptors."""
    for one in tutorial().descriptors:
        (tmp_path / f"{one.name}{SUFFIX}").write_text(dump_descriptor(one))
    return tmp_path


@pytest.fixture
def file(folder: Path) -> str:
    """A catalog of them."""
    file = folder / "catalog.json"
    file.write_text(dump_catalog(tutorial().descriptors))
    return str(file)


def names(ran: Ran) -> list[object]:
    assert ran.code == 0, ran.err
    return [line["name"] for line in ran.lines]


def test_merging_tells_what_does_not_fit_and_writes_the_catalog(leftfold: Leftfold, folder: Path) -> None:
    output = folder / "merged.json"
    ran = leftfold("catalog", "merge", str(folder), "--output", str(output))
    assert ran.code == 1
    assert "Billing follows Customer: Billing declares it, and Customer does not" in ran.out
    assert [one.name for one in load_descriptors(output.read_bytes(), "merged.json")] == [
        "Billing",
        "Customer",
        "Sales",
    ]
    again = leftfold("catalog", "merge", str(output), str(folder), "--format", "json", "--output", str(output))
    rules = [line["rule"] for line in again.lines]
    assert rules == [*["one-sided-relation"], *["unregistered-context"] * 5]


def test_a_catalog_of_sound_descriptors_merges_with_0_and_notes_alone_leave_it_so(
    leftfold: Leftfold, tmp_path: Path
) -> None:
    edge = follows("a", "b")
    for name in "ab":
        (tmp_path / f"{name}{SUFFIX}").write_text(dump_descriptor(Descriptor(name=name, relations=(edge,))))
    assert leftfold("catalog", "merge", str(tmp_path)).code == 0
    ran = leftfold("catalog", "merge", str(tmp_path), "--output", "-")
    assert (ran.code, [line["name"] for line in json.loads(ran.out)["contexts"]]) == (0, ["a", "b"])


def test_two_files_that_differ_are_both_named(leftfold: Leftfold, folder: Path) -> None:
    other = folder / "other.json"
    other.write_text('{"descriptor": 1, "name": "Sales", "team": "Sellers"}')
    ran = leftfold("catalog", "merge", str(folder), str(other), "--format", "json")
    [found] = [line for line in ran.lines if line["rule"] == "duplicate-context"]
    assert f"Sales{SUFFIX}" in str(found["message"])
    assert "other.json" in str(found["message"])


def test_findings_are_told_as_sarif(leftfold: Leftfold, file: str) -> None:
    ran = leftfold("catalog", "merge", file, "--format", "sarif")
    assert json.loads(ran.out)["version"] == "2.1.0"
    assert ran.code == 1


def test_contexts_are_found(leftfold: Leftfold, file: str) -> None:
    assert names(leftfold("catalog", "find", "--catalog", file, "--json")) == ["Billing", "Customer", "Sales"]
    assert names(leftfold("catalog", "find", "--team", "Revenue", "--catalog", file, "--json")) == ["Sales"]
    assert names(leftfold("catalog", "find", "--pattern", "partnership", "--catalog", file, "--json")) == [
        *("Billing", "Sales"),
    ]
    assert names(leftfold("catalog", "find", "--publishes", "x", "--catalog", file, "--json")) == []
    assert "Customer Experience" in leftfold("catalog", "find", "--catalog", file).out


def test_dependencies_and_consumers_are_listed_with_who_is_registered(leftfold: Leftfold, file: str) -> None:
    assert names(leftfold("catalog", "dependencies", "Sales", "--catalog", file, "--json")) == ["Customer", "Inventory"]
    ran = leftfold("catalog", "consumers", "Customer", "--catalog", file, "--json")
    assert [(line["name"], line["declared"], line["registered"]) for line in ran.lines] == [
        ("Marketing", True, False),
        ("Sales", True, True),
        ("Support", True, False),
        ("Billing", False, True),
    ]
    lines = [line.split() for line in leftfold("catalog", "consumers", "Sales", "--catalog", file).out.splitlines()]
    assert lines[0] == ["context", "team", "registered", "declared"]
    assert ["Billing", "Finance", "yes", "yes"] in lines


def test_what_is_asked_for_wrongly_is_2_and_says_so(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    for arguments, said in [
        (["catalog", "find"], "which catalog?"),
        (["catalog", "merge"], "what is to be merged?"),
        (["catalog", "merge", "nowhere"], "nowhere: there is no such file or folder"),
        (["catalog", "dependencies", "Sale", "--catalog", file], "no context is called so; ask for Sales"),
        (["catalog", "merge", file, "--output", "-", "--format", "json"], "cannot both go to standard output"),
        (["catalog", "import", "cml", str(tmp_path)], "name a .cml file"),
        (["catalog", "import", "eventcatalog", file], "name the folder of a catalog"),
        (["context", "map", "--catalog", file, "--focus", "Nobody"], "no context is called so"),
    ]:
        ran = leftfold(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert said in ran.err


def test_a_damaged_file_is_1_and_named(leftfold: Leftfold, tmp_path: Path) -> None:
    (tmp_path / f"a{SUFFIX}").write_text('{"descriptor": 1,\n "name": }')
    ran = leftfold("catalog", "merge", str(tmp_path))
    assert ran.code == 1
    assert f"a{SUFFIX}:2: JSON is malformed" in ran.err


def test_a_map_of_another_tool_is_imported(leftfold: Leftfold, tmp_path: Path) -> None:
    source, output = tmp_path / "map.cml", tmp_path / "catalog.json"
    source.write_text("ContextMap { contains A, B\n A [U,OHS]->[D,ACL] B }\nBoundedContext A")
    ran = leftfold("catalog", "import", "cml", str(source), "--output", str(output))
    assert (ran.code, "B is on the map and nowhere declared" in ran.out) == (1, True)
    assert leftfold("catalog", "consumers", "A", "--catalog", str(output), "--json").lines[0]["name"] == "B"
    source.write_text("ContextMap { contains A, B\n A => B }")
    broken = leftfold("catalog", "import", "cml", str(source), "--output", str(output))
    assert (broken.code, "map.cml:2: expected one of" in broken.err) == (1, True)


def test_the_folder_of_another_catalog_is_imported(leftfold: Leftfold, tmp_path: Path) -> None:
    page = tmp_path / "services" / "Mail" / "index.mdx"
    page.parent.mkdir(parents=True)
    page.write_text("---\nid: Mail\nversion: 1.0.0\n---\n")
    ran = leftfold("catalog", "import", "eventcatalog", str(tmp_path))
    assert (ran.code, [line["name"] for line in json.loads(ran.out)["contexts"]]) == (0, ["Mail"])


def test_an_app_is_exported_into_a_folder_that_merges(leftfold: Leftfold, tmp_path: Path) -> None:
    output = tmp_path / "contexts"
    ran = leftfold("context", "export", "--app", APP, "--output", str(output))
    assert ran.code == 0
    assert sorted(file.name for file in output.iterdir()) == [
        f"{name}{SUFFIX}" for name in ("billing", "customs", "docks", "watch")
    ]
    before = {file.name: file.read_text() for file in output.iterdir()}
    leftfold("context", "export", "--app", APP, "--output", str(output))
    assert {file.name: file.read_text() for file in output.iterdir()} == before
    assert leftfold("catalog", "merge", str(output)).code == 1  # docks and watch follow each other
    assert names(leftfold("context", "export", "--app", APP)) == ["billing", "customs", "docks", "watch"]
    told = leftfold("context", "export", "--app", APP, "--output", str(tmp_path / "again"), "--json").lines
    assert [line["file"] for line in told] == [str(tmp_path / "again" / name) for name in sorted(before)]
    assert {file.name: file.read_text() for file in (tmp_path / "again").iterdir()} == before
    (tmp_path / "file").write_text("")
    assert leftfold("context", "export", "--app", APP, "--output", str(tmp_path / "file")).code == 2


def test_maps_are_drawn_of_an_app_and_of_a_catalog(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    assert leftfold("context", "map", "--app", APP, "--to", "mermaid").out.startswith("flowchart LR")
    ET.fromstring(leftfold("context", "map", "--catalog", file, "--to", "svg").out)
    assert leftfold("context", "map", "--catalog", file, "--to", "dot").out.startswith("digraph")
    table = leftfold("context", "map", "--catalog", file).out
    assert "Sales" in table
    assert table.endswith(
        "\n\nU  the row follows the column, its upstream    e  it only takes events of it\n"
        "P  partners    K  a shared kernel    x  separate ways    .  nothing    -  itself\n"
    )
    cml = leftfold("context", "map", "--catalog", file, "--to", "cml", "--focus", "Inventory").out
    assert "contains Inventory\n  contains Sales\n  Inventory [U,S]->[D,C] Sales\n" in cml
    output = tmp_path / "map.svg"
    leftfold("context", "map", "--catalog", file, "--to", "svg", "--output", str(output))
    assert ET.parse(output).getroot().get("aria-label") == "map of 8 contexts"
    ran = leftfold("context", "map", "--catalog", file, "--focus", "Inventory", "--depth", "2", "--json")
    assert len(msgspec.json.decode(ran.out, type=MapGraph).nodes) == 5
    leftfold(
        "context", "map", "--catalog", file, "--focus", "Inventory", "--depth", "2", "--json", "--output", str(output)
    )
    assert output.read_text() == ran.out


def test_more_contexts_than_anybody_can_read_need_a_focus(leftfold: Leftfold, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text(dump_catalog(Descriptor(name=f"c{number}") for number in range(61)))
    ran = leftfold("context", "map", "--catalog", str(file), "--to", "svg")
    assert (ran.code, "61 contexts in one drawing cannot be read; give --focus NAME" in ran.err) == (2, True)
    assert leftfold("context", "map", "--catalog", str(file), "--to", "svg", "--focus", "c1").code == 0
    assert leftfold("context", "map", "--catalog", str(file)).code == 0


@pytest.mark.parametrize(
    ("depth", "said"), [("2", "cannot be read; give --depth 1, or take"), ("1", "cannot be read; take --to matrix")]
)
def test_a_focus_with_too_many_around_it_says_what_shows_fewer(
    leftfold: Leftfold, tmp_path: Path, depth: str, said: str
) -> None:
    event = Published(name="hub.told")
    takers = [Descriptor(name=f"c{number}", consumes=(Consumption(event=event.name),)) for number in range(60)]
    file = tmp_path / "catalog.json"
    file.write_text(dump_catalog([Descriptor(name="hub", publishes=(event,)), *takers]))
    drawing = ("context", "map", "--catalog", str(file), "--to", "svg", "--focus", "hub", "--depth", depth)
    ran = leftfold(*drawing)
    assert (ran.code, said in ran.err) == (2, True)
