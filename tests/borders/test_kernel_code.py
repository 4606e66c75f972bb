from __future__ import annotations

import ast
import io
import random
import tokenize
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeGuard, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.borders.kernel_changes import kernel_changes
from leftfold.borders.kernel_code import code_elements
from tests.conftest import ROOT

SAMPLE = Path(__file__).parent / "kernel_sample"
ODD: Final = """
import os, sys
from typing import overload
from . import near as closer

def words(a, /, b=1, *more: int, c, d: "str" = "x", **rest) -> None:
    global total
    total = {**rest, "a": a, 1: [b, *more]}
    return f"{a!r:>{b}}|{c:%d.{d}}{d=}" "tail" f"{{}}" if c is not None else b"\\xff" + 1_0j * 0x_ff

class Ñandú(dict, metaclass=type, key=1.5e400):
    size: int = 3
    (loose): int = 4
    __slots__ = ()
    @overload
    def of(self, x: int) -> int: ...
    @overload
    def of(self, x: str) -> str: ...
    async def each(self):
        async for x in self:
            yield (y := x[1:2, ..., ::3])
        else:
            await x
    class Inner:
        deep = lambda self, *, k=None: (k, -1, not k, ~1 @ 2)

match total:
    case {"a": None, "b": [1, *_], **rest} | Ñandú(size=3 as z) if z: pass
    case _: raise ValueError("é\\u2028") from None

try:
    with open("x") as f, g(): [i async for i in f if i]
except* (OSError, ValueError) as error: del error
finally: assert total, "no"
while total < 1 <= 2 != 3: break
if not total: x, y = 1, 2
"""
PINNED: Final = {
    "m": "683943d91270138f",
    "m:words": "0732cb7f70acc94a",
    "m:Ñandú": "9ed883a33fa9bb84",
    "m:Ñandú.size": "dfa6399a91ba8f9d",
    "m:Ñandú.loose": "161c99533997716d",
    "m:Ñandú.__slots__": "005474e4d1e2c02a",
    "m:Ñandú.of": "a0ab336dc2e137fe",
    "m:Ñandú.each": "32ef08a2b088b48a",
    "m:Ñandú.Inner": "68a11dd3aa5dac56",
    "m:Ñandú.Inner.deep": "a179203cdf2bdd6d",
    "m:Ñandú.<order>": "ed43556b2afcb793",
    "m:<order>": "32e88aa6b1710186",
}


def digests(source: str) -> Mapping[str, str]:
    found = code_elements(source.encode(), "m", "m.py")
    return {name: element.digest for name, element in found.items()}


def test_digests_are_the_same_in_every_release_of_python() -> None:
    assert {name: digest[7:23] for name, digest in digests(ODD).items()} == PINNED


class Spot(NamedTuple):
    """A place in a tree that can be changed, and how."""

    what: str
    change: Callable[[], object]


def set_to(node: ast.AST, field: str, value: object) -> Callable[[], object]:
    return lambda: setattr(node, field, value)


def drop(items: list[ast.stmt], index: int) -> Callable[[], object]:
    def change() -> None:
        items[index : index + 1] = [] if len(items) > 1 else [ast.Pass()]

    return change


def swap(items: list[ast.stmt], index: int) -> Callable[[], object]:
    def change() -> None:
        items[index], items[index + 1] = items[index + 1], items[index]

    return change


def is_body(value: object) -> TypeGuard[list[ast.stmt]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return bool(items) and all(isinstance(one, ast.stmt) for one in items)


def is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def may_move(statement: ast.stmt) -> bool:
    return is_import(statement) and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__")


def does_something(statement: ast.stmt) -> bool:
    return not isinstance(statement, ast.Pass) and not (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def of_names(node: ast.AST) -> Iterator[Spot]:
    match node:
        case ast.Name(id=name):
            yield Spot("name", set_to(node, "id", f"{name}_"))
        case ast.arg(arg=name, annotation=annotation):
            yield Spot("argument", set_to(node, "arg", f"{name}_"))
            if annotation is not None:
                yield Spot("annotation", set_to(node, "annotation", None))
        case ast.Attribute(attr=name):
            yield Spot("attribute", set_to(node, "attr", f"{name}_"))
        case ast.alias(name=name, asname=asname) if name != "*":
            yield Spot("import", set_to(node, "asname", f"{asname or 'other'}_"))
        case _:
            pass


def of_definitions(node: ast.AST) -> Iterator[Spot]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield Spot("definition", set_to(node, "name", f"{node.name}_"))
        yield Spot("decorator", set_to(node, "decorator_list", [*node.decorator_list, ast.Name("extra")]))
    if isinstance(node, ast.ClassDef):
        yield Spot("base", set_to(node, "bases", [*node.bases, ast.Name("Extra")]))
    elif isinstance(node, ast.FunctionDef) and node.returns:
        yield Spot("result", set_to(node, "returns", None))


def of_values(node: ast.AST) -> Iterator[Spot]:
    match node:
        case ast.Constant(value=str(text)):
            yield Spot("text", set_to(node, "value", f"{text} "))
        case ast.Constant(value=bool() | None):
            yield Spot("constant", set_to(node, "value", 7))
        case ast.Constant(value=int(number)):
            yield Spot("number", set_to(node, "value", number + 1))
            yield Spot("kind of number", set_to(node, "value", float(number)))
        case _:
            pass


def of_operators(node: ast.AST) -> Iterator[Spot]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op):
            yield Spot("operator", set_to(node, "op", ast.Pow() if isinstance(op, ast.Mod) else ast.Mod()))
        case ast.Compare(ops=[first, *rest]):
            other = ast.IsNot() if isinstance(first, ast.Eq) else ast.Eq()
            yield Spot("comparison", set_to(node, "ops", [other, *rest]))
        case ast.BoolOp(op=op):
            yield Spot("and or", set_to(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And()))
        case ast.If(test=test) | ast.While(test=test):
            yield Spot("condition", set_to(node, "test", ast.UnaryOp(ast.Not(), test)))
        case _:
            pass


def of_bodies(node: ast.AST) -> Iterator[Spot]:
    for _, items in ast.iter_fields(node):
        if is_body(items):
            for index, one in enumerate(items):
                pair = items[index : index + 2]
                if does_something(one):
                    yield Spot("statement", drop(items, index))
                if len(pair) == 2 and all(map(does_something, pair)) and not all(map(is_import, pair)):
                    yield Spot("order", swap(items, index))


def spots(tree: ast.AST) -> Iterator[Spot]:
    """All places where a change of *tree* is one of what it means."""
    silent = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        for find in (of_names, of_definitions, of_operators, of_bodies):
            yield from find(node)
        if id(node) not in silent:
            yield from of_values(node)


SOURCES: Final = [
    ODD,
    *(file.read_text() for file in sorted(SAMPLE.glob("*.py"))),
    *((ROOT / "src" / "leftfold" / file).read_text() for file in ("messages/lock.py", "domain/money.py", "clock.py")),
]
sources = st.sampled_from(SOURCES)


@given(source=sources, data=st.data())
def test_any_change_of_what_code_means_is_a_change_and_names_an_element(source: str, data: st.DataObject) -> None:
    tree = ast.parse(source)
    before = ast.dump(tree)
    spot = data.draw(st.sampled_from(list(spots(tree))), label="spot")
    spot.change()
    if ast.dump(tree) == before:  # two equal statements that follow each other were swapped
        return
    mutated = ast.unparse(ast.fix_missing_locations(tree))
    assert kernel_changes(digests(source), digests(mutated))


def restated(tree: ast.Module, chance: random.Random) -> ast.Module:
    """*tree* with docstrings, `pass` and single words added or taken away, and imports in another order."""
    for node in ast.walk(tree):
        for field, items in ast.iter_fields(node):
            if not is_body(items):
                continue
            kept = [one for one in items if does_something(one)]
            for index in range(len(kept) - 1):
                pair: list[ast.stmt] = kept[index : index + 2]
                if all(map(may_move, pair)) and chance.random() < 0.5:
                    kept[index : index + 2] = pair[::-1]
            at = 1 if kept and is_import(kept[0]) and not may_move(kept[0]) else 0
            word = ast.Expr(ast.Constant(f"Said {chance.random()}."))
            added: list[list[ast.stmt]] = [[], [ast.Pass()], [word, ast.Pass()], [ast.Expr(ast.Constant(...))]]
            kept[at:at] = chance.choice(added)
            setattr(node, field, kept or [ast.Pass()])
    return tree


def commented(source: str, chance: random.Random) -> str:
    """*source* with comments at ends of lines, and empty lines between statements."""
    lines = source.split("\n")
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.NEWLINE and chance.random() < 0.3:
            lines[token.start[0] - 1] += "  # why: because"
            lines.insert(token.start[0], chance.choice(["", "# alone", "\n"]))
    return "\n".join(lines)


@given(source=sources, chance=st.randoms(use_true_random=False))
def test_no_change_of_layout_comments_or_docstrings_is_a_change(source: str, chance: random.Random) -> None:
    written = ast.unparse(ast.fix_missing_locations(restated(ast.parse(source), chance)))
    assert digests(commented(written, chance)) == digests(source)
    assert digests(commented(source, chance)) == digests(source)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 'a'", 'x = "a"'),
        ("x = 'a' 'b'", "x = ('a'\n 'b')"),
        ("x = u'a'", "x = 'a'"),
        ("x = f'a' 'b' f'{x}'", "x = f'ab{x}'"),
        ("x = 0x10", "x = 16"),
        ("x = 1_000.0", "x = 1e3"),
        ("x = (1)", "x = 1;"),
        ("def f(a,): return a", "def f(\n    a\n):\n    '''Doc.'''\n    return (a)  # a"),
        ("class A: pass", "class A:\n    'Doc.'\n    ..."),
        ("x: int = 1\n'what x is'", "x: int = 1"),
        ("import b, a", "import a\nimport b"),
        ("from x import (b,\n  a)", "from x import a, b"),
        ("import a.b\nimport a.c", "import a.c\nimport a.b"),
        ("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        ("# -*- coding: latin-1 -*-\nx = 1", "x = 1  # type: int"),
        ("if x: y\nelse: pass", "if x: y"),
        ("", '"""Doc."""\n'),
    ],
)
def test_these_mean_the_same(one: str, other: str) -> None:
    assert digests(one) == digests(other)


@pytest.mark.parametrize(
    ("one", "other", "changed"),
    [
        ("x = 1", "x = 1.0", ["changed m:x"]),
        ("x = 1", "x = True", ["changed m:x"]),
        ("x = 1", "x: int = 1", ["changed m:x"]),
        ("x = 'a'", "x = b'a'", ["changed m:x"]),
        ("x = f'{a}'", "x = f'{a!r}'", ["changed m:x"]),
        ("x = f'{a:>3}'", "x = f'{a:>4}'", ["changed m:x"]),
        ("x = {**a, 'b': 1}", "x = {None: a, 'b': 1}", ["changed m:x"]),
        ("def f(*, a, b=1): ...", "def f(*, a=1, b): ...", ["changed m:f"]),
        ("def f(a, /): ...", "def f(a): ...", ["changed m:f"]),
        ("def f(): ...", "async def f(): ...", ["changed m:f"]),
        ("def f():\n if a: b\n c", "def f():\n if a:\n  b\n  c", ["changed m:f"]),
        ("def f(): return 1", "@cache\ndef f(): return 1", ["changed m:f"]),
        ("class A(B): ...", "class A(C): ...", ["changed m:A"]),
        ("class A(B, frozen=True): ...", "class A(B, frozen=False): ...", ["changed m:A"]),
        ("class A:\n a: int\n b: int", "class A:\n b: int\n a: int", ["changed the order in m:A"]),
        ("class A:\n a: int", "class A:\n a: int\n b: int", ["added m:A.b"]),
        ("class A:\n def f(self): ...", "class A:\n def g(self): ...", ["removed m:A.f", "added m:A.g"]),
        ("class A:\n a: int\n def f(self): ...", "x = 1", ["removed m:A", "added m:x"]),
        ("x = 1\ny = x", "y = x\nx = 1", ["changed the order in m"]),
        ("x = 1\nx = 2", "x = 2\nx = 1", ["changed m:x"]),
        ("import a", "import b", ["changed m"]),
        ("import a as b", "import b", ["changed m"]),
        ("from .a import b", "from ..a import b", ["changed m"]),
        ("import a as x\nimport b as x", "import b as x\nimport a as x", ["changed m"]),
        ("from a import *\nfrom b import *", "from b import *\nfrom a import *", ["changed m"]),
        ("if x: y", "if x: z", ["changed m"]),
        ("match x:\n case None: y", "match x:\n case True: y", ["changed m"]),
        ("try: a\nexcept B: c", "try: a\nexcept* B: c", ["changed m"]),
        ("def f():\n global a, b", "def f():\n nonlocal a, b", ["changed m:f"]),
    ],
)
def test_these_do_not_and_what_has_changed_is_named(one: str, other: str, changed: list[str]) -> None:
    assert sorted(map(str, kernel_changes(digests(one), digests(other)))) == sorted(changed)


class Parting(ast.NodeTransformer):
    """Parts the text of f-strings, and adds empty ones, as some releases of Python do."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Part the text of one."""
        parts: list[ast.expr] = [ast.Constant("")]
        for value in node.values:
            text = value.value if isinstance(value, ast.Constant) else None
            parts += [ast.Constant(one) for one in text] if isinstance(text, str) else [value]
        return ast.JoinedStr(parts)


def test_the_text_of_an_f_string_is_the_same_however_it_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "x = f'ab{y}cd' 'ef{{'"
    whole, parse = digests(source), ast.parse

    def parted(source: bytes, filename: str) -> ast.Module:
        tree = parse(source, filename)
        Parting().visit(tree)
        return tree

    with monkeypatch.context() as patched:
        patched.setattr(ast, "parse", parted)
        found = digests(source)
    assert found == whole


def test_an_element_says_where_it_is_and_is_named_as_it_is_written() -> None:
    found = code_elements("\n\nclass Ñ:\n    é = 1\n".encode(), "a.b", "a/b.py")
    assert {name: one.place for name, one in found.items()} == {
        "a.b": "a/b.py:1",
        "a.b:Ñ": "a/b.py:3",
        "a.b:Ñ.é": "a/b.py:4",
    }


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (b"x = (", SyntaxError),
        (b"x = '\\0\0'", (SyntaxError, ValueError)),
        (b"x = " + b"-" * 50_000 + b"1", MemoryError),
    ],
)
def test_what_is_no_python_is_refused(source: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        code_elements(source, "m", "m.py")


def test_numbers_of_any_size_and_odd_escapes_are_read() -> None:
    assert digests(f"x = 0x{'f' * 9_000}") != digests(f"x = 0x{'f' * 9_001}")
    assert digests("x = '\\d'") == digests("x = '\\\\d'")
