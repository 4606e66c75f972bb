"""Values that a schema accepts: the stuff that witnesses are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from leftfold.schemas.accepting import accepts, accepts_all
from leftfold.schemas.cells import Cell, TooManyCases, cells_of, lengths, number_set
from leftfold.schemas.formats import FORMATS, LENGTHS
from leftfold.schemas.node import NUMBER, OBJECT, STRING, Node, Term, same_place
from leftfold.schemas.numbers import as_json
from leftfold.schemas.patterns import matching, matching_lengths
from leftfold.schemas.values import same
from leftfold.schemas.views import ArrayView, ObjectView

__all__ = ["Sampler", "fits_cell", "known_lengths", "object_view", "strings"]

_DEEPEST: Final = 8
_LONGEST: Final = 20_000
_UNITS: Final = ("a", "0", "A", " ", "-", "?", "\u00e9")
_MOST_OTHERS: Final = 4
_MOST_ITEMS: Final = 200
_NONE: Final = object()


class Sampler:
    """Finds values of terms; every one is checked before it is given."""

    def __init__(self) -> None:
        self._first: dict[tuple[Term, int], object] = {}
        self._depth = _DEEPEST

    def of_term(self, term: Term) -> Iterator[object]:
        """Values of *term*, the simplest first; none when none was found, which does not say that there are none."""
        try:
            cells = cells_of(term)
        except TooManyCases:
            return
        for cell in cells:
            yield from self.of_cell(cell)

    def of_cell(self, cell: Cell) -> Iterator[object]:
        """Values of *cell*."""
        return (value for value in self._candidates(cell) if fits_cell(cell, value))

    def objects(
        self, cell: Cell, given: Mapping[str, object] | None = None, without: Collection[str] = ()
    ) -> Iterator[dict[str, object]]:
        """Objects that may be of *cell*: with the properties *given*, without others; the smallest first."""
        view = object_view(cell.nodes)
        given = given or {}
        optional = sorted(view.names - view.required - given.keys() - set(without))
        small = self._object(view, given, without, ())
        yield from small
        for name in optional:
            yield from self._object(view, given, without, (name,))
        if len(optional) > 1:
            yield from self._object(view, given, without, optional)
        for name in view.must:
            if name not in given and name not in without:
                for value in islice(self.of_term(view.term(name)), 1, _MOST_OTHERS):
                    yield from self._object(view, {**given, name: value}, without, ())

    def arrays(self, cell: Cell, count: int, given: Mapping[int, object] | None = None) -> Iterator[list[object]]:
        """Arrays of *count* items that may be of *cell*, with the items *given* at their places, counted from 0."""
        view = ArrayView(cell.nodes)
        given = given or {}
        if count > _MOST_ITEMS:
            return
        for wanted in ((), *(((part.contains,) * part.fewest) for part in view.parts if part.contains)):
            made: list[object] = []
            for index in range(count):
                extra = wanted[index : index + 1]
                taken = made + [value for place, value in given.items() if place > index] if view.unique else []
                value = given[index] if index in given else self._other(view.at(index) + extra, taken)
                if value is _NONE:
                    break
                made.append(value)
            else:
                yield made

    def _candidates(self, cell: Cell) -> Iterator[object]:
        if cell.values is not None:
            yield from cell.values
            return
        yield from (hint for node in cell.nodes for hint in node.hints)
        if cell.kind == NUMBER:
            yield from map(as_json, number_set(cell.nodes).some())
        elif cell.kind == STRING:
            yield from strings(cell.nodes)
        elif cell.kind == OBJECT:
            yield from self.objects(cell)
        else:
            view = ArrayView(cell.nodes)
            wanted = [part.fewest for part in view.parts if part.contains is not None]
            for count in dict.fromkeys((view.least, max([view.least, *wanted]), view.least + 1, view.least + 2)):
                yield from self.arrays(cell, count)

    def _object(
        self, view: ObjectView, given: Mapping[str, object], without: Collection[str], more: Iterable[str]
    ) -> Iterator[dict[str, object]]:
        made: dict[str, object] = {}
        names = dict.fromkeys((*view.must, *more, *given))
        for name in (*names, *sorted(view.with_demands(frozenset(names)) - names.keys())):
            if name in given or name in without:
                continue
            value = self._one(view.term(name))
            if value is _NONE:
                return
            made[name] = value
        made |= given
        yield self._filled(view, made, without)

    def _filled(self, view: ObjectView, made: dict[str, object], without: Collection[str]) -> dict[str, object]:
        """*made* with as many more properties as must be there."""
        patterned = (name for pattern, _ in view.patterned() for name in islice(matching(pattern), 8))
        spare = (*sorted(view.names), *patterned, *(f"a{index}" for index in range(view.least)))
        for name in spare:
            if len(made) >= view.least:
                break
            if name not in made and name not in without and (value := self._one(view.term(name))) is not _NONE:
                made[name] = value
        return made

    def _one(self, term: Term) -> object:
        if self._depth == 0:
            return _NONE
        key = (term, self._depth)
        if key not in self._first:
            self._depth -= 1
            self._first[key] = next(self.of_term(term), _NONE)
            self._depth += 1
        return self._first[key]

    def _other(self, term: Term, taken: list[object]) -> object:
        """A value of *term* that is none of those *taken*."""
        if not taken:
            return self._one(term)
        self._depth -= 1
        try:
            found = islice(self.of_term(term), len(taken) + 1) if self._depth > 0 else iter(())
            return next((each for each in found if not any(same(each, other) for other in taken)), _NONE)
        finally:
            self._depth += 1


def fits_cell(cell: Cell, value: object) -> bool | None:
    """Whether *value* is certainly in *cell*."""
    return accepts_all(cell.nodes, value) is True and all(accepts(node, value) is False for node in cell.nots)


def known_lengths(nodes: Term) -> tuple[int, int | None]:
    """The fewest and most characters of a string that fulfils *nodes*, as far as it can be told."""
    texts = [node.texts for node in nodes if node.texts is not None]
    known = [LENGTHS[text.format] for text in texts if text.format is not None and text.format in LENGTHS]
    return lengths(nodes, known + [matching_lengths(text.pattern) for text in texts if text.pattern is not None])


def strings(nodes: Term) -> Iterator[str]:
    """Strings that may fulfil *nodes*: some do not."""
    shortest, longest = known_lengths(nodes)
    for node in nodes:
        if node.texts is not None:
            yield from FORMATS.get(node.texts.format or "", ())
            for text in islice(matching(node.texts.pattern), 16) if node.texts.pattern is not None else ():
                # What is not bound to the end may be longer.
                yield from (text, text.ljust(min(shortest, _LONGEST), "a"), text + "a")
    ends = dict.fromkeys((shortest, max(shortest, 1), shortest + 1, longest if longest is not None else shortest + 2))
    for length in ends:
        if length <= _LONGEST:
            yield from (unit * length for unit in _UNITS)


def object_view(nodes: Term) -> ObjectView:
    """What *nodes* say together of an object's properties."""
    sealed = [node for node in nodes if node.fields is not None and node.fields.sealed]
    return ObjectView(nodes, tuple(map(_place, sealed)))


def _place(node: Node) -> Term:
    found: dict[Node, None] = {}
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = None
            waiting += same_place(each)
    return tuple(found)
