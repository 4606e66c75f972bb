"""Which module imports which: the graph that grimp draws, and what source text says beyond it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from leftfold.borders.beside import modules_beside, modules_left_out
from leftfold.borders.packages import UNREADABLE, Packages
from leftfold.borders.source_reading import Imported
from leftfold.borders.sources import SourceModule
from leftfold.borders.territory import Territory
from leftfold.contexts.findings import Finding

if TYPE_CHECKING:
    from grimp import ImportGraph

__all__ = ["ImportGraphs"]

_STAR: Final = "*"
_PANIC: Final = "PanicException"


class ImportGraphs:
    """The imports of packages, those that run and those for type checkers only.

    Where grimp can draw no graph, as some file cannot be read, or a module is in no package, what the files of contexts
    and kernels say is all there is; a finding says so when nothing else did.

    Args:
        packages: of contexts and kernels.
        territory: whose they are.
    """

    def __init__(self, packages: Packages, territory: Territory) -> None:
        self._packages = packages
        self._territory = territory
        self._stubbed: dict[tuple[str, str], list[str]] = {}
        self._all = self._drawn(types=True)
        self._run = self._drawn(types=False)
        beside = modules_beside(packages)
        if self._all.modules:
            beside = {**beside, **modules_left_out(packages, self._all.modules)}
        self._names = {*packages.names, *beside, *(one.name for one in packages.every_source())}
        for graph in (self._all, self._run):
            _name(graph, self._names)
        self._names |= self._all.modules
        for source in (*packages.sources.values(), *beside.values()):
            self._complete(source)
        for stub in packages.stubs:
            self._complete_by(stub)

    def modules(self) -> Sequence[str]:
        """Every module that imports or is imported, sorted."""
        return sorted(self._all.modules)

    def imported_by(self, module: str) -> Sequence[str]:
        """What *module* itself imports, sorted."""
        return sorted(self._all.find_modules_directly_imported_by(module))

    def lines(self, module: str, other: str) -> Sequence[tuple[str, bool]]:
        """Where *module* imports *other*, as `path:line`, and whether it does for type checkers only."""
        runs: set[int] = set()
        if _imports(self._run, module, other):
            runs = {one["line_number"] for one in self._run.get_import_details(importer=module, imported=other)}
        lines = {one["line_number"] for one in self._all.get_import_details(importer=module, imported=other)}
        path = source.path if (source := self._packages.sources.get(module)) is not None else module
        stubbed = [(place, True) for place in self._stubbed.get((module, other), ())]
        return [*((f"{path}:{line}", line not in runs) for line in sorted(lines - {0})), *stubbed]

    def chain(self, package: str, other: str) -> tuple[str, ...] | None:
        """The shortest chain of imports from one package to another through others, the first by name."""
        if not {package, other} <= self._all.modules:
            return None
        chains = self._all.find_shortest_chains(importer=package, imported=other, as_packages=True)
        return min((tuple(one) for one in chains if len(one) > 2), key=lambda one: (len(one), one), default=None)

    def _drawn(self, *, types: bool) -> ImportGraph:
        from grimp import ImportGraph, build_graph

        roots = sorted(self._packages.roots)
        if not roots or any(one.rule == UNREADABLE for one in self._packages.findings):
            return ImportGraph()
        try:
            return build_graph(
                *roots, include_external_packages=True, exclude_type_checking_imports=not types, cache_dir=None
            )
        except BaseException as error:  # it panics, too, on a file that no Python can import
            if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
                raise
            text = f"imports through other modules are not seen, as a file there cannot be read; mend it: {error}"
            owners = tuple(sorted({self._territory.owner(package) for package in self._packages.names}))
            self._packages.findings.append(Finding(rule=UNREADABLE, contexts=owners, message=text, subject="imports"))
            return ImportGraph()

    def _complete(self, source: SourceModule) -> None:
        """Add what *source* says and the graphs do not have."""
        for one in (*source.imports, *self._reached(source)):
            self._import(source.name, one, again=False)
        for load in source.loaded:
            if load.module is not None:
                self._import(source.name, Imported(load.module, "", load.line, load.types), again=True)

    def _reached(self, source: SourceModule) -> Iterator[Imported]:
        """Modules that *source* comes to through others, as `acme.till.receipt` after `import acme.till.api`."""
        for one, further in zip_longest(source.named, source.named[1:]):
            module = f"{one.module}.{one.name}"
            on = f"{further.module}.{further.name}" if further is not None and further.module == module else ""
            if module in self._names and on not in self._names:
                yield one

    def _import(self, name: str, one: Imported, *, again: bool) -> None:
        module = self._target(one)
        if module is None or module == name:
            return
        for graph in (self._all,) if one.types else (self._all, self._run):
            if again or not _imports(graph, name, module):
                _add(graph, name, module, one.line)

    def _complete_by(self, stub: SourceModule) -> None:
        """Add what a stub says, which has lines of its own: the graph is given none."""
        for one in stub.imports:
            module = self._target(one)
            if module is not None and module != stub.name:
                self._stubbed.setdefault((stub.name, module), []).append(f"{stub.path}:{one.line}")
                if not _imports(self._all, stub.name, module):
                    _add(self._all, stub.name, module, 0)

    def _target(self, one: Imported) -> str | None:
        """The module that is imported; None for one of a library."""
        below = f"{one.module}.{one.name}"
        if one.name not in ("", _STAR) and below in self._names:
            return below
        return one.module if self._territory.owner(one.module) or one.module in self._names else None


def _name(graph: ImportGraph, modules: AbstractSet[str]) -> None:
    for module in sorted(modules - graph.modules):
        graph.add_module(module)


def _imports(graph: ImportGraph, importer: str, imported: str) -> bool:
    from grimp.exceptions import ModuleNotPresent

    try:
        return graph.direct_import_exists(importer=importer, imported=imported)
    except ModuleNotPresent:
        return False


def _add(graph: ImportGraph, importer: str, imported: str, line: int) -> None:
    graph.add_import(importer=importer, imported=imported, line_number=line, line_contents="")
