"""Modules of nobody that the import graph does not have: beside the packages of contexts, or in no package at all."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from leftfold.borders.module_files import Found, find_package
from leftfold.borders.packages import Packages
from leftfold.borders.sources import SourceModule, read_source

__all__ = ["modules_beside", "modules_left_out"]


def modules_beside(packages: Packages) -> Mapping[str, SourceModule]:
    """Every module, by name, of packages that contexts and kernels import from the folders that they are in themselves.

    What is installed is left out, and so is what cannot be read: that nobody imports.
    """
    tops = {name.partition(".")[0] for name in packages.names}
    folders = {folder for top in tops for folder in _folders(find_package(top))} - _installed()
    beside: dict[str, SourceModule] = {}
    waiting = list(_imported(packages.every_source()))
    while waiting:
        top = waiting.pop()
        if top in tops:
            continue
        tops.add(top)
        found = find_package(top)
        if not folders.isdisjoint(_folders(found)):
            read = dict(_read(found.modules()))
            beside |= read
            waiting += _imported(read.values())
    return beside


def modules_left_out(packages: Packages, drawn: AbstractSet[str]) -> Mapping[str, SourceModule]:
    """Every module, by name, that lies in an outermost package of contexts and is not *drawn*.

    Such are those in folders without an `__init__`, which Python imports all the same. What cannot be read is left out.
    """
    known = {*drawn, *(one.name for one in packages.every_source())}
    left: dict[str, SourceModule] = {}
    for root in packages.roots:
        left |= _read(one for one in find_package(root).modules() if one[0] not in known)
    return left


def _folders(found: Found) -> Iterator[Path]:
    yield from (path.resolve().parent for path in (*found.folders, *found.files))


def _installed() -> set[Path]:
    return {Path(path).resolve() for path in sysconfig.get_paths().values()}


def _imported(sources: Iterable[SourceModule]) -> Iterator[str]:
    """The outermost packages that are imported."""
    for source in sources:
        yield from (one.module.partition(".")[0] for one in source.imports)
        yield from (one.module.partition(".")[0] for one in source.loaded if one.module is not None)


def _read(files: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, SourceModule]]:
    for name, path in files:
        try:
            yield name, read_source(name, path)
        except (SyntaxError, ValueError, RecursionError, OSError):
            continue
