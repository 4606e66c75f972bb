from __future__ import annotations

import sys
from pathlib import Path

import pytest

from leftfold.borders import UnreadableKernel, kernel_changes, kernel_contents
from tests.borders.kernel_site import MONEY, Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A kernel that is written to a folder, and imported from there."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a second change within one second is one, too
    return Site(tmp_path)


def changed(site: Site, old: str, new: str, file: str = "total.py") -> list[str]:
    """What an edit changes, without the name of the package."""
    before = site.contents()
    site.edit(old, new, file)
    after = site.contents()
    assert (before.digest == after.digest) == (before.state == after.state)
    return [str(one).replace(site.package, "K") for one in kernel_changes(before.state, after.state)]


def test_the_sample_consists_of_its_modules_definitions_and_schemas() -> None:
    package = "tests.borders.kernel_sample"
    found = kernel_contents(package)
    names = {name.removeprefix(package) for name in found.elements}
    assert {
        "",
        ".total",
        ".total:Total",
        ".total:Total.__post_init__",
        ".total:LIMIT",
        ".customers:Channel.WEB",
    } <= names
    assert {name for name in names if name.endswith("<schema>")} == {
        f".{name}.<schema>"
        for name in ("total:Total", "customers:Channel", "customers:Address", "customers:CustomerRegistered")
    }
    place = found.elements[f"{package}.total:Total"].place
    assert place.endswith("kernel_sample/total.py:18")
    assert kernel_contents(package).digest == found.digest


def test_layout_comments_and_docstrings_change_nothing(site: Site) -> None:
    assert changed(site, '    """An amount."""\n\n', "    '''Some amount.'''  # of what?\n\n\n") == []
    assert changed(site, "minor: int", "minor : int # in cents") == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("self.minor + other", "self.minor - other", ["changed K.total:Money.plus"]),
        ('= "EUR"', '= "USD"', ["changed the schema of K.total:Money", "changed K.total:Money.currency"]),
        (
            "minor: int",
            "minor: float",
            ["changed the schema of K.total:Money", "changed K.total:Money.minor"],
        ),
        (
            "    minor: int\n",
            "    minor: int\n    rate: int\n",
            ["changed the schema of K.total:Money", "added K.total:Money.rate"],
        ),
        (", frozen=True", "", ["changed K.total:Money"]),
        ("return Money(0)", "return Money(1)", ["changed K.total:nothing"]),
        ("def nothing", "def none", ["added K.total:none", "removed K.total:nothing"]),
    ],
)
def test_a_change_is_told_by_element(site: Site, old: str, new: str, expected: list[str]) -> None:
    assert sorted(changed(site, old, new)) == sorted(expected)


def test_a_type_from_outside_that_changes_is_a_change_of_the_schemas_that_use_it(site: Site) -> None:
    outside = f"{site.package}_outside"
    (site.root / f"{outside}.py").write_text("from msgspec import Struct\nclass Unit(Struct):\n    name: str\n")
    site.write("total.py", f"from {outside} import Unit\n{MONEY}    unit: Unit\n".replace("    return Money(0)\n", ""))
    site.edit("def nothing() -> Money:\n", "class Amount(Struct):\n")
    before = site.contents()
    (site.root / f"{outside}.py").write_text("from msgspec import Struct\nclass Unit(Struct):\n    name: int\n")
    del sys.modules[outside]
    after = site.contents()
    changes = [str(one) for one in kernel_changes(before.state, after.state)]
    assert changes == [f"changed the schema of {site.package}.total:Amount"]


def test_a_file_that_moves_is_another_module(site: Site) -> None:
    before = site.contents()
    (site.root / site.package / "total.py").rename(site.root / site.package / "money.py")
    changes = [str(one).replace(site.package, "K") for one in kernel_changes(before.state, site.contents().state)]
    assert changes == ["added K.money", "removed K.total"]


def test_files_that_are_no_python_count_by_their_bytes_and_their_names(site: Site) -> None:
    site.write("data/codes.csv", b"EUR\n")
    assert f"{site.package}/data/codes.csv" in site.contents().elements
    assert changed(site, "EUR", "EUR ", "data/codes.csv") == ["changed K/data/codes.csv"]
    before = site.contents()
    (site.root / site.package / "data" / "codes.csv").unlink()
    assert len(kernel_changes(before.state, site.contents().state)) == 1


def test_caches_and_hidden_files_do_not_count(site: Site) -> None:
    before = site.contents().digest
    for file in ("__pycache__/total.cpython-311.pyc", ".DS_Store", ".idea/a.xml", "sub/__pycache__/x.py"):
        site.write(file, b"\0")
    assert site.contents().digest == before


def test_stubs_count_by_what_they_mean_and_are_not_imported(site: Site) -> None:
    site.write("total.pyi", "def nothing() -> int: ...  # a stub\n")
    assert f"{site.package}/total.pyi:nothing" in site.contents().elements
    assert changed(site, "  # a stub", "", "total.pyi") == []
    assert changed(site, "-> int", "-> str", "total.pyi") == ["changed K/total.pyi:nothing"]


def test_scripts_count_and_are_not_run(site: Site) -> None:
    for file in ("__main__.py", "make-codes.py"):
        site.write(file, "raise SystemExit(1)\n")
        assert changed(site, "1", "2", file)


def test_a_module_alone_can_be_a_kernel(site: Site) -> None:
    found = kernel_contents(f"{site.package}.total")
    assert {one.split(":")[0] for one in found.elements} == {f"{site.package}.total"}


def test_what_has_no_schema_counts_by_its_code(site: Site) -> None:
    site.write(
        "odd.py", "class Odd:\n    def __init__(self): self.x = 1\nclass _Own: ...\nfrom decimal import Decimal\n"
    )
    found = [name for name in site.contents().elements if name.startswith(f"{site.package}.odd")]
    assert [name for name in found if "<schema>" in name] == []


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        ("x = 1\ny = (\n", 2, "SyntaxError"),
        ("x = '\0'\n", 1, "null"),
        ("x = " + "-" * 5_000 + "1\n", 1, "Error"),
        ("x = 1\nraise RuntimeError('no luck')\n", 1, "no luck"),
        ("import nothing_like_it\n", 1, "nothing_like_it"),
        ("raise SystemExit(3)\n", 1, "SystemExit"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(site: Site, source: str, line: int, word: str) -> None:
    site.write("bad.py", source)
    with pytest.raises(UnreadableKernel, match=word) as caught:
        site.contents()
    assert caught.value.place == f"{site.root}/{site.package}/bad.py:{line}"
    assert caught.value.package == site.package


@pytest.mark.parametrize("package", ["nothing_like_it", "nothing_like_it.below", "math", "_pickle", "os.path.x"])
def test_what_is_not_there_is_an_error_that_says_what_to_mend(package: str) -> None:
    with pytest.raises(UnreadableKernel, match=r"Mend|Install|Share"):
        kernel_contents(package)


def test_a_linked_folder_is_refused_as_nobody_sees_it_change(site: Site) -> None:
    (site.root / "elsewhere").mkdir()
    (site.root / site.package / "linked").symlink_to(site.root / "elsewhere")
    with pytest.raises(UnreadableKernel, match="link"):
        site.contents()
