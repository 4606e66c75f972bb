"""A company whose contexts the tests of this folder relate, and what one of them takes from another."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.borders import Evidence, Origin, Use, UseKind, judged
from leftfold.contexts import Context, ContextMap, Finding, Relation

__all__ = ["billing", "context", "found", "map_of", "ordering", "rules", "shipping", "taken"]


def context(
    name: str, *published: str, mud: bool = False, external: bool = False, team: str = "a team", package: str = ""
) -> Context:
    """A context in `acme.NAME` that publishes its modules of these names."""
    package = "" if external else package or f"acme.{name}"
    modules = [f"{package}.{one}" for one in published]
    return Context(name, team=team, package=package, published=modules, mud=mud, external=external)


ordering = context("ordering", "api")
billing = context("billing", "api")
shipping = context("shipping", "api")


def map_of(*relations: Relation, alone: tuple[Context, ...] = ()) -> ContextMap:
    """The company's map."""
    return ContextMap("acme", *relations, alone=alone)


def taken(  # noqa: PLR0913 - each is a word about it
    user: str,
    used: str,
    subject: str = "",
    *,
    kind: UseKind = "import",
    module: str = "",
    through: tuple[str, ...] = (),
    of: str | None = None,
) -> Use:
    """What *user* takes from *used*: its published module, when nothing else is said."""
    subject = subject or f"acme.{used}.api"
    return Use(
        user=user,
        used=used,
        kind=kind,
        subject=subject,
        module=module or f"acme.{user}.main",
        of=subject if of is None else of,
        through=through,
        found_at=f"acme/{user}/main.py:7",
        origin="static" if kind in ("import", "types") else "declared",
    )


def found(context_map: ContextMap, *uses: Use, origins: Sequence[Origin] = ("declared",)) -> tuple[Finding, ...]:
    """What is found on a map, but for relations that nothing shows."""
    findings = judged(context_map, Evidence(origins=frozenset(origins), uses=uses))
    return tuple(one for one in findings if one.rule != "no-evidence")


def rules(findings: Sequence[Finding]) -> list[str]:
    """Which rules are broken, in order."""
    return [one.rule for one in findings]
