"""Packages that a test writes, to be found by an import of this test and of no other."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from types import ModuleType

__all__ = ["Tree"]


class Tree:
    """A folder of packages on the import path.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, by path; each folder is a package."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip())
            for folder in path.relative_to(self.root).parents[:-1]:
                (self.root / folder / "__init__.py").touch()

    def load(self, module: str) -> ModuleType:
        """Import a module of it."""
        importlib.invalidate_caches()
        return importlib.import_module(module)

    def place(self, file: str, text: str) -> str:
        """The place of the first line of *file* that has *text*, as findings have it."""
        lines = (self.root / file).read_text().splitlines()
        return f"{self.root / file}:{next(n for n, line in enumerate(lines, start=1) if text in line)}"

    def forget(self) -> None:
        """Let go of what was imported from it."""
        tops = {path.stem for path in self.root.iterdir()}
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
