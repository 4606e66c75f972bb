"""What contexts take from each other, and what else was found out about them: the evidence that a map is held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.contexts.findings import Finding

__all__ = ["KERNEL", "NOTHING", "Evidence", "Origin", "Route", "Use", "UseKind", "joined"]

UseKind: TypeAlias = Literal["import", "types", "signature", "event", "command"]
"""*types* is an import for type checkers only, *signature* a class in the signature of a handler or an aggregate."""

Origin: TypeAlias = Literal["declared", "static", "observed"]
"""How it is known: from what is registered, from source text, from logs."""

KERNEL: Final = "kernel/"
"""The owner of a module in a shared kernel is named by it and the kernel's name; no context has a `/` in its name."""


class Use(Struct, frozen=True, kw_only=True, order=True):
    """One thing that a context takes from another.

    Args:
        user: name of the context, or the kernel, that takes it: it depends on the other.
        used: name of the context, or the kernel, that it is taken from.
        subject: what is taken: a module, `module.Name`, the name of an event or a command.
        module: where it is taken, dotted; empty when only a log says so.
        by: who takes it, in words; the module when left out.
        of: the module that it is defined in, dotted; empty when that is not known.
        through: modules on the way to it, in order: of nobody, or of *used* when it is handed on there.
        found_at: where it is taken, as `path:line`; empty when only a log says so.
        note: what a log says of it: how often, and when last.
    """

    user: str
    used: str
    kind: UseKind
    subject: str
    module: str = ""
    by: str = ""
    of: str = ""
    through: tuple[str, ...] = ()
    found_at: str = ""
    origin: Origin = "declared"
    note: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Both names, sorted."""
        return (self.user, self.used) if self.user <= self.used else (self.used, self.user)

    @property
    def deed(self) -> str:
        """What is done, as a sentence without its end."""
        through = f" through {', '.join(self.through)}" if self.through else ""
        by, note = self._by, f" ({self.note})" if self.note else ""
        match self.kind:
            case "import":
                return f"{by} imports {self.subject}{through}"
            case "types":
                return f"{by} imports {self.subject}{through} for type checkers"
            case "signature":
                return f"{by} has {self.subject} in its signature"
            case "event":
                return f"{by} takes the event {self.subject}{note}"
            case "command":
                return f"{by} sends the command {self.subject}{note}"

    @property
    def key(self) -> str:
        """The same in words that stay when lines move, for baselines."""
        return f"{self._by} -> {self.subject}"

    @property
    def _by(self) -> str:
        return self.by or self.module or self.user


class Route(Struct, frozen=True, kw_only=True, order=True):
    """A way from one context to another that leads through others.

    Args:
        user: where it begins: the context that depends on the other in the end.
        used: where it ends.
        kind: of imports, or of events and commands.
        path: modules, or nodes of the flow, in order.
        found_at: where it begins, as `path:line`; empty when that is not known.
    """

    user: str
    used: str
    kind: Literal["imports", "messages"]
    path: tuple[str, ...]
    found_at: str = ""


_NO_LINES: Final[Mapping[str, int]] = MappingProxyType({})


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything that is known.

    Args:
        origins: which kinds were looked for.
        uses: what is taken.
        routes: ways between contexts that go separate ways.
        translations: of these uses of events it is registered that they are translated.
        kernel_lines: lines of code of each kernel, by its name.
        findings: what could not be looked at.
    """

    origins: frozenset[Origin] = frozenset()
    uses: tuple[Use, ...] = ()
    routes: tuple[Route, ...] = ()
    translations: tuple[Use, ...] = ()
    kernel_lines: Mapping[str, int] = _NO_LINES
    findings: tuple[Finding, ...] = ()


NOTHING: Final = Evidence()
"""Nothing was looked for."""


def joined(parts: Iterable[Evidence]) -> Evidence:
    """All evidence in one, each thing once."""
    found = NOTHING
    for part in parts:
        found = replace(
            found,
            origins=found.origins | part.origins,
            uses=tuple(dict.fromkeys((*found.uses, *part.uses))),
            routes=tuple(dict.fromkeys((*found.routes, *part.routes))),
            translations=tuple(dict.fromkeys((*found.translations, *part.translations))),
            kernel_lines={**found.kernel_lines, **part.kernel_lines},
            findings=(*found.findings, *part.findings),
        )
    return found
