"""What source text says of a module: what it takes from others by name, what it hands on, what it loads by a name."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from leftfold.borders.source_reading import Imported, Loaded, Reading

__all__ = ["SourceModule", "read_source"]

_STUB: Final = ".pyi"


class SourceModule(Struct, frozen=True, kw_only=True):
    """A module as its text says.

    Args:
        name: dotted.
        path: of its file.
        bound: what each name that it imports stands for, as module and name; the name is empty for a module itself.
        stars: modules all of whose public names it takes.
        defined: names that it gives a meaning of its own.
        public: what `__all__` lists; None without one, and for one that is put together otherwise.
        imports: what its import statements say.
        named: what it takes from others by name.
        loaded: what it imports by a name that is handed to a function.
        lines: lines that hold code.
    """

    name: str
    path: str
    bound: Mapping[str, tuple[str, str]]
    stars: tuple[str, ...]
    defined: frozenset[str]
    public: tuple[str, ...] | None
    imports: tuple[Imported, ...]
    named: tuple[Imported, ...]
    loaded: tuple[Loaded, ...]
    lines: int

    @property
    def names(self) -> tuple[str, ...]:
        """What `from it import *` gives, but for what it takes by a star itself."""
        if self.public is not None:
            return self.public
        return tuple(sorted(name for name in {*self.bound, *self.defined} if not name.startswith("_")))


def read_source(name: str, path: Path) -> SourceModule:
    """Read a module's file, in the encoding that it says; what a stub imports is for type checkers.

    Raises:
        SyntaxError: it is no Python of this version, or imports from above its package; the message says where.
        ValueError: it is not in the encoding that it says, or holds NUL.
        RecursionError: it is nested too deep for Python itself.
        OSError: it cannot be read.
    """
    source = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding)
    reading = Reading(name, is_package=path.stem == "__init__", types=path.suffix == _STUB)
    reading.read(ast.parse(source, str(path)))
    imports = tuple(reading.imports)
    return SourceModule(
        name=name,
        path=str(path),
        bound=reading.bound,
        stars=tuple(reading.stars),
        defined=frozenset(reading.defined),
        public=reading.public,
        imports=imports,
        named=(*(one for one in imports if one.name), *reading.reached()),
        loaded=tuple(reading.loaded()),
        lines=sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")),
    )
