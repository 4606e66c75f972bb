"""Conformists: who takes a model as it is has nothing to translate."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.contexts.findings import Finding

__all__ = ["conforming"]


def conforming(case: Case) -> Iterator[Finding]:
    """*conformist-translates*, a warning: a conformist registers a translation of what it takes of its upstream.

    Source: Evans 2003, "Domain-Driven Design", chapter 14, "Conformist".
    """
    for use in case.evidence.translations:
        edge = next((one for one in case.allowing(use) if "conformist" in one.downstream_roles), None)
        if edge is not None:
            yield Finding(
                rule="conformist-translates",
                contexts=use.pair,
                message=(
                    f"{use.by} translates {use.subject}, and {use.user} takes the model of {use.used} as it is; "
                    "declare an AntiCorruptionLayer, or take it as it is"
                ),
                declared_at=edge.place,
                found_at=use.found_at,
                subject=use.key,
                severity="warning",
            )
