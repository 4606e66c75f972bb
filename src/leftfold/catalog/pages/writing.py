"""Writing the pages of a catalog to a folder: all of them, or none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.catalog.catalog import Catalog
from leftfold.catalog.errors import FolderInUse
from leftfold.catalog.pages.context_page import context_page
from leftfold.catalog.pages.data_files import data_files
from leftfold.catalog.pages.site import Site
from leftfold.catalog.pages.whole_pages import impact_page, index_page, matrix_page

__all__ = ["LIST", "Written", "page_texts", "write_pages"]

LIST: Final = "leftfold-docs.json"
"""The file that lists what was written, so that it can be replaced."""

_STAGING: Final = ".leftfold-docs-"
"""How the folder is called, inside the folder of the pages, in which they are written first."""

_MOST_NAMED: Final = 3


class Written(Struct, frozen=True):
    """What was written.

    Args:
        files: paths from the folder on, sorted, without the list itself.
        size: of all of them, in bytes.
    """

    files: tuple[str, ...]
    size: int


class _List(Struct, frozen=True):
    """What this or an earlier run wrote, as the list has it."""

    files: tuple[str, ...]


def write_pages(catalog: Catalog, folder: Path) -> Written:
    """Write the pages of *catalog* to *folder*, which opens in a browser as it is, from disk or from any server.

    The same catalog gives the same bytes. Everything is written first, inside *folder*, and takes its place at the end
    with a few renames, so that a run that fails before leaves what was there, and nothing of an earlier run stays.
    What a killed run leaves is known to be its own: the next run replaces it.

    Args:
        catalog: what there is.
        folder: is made when it is not there; must be empty, or what an earlier run wrote.

    Raises:
        FolderInUse: there is something else in it, or it is a file; nothing was written.
        OSError: it cannot be written.
    """
    _check(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / LIST).exists():
        _write_list(folder / LIST, ())
    staging = Path(mkdtemp(prefix=_STAGING, dir=folder))
    try:
        written = _written(catalog, staging / "new")
        _swap(folder, staging, written.files)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return written


def page_texts(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every file of the pages of *catalog*: its path from the folder on, with `/` between folders, and its text."""
    site = Site(catalog)
    yield "index.html", index_page(site)
    yield "matrix.html", matrix_page()
    yield "impact.html", impact_page()
    for name, file in site.files.items():
        yield f"contexts/{file}", context_page(site, name)
    for file, text in data_files(site).items():
        yield f"data/{file}", text
    assets = files("leftfold.catalog.pages") / "assets"
    for asset in sorted(assets.iterdir(), key=lambda one: one.name):
        yield f"assets/{asset.name}", asset.read_text(encoding="utf-8")


def _written(catalog: Catalog, folder: Path) -> Written:
    for name in ("contexts", "data", "assets"):
        (folder / name).mkdir(parents=True)
    sizes: dict[str, int] = {}
    for path, text in page_texts(catalog):
        data = text.encode()
        (folder / path).write_bytes(data)
        sizes[path] = len(data)
    return Written(tuple(sorted(sizes)), sum(sizes.values()))


def _swap(folder: Path, staging: Path, files: tuple[str, ...]) -> None:
    """Take what was there away, and put what is new in its place; at any moment the list names all that is there."""
    old = staging / "old"
    old.mkdir()
    _write_list(staging / LIST, tuple(sorted({*_listed(folder), *files})))
    (staging / LIST).replace(folder / LIST)
    for one in sorted(folder.iterdir()):
        if one != staging and one.name != LIST:
            one.rename(old / one.name)
    for one in sorted((staging / "new").iterdir()):
        one.rename(folder / one.name)
    _write_list(staging / LIST, files)
    (staging / LIST).replace(folder / LIST)


def _check(folder: Path) -> None:
    """Raise `FolderInUse` unless what is in *folder* may be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FolderInUse(str(folder), "is a file")
    paths = (one.relative_to(folder) for one in folder.rglob("*") if one.is_symlink() or not one.is_dir())
    there = {path.as_posix() for path in paths if not path.parts[0].startswith(_STAGING)}
    known = {LIST, *_listed(folder)} if LIST in there else set[str]()
    if others := sorted(there - known):
        raise FolderInUse(str(folder), f"has files in it that were not written as pages: {_some(others)}")


def _listed(folder: Path) -> tuple[str, ...]:
    try:
        return msgspec.json.decode((folder / LIST).read_bytes(), type=_List).files
    except msgspec.DecodeError as error:
        raise FolderInUse(str(folder), f"has a file {LIST} that is no list of what was written") from error


def _write_list(file: Path, files: tuple[str, ...]) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(_List(files)), indent=1) + b"\n")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
