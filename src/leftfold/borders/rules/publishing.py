"""Upstream, customer and supplier, partners, open host: only what a context publishes is for others."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.borders.territory import is_published
from leftfold.borders.uses import Use
from leftfold.contexts.context import Context
from leftfold.contexts.findings import Finding

__all__ = ["published_only"]


def published_only(case: Case) -> Iterator[Finding]:
    """*unpublished-import*: a module is imported that its context does not publish. *handed-on*: so is a name, by way
    of a module that is published. *unpublished-message*: a consumer of an open host takes an event, or sends a command,
    whose class is in no module that the host publishes.

    Source: Evans 2003, "Domain-Driven Design", chapter 14, "Open Host Service" and "Published Language".
    """
    for use in case.between_contexts:
        used = case.contexts.get(use.used)
        if used is None or not used.package or not use.of or is_published(used, use.of) or not case.allowing(use):
            continue
        if use.kind in ("import", "types"):
            yield _import(case, use, used)
        elif use.kind in ("event", "command") and _hosted(case, use):
            yield _finding(
                case,
                use,
                "unpublished-message",
                f"{use.deed}, whose class is in {use.of}, and {_published(used)}; move it to where it is published",
            )


def _import(case: Case, use: Use, used: Context) -> Finding:
    if use.through and case.contexts[used.name].package and _owned(use.through[0], used):
        text = (
            f"{use.deed}, which {used.name} does not publish where it is defined, in {use.of}; define it in what is "
            f"published, or publish that module"
        )
        return _finding(case, use, "handed-on", text)
    text = f"{use.deed}, and {_published(used)}; import what is published, or publish it"
    return _finding(case, use, "unpublished-import", text)


def _owned(module: str, context: Context) -> bool:
    return f"{module}.".startswith(f"{context.package}.")


def _hosted(case: Case, use: Use) -> bool:
    return any("open-host-service" in edge.upstream_roles for edge in case.allowing(use))


def _published(context: Context) -> str:
    said = ", ".join(context.published) or "nothing"
    return f"{context.name} publishes {said}"


def _finding(case: Case, use: Use, rule: str, message: str) -> Finding:
    return Finding(
        rule=rule,
        contexts=use.pair,
        message=message,
        declared_at=case.allowing(use)[0].place,
        found_at=use.found_at,
        subject=use.key,
    )
