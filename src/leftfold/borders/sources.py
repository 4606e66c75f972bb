"""What source text says of a module: what it takes from others by name, what it hands on, what it loads by a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib.util import resolve_name
from pathlib import Path
from typing import Final

from msgspec import Struct

__all__ = ["Loaded", "Named", "SourceModule", "read_source"]

_IMPORTLIB: Final = "importlib"
_BY_NAME: Final = ("importlib.import_module", "importlib.__import__", "builtins.__import__", "__import__")
_STAR: Final = "*"


class Named(Struct, frozen=True):
    """A name that a module takes from another.

    Args:
        module: that it is taken from, dotted.
        name: `*` for all that are public.
        line: counted from 1.
        types: whether it is for type checkers only.
    """

    module: str
    name: str
    line: int
    types: bool


class Loaded(Struct, frozen=True):
    """An import by a name that is handed to a function.

    Args:
        module: what is imported, dotted; None when the name is no literal.
        line: counted from 1.
    """

    module: str | None
    line: int


class SourceModule(Struct, frozen=True, kw_only=True):
    """A module as its text says.

    Args:
        name: dotted.
        path: of its file.
        bound: what each name that it imports stands for, as module and name; the name is empty for a module itself.
        stars: modules all of whose public names it takes.
        defined: names that it gives a meaning of its own.
        public: what `__all__` lists; None without one.
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
    named: tuple[Named, ...]
    loaded: tuple[Loaded, ...]
    lines: int

    @property
    def names(self) -> tuple[str, ...]:
        """What `from it import *` gives, but for what it takes by a star itself."""
        if self.public is not None:
            return self.public
        return tuple(sorted(name for name in {*self.bound, *self.defined} if not name.startswith("_")))


def read_source(name: str, path: Path) -> SourceModule:
    """Read a module's file.

    Raises:
        SyntaxError: it is no Python of this version; the message says where.
        OSError: it cannot be read.
        UnicodeDecodeError: it is not in UTF-8.
    """
    text = path.read_text(encoding="utf-8")
    reading = _Reading(name, is_package=path.name == "__init__.py")
    reading.visit(ast.parse(text, str(path)))
    return SourceModule(
        name=name,
        path=str(path),
        bound=reading.bound,
        stars=tuple(reading.stars),
        defined=frozenset(reading.defined),
        public=reading.public,
        named=(*reading.named, *reading.reached()),
        loaded=tuple(reading.loaded),
        lines=sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")),
    )


class _Reading(ast.NodeVisitor):
    def __init__(self, name: str, *, is_package: bool) -> None:
        self.bound: dict[str, tuple[str, str]] = {}
        self.stars: list[str] = []
        self.defined: set[str] = set()
        self.public: tuple[str, ...] | None = None
        self.named: list[Named] = []
        self.loaded: list[Loaded] = []
        self._package = name if is_package else name.rpartition(".")[0]
        self._chains: list[tuple[str, int, bool]] = []
        self._depth = 0
        self._types = False

    def reached(self) -> Iterator[Named]:
        """Names that are reached through a module: `orders.Order` after `from shop import orders`."""
        for chain, line, types in self._chains:
            head, _, rest = chain.partition(".")
            if head in self.bound and rest:
                module, name = self.bound[head]
                parts = [*([name] if name else []), *rest.split(".")]
                for end in range(len(parts)):
                    yield Named(".".join((module, *parts[:end])), parts[end], line, types)

    def visit_If(self, node: ast.If) -> None:
        """What is below `if TYPE_CHECKING` is for type checkers."""
        if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.generic_visit(node)
            return
        before, self._types = self._types, True
        for each in node.body:
            self.visit(each)
        self._types = before
        for each in node.orelse:
            self.visit(each)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname:
                self._bind(alias.asname, alias.name, "")
            else:
                head = alias.name.partition(".")[0]
                self._bind(head, head, "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = self._absolute(f"{'.' * node.level}{node.module or ''}")
        if module is None:
            return
        for alias in node.names:
            self.named.append(Named(module, alias.name, node.lineno, self._types))
            if alias.name == _STAR:
                self.stars.append(module)
            else:
                self._bind(alias.asname or alias.name, module, alias.name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if (chain := _chain(node)) is not None:
            self._chains.append((chain, node.lineno, self._types))
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        chain = _chain(node.func)
        if chain is not None and self._called(chain) in _BY_NAME:
            self.loaded.append(Loaded(self._literal(node), node.lineno))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._define(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._define(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._define(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assign(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assign(node.target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id == "__all__":
            self.public = (*(self.public or ()), *_texts(node.value))
        self.generic_visit(node)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if not self._depth:
            self.defined.add(node.name)
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if self._depth or not isinstance(target, ast.Name):
            return
        if target.id == "__all__":
            self.public = tuple(_texts(value))
        elif (chain := _chain(value)) is not None and (head := chain.partition("."))[0] in self.bound:
            module, name = self.bound[head[0]]  # another name for what is imported
            whole = ".".join(part for part in (module, name, head[2]) if part)
            self.bound[target.id] = (whole.rpartition(".")[0], whole.rpartition(".")[2])
        else:
            self.defined.add(target.id)

    def _bind(self, name: str, module: str, attribute: str) -> None:
        if not self._depth or name not in self.bound:
            self.bound[name] = (module, attribute)

    def _called(self, chain: str) -> str:
        head, _, rest = chain.partition(".")
        module, name = self.bound.get(head, ("", head))
        return ".".join(part for part in (module, name, rest) if part)

    def _literal(self, node: ast.Call) -> str | None:
        given = node.args[0] if node.args else next((one.value for one in node.keywords if one.arg == "name"), None)
        if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
            return None
        return self._absolute(given.value)

    def _absolute(self, name: str) -> str | None:
        try:
            return resolve_name(name, self._package or None)
        except ImportError:
            return None


def _chain(node: ast.expr | None) -> str | None:
    """`a.b.c` as text; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else None


def _texts(value: ast.expr | None) -> Iterator[str]:
    if isinstance(value, ast.List | ast.Tuple):
        for each in value.elts:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value
