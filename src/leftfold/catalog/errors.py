"""What can be wrong with what a catalog is made of, or asked for."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.errors import LeftfoldError

__all__ = ["FolderInUse", "InvalidCatalogFile", "NewerFormat", "UnknownSubject"]


class InvalidCatalogFile(LeftfoldError):
    """A file is no descriptor, catalog, map or page of the form that it should have; nothing was taken from it.

    Args:
        file: its name.
        reason: what is wrong with it, and the next step.
        line: where, counted from 1; 0 when it is the file as a whole, or *place* says where.
        place: where in the document, as msgspec writes it: `$.publishes[0].name`.
    """

    def __init__(self, file: str, reason: str, *, line: int = 0, place: str = "") -> None:
        self.file = file
        self.reason = reason
        self.line = line
        self.place = place
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}{f', at {place}' if place else ''}: {reason}")


class NewerFormat(InvalidCatalogFile):
    """A file has a format that this version of Leftfold does not know; use a newer one.

    Args:
        file: its name.
        found: the number of its format.
        known: the highest that is known here.
    """

    def __init__(self, file: str, found: int, known: int) -> None:
        self.found = found
        self.known = known
        super().__init__(
            file, f"format {found} is newer than {known}, the last that is known here; use a newer Leftfold"
        )


class UnknownSubject(LeftfoldError):
    """What is asked about is not in the catalog, or may be one of several.

    Args:
        subject: as it was asked for.
        candidates: what it could be, as it can be asked for.
    """

    def __init__(self, subject: str, reason: str, candidates: Sequence[str] = ()) -> None:
        self.subject = subject
        self.candidates: tuple[str, ...] = tuple(candidates)
        hint = f"; ask for {' or '.join(candidates)}" if candidates else ""
        super().__init__(f"{subject!r}: {reason}{hint}")


class FolderInUse(LeftfoldError):
    """The folder for the pages holds something that was not written as pages; nothing in it was touched.

    Args:
        folder: its name.
        reason: what is in it.
    """

    def __init__(self, folder: str, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        super().__init__(f"{folder} {reason}; name an empty folder, or take away what is not to be replaced")
