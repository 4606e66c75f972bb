"""Where the files of a package are, found as Python finds them, and without running any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct

__all__ = ["Found", "find_package"]

_INIT: Final = "__init__"
_SUFFIXES: Final = (".py", ".pyi", *EXTENSION_SUFFIXES)
_READABLE: Final = (".py", ".pyi")


class Found(Struct, frozen=True):
    """Where a package is.

    Args:
        name: of it, dotted.
        folders: that it consists of; several when it is a namespace; none for a module that is one file.
        files: of a module that is one file: its source, its stub.
    """

    name: str
    folders: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is there."""
        return bool(self.folders or self.files)

    def modules(self) -> Iterator[tuple[str, Path]]:
        """Every file with source text and the name of its module; hidden folders and caches are left out."""
        for path in self.files:
            if path.suffix in _READABLE:
                yield self.name, path
        for folder in self.folders:
            for path in _below(folder):
                parts = path.relative_to(folder).with_suffix("").parts
                inside = parts[:-1] if parts[-1] == _INIT else parts
                if path.suffix in _READABLE and path.is_file() and not any("." in part for part in inside):
                    yield ".".join((self.name, *inside)), path

    def links(self) -> Iterator[Path]:
        """Folders in it that are links: nobody follows them here."""
        for top in self.folders:
            for folder, names, _ in os.walk(top):
                yield from (path for name in names if (path := Path(folder, name)).is_symlink())


def find_package(name: str) -> Found:
    """Find a package, or a module; what is above it is not imported, as it would be by `find_spec` alone."""
    top, *rest = name.split(".")
    try:
        spec = find_spec(top)
    except ValueError:
        return Found(name)
    if spec is None:
        return Found(name)
    if spec.submodule_search_locations is None:
        file = Path(spec.origin or "")
        return Found(name, files=_sources(file.parent, top)) if file.is_file() and not rest else Found(name)
    found = Found(top, folders=tuple(map(Path, spec.submodule_search_locations)))
    for part in rest:
        found = _inside(found.folders, f"{found.name}.{part}", part)
    return found


def _inside(folders: tuple[Path, ...], name: str, part: str) -> Found:
    """What is called *part* in a package; a namespace only when no folder has a package or a module of this name."""
    spaces: list[Path] = []
    for folder in folders:
        below = folder / part
        if _sources(below, _INIT):
            return Found(name, folders=(below,))
        if files := _sources(folder, part):
            return Found(name, files=files)
        if below.is_dir():
            spaces.append(below)
    return Found(name, folders=tuple(spaces))


def _sources(folder: Path, stem: str) -> tuple[Path, ...]:
    return tuple(path for suffix in _SUFFIXES if (path := folder / f"{stem}{suffix}").is_file())


def _below(top: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(top):
        names[:] = [name for name in names if not name.startswith((".", "__pycache__"))]
        yield from (Path(folder, file) for file in files)
