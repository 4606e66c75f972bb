"""The root of the tree, and what is wrong with a definition."""

from __future__ import annotations

__all__ = ["DefinitionError", "LeftfoldError"]


class LeftfoldError(Exception):
    """Any error that Leftfold raises about its own use or the machines below it.

    Copied and pickled it stays what it was, so it may be raised in a pool of processes.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.args), vars(self)


class DefinitionError(LeftfoldError):
    """A message, aggregate, decider, registry or lock is declared wrongly; the message lists every finding."""

    def __init__(self, *findings: str) -> None:
        self.findings: tuple[str, ...] = findings
        super().__init__("\n".join(findings))


def _rebuilt(cls: type[LeftfoldError], args: tuple[object, ...]) -> LeftfoldError:
    """An error with these arguments; its constructor took others, of which it made them."""
    error = cls.__new__(cls)
    error.args = args
    return error
