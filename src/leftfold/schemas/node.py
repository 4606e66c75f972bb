"""What a JSON Schema says, read once: the nodes that comparing, trying and sampling work on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from leftfold.schemas.numbers import Numbers

__all__ = [
    "ANYTHING",
    "ARRAY",
    "BOOLEAN",
    "NOTHING",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "TRUE",
    "Choice",
    "Fields",
    "Items",
    "Kinds",
    "Link",
    "Node",
    "Term",
    "Texts",
    "same_place",
]

Kinds: TypeAlias = int
"""Kinds of JSON values: one bit each."""

NULL: Final = 1
BOOLEAN: Final = 2
NUMBER: Final = 4
STRING: Final = 8
ARRAY: Final = 16
OBJECT: Final = 32
ANYTHING: Final = 63


class Texts(Struct, frozen=True, kw_only=True):
    """What is asked of a string.

    Args:
        shortest: fewest characters.
        longest: most characters; None for no end.
        content: `contentEncoding`, `contentMediaType`; what a decoder makes of the characters.
    """

    shortest: int = 0
    longest: int | None = None
    pattern: str | None = None
    format: str | None = None
    content: tuple[object, object] = (None, None)


class Items(Struct, frozen=True, eq=False, kw_only=True):
    """What is asked of an array.

    Args:
        prefix: the schemas of the first items.
        rest: the schema of all items after them; None when nothing is said of those.
        least: fewest items.
        most: most items; None for no end.
        contains: what some items must be, and of those the fewest and the most.
    """

    prefix: tuple[Node, ...] = ()
    rest: Node | None = None
    least: int = 0
    most: int | None = None
    unique: bool = False
    contains: Node | None = None
    fewest: int = 1
    utmost: int | None = None


class Fields(Struct, frozen=True, eq=False, kw_only=True):
    """What is asked of an object.

    Args:
        rest: the schema of every property that neither a name nor a pattern here speaks of; None when nothing is said.
        sealed: no property that nothing at this place speaks of (`unevaluatedProperties: false`).
        demands: names that must be there when a name is.
        dependents: what the object must be when a name is there.
    """

    properties: Mapping[str, Node] = {}
    required: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, Node], ...] = ()
    rest: Node | None = None
    names: Node | None = None
    least: int = 0
    most: int | None = None
    sealed: bool = False
    demands: Mapping[str, frozenset[str]] = {}
    dependents: Mapping[str, Node] = {}


class Link(Struct, eq=False):
    """A reference, which is filled once what it names is read: schemas may be about themselves."""

    node: Node | None = None

    @property
    def target(self) -> Node:
        """What it names."""
        assert self.node is not None  # noqa: S101 - reading fills every link before it ends
        return self.node


class Choice(Struct, frozen=True, eq=False, kw_only=True):
    """Schemas about the same value.

    Args:
        every: all of these (`allOf`).
        some: one or more of these (`anyOf`); None when there is no such keyword.
        one: exactly one of these (`oneOf`); None when there is no such keyword.
        never: not this (`not`).
        condition: `if`, `then`, `else`.
    """

    every: tuple[Node, ...] = ()
    some: tuple[Node, ...] | None = None
    one: tuple[Node, ...] | None = None
    never: Node | None = None
    condition: tuple[Node, Node | None, Node | None] | None = None


class Node(Struct, frozen=True, eq=False, kw_only=True):
    """One schema: everything it says must hold. Two nodes are the same only if they are one object.

    Args:
        raw: what it was read from.
        plain: what equals its `raw` means the same anywhere: no reference in it, no number or truth value to compare.
        whole: numbers are integers.
        values: the only values (`enum`, `const`); None for any.
        hints: values that are given as examples or as the default; they may fit or not.
        unknown: its keywords that are not known here.
        bare: the same without alternatives and reference, where it has some; None where it has none.
    """

    raw: object = None
    plain: bool = False
    kinds: Kinds = ANYTHING
    whole: bool = False
    values: tuple[object, ...] | None = None
    numbers: Numbers | None = None
    texts: Texts | None = None
    items: Items | None = None
    fields: Fields | None = None
    choice: Choice | None = None
    link: Link | None = None
    unknown: tuple[str, ...] = ()
    hints: tuple[object, ...] = field(default_factory=tuple)
    bare: Node | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether it takes any value."""
        return (
            self.kinds == ANYTHING
            and self.values is None
            and self.numbers is None
            and self.texts is None
            and self.items is None
            and self.fields is None
            and self.choice is None
            and self.link is None
            and not self.unknown
        )


Term: TypeAlias = tuple[Node, ...]
"""Nodes that must all hold for one value."""

TRUE: Final = Node(raw=True, plain=True)
NOTHING: Final = Node(raw=False, plain=True, kinds=0)


def same_place(node: Node) -> Iterator[Node]:
    """The schemas that *node* has about the very value that it is about itself."""
    if node.link is not None:
        yield node.link.target
    if node.fields is not None:
        yield from node.fields.dependents.values()
    if node.choice is not None:
        choice = node.choice
        yield from (*choice.every, *(choice.some or ()), *(choice.one or ()))
        yield from (part for part in (choice.never, *(choice.condition or ())) if part is not None)
