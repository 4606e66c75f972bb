"""From a file in the Context Mapper language to what it says: map, contexts, teams, subdomains, aggregates, owners.

What is inside aggregates, and whatever else the language has, is passed over; braces have to match there, too.

Source: the grammar of Context Mapper, `ContextMappingDSL.xtext`.
"""

from __future__ import annotations

from typing import Final

from leftfold.catalog.cml_model import AggregatePart, ContextPart, MapPart, Model, RelationPart, SubdomainPart
from leftfold.catalog.cml_relations import OPERATORS, edge_of
from leftfold.catalog.cml_words import Words

__all__ = ["parsed"]

_PASSED_OVER: Final = frozenset({"UseCase", "UserStory", "Stakeholders", "ValueRegister"})
_BEGINNINGS: Final = frozenset({"import", "ContextMap", "BoundedContext", "Domain", *_PASSED_OVER})


def parsed(text: str, file: str) -> Model:
    """What *text* says.

    Args:
        file: its name, for errors and places.

    Raises:
        InvalidCatalogFile: it is not of this language; it names the line.
    """
    return _Parser(Words(text, file)).model()


class _Parser:
    def __init__(self, words: Words) -> None:
        self._words = words
        self._map: MapPart | None = None
        self._contexts: list[ContextPart] = []
        self._subdomains: list[SubdomainPart] = []
        self._imports: list[str] = []

    def model(self) -> Model:
        words = self._words
        while not words.at_end():
            match words.name(f"one of {', '.join(sorted(_BEGINNINGS))}"):
                case "import":
                    self._imports.append(words.text("the file to import"))
                case "ContextMap":
                    if self._map is not None:
                        raise words.wrong("this is a second ContextMap; a file has one")
                    self._map = self._context_map()
                case "BoundedContext":
                    self._contexts.append(self._context())
                case "Domain" | "Subdomain":
                    self._domain()
                case name if name in _PASSED_OVER:
                    words.pass_over(_BEGINNINGS)
                case name:
                    raise words.wrong(f"{name!r} cannot stand here; write one of {', '.join(sorted(_BEGINNINGS))}")
        return Model(self._map, tuple(self._contexts), tuple(self._subdomains), tuple(self._imports))

    def _context_map(self) -> MapPart:
        words = self._words
        name = "" if words.sees("{") else words.name("the name of the map, or {")
        words.take("{")
        type, contexts, relations = "", list[tuple[str, int]](), list[RelationPart]()
        while not words.took("}"):
            if words.is_attribute("type"):
                type = words.attribute()
            elif words.is_attribute("state"):
                words.attribute()
            elif words.sees("contains") and not words.sees_after(OPERATORS):
                words.take("contains")
                contexts += words.names("a context")
            else:
                relations.append(self._relation())
        return MapPart(name, type, tuple(contexts), tuple(relations))

    def _relation(self) -> RelationPart:
        words = self._words
        before, line = words.roles(), words.line
        left = words.name("a context, contains, type, state or }")
        left_roles = (*before, *words.roles())
        operator = words.operator(OPERATORS)
        before = words.roles()
        at = words.line
        right = words.name("the other context")
        right_roles = (*before, *(words.roles() if words.line == at else ()))
        name = words.name("the name of the relation") if words.took(":") else ""
        exposed, rights = tuple[str, ...](), ""
        if words.took("{"):
            while not words.took("}"):
                match words.name("an attribute or }"):
                    case "implementationTechnology":
                        words.took("=")
                        words.text("the technology")
                    case "exposedAggregates":
                        words.took("=")
                        exposed = tuple(one for one, _ in words.names("an aggregate"))
                    case "downstreamRights":
                        words.took("=")
                        rights = words.name("a right")
                    case other:
                        raise words.wrong(f"a relation has no attribute {other!r}")
        sides = (left, left_roles), (right, right_roles)
        return RelationPart(edge_of(sides, operator, name, rights, words.place(line)), exposed, line)

    def _context(self) -> ContextPart:
        words = self._words
        line = words.line
        name = words.name("the name of the context")
        implements, realizes = list[str](), list[str]()
        while words.sees("implements") or words.sees("realizes") or words.sees("refines"):
            kind = words.name("")
            found = [one for one, _ in words.names("a name")]
            (implements if kind == "implements" else realizes if kind == "realizes" else []).extend(found)
        vision, type, aggregates = "", "", list[AggregatePart]()
        if words.took("{"):
            while not words.took("}"):
                if words.is_attribute("type"):
                    type = words.attribute()
                elif words.is_attribute("domainVisionStatement"):
                    vision = words.attribute()
                else:
                    self._inside(aggregates)
        return ContextPart(
            name=name,
            line=line,
            implements=tuple(implements),
            realizes=tuple(realizes),
            type=type,
            vision=vision,
            aggregates=tuple(aggregates),
        )

    def _inside(self, aggregates: list[AggregatePart]) -> None:
        """Whatever else is in a context, or in a module of it."""
        words = self._words
        if words.took("Aggregate"):
            aggregates.append(self._aggregate())
        elif words.took("Module"):
            words.name("the name of the module")
            if words.took("{"):
                while not words.took("}"):
                    self._inside(aggregates)
        else:
            words.skip()

    def _aggregate(self) -> AggregatePart:
        words = self._words
        line, name, owner = words.line, words.name("the name of the aggregate"), ""
        if words.took("{"):
            while not words.took("}"):
                if words.is_attribute("owner"):
                    owner = words.attribute()
                else:
                    words.skip()
        return AggregatePart(name, owner, line)

    def _domain(self) -> None:
        words = self._words
        name, type = words.name("the name of the domain"), ""
        if words.took("supports"):
            words.names("a feature")
        if words.took("{"):
            while not words.took("}"):
                if words.took("Subdomain"):
                    self._domain()
                elif words.is_attribute("type"):
                    type = words.attribute()
                else:
                    words.skip()
        self._subdomains.append(SubdomainPart(name, type))
