"""The root of the tree, and what is wrong with a definition."""

from __future__ import annotations

__all__ = ["DefinitionError", "LeftfoldError"]


class LeftfoldError(Exception):
    """Any error that Leftfold raises about its own use or the machines below it."""


class DefinitionError(LeftfoldError):
    """A message, aggregate, decider, registry or lock is declared wrongly; the message lists every finding."""

    def __init__(self, *findings: str) -> None:
        self.findings: tuple[str, ...] = findings
        super().__init__("\n".join(findings))
