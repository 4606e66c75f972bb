"""Whether a reader takes whatever a writer may write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeAlias, cast

from leftfold.errors import DefinitionError
from leftfold.schemas.accepting import accepts
from leftfold.schemas.alternatives import choices_within
from leftfold.schemas.arrays import arrays_within
from leftfold.schemas.cells import Cell, TooManyCases, cells_of, kinds_of, number_set
from leftfold.schemas.hollow import is_hollow
from leftfold.schemas.inclusion import Break, Doubt, Problem, Problems
from leftfold.schemas.node import ARRAY, NUMBER, OBJECT, STRING, TRUE, Choice, Node, Term
from leftfold.schemas.numbers import as_json
from leftfold.schemas.objects import objects_within
from leftfold.schemas.reading import Schema
from leftfold.schemas.refusals import type_rule, value_rule
from leftfold.schemas.rules import Rule
from leftfold.schemas.sampling import Sampler, fits_cell
from leftfold.schemas.scalars import numbers_within, texts_within
from leftfold.schemas.verdict import Breaking, Compatible, Unknown, Verdict

__all__ = ["compare", "problems"]

_MOST_TRIED: Final = 40
_MOST_TRIED_IN_ALL: Final = 3_000
_FEW: Final = 100
_MOST_STEPS: Final = 10_000
_UNDECIDED: Final[Problems] = (Doubt(keyword="$ref"),)
_TOO_MUCH: Final[Problems] = (Doubt(keyword="anyOf"),)
_Pair: TypeAlias = tuple[Term, Node]


def compare(writer: Schema, reader: Schema) -> Verdict:
    """Decide whether everything that *writer* accepts, *reader* accepts.

    To compare two versions of a message, give the `writer_form` of one and the `reader_form` of the other. Rules are
    named as if the writer were the older version; where it is the newer one, take their `mirror`.

    `Compatible` is proved. `Breaking` comes with a document that was found accepted by the one and refused by the
    other. Everything else is `Unknown`.

    Returns:
        The first break; without one, the first thing that could not be decided; without that, `Compatible`.

    Raises:
        DefinitionError: one of them is no schema that was read.

    Source: creekservice.org (2024), "Evolving JSON Schemas", parts I and II (closed producer within open consumer).
    """
    found = problems(writer, reader)
    return next((each for each in found if isinstance(each, Breaking)), found[0] if found else Compatible())


def problems(writer: Schema, reader: Schema) -> tuple[Breaking | Unknown, ...]:
    """Everything that keeps *reader* from accepting all that *writer* accepts, as `compare` says it.

    Returns:
        Empty if and only if the two are compatible.

    Raises:
        DefinitionError: one of them is no schema that was read.
    """
    for one in (writer, reader):
        if not isinstance(cast("object", one), Schema):
            raise DefinitionError(f"{one!r:.80} is no Schema; read it first: read_schema(...)")
    strange = dict.fromkeys((*writer.unknown, *reader.unknown))
    found: dict[tuple[str, str], Breaking | Unknown] = {
        (keyword, path): Unknown(keyword=keyword, path=path) for keyword, path in strange
    }
    answers = [_told(problem, writer, reader) for problem in _fixpoint(writer.root, reader.root)]
    breaks = any(isinstance(told, Breaking) for told in answers)
    for told in answers:
        # Where a schema comes back to itself, the break that it comes back to is told already.
        if breaks and isinstance(told, Unknown) and told.keyword == "$ref":
            continue
        found.setdefault((told.rule if isinstance(told, Breaking) else told.keyword, told.path), told)
    return tuple(found.values())


def _told(problem: Problem, writer: Schema, reader: Schema) -> Breaking | Unknown:
    path = "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in problem.path)
    if isinstance(problem, Doubt):
        return Unknown(keyword=problem.keyword, path=path)
    if accepts(writer.root, problem.witness) is True and accepts(reader.root, problem.witness) is False:
        return Breaking(rule=problem.rule, path=path, witness=problem.witness, renamed=problem.renamed)
    return Unknown(keyword=problem.rule.keyword, path=path)


def _fixpoint(writer: Node, reader: Node) -> Problems:
    """Compare until no pair that was taken to fit while it was being compared turns out not to."""
    known: dict[_Pair, Problems] = {}
    unfit: set[_Pair] = set()
    steps = 0
    while True:
        engine = _Comparison(known, unfit, steps)
        try:
            found = engine.term((writer,), reader)
        except RecursionError:
            return (Doubt(keyword="$ref"),)
        wrong = {pair for pair in engine.assumed if engine.done.get(pair) or pair in engine.unfit}
        steps = engine.steps
        if steps > _MOST_STEPS:
            return (*found, *_TOO_MUCH)
        if not wrong:
            return found
        known |= {pair: engine.done[pair] for pair in wrong if engine.done.get(pair)}
        unfit |= wrong


class _Comparison:
    """One pass.

    Args:
        known: what is wrong with pairs, from earlier passes.
        unfit: pairs that were found not to fit in earlier passes; they are not taken to fit again.
        steps: cases that were looked at in earlier passes.
    """

    def __init__(self, known: Mapping[_Pair, Problems], unfit: Iterable[_Pair], steps: int) -> None:
        self.sampler = Sampler()
        self.done: dict[_Pair, Problems] = dict(known)
        self.unfit: set[_Pair] = set(unfit)
        self.assumed: set[_Pair] = set()
        self._active: dict[_Pair, int] = {}
        self._depth = 0
        self.steps = steps
        self._tried = 0
        self._asking = 0
        self._negations: dict[Node, Node] = {}

    def below(self, writer: Term, reader: Node) -> Problems:
        if len(writer) == 1 and writer[0].plain and reader.plain and writer[0].raw == reader.raw:
            return ()
        self._depth += 1
        try:
            return self.term(writer, reader)
        finally:
            self._depth -= 1

    def fits_below(self, writer: Term, reader: Node) -> bool:
        self._asking += 1
        try:
            return not self.below(writer, reader)
        finally:
            self._asking -= 1

    def fits(self, writer: Term, reader: Node) -> bool:
        self._asking += 1
        try:
            return not self.term(writer, reader)
        finally:
            self._asking -= 1

    def term(self, writer: Term, reader: Node) -> Problems:
        pair = (writer, reader)
        found = self.done.get(pair)
        if found is not None:
            return found
        if self._asking and pair in self.unfit:
            return _UNDECIDED
        depth = self._active.get(pair)
        if depth is not None:
            # A proof may rest on itself only about a smaller document.
            if depth == self._depth or pair in self.unfit:
                return _UNDECIDED
            self.assumed.add(pair)
            return ()
        self._active[pair] = self._depth
        try:
            found = self._first(self._of_cells(writer, reader))
        finally:
            del self._active[pair]
        if found and self._asking:
            self.unfit.add(pair)
        else:
            self.done[pair] = found
        return found

    def _first(self, found: Iterator[Problem]) -> Problems:
        """All problems; just one when it is only asked whether there are any."""
        return tuple(islice(found, 1) if self._asking else found)

    def cell(self, cell: Cell, reader: Node) -> Problems:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            return _TOO_MUCH
        if cell.values is not None:
            return self._first(self._of_values(cell, cell.values, reader))
        if not reader.kinds & cell.kind:
            return (self.proof(cell, reader, type_rule(cell, reader), self.sampler.of_cell(cell)),)
        few = number_set(cell.nodes).all(_FEW) if cell.kind == NUMBER and reader.values is not None else None
        if few is not None:
            return self._first(self._of_values(cell, map(as_json, few), reader))
        if reader.values is not None:
            return (self.proof(cell, reader, Rule.ENUM_ADDED, self.sampler.of_cell(cell)),)
        return self._first(self._endless(cell, reader))

    def cell_fits(self, cell: Cell, reader: Node) -> bool:
        self._asking += 1
        try:
            return not self.cell(cell, reader)
        finally:
            self._asking -= 1

    def apart(self, cell: Cell, node: Node) -> bool:
        if not kinds_of(node) & cell.kind:
            return True
        try:
            both = cells_of((*cell.nodes, node))
        except TooManyCases:
            return False
        return all(is_hollow(each) for each in both if each.kind == cell.kind) or any(
            self.fits((*cell.nodes, node), other) for other in cell.nots
        )

    def proof(self, cell: Cell, reader: Node, found: Doubt | Rule, candidates: Iterable[object]) -> Problem:
        most = 0 if self._asking else _MOST_TRIED if self._tried < _MOST_TRIED_IN_ALL else 1
        for value in islice(candidates, most):
            self._tried += 1
            if fits_cell(cell, value) and accepts(reader, value) is False:
                rule = found if isinstance(found, Rule) else Rule.UNION_ARM_REMOVED
                return Break(rule=rule, witness=value)
        return Doubt(keyword=found.keyword) if isinstance(found, Rule) else found

    def negation(self, node: Node) -> Node:
        found = self._negations.get(node)
        if found is None:
            found = self._negations[node] = Node(choice=Choice(never=node), bare=TRUE)
        return found

    def _is_void(self, cell: Cell) -> bool:
        """Whether it is certain that *cell* has no value."""
        return is_hollow(cell) or any(self.fits(cell.nodes, node) for node in cell.nots)

    def _of_cells(self, writer: Term, reader: Node) -> Iterator[Problem]:
        try:
            cells = cells_of(writer)
        except TooManyCases:
            yield Doubt(keyword="anyOf")
            return
        for cell in cells:
            found = self.cell(cell, reader)
            if found and not self._is_void(cell):
                yield from found

    def _of_values(self, cell: Cell, values: Iterable[object], reader: Node) -> Iterator[Problem]:
        for value in values:
            written = fits_cell(cell, value)
            taken = accepts(reader, value)
            if taken is True or any(accepts(node, value) is False for node in cell.nodes):
                continue
            rule = value_rule(cell, value, reader)
            if taken is False and written:
                yield Break(rule=rule, witness=value)
            elif not any(accepts(node, value) for node in cell.nots):
                yield Doubt(keyword=rule.keyword)

    def _endless(self, cell: Cell, reader: Node) -> Iterator[Problem]:
        if cell.kind == NUMBER and (reader.numbers is not None or reader.whole):
            yield from numbers_within(cell, reader, self)
        elif cell.kind == STRING and reader.texts is not None:
            yield from texts_within(cell, reader, self)
        elif cell.kind == ARRAY and reader.items is not None:
            yield from arrays_within(cell, reader, self)
        elif cell.kind == OBJECT and reader.fields is not None:
            yield from objects_within(cell, reader, self)
        if reader.link is not None:
            yield from self.cell(cell, reader.link.target)
        if reader.choice is not None:
            yield from choices_within(cell, reader, reader.choice, self)
