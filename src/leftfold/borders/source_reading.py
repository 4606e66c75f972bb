"""Goes along the syntax tree of a module, and notes what it takes, hands on and loads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from typing import Final, NamedTuple

from msgspec import Struct

from leftfold.borders.source_texts import Texts, attribute_chain, listed

__all__ = ["Imported", "Loaded", "Reading"]

_ALL: Final = "__all__"
_STAR: Final = "*"
_BY_NAME: Final = {
    "importlib.import_module": "name",
    "importlib.__import__": "name",
    "builtins.__import__": "name",
    "__import__": "name",
    "pkgutil.resolve_name": "name",
    "runpy.run_module": "mod_name",
}
_LEVEL, _PACKAGE = 4, 1
_MODULES: Final = "sys.modules"
_FOR_TYPES: Final = "TYPE_CHECKING"


class Imported(Struct, frozen=True):
    """What a statement takes from a module.

    Args:
        module: that it is taken from, dotted.
        name: empty for the module itself, `*` for all that are public.
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
        module: what is imported, dotted; None when the text does not say it.
        line: counted from 1.
        types: whether it is for type checkers only.
    """

    module: str | None
    line: int
    types: bool


class _At(NamedTuple):
    node: ast.AST
    depth: int
    types: bool


class Reading:
    """What one module says; `read` first, ask then.

    Args:
        name: of the module, dotted.
        is_package: whether it is an `__init__`.
        types: whether all of it is for type checkers, as a stub is.
    """

    def __init__(self, name: str, *, is_package: bool, types: bool) -> None:
        self.bound: dict[str, tuple[str, str]] = {}
        self.stars: list[str] = []
        self.defined: set[str] = set()
        self.public: tuple[str, ...] | None = None
        self.imports: list[Imported] = []
        self._package = name if is_package else name.rpartition(".")[0]
        self._texts = Texts({"__name__": name, "__package__": self._package})
        self._chains: list[tuple[str, int, bool]] = []
        self._calls: list[tuple[ast.Call | ast.Subscript, bool]] = []
        self._at = _At(ast.Module([], []), 0, types)

    def read(self, tree: ast.Module) -> None:
        """Go along all of it, in order; however deep it is nested."""
        waiting = [self._at._replace(node=tree)]
        while waiting:
            self._at = waiting.pop()
            waiting += reversed(list(self._step(self._at.node)))

    def reached(self) -> Iterator[Imported]:
        """Names that are reached through a module: `orders.Order` after `from shop import orders`."""
        for chain, line, types in self._chains:
            head, _, rest = chain.partition(".")
            if head in self.bound and rest:
                module, name = self.bound[head]
                parts = [*([name] if name else []), *rest.split(".")]
                for end in range(len(parts)):
                    yield Imported(".".join((module, *parts[:end])), parts[end], line, types)

    def loaded(self) -> Iterator[Loaded]:
        """What is imported by a name that is handed to a function."""
        for node, types in self._calls:
            if isinstance(node, ast.Subscript):
                if self._called(node.value) == _MODULES and (name := self._texts.of(node.slice)) is not None:
                    yield Loaded(name, node.lineno, types)
            elif (word := _BY_NAME.get(self._called(node.func))) is not None:
                yield Loaded(self._loaded(node, word), node.lineno, types)

    def _step(self, node: ast.AST) -> Iterable[_At]:
        """Note what *node* says; what is to be looked at below it."""
        at, below = self._at, ast.iter_child_nodes(node)
        match node:
            case ast.If() if (attribute_chain(node.test) or "").rpartition(".")[2] == _FOR_TYPES:
                typed = [_At(one, at.depth, types=True) for one in node.body]
                return [*typed, *(at._replace(node=one) for one in node.orelse)]
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node.name)
                return [_At(one, at.depth + 1, at.types) for one in below]
            case ast.Attribute() if (chain := attribute_chain(node)) is not None:
                self._chains.append((chain, node.lineno, at.types))
                return ()
            case _:
                self._note(node)
                return [at._replace(node=one) for one in below]

    def _note(self, node: ast.AST) -> None:
        match node:
            case ast.Import():
                self._import(node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Call() | ast.Subscript():
                self._calls.append((node, self._at.types))
                self._grow(node)
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value)
            case ast.AnnAssign():
                self._assign(node.target, node.value)
            case ast.AugAssign(target=ast.Name(id="__all__")):
                self._add(listed(node.value))
            case _:
                pass

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imports.append(Imported(alias.name, "", node.lineno, self._at.types))
            if alias.asname:
                self._bind(alias.asname, alias.name, "")
            else:
                head = alias.name.partition(".")[0]
                self._bind(head, head, "")

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = self._absolute(f"{'.' * node.level}{node.module or ''}", self._package)
        if module is None:
            text = f"it imports from {'.' * node.level}{node.module or ''}, which is above its top package"
            raise SyntaxError(text, (None, node.lineno, node.col_offset + 1, None))
        for alias in node.names:
            self.imports.append(Imported(module, alias.name, node.lineno, self._at.types))
            if alias.name == _STAR:
                self.stars.append(module)
            else:
                self._bind(alias.asname or alias.name, module, alias.name)

    def _define(self, name: str) -> None:
        if not self._at.depth:
            self.defined.add(name)

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if not isinstance(target, ast.Name):
            return
        chain = attribute_chain(value)
        head, _, rest = (chain or "").partition(".")
        if target.id == _ALL and not self._at.depth:
            self.public = listed(value)
        elif head in self.bound:
            module, name = self.bound[head]  # another name for what is imported
            whole = ".".join(part for part in (module, name, rest) if part)
            if not self._at.depth or whole in _BY_NAME:
                self._bind(target.id, whole.rpartition(".")[0], whole.rpartition(".")[2])
        else:
            self._define(target.id)
            self._texts.assign(target.id, value)

    def _grow(self, node: ast.Call | ast.Subscript) -> None:
        """`__all__.extend(...)` and `__all__.append(...)`."""
        if isinstance(node, ast.Call) and not self._at.depth and len(node.args) == 1:
            more = {f"{_ALL}.extend": node.args[0], f"{_ALL}.append": ast.List([node.args[0]], ast.Load())}
            if (given := more.get(attribute_chain(node.func) or "")) is not None:
                self._add(listed(given))

    def _add(self, names: tuple[str, ...] | None) -> None:
        self.public = None if names is None else (*(self.public or ()), *names)

    def _bind(self, name: str, module: str, attribute: str) -> None:
        if not self._at.depth or name not in self.bound:
            self.bound[name] = (module, attribute)

    def _called(self, function: ast.expr) -> str:
        """What is called, as the module that it is of and its name there; `getattr(module, "name")` too."""
        chain = attribute_chain(function)
        if isinstance(function, ast.Call) and attribute_chain(function.func) == "getattr" and len(function.args) > 1:
            chain = f"{attribute_chain(function.args[0])}.{self._texts.of(function.args[1])}"
        head, _, rest = (chain or "").partition(".")
        module, name = self.bound.get(head, ("", head))
        return ".".join(part for part in (module, name, rest) if part)

    def _loaded(self, node: ast.Call, word: str) -> str | None:
        name = self._texts.of(_given(node, 0, word))
        if name is None:
            return None
        level = _given(node, _LEVEL, "level")
        if word == "name" and isinstance(level, ast.Constant) and isinstance(level.value, int):
            return self._absolute(f"{'.' * level.value}{name}", self._package)
        package = _given(node, _PACKAGE, "package")
        inside = self._package if package is None or not name.startswith(".") else self._texts.of(package)
        return self._absolute(name.partition(":")[0], inside)

    def _absolute(self, name: str, package: str | None) -> str | None:
        try:
            return resolve_name(name, package or None)
        except ImportError:
            return None


def _given(node: ast.Call, place: int, word: str) -> ast.expr | None:
    if len(node.args) > place:
        return node.args[place]
    return next((one.value for one in node.keywords if one.arg == word), None)
