"""What the parts of a comparison ask of each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from msgspec import Struct

from leftfold.schemas.cells import Cell
from leftfold.schemas.node import Node, Term
from leftfold.schemas.rules import Rule
from leftfold.schemas.sampling import Sampler

__all__ = ["Break", "Doubt", "Inclusion", "Problem", "Problems"]


class Break(Struct, frozen=True, kw_only=True):
    """A value of the writer that the reader refuses.

    Args:
        path: to what is refused, from the value that is compared.
        witness: the value; the engine itself has found it accepted and refused.
    """

    rule: Rule
    path: tuple[str, ...] = ()
    witness: object
    renamed: str | None = None


class Doubt(Struct, frozen=True, kw_only=True):
    """Something that could not be decided."""

    keyword: str
    path: tuple[str, ...] = ()


Problem: TypeAlias = Break | Doubt
Problems: TypeAlias = tuple[Problem, ...]
"""Why the reader may not take all that the writer writes; empty when it is proved that it takes all."""


class Inclusion(Protocol):
    """Decides whether what a writer writes is within what a reader takes."""

    @property
    def sampler(self) -> Sampler:
        """Finds values."""
        ...

    def below(self, writer: Term, reader: Node) -> Problems:
        """Compare what stands one step further in the document: a property, an item."""
        ...

    def fits_below(self, writer: Term, reader: Node) -> bool:
        """Whether `below` would find no problem; quicker, as nothing has to be shown."""
        ...

    def term(self, writer: Term, reader: Node) -> Problems:
        """Compare what stands at the same place."""
        ...

    def cell(self, cell: Cell, reader: Node) -> Problems:
        """Compare one case of a writer."""
        ...

    def cell_fits(self, cell: Cell, reader: Node) -> bool:
        """Whether `cell` would find no problem; quicker, as nothing has to be shown."""
        ...

    def apart(self, cell: Cell, node: Node) -> bool:
        """Whether it is certain that no value of *cell* is accepted by *node*."""
        ...

    def negation(self, node: Node) -> Node:
        """A node that accepts what *node* does not; always the same one."""
        ...

    def proof(self, cell: Cell, reader: Node, found: Doubt | Rule, candidates: Iterable[object]) -> Problem:
        """A break by the first of *candidates* that is in *cell* and that *reader* refuses; a doubt when none is."""
        ...
