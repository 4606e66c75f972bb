from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, module, module_name, source_files

FILES = [file for file in source_files() if file.name != "__main__.py"]
ROOMS = [file for file in FILES if file.name == "__init__.py" and file.parent != PACKAGE]


def defined(file: Path) -> set[str]:
    """Public classes, functions and constants that *file* itself defines."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
                pass
            case ast.Assign(targets=targets):
                names.update(target.id for target in targets if isinstance(target, ast.Name))
            case _:
                pass
    return {name for name in names if not name.startswith("_")}


def imported(file: Path) -> set[str]:
    """Names that *file* takes from the package, to hand them on; those that begin with `_` it takes for itself."""
    taken = {
        name.asname or name.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leftfold")
        for name in node.names
    }
    return {name for name in taken if not name.startswith("_")}


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_all_lists_every_public_name_a_file_defines_and_only_what_exists(file: Path) -> None:
    loaded = module(file)
    listed: list[str] = getattr(loaded, "__all__", [])
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(loaded, name)] == []
    assert defined(file) - {"__all__"} <= set(listed)


@pytest.mark.parametrize("file", ROOMS, ids=module_name)
def test_a_room_says_what_comes_in_what_goes_out_and_what_it_may_import(file: Path) -> None:
    said = module(file).__doc__ or ""
    assert [word for word in ("In: ", "Out: ", "May import: ") if word not in said] == []


@pytest.mark.parametrize("file", [*ROOMS, PACKAGE / "__init__.py"], ids=module_name)
def test_a_room_hands_on_what_it_lists(file: Path) -> None:
    assert imported(file) <= set(getattr(module(file), "__all__", []))


@pytest.mark.parametrize("file", [*ROOMS, PACKAGE / "__init__.py"], ids=module_name)
def test_a_room_that_imports_names_when_they_are_asked_for_has_no_module_in_the_place_of_one(file: Path) -> None:
    loaded = module(file)
    modules = {other.stem for other in file.parent.glob("*.py")} if hasattr(loaded, "__getattr__") else set[str]()
    assert modules & set(getattr(loaded, "__all__", [])) == set()
