"""What Python code means, as digests: of each class, function and value by itself, whatever its layout.

    source -> statements without effect left out, imports in order of name -> one text a definition -> sha256

The texts are our own, as those of `ast.dump` differ between releases of Python.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Final, TypeAlias, cast

from msgspec import Struct

__all__ = ["ORDER", "Element", "code_elements", "digest_of"]

ORDER: Final = "<order>"
"""Ends the name of an element that is the order of what a module or class defines."""

_SAYS_NOTHING: Final = "ctx"
"""The field that says whether a name is read, set or deleted, as its place does already."""
_NOTHING: Final = frozenset({"[]", "JoinedStr([])"})
_Import: TypeAlias = ast.Import | ast.ImportFrom
_Piece: TypeAlias = ast.stmt | str
"""A statement, or the text of several imports."""


class Element(Struct, frozen=True):
    """Something that a kernel consists of.

    Args:
        digest: of what it means, or of its bytes.
        place: where it is, as `path:line`.
    """

    digest: str
    place: str


def code_elements(source: bytes, module: str, path: str) -> dict[str, Element]:
    """The elements of a module: itself, and each class, function and value that it or one of its classes defines.

    Comments, layout, docstrings, `pass` and other constants that stand alone do not count, nor does the order of
    imports that follow each other, unless two give one name to different things. All else does, order included, as
    Python runs a module from top to bottom. The digests are the same in every release of Python that reads the source.

    Args:
        source: as it is in the file.
        module: its dotted name; elements are named `module`, `module:Class.member` and `module:Class.<order>`.
        path: of the file, for places.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it has NUL bytes.
        RecursionError, MemoryError: it is nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether an escape is odd is not ours to say
        tree = ast.parse(source, filename=path)
    reading = _Reading()
    reading.note(module, 1, "module")
    reading.scope(module, f"{module}:", tree.body)
    return {
        name: Element(digest_of(repr(texts).encode("ascii")), f"{path}:{reading.lines[name]}")
        for name, texts in reading.texts.items()
        if not (name.endswith(ORDER) and len(texts) == 1 and "," not in texts[0])
    }


def digest_of(content: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{sha256(content).hexdigest()}"


class _Reading:
    """Texts of elements by name; several when a name is defined several times, as an overloaded function is."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.lines: dict[str, int] = {}

    def note(self, name: str, line: int, text: str) -> None:
        self.texts.setdefault(name, []).append(text)
        self.lines.setdefault(name, line)

    def scope(self, owner: str, prefix: str, body: Sequence[ast.stmt]) -> None:
        order: list[str] = []
        for piece in _pieces(body):
            defined = _defines(piece)
            order.append(defined or "*")
            if defined is None or isinstance(piece, str):
                self.note(owner, 1, _statement(piece))
            elif isinstance(piece, ast.ClassDef):
                self.note(f"{prefix}{defined}", piece.lineno, _fields(piece, without="body"))
                self.scope(f"{prefix}{defined}", f"{prefix}{defined}.", piece.body)
            else:
                self.note(f"{prefix}{defined}", piece.lineno, _text(piece))
        self.note(f"{prefix}{ORDER}", self.lines[owner], ascii(",".join(order)))


def _defines(piece: _Piece) -> str | None:
    match piece:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def _statement(piece: _Piece) -> str:
    return piece if isinstance(piece, str) else _text(piece)


def _text(value: object) -> str:
    match value:
        case ast.Constant(value=constant):
            return _literal(constant)
        case ast.JoinedStr(values=values):
            return f"{type(value).__name__}({_text(_joined(values))})"
        case ast.AST():
            return _fields(value)
        case None:  # in a list, as the key of `**more` in a dict; the constant is of another kind
            return "nothing"
        case list():
            items = cast("list[object]", value)
            if items and isinstance(items[0], ast.stmt):
                return f"[{', '.join(_statement(piece) for piece in _pieces(items))}]"
            return f"[{', '.join(map(_text, items))}]"
        case _:
            return _literal(value)


def _fields(node: ast.AST, *, without: str = "") -> str:
    """A node with its fields by name. None and empty lists are left out: releases differ in which of them they have."""
    said: list[str] = []
    for name in sorted(node._fields):
        value: object = getattr(node, name, None)
        if name in {_SAYS_NOTHING, without} or value is None:
            continue
        text = _text(value)
        if text not in _NOTHING:
            said.append(f"{name}={text}")
    return f"{type(node).__name__}({', '.join(said)})"


def _literal(value: object) -> str:
    # Neither depends on the release: which characters `repr` shows as they are does, and so do its limits.
    return f"{type(value).__name__} {hex(value) if type(value) is int else ascii(value)}"


def _joined(values: Sequence[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, text in as few parts as can be: releases differ in where they part it."""
    parts: list[ast.expr] = []
    for is_text, run in groupby(values, lambda part: isinstance(part, ast.Constant)):
        if not is_text:
            parts += run
        elif text := "".join(str(part.value) for part in run if isinstance(part, ast.Constant)):
            parts.append(ast.Constant(text))
    return parts


def _pieces(body: Sequence[object]) -> Iterator[_Piece]:
    """The statements of *body* that do something, imports that follow each other as one text."""
    effective = [one for one in body if isinstance(one, ast.stmt) and not _does_nothing(one)]
    for is_import, run in groupby(effective, lambda one: isinstance(one, _Import)):
        if is_import:
            yield _imports([one for one in run if isinstance(one, _Import)])
        else:
            yield from run


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case _:
            return False


def _imports(run: Sequence[_Import]) -> str:
    texts: list[str] = []
    given: dict[str, str] = {}
    free = True
    for statement in run:
        for alias in statement.names:
            origin, name = _origin(statement, alias)
            free = free and alias.name != "*" and given.setdefault(name, origin) == origin
            texts.append(f"{_origin(statement, alias, whole=True)[0]} {alias.asname!a}")
    return f"imports({', '.join(sorted(set(texts)) if free else texts)})"


def _origin(statement: _Import, alias: ast.alias, *, whole: bool = False) -> tuple[str, str]:
    """What an import takes, and the name that it gives it."""
    match statement:
        case ast.ImportFrom(level=level, module=module):
            return f"from {level} {module!a} {alias.name!a}", alias.asname or alias.name
        case _:
            first = alias.name if alias.asname or whole else alias.name.partition(".")[0]
            return f"import {first!a}", alias.asname or first
