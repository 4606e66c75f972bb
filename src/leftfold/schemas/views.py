"""What the nodes of one cell say together about an object's properties or an array's items."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from leftfold.schemas.accepting import accepts
from leftfold.schemas.node import NOTHING, Fields, Items, Node, Term
from leftfold.schemas.patterns import matches

__all__ = ["ArrayView", "ObjectView"]


class ObjectView:
    """The properties of an object that several nodes speak of.

    What it says is never narrower than the truth: a pattern that cannot be judged is left out.

    Args:
        nodes: all must hold.
        sealing: for each node that takes no property which nothing at its place speaks of, all nodes at that place.
    """

    def __init__(self, nodes: Term, sealing: tuple[Term, ...]) -> None:
        self.parts: tuple[Fields, ...] = tuple(node.fields for node in nodes if node.fields is not None)
        self._limits = [part for part in self.parts if part.names is not None or part.most is not None]
        self.sealing: tuple[tuple[Fields, ...], ...] = tuple(
            tuple(node.fields for node in place if node.fields is not None) for place in sealing
        )
        self.required: frozenset[str] = self.with_demands(
            frozenset[str]().union(*(part.required for part in self.parts))
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that is spoken of and may be there."""
        named = dict.fromkeys(name for part in self.parts for name in part.properties)
        return frozenset(name for name in (*named, *self.required) if self.may_have(name))

    @cached_property
    def must(self) -> tuple[str, ...]:
        """The names that must be there, always in the same order."""
        named = dict.fromkeys(name for part in self.parts for name in part.properties if name in self.required)
        return (*named, *sorted(self.required - named.keys()))

    @cached_property
    def rest(self) -> Term:
        """What every property that no name speaks of must be."""
        found = [part.rest for part in self.parts if part.rest is not None]
        return tuple(dict.fromkeys((*found, *((NOTHING,) if any(map(_closes, self.sealing)) else ()))))

    @cached_property
    def open(self) -> bool:
        """Whether there may be properties that no name speaks of."""
        patterned = any(part.patterns for part in self.parts)
        return NOTHING not in self.rest or patterned

    @cached_property
    def least(self) -> int:
        """The fewest properties."""
        must = sum(self.may_have(name) for name in self.required)
        return max([must, *(part.least for part in self.parts)])

    @cached_property
    def most(self) -> int | None:
        """The most properties; None for no end."""
        ends = [part.most for part in self.parts if part.most is not None]
        beside = [part for place in self.sealing for part in place]
        if not self.open and not any(part.patterns for part in beside):
            # An alternative that is not of this cell may hold too, and what it speaks of is not closed off then.
            ends.append(len(self.names.union(*(part.properties for part in beside))))
        return min(ends, default=None)

    def speaks_of(self, name: str) -> bool:
        """Whether *name* is declared."""
        return any(name in part.properties for part in self.parts)

    def term(self, name: str) -> Term:
        """What the property *name* must be, if it is there."""
        if len(self.parts) == 1 and not self.sealing:
            part = self.parts[0]
            node = part.properties.get(name)
            if node is not None and not part.patterns:
                return (node,)
        found = [node for part in self.parts for node in _about(part, name)]
        if any(_closes(place) and not _speaks(place, name) for place in self.sealing):
            found.append(NOTHING)
        return tuple(dict.fromkeys(found))

    def may_have(self, name: str) -> bool:
        """Whether there can be a property *name*, as far as is seen at once."""
        return all(node.kinds for node in self.term(name)) and self.has_room_for(name)

    def has_room_for(self, name: str) -> bool:
        """Whether the names and the number of properties that must be there leave room for *name*."""
        return not self._limits or not any(
            (part.names is not None and accepts(part.names, name) is False)
            or (part.most is not None and part.most <= len(self.required) and name not in self.required)
            for part in self._limits
        )

    def with_demands(self, names: frozenset[str]) -> frozenset[str]:
        """*names* and all that must be there with them."""
        demands = [part.demands for part in self.parts if part.demands]
        while demands:
            more = names.union(*(needed for each in demands for name, needed in each.items() if name in names))
            if more == names:
                break
            names = more
        return names

    def patterned(self) -> Iterator[tuple[str, Node]]:
        """The patterns, and what properties with such a name must be."""
        for part in self.parts:
            yield from part.patterns


class ArrayView:
    """The items of an array that several nodes speak of."""

    def __init__(self, nodes: Term) -> None:
        self.parts: tuple[Items, ...] = tuple(node.items for node in nodes if node.items is not None)
        self.prefix: int = max((len(part.prefix) for part in self.parts), default=0)
        self.least: int = max((part.least for part in self.parts), default=0)
        self.unique: bool = any(part.unique for part in self.parts)

    @cached_property
    def most(self) -> int | None:
        """The most items; None for no end."""
        ends = [part.most for part in self.parts if part.most is not None]
        ends += [index for index in range(self.prefix + 1) if any(not node.kinds for node in self.at(index))][:1]
        return min(ends, default=None)

    def at(self, index: int) -> Term:
        """What the item at *index* must be, counted from 0; from `prefix` on, all are alike."""
        found: list[Node] = []
        for part in self.parts:
            if index < len(part.prefix):
                found.append(part.prefix[index])
            elif part.rest is not None:
                found.append(part.rest)
        return tuple(dict.fromkeys(found))


def _about(part: Fields, name: str) -> Iterator[Node]:
    spoken = name in part.properties
    if spoken:
        yield part.properties[name]
    for pattern, node in part.patterns:
        found = matches(pattern, name)
        spoken = spoken or found is not False
        if found:
            yield node
    if not spoken and part.rest is not None:
        yield part.rest


def _speaks(place: tuple[Fields, ...], name: str) -> bool:
    return any(
        name in part.properties or any(matches(pattern, name) is not False for pattern, _ in part.patterns)
        for part in place
    )


def _closes(place: tuple[Fields, ...]) -> bool:
    return all(part.rest is None for part in place)
