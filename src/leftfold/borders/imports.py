"""What contexts import from each other: by the import graph, and by what source text says beyond it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Final

from leftfold.borders.import_graph import ImportGraphs
from leftfold.borders.packages import Packages
from leftfold.borders.reexports import defining, names_taken
from leftfold.borders.sources import SourceModule
from leftfold.borders.territory import Territory, is_published
from leftfold.borders.uses import Evidence, Route, Use
from leftfold.contexts.context_map import ContextMap, check_context_map
from leftfold.contexts.findings import Finding
from leftfold.errors import ExtraMissing

__all__ = ["imported"]

_EXTRA: Final = "check"


def imported(context_map: ContextMap) -> Evidence:
    """What the packages of contexts and kernels import from each other, as they can be found from here; none is run.

    Seen are imports with their lines, those for type checkers, in stubs and inside functions too; imports through
    modules that are nobody's; names that a published module hands on; and what functions as `import_module` are handed
    as a literal or a constant. An import by a name that is not spelt out is told as a note; what `exec` runs is not
    seen.

    Raises:
        ExtraMissing: grimp is not installed.
        DefinitionError: *context_map* is none.
    """
    check_context_map(context_map)
    if find_spec("grimp") is None:
        raise ExtraMissing(_EXTRA, "grimp", "looking at imports")
    found = _Imports(context_map)
    return Evidence(
        origins=frozenset({"static"}),
        uses=tuple(sorted(set(found.uses()))),
        routes=tuple(found.routes()),
        kernel_lines=found.kernel_lines,
        findings=tuple(found.findings()),
    )


class _Imports:
    def __init__(self, context_map: ContextMap) -> None:
        self._map = context_map
        self._contexts = {one.name: one for one in context_map.contexts}
        self._territory = Territory(context_map.contexts, context_map.kernels)
        self._packages = Packages(context_map, self._territory)
        self._sources = self._packages.sources
        self._graphs = ImportGraphs(self._packages, self._territory)
        self.kernel_lines = self._packages.lines_of_kernels(self._territory)
        """Lines of code of each kernel that is there."""
        self._reached: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def findings(self) -> Iterator[Finding]:
        """What could not be looked at."""
        yield from self._packages.findings
        for source in self._packages.every_source():
            owner = self._territory.owner(source.name)
            for one in source.loaded:
                if one.module is None:
                    text = f"{source.name} imports by a name that is not spelt out; what it imports is not seen"
                    yield Finding(
                        rule="not-seen",
                        contexts=(owner,),
                        message=text,
                        found_at=f"{source.path}:{one.line}",
                        subject=source.name,
                        severity="note",
                    )

    def uses(self) -> Iterator[Use]:
        """What is imported over borders."""
        for module in self._graphs.modules():
            owner = self._territory.owner(module)
            if owner:
                yield from self._imports_of(module, owner)
        for source in self._packages.every_source():
            yield from self._handed_on(source)

    def routes(self) -> Iterator[Route]:
        """Chains of imports between contexts that go separate ways, through others."""
        for edge in self._map.edges:
            packages = [self._contexts[one].package for one in (edge.upstream, edge.downstream)]
            if edge.kind != "separate-ways" or not all(one in self._packages.names for one in packages):
                continue
            for user, used in ((0, 1), (1, 0)):
                path = self._graphs.chain(packages[user], packages[used])
                names = (edge.upstream, edge.downstream)
                if path is not None and any(self._territory.owner(one) not in ("", *names) for one in path):
                    found_at = self._graphs.lines(path[0], path[1])[0][0]
                    yield Route(user=names[user], used=names[used], kind="imports", path=path, found_at=found_at)

    def _imports_of(self, module: str, owner: str) -> Iterator[Use]:
        for other in self._graphs.imported_by(module):
            used = self._territory.owner(other)
            if used == owner:
                continue
            ends = {other: ()} if used else {end: (other, *way) for end, way in self._beyond(other).items()}
            for end, through in sorted(ends.items()):
                if (whose := self._territory.owner(end)) == owner:
                    continue
                for place, types in self._graphs.lines(module, other):
                    yield Use(
                        user=owner,
                        used=whose,
                        kind="types" if types else "import",
                        subject=end,
                        module=module,
                        of=end,
                        through=through,
                        found_at=place,
                        origin="static",
                    )

    def _beyond(self, module: str) -> Mapping[str, tuple[str, ...]]:
        """Modules of somebody that a module of nobody leads to, each with the modules of nobody after the first."""
        if (known := self._reached.get(module)) is not None:
            return known
        found: dict[str, tuple[str, ...]] = {}
        waiting: list[tuple[str, tuple[str, ...]]] = [(module, ())]
        seen = {module}
        for at, way in waiting:
            for other in self._graphs.imported_by(at):
                if self._territory.owner(other):
                    found.setdefault(other, way)
                elif other not in seen:
                    seen.add(other)
                    waiting.append((other, (*way, other)))
        self._reached[module] = found
        return found

    def _handed_on(self, source: SourceModule) -> Iterator[Use]:
        """What *source* takes from a published module that is defined in one that is not."""
        owner = self._territory.owner(source.name)
        for one in source.named:
            used = self._territory.owner(one.module)
            context = self._contexts.get(used)
            if used == owner or context is None or not is_published(context, one.module):
                continue
            for name in names_taken(self._sources, one):
                home, original = defining(self._sources, one.module, name)
                if home != one.module and self._territory.owner(home) == used and not is_published(context, home):
                    yield Use(
                        user=owner,
                        used=used,
                        kind="types" if one.types else "import",
                        subject=f"{home}.{original}" if original else home,
                        module=source.name,
                        of=home,
                        through=(one.module,),
                        found_at=f"{source.path}:{one.line}",
                        origin="static",
                    )
