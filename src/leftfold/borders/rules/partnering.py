"""Partnership: neither breaks the other, so the language of each fits both ways."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.contexts.findings import Finding

__all__ = ["partnering"]


def partnering(case: Case) -> Iterator[Finding]:
    """*partner-language*: the language of a partner lets a new version break who reads it, or whom it reads."""
    for edge in case.map.edges:
        if edge.kind != "partnership":
            continue
        for context in (case.contexts[name] for name in edge.pair):
            mode = None if context.language is None else context.language.mode
            if mode is None or (mode.is_backward and mode.is_forward):
                continue
            yield Finding(
                rule="partner-language",
                contexts=edge.pair,
                message=(
                    f"the language of {context.name} changes in the mode {mode.value}, and partners break each other "
                    "in no direction; give it the mode full or full-transitive"
                ),
                found_at=context.place,
                declared_at=edge.place,
                subject=context.name,
            )
