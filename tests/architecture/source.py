"""The tree as the tests of this folder read it."""

from __future__ import annotations

import ast
import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.conftest import ROOT, leave_out

SRC = ROOT / "src"
PACKAGE = SRC / "leftfold"


def source_files() -> list[Path]:
    """Every Python file of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def module_name(file: Path) -> str:
    """The name that *file* is imported by."""
    parts = file.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module(file: Path) -> ModuleType:
    """The module in *file*, imported."""
    return importlib.import_module(module_name(file))


def imported_roots(file: Path) -> Iterator[str]:
    """The top-level package of each import in *file* that runs, those inside functions too."""
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        match waiting.pop():
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(name)):
                yield name.partition(".")[0]
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                waiting.extend(orelse)
            case node:
                waiting.extend(ast.iter_child_nodes(node))


def committed_files() -> list[Path]:
    """Every file that is, or would be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        leave_out("the tree is no git checkout, so what would be committed is not known")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]
