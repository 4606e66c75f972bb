"""Texts that a syntax tree spells out: literals, what is put together of them, and constants that are such."""

from __future__ import annotations

import ast
from collections.abc import Mapping

__all__ = ["Texts", "attribute_chain", "listed"]


class Texts:
    """The constants of a module: names in capitals that are given one text, once.

    Args:
        known: texts of names that every module has.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known: dict[str, str | None] = dict(known)

    def assign(self, name: str, value: ast.expr | None) -> None:
        """Note that *name* is given *value*; whoever is given one twice is no constant."""
        if name.isupper():
            self._known[name] = None if name in self._known else self.of(value)

    def of(self, node: ast.AST | None) -> str | None:
        """The text that *node* stands for; None when that is not spelt out."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name):
                return self._known.get(name)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.of(value)
            case ast.JoinedStr(values=values):
                return self._joined(*values)
            case ast.BinOp(op=ast.Add()):
                return self._joined(*_terms(node))
            case _:
                return None

    def _joined(self, *nodes: ast.AST) -> str | None:
        parts = [part for one in nodes if (part := self.of(one)) is not None]
        return "".join(parts) if len(parts) == len(nodes) else None


def attribute_chain(node: ast.expr | None) -> str | None:
    """`a.b.c` as text; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else None


def listed(value: ast.expr | None) -> tuple[str, ...] | None:
    """The texts of a list that is spelt out, in one piece or several; None when it is not."""
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            texts = [one.value for one in elements if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            return tuple(texts) if len(texts) == len(elements) else None
        case ast.BinOp(op=ast.Add()):
            found = [names for one in _terms(value) if (names := listed(one)) is not None]
            return tuple(name for names in found for name in names) if len(found) == len(_terms(value)) else None
        case _:
            return None


def _terms(node: ast.expr) -> list[ast.expr]:
    """What is added up, however much it is."""
    terms: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    return [node, *reversed(terms)]
