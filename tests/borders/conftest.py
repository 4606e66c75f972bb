"""Packages for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.borders.trees import Tree
from tests.flow.conftest import traded

__all__ = ["traded", "tree"]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    """An empty folder on the import path."""
    made = Tree(tmp_path / "src")
    made.root.mkdir()
    monkeypatch.setattr(sys, "path", [str(made.root), *sys.path])
    yield made
    made.forget()
