"""The packages of contexts and kernels, found and read without being run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import invalidate_caches
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from leftfold.borders.sources import SourceModule, read_source
from leftfold.borders.territory import Territory, is_inside
from leftfold.borders.uses import KERNEL
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.findings import Finding

__all__ = ["Packages"]


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
        self.sources: dict[str, SourceModule] = {}
        """Their modules, by name."""
        self.findings: list[Finding] = []
        """What could not be read, and what is no module though the map says so."""
        invalidate_caches()
        for package, owner in sorted(territory.packages.items()):
            self._find(package, owner)
            self._read_said(owner)

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
        spec = _spec(package)
        files = [] if spec is None else sorted(_files(package, spec))
        if not files:
            self._tell(owner, f"package {package!r} of {owner} cannot be found from here; mend its name, or go there")
        elif "." not in package and spec is not None and not spec.submodule_search_locations:
            text = (
                f"{package!r} of {owner} is one module and no package, so its imports are not seen; make it a package"
            )
            self._tell(owner, text, warning=True)
        else:
            self.names.append(package)
        for name, path in files:
            self._read(name, path, owner)

    def _read(self, name: str, path: Path, owner: str) -> None:
        try:
            self.sources[name] = read_source(name, path)
        except (SyntaxError, ValueError, OSError) as error:
            line = getattr(error, "lineno", None) or 1
            text = f"{name} cannot be read: {error}"
            finding = Finding(
                rule="unreadable", contexts=(owner,), message=text, found_at=f"{path}:{line}", subject=name
            )
            self.findings.append(finding)

    def _read_said(self, owner: str) -> None:
        """That what the map says of a context is there, where the context itself is."""
        context = self._contexts.get(owner)
        if context is None or not any(is_inside(name, context.package) for name in self.sources):
            return
        said = [(one, "published module") for one in context.published]
        said += [(edge.layer, "layer") for edge in self._map.edges if edge.downstream == owner and edge.layer]
        for one, word in said:
            if one not in self.sources:
                finding = Finding(
                    rule="no-module",
                    contexts=(owner,),
                    message=f"{word} {one!r} of {owner} is no module; mend its name",
                    declared_at=context.place,
                    subject=one,
                )
                self.findings.append(finding)

    def _tell(self, owner: str, text: str, *, warning: bool = False) -> None:
        kernels = {f"{KERNEL}{one.kernel}": one.place for one in self._map.kernels}
        context = self._contexts.get(owner)
        finding = Finding(
            rule="no-package",
            contexts=(owner,),
            message=text,
            declared_at=kernels.get(owner, "") if context is None else context.place,
            severity="warning" if warning else "error",
        )
        self.findings.append(finding)


def _spec(package: str) -> ModuleSpec | None:
    """Where *package* is; what is above it is not imported, as it would be by `find_spec` alone."""
    top, *rest = package.split(".")
    try:
        spec = find_spec(top)
    except ValueError:
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{part}", list(spec.submodule_search_locations))
    return spec


def _files(package: str, spec: ModuleSpec) -> Iterator[tuple[str, Path]]:
    if not spec.submodule_search_locations:
        if spec.origin and spec.origin.endswith(".py"):
            yield package, Path(spec.origin)
        return
    for folder in map(Path, spec.submodule_search_locations):
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            inside = parts[:-1] if parts[-1] == "__init__" else parts
            if all(part.isidentifier() for part in inside):
                yield ".".join((package, *inside)), path
