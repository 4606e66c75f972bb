"""What a shared kernel consists of today: its code, its other files, and the schemas of its public types."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from leftfold.borders.kernel_code import Element, code_elements, digest_of
from leftfold.borders.kernel_errors import UnreadableKernel
from leftfold.messages.lock import schema_digest

__all__ = ["SCHEMA", "KernelContents", "kernel_contents", "state_digest"]

SCHEMA: Final = "<schema>"
"""Ends the name of an element that is the JSON Schema of a type."""

_LEFT_OUT: Final = "__pycache__"


class KernelContents(Struct, frozen=True, dict=True):
    """What a package consists of.

    Args:
        package: dotted name.
        elements: by name: `module`, `module:Class.member`, `module:Class.<order>`, `module:Class.<schema>`, and
            `path/of/file` for what is no Python.
    """

    package: str
    elements: Mapping[str, Element]

    @cached_property
    def state(self) -> Mapping[str, str]:
        """The digest of each element, by name."""
        return {name: element.digest for name, element in sorted(self.elements.items())}

    @cached_property
    def digest(self) -> str:
        """One digest of all of it."""
        return state_digest(self.state)


class _File(NamedTuple):
    path: Path
    name: str
    """From the folder that the package is in, with `/` between folders."""

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def importable(self) -> bool:
        parts = self.module.split(".")
        return self.name.endswith(".py") and parts[-1] != "__main__" and all(part.isidentifier() for part in parts)


def state_digest(state: Mapping[str, str]) -> str:
    """One digest of the digests of all elements."""
    return digest_of(msgspec.json.encode(state, order="sorted"))


def kernel_contents(package: str) -> KernelContents:
    """Read a package, or a module, that is a shared kernel, and import all of it.

    Python files, stubs included, count by what they mean, see `code_elements`. Every other file counts by its bytes,
    but for `__pycache__` and files and folders whose name begins with a dot. The JSON Schema of each public class that
    has one counts, too, as it is imported in this process: it tells when a type from outside, that the kernel uses, has
    changed.

    Raises:
        UnreadableKernel: it is not found, no Python, or raises when it is imported.
    """
    elements: dict[str, Element] = {}
    files = sorted(_files(package), key=lambda file: file.name)
    for file in files:
        elements |= _file_elements(package, file)
    for file in files:
        if file.importable:
            elements |= _schemas(package, file, elements)
    return KernelContents(package, elements)


def _files(package: str) -> Iterator[_File]:
    invalidate_caches()
    try:
        spec = find_spec(package)
    except Exception as error:  # what is above it runs now, and may raise anything
        raise UnreadableKernel(package, f"{type(error).__name__}: {error}. Mend it") from error
    if spec is None:
        raise UnreadableKernel(package, "it is not found. Install it, or mend package= of its SharedKernel")
    depth = package.count(".") + 1
    if spec.submodule_search_locations is None:
        yield _python_file(package, spec.origin or "")
        return
    for folder in spec.submodule_search_locations:
        above = Path(folder).parents[depth - 1]
        found = [_File(path, path.relative_to(above).as_posix()) for path in _walk(package, folder)]
        if not found:
            raise UnreadableKernel(package, f"{folder} has no files. Mend package= of its SharedKernel")
        yield from found


def _python_file(package: str, path: str) -> _File:
    if not path.endswith(".py"):
        raise UnreadableKernel(package, f"{path or 'it'} is no Python source. Share a package of Python files")
    return _File(Path(path), f"{package.replace('.', '/')}.py")


def _walk(package: str, top: str) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name != _LEFT_OUT and not name.startswith(".")]
        for name in folders:
            if (path := Path(folder, name)).is_symlink():
                raise UnreadableKernel(package, f"{path} is a link to a folder; put the folder itself there")
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def _file_elements(package: str, file: _File) -> Mapping[str, Element]:
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise UnreadableKernel(package, f"{error}. Mend the file", f"{file.path}:1") from error
    if not file.name.endswith((".py", ".pyi")):
        return {file.name: Element(digest_of(content), f"{file.path}:1")}
    name = file.module if file.name.endswith(".py") else file.name
    try:
        return code_elements(content, name, str(file.path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        reason = f"{file.name}: {type(error).__name__}: {error}. Mend the file"
        raise UnreadableKernel(package, reason, f"{file.path}:{line or 1}") from error


def _schemas(package: str, file: _File, elements: Mapping[str, Element]) -> Iterator[tuple[str, Element]]:
    name = file.module
    try:
        module = import_module(name)
    except (Exception, SystemExit) as error:  # the kernel is the user's own code, and may raise anything
        reason = f"importing {name} raised {type(error).__name__}: {error}. Mend it"
        raise UnreadableKernel(package, reason, f"{file.path}:1") from error
    for cls in list(vars(module).values()):
        if isinstance(cls, type) and cls.__module__ == name and not cls.__name__.startswith("_"):
            element = f"{name}:{cls.__qualname__}"
            place = elements[element].place if element in elements else f"{file.path}:1"
            try:
                yield f"{element}.{SCHEMA}", Element(schema_digest(cls), place)
            except (TypeError, NameError):  # it has no schema, and its code is all that is to be said of it
                continue
