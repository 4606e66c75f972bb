"""What can be in the way of pages."""

from __future__ import annotations

from leftfold.errors import LeftfoldError

__all__ = ["FolderInUse"]


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
