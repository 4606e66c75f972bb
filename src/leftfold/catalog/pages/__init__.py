"""The pages: a catalog as a folder that opens in any browser, from disk too.

In: a catalog. Out: pages, their data, style and scripts; the page answers what a change breaks as `impact` does.
May import: errors, contexts, and the rest of this room.
"""

from leftfold.catalog.errors import FolderInUse
from leftfold.catalog.pages.writing import LIST, Written, write_pages

__all__ = ["LIST", "FolderInUse", "Written", "write_pages"]
