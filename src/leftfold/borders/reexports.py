"""Where a name is defined that a module hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from leftfold.borders.source_reading import Imported
from leftfold.borders.sources import SourceModule

__all__ = ["defining", "names_taken", "public_names"]


def defining(sources: Mapping[str, SourceModule], module: str, name: str) -> tuple[str, str]:
    """The module that defines what *module* calls *name*, as far as *sources* tell, and what it is called there.

    Args:
        sources: modules by name.

    Returns:
        The name is empty when it is a module that is handed on.
    """
    at, seen = (module, name), set[tuple[str, str]]()
    while at not in seen:
        seen.add(at)
        further = _further(sources, *at)
        if further is None:
            break
        at = further
    return at


def _further(sources: Mapping[str, SourceModule], module: str, name: str) -> tuple[str, str] | None:
    """Where *module* takes *name* from; None when it defines it, or nobody knows."""
    if name and f"{module}.{name}" in sources:
        return f"{module}.{name}", ""
    source = sources.get(module)
    if source is None or not name or name in source.defined:
        return None
    if name in source.bound:
        origin, original = source.bound[name]
        known = not original or origin in sources or f"{origin}.{original}" in sources
        return (origin, original) if known else None
    return next(((one, name) for one in source.stars if one in sources and name in public_names(sources, one)), None)


def names_taken(sources: Mapping[str, SourceModule], one: Imported) -> Sequence[str]:
    """The names that an import by name takes, in order: those of a star are looked for in *sources*."""
    return sorted(public_names(sources, one.module)) if one.name == "*" else (one.name,)


def public_names(sources: Mapping[str, SourceModule], module: str) -> AbstractSet[str]:
    """Every name that a star takes from *module*, those that it takes by stars itself too; none of an unknown one."""
    found: set[str] = set()
    waiting = [module] if module in sources else []
    seen = {module}
    while waiting:
        source = sources[waiting.pop()]
        found.update(source.names)
        further = [one for one in source.stars if one in sources and one not in seen and source.public is None]
        seen.update(further)
        waiting += further
    return found
