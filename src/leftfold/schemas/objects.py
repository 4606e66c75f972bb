"""Objects: a writer's within a reader's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from leftfold.schemas.accepting import accepts
from leftfold.schemas.cells import Cell
from leftfold.schemas.inclusion import Break, Doubt, Inclusion, Problem
from leftfold.schemas.node import NOTHING, STRING, Fields, Node, Term, Texts
from leftfold.schemas.patterns import are_apart, matches, matching
from leftfold.schemas.rules import Rule
from leftfold.schemas.sampling import object_view
from leftfold.schemas.views import ObjectView

__all__ = ["objects_within"]

_ANY_NAME: Final = Node(kinds=STRING)
_NEW_NAMES: Final = ("a", "b", "c0", "New-1", "*")
_MOST_NAMES: Final = 200


class _Place(Struct, frozen=True):
    """A property, or properties of which the names are only known by a pattern.

    Args:
        names: what it may be called; the first that serves is taken for a witness.
        step: its step in a path.
        term: what the writer writes there.
    """

    names: tuple[str, ...]
    step: str
    term: Term


def objects_within(cell: Cell, reader: Node, engine: Inclusion) -> Iterator[Problem]:
    """What keeps the objects of *cell* from being objects that *reader* takes."""
    wanted = reader.fields
    if wanted is None:
        return
    view = object_view(cell.nodes)
    yield from _required(cell, reader, view, engine)
    for name, node in wanted.properties.items():
        if not node.says_nothing and view.has_room_for(name):
            place = _Place((name,), name, view.term(name))
            yield from _property(cell, reader, place, (node, Rule.PROPERTY_FORBIDDEN), engine)
    if wanted.rest is not None or wanted.patterns or wanted.sealed:
        yield from _others(cell, reader, view, engine)
    if wanted.names is not None:
        yield from _names(cell, reader, view, engine)
    if wanted.least or wanted.most is not None:
        yield from _counts(cell, reader, view, engine)
    if wanted.demands or wanted.dependents:
        yield from _dependencies(cell, reader, view, engine)


def _required(cell: Cell, reader: Node, view: ObjectView, engine: Inclusion) -> Iterator[Problem]:
    wanted = reader.fields or Fields()
    for name in sorted(wanted.required - view.required):
        declared = view.speaks_of(name) and view.may_have(name)
        rule = Rule.PROPERTY_MADE_REQUIRED if declared else Rule.REQUIRED_PROPERTY_ADDED
        found = engine.proof(cell, reader, rule, engine.sampler.objects(cell, without=(name,)))
        if isinstance(found, Doubt):
            yield Doubt(keyword=found.keyword, path=(name,))
        else:
            renamed = None if declared else _renamed(name, view, wanted, engine)
            yield Break(rule=rule, path=(name,), witness=found.witness, renamed=renamed)


def _renamed(name: str, view: ObjectView, wanted: Fields, engine: Inclusion) -> str | None:
    """The required property that only the writer has and that is of the type of *name*, if there is just one."""
    node = wanted.properties.get(name)
    if node is None or node.says_nothing:
        return None
    own = sorted(view.required - wanted.properties.keys())
    alike = [each for each in own if engine.fits_below(view.term(each), node) and _alike(view.term(each), node, engine)]
    return alike[0] if len(alike) == 1 else None


def _alike(term: Term, node: Node, engine: Inclusion) -> bool:
    return bool(term) and all(engine.fits_below((node,), each) for each in term)


def _property(
    cell: Cell, reader: Node, place: _Place, wanted: tuple[Node, Rule], engine: Inclusion
) -> Iterator[Problem]:
    """What keeps a property from being what is wanted; the rule is for when it is not wanted at all."""
    node, rule = wanted
    if any(not each.kinds for each in place.term):
        return
    if not node.kinds:
        value = next(engine.sampler.of_term(place.term), None)
        yield _wrapped(Break(rule=rule, witness=value), cell, reader, place, engine)
        return
    for problem in engine.below(place.term, node):
        yield _wrapped(problem, cell, reader, place, engine)


def _wrapped(problem: Problem, cell: Cell, reader: Node, place: _Place, engine: Inclusion) -> Problem:
    """*problem* of a property, seen from the object."""
    path = (place.step, *problem.path)
    if isinstance(problem, Doubt):
        return Doubt(keyword=problem.keyword, path=path)
    objects = (made for name in place.names for made in engine.sampler.objects(cell, {name: problem.witness}))
    found = engine.proof(cell, reader, problem.rule, objects)
    if isinstance(found, Doubt):
        return Doubt(keyword=found.keyword, path=path)
    return Break(rule=problem.rule, path=path, witness=found.witness, renamed=problem.renamed)


def _others(cell: Cell, reader: Node, view: ObjectView, engine: Inclusion) -> Iterator[Problem]:
    """Properties that the reader does not name, or that a pattern of it speaks of."""
    wanted = reader.fields or Fields()
    if wanted.sealed and wanted.rest is None and (reader.bare is not None or wanted.dependents):
        # What its alternatives speak of is known only document by document.
        if view.open or not view.names <= wanted.properties.keys():
            yield Doubt(keyword="unevaluatedProperties")
        wanted = replace(wanted, sealed=False)
    for name in sorted(view.names):
        place = _Place((name,), name, view.term(name))
        for node in dict.fromkeys(_about(wanted, name)):
            yield from _property(cell, reader, place, (node, Rule.PROPERTIES_CLOSED), engine)
    rest = tuple(_rest(wanted))
    if NOTHING not in view.rest:
        own = {pattern for pattern, _ in view.patterned()}
        patterns = [(pattern, node) for pattern, node in wanted.patterns if pattern not in own]
        for pattern, node in (*patterns, *((None, node) for node in rest)):
            names = _NEW_NAMES if pattern is None else tuple(islice(matching(pattern), 8))
            place = _Place(names, "*", view.rest)
            yield from _property(cell, reader, place, (node, Rule.PROPERTIES_CLOSED), engine)
    for pattern, given in view.patterned():
        place = _Place(tuple(islice(matching(pattern), 8)), "*", (given,))
        alike = [node for other, node in wanted.patterns if other == pattern]
        unlike = [node for other, node in wanted.patterns if other != pattern and not are_apart(other, pattern)]
        for node in dict.fromkeys((*alike, *unlike, *(() if alike else rest))):
            yield from _property(cell, reader, place, (node, Rule.PROPERTIES_CLOSED), engine)


def _about(wanted: Fields, name: str) -> Iterator[Node]:
    """What the reader may say of a property by pattern, or because it does not name it."""
    spoken = name in wanted.properties
    for pattern, node in wanted.patterns:
        found = matches(pattern, name)
        spoken = spoken or found is True
        if found is not False:
            yield node
    if not spoken:
        yield from _rest(wanted)


def _rest(wanted: Fields) -> Iterator[Node]:
    if wanted.rest is None and wanted.sealed:
        yield NOTHING
    elif wanted.rest is not None and not wanted.rest.says_nothing:
        yield wanted.rest


def _names(cell: Cell, reader: Node, view: ObjectView, engine: Inclusion) -> Iterator[Problem]:
    wanted = (reader.fields or Fields()).names or _ANY_NAME
    for name in sorted(view.names):
        if accepts(wanted, name) is not True:
            value = next(engine.sampler.of_term(view.term(name)), None)
            found = engine.sampler.objects(cell, {name: value})
            yield engine.proof(cell, reader, Rule.PROPERTY_NAMES_NARROWED, found)
    given = tuple(part.names for part in view.parts if part.names is not None)
    free: list[tuple[Node, Term]] = [(_ANY_NAME, view.rest)] if NOTHING not in view.rest else []
    free += [(Node(kinds=STRING, texts=Texts(pattern=pattern)), (node,)) for pattern, node in view.patterned()]
    for name_node, term in free:
        for problem in engine.below((*given, name_node), wanted):
            if isinstance(problem, Doubt):
                yield Doubt(keyword="propertyNames")
            else:
                value = next(engine.sampler.of_term(term), None)
                found = engine.sampler.objects(cell, {str(problem.witness): value})
                yield engine.proof(cell, reader, Rule.PROPERTY_NAMES_NARROWED, found)


def _counts(cell: Cell, reader: Node, view: ObjectView, engine: Inclusion) -> Iterator[Problem]:
    wanted = reader.fields or Fields()
    if view.least < wanted.least:
        yield engine.proof(cell, reader, Rule.MIN_PROPERTIES_RAISED, engine.sampler.objects(cell))
    if wanted.most is not None and (view.most is None or view.most > wanted.most):
        value = next(engine.sampler.of_term(view.rest), None)
        more = {f"a{index}": value for index in range(min(wanted.most + 1, _MOST_NAMES))}
        patterned = {
            name: value
            for pattern, node in view.patterned()
            for value in islice(engine.sampler.of_term((node,)), 1)
            for name in islice(matching(pattern), wanted.most + 1)
        }
        found = chain(*(engine.sampler.objects(cell, given) for given in ({}, more, patterned)))
        yield engine.proof(cell, reader, Rule.MAX_PROPERTIES_LOWERED, found)


def _dependencies(cell: Cell, reader: Node, view: ObjectView, engine: Inclusion) -> Iterator[Problem]:
    wanted = reader.fields or Fields()
    for name, needed in wanted.demands.items():
        given = frozenset[str]().union(*(part.demands.get(name, frozenset[str]()) for part in view.parts))
        for missing in sorted(needed - view.required - given - {name}) if view.may_have(name) else ():
            value = next(engine.sampler.of_term(view.term(name)), None)
            found = engine.sampler.objects(cell, {name: value}, without=(missing,))
            yield engine.proof(cell, reader, Rule.DEPENDENCY_ADDED, found)
    for name, node in wanted.dependents.items():
        if view.may_have(name):
            given_too = tuple(part.dependents[name] for part in view.parts if name in part.dependents)
            there = Node(fields=Fields(required=frozenset({name})))
            for problem in engine.term((*cell.nodes, there, *given_too), node):
                yield _under(problem, cell, reader, engine)


def _under(problem: Problem, cell: Cell, reader: Node, engine: Inclusion) -> Problem:
    """*problem* of a part of *reader*, if its witness holds for all of it."""
    if isinstance(problem, Doubt):
        return problem
    found = engine.proof(cell, reader, Doubt(keyword="dependentSchemas", path=problem.path), [problem.witness])
    return found if isinstance(found, Doubt) else problem
