"""Which code names a class: what its text says, whether anything is registered for it or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from leftfold.borders.packages import Packages
from leftfold.borders.reexports import defining, names_taken
from leftfold.borders.sources import SourceModule
from leftfold.borders.territory import Territory
from leftfold.contexts.context_map import ContextMap, check_context_map

__all__ = ["namings"]


def namings(context_map: ContextMap, classes: Iterable[type]) -> Mapping[tuple[str, type], str]:
    """Where the packages of contexts and kernels, as they can be found from here, first name each of *classes*.

    Seen are imports, those for type checkers and in stubs too, names that a module hands on, and what is reached
    through a module. Nothing is run. A file that cannot be read names nothing; `check_map` tells of it.

    Returns:
        By the name of the context, or `kernel/NAME`, and the class: the first place by path and line, as `path:line`.
    """
    check_context_map(context_map)
    wanted = {(cls.__module__, cls.__qualname__): cls for cls in classes}
    territory = Territory(context_map.contexts, context_map.kernels)
    packages = Packages(context_map, territory)
    first: dict[tuple[str, type], tuple[str, int]] = {}
    for source in packages.every_source():
        for home, line in _named(packages.sources, source):
            if (cls := wanted.get(home)) is not None:
                key, place = (territory.owner(source.name), cls), (source.path, line)
                first[key] = min(first.get(key, place), place)
    return {key: f"{path}:{line}" for key, (path, line) in first.items()}


def _named(sources: Mapping[str, SourceModule], source: SourceModule) -> Iterator[tuple[tuple[str, str], int]]:
    """What *source* takes by name: module and name of where it is defined, and the line."""
    for one in source.named:
        for name in names_taken(sources, one):
            yield defining(sources, one.module, name), one.line
