"""The folds of an app, which are the user's own code and may raise anything."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from leftfold.cli.errors import FoldFailed
from leftfold.domain.folding import FoldNote

__all__ = ["failed_fold", "told_folds"]


@contextmanager
def told_folds() -> Generator[None]:
    """Whatever a fold raises within, it raises as `FoldFailed`."""
    try:
        yield
    except Exception as error:
        if (failed := failed_fold(error)) is not None:
            raise failed from error
        raise


def failed_fold(error: Exception) -> FoldFailed | None:
    """What to tell of *error* if a fold raised it, otherwise None."""
    notes: list[str] = getattr(error, "__notes__", [])
    for note in notes:
        if isinstance(note, FoldNote):
            return FoldFailed(note.stream, note.version, note.fold, error)
    return None
