"""The packages of contexts and kernels, found and read without being run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import invalidate_caches
from pathlib import Path
from typing import Final

from leftfold.borders.module_files import find_package
from leftfold.borders.sources import SourceModule, read_source
from leftfold.borders.territory import Territory, is_inside
from leftfold.borders.uses import KERNEL
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.findings import Finding

__all__ = ["UNREADABLE", "Packages"]

UNREADABLE: Final = "unreadable"
"""The rule that a file breaks which cannot be read."""


class Packages:
    """What is there of the packages that a map names.

    Args:
        context_map: that names them.
        territory: whose they are.
    """

    def __init__(self, context_map: ContextMap, territory: Territory) -> None:
        self._map = context_map
        self._contexts = {one.name: one for one in context_map.contexts}
        self.names: list[str] = []
        """Packages that were found, dotted."""
        self.roots: set[str] = set()
        """The outermost packages that they are in; a module that is one file is in none."""
        self.sources: dict[str, SourceModule] = {}
        """Their modules, by name."""
        self.stubs: list[SourceModule] = []
        """Their stubs, which only type checkers read."""
        self.findings: list[Finding] = []
        """What could not be read, and what is no module though the map says so."""
        invalidate_caches()
        for package, owner in sorted(territory.packages.items()):
            self._find(package, owner)
            self._read_said(owner)

    def every_source(self) -> Iterator[SourceModule]:
        """The modules and the stubs."""
        yield from self.sources.values()
        yield from self.stubs

    def lines_of_kernels(self, territory: Territory) -> Mapping[str, int]:
        """Lines of code of each kernel that is there, by its name."""
        found: dict[str, int] = {}
        for source in self.sources.values():
            owner = territory.owner(source.name)
            if owner.startswith(KERNEL):
                name = owner.removeprefix(KERNEL)
                found[name] = found.get(name, 0) + source.lines
        return found

    def _find(self, package: str, owner: str) -> None:
        found = find_package(package)
        files = sorted(found.modules())
        if not files:
            self._tell(owner, f"package {package!r} of {owner} cannot be found from here; mend its name, or go there")
            return
        self.names.append(package)
        if found.folders or "." in package:
            self.roots.add(package.partition(".")[0])
        for name, path in files:
            self._read(name, path, owner)
        for link in sorted(found.links()):
            text = f"{link.name} in {package} is a link to a folder; what is in there is not seen"
            self._note(owner, text, f"{link}:1", str(link))

    def _note(self, owner: str, text: str, place: str, subject: str) -> None:
        finding = Finding(
            rule="not-seen", contexts=(owner,), message=text, found_at=place, subject=subject, severity="note"
        )
        self.findings.append(finding)

    def _read(self, name: str, path: Path, owner: str) -> None:
        try:
            source = read_source(name, path)
        except (SyntaxError, ValueError, RecursionError, OSError) as error:
            line = getattr(error, "lineno", None) or 1
            text = f"{name} cannot be read: {error}"
            finding = Finding(rule=UNREADABLE, contexts=(owner,), message=text, found_at=f"{path}:{line}", subject=name)
            self.findings.append(finding)
        else:
            if path.suffix == ".pyi":
                self.stubs.append(source)
            else:
                self.sources[name] = source

    def _read_said(self, owner: str) -> None:
        """That what the map says of a context is there, where the context itself is."""
        context = self._contexts.get(owner)
        if context is None or not any(is_inside(name, context.package) for name in self.sources):
            return
        said = [(one, "published module") for one in context.published]
        said += [(edge.layer, "layer") for edge in self._map.edges if edge.downstream == owner and edge.layer]
        for one, word in said:
            if one not in self.sources and not find_package(one):
                finding = Finding(
                    rule="no-module",
                    contexts=(owner,),
                    message=f"{word} {one!r} of {owner} is no module; mend its name",
                    declared_at=context.place,
                    subject=one,
                )
                self.findings.append(finding)

    def _tell(self, owner: str, text: str) -> None:
        kernels = {f"{KERNEL}{one.kernel}": one.place for one in self._map.kernels}
        context = self._contexts.get(owner)
        finding = Finding(
            rule="no-package",
            contexts=(owner,),
            message=text,
            declared_at=kernels.get(owner, "") if context is None else context.place,
        )
        self.findings.append(finding)
