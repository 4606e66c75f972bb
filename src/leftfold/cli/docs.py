"""`leftfold docs`: a catalog as pages for a browser."""

from __future__ import annotations

from msgspec import Struct

from leftfold.catalog.pages import FolderInUse, write_pages
from leftfold.cli.catalogs import NO_CATALOG, Whole
from leftfold.cli.errors import UsageError
from leftfold.cli.options import FileName
from leftfold.cli.output import write_json
from leftfold.cli.text import counted

__all__ = ["DocsWritten", "docs"]


class DocsWritten(Struct, frozen=True):
    """What was written, as `--json` tells it.

    Args:
        folder: as it was named.
        contexts: how many, those that nobody describes too.
        files: how many.
        bytes: of all of them.
    """

    folder: str
    contexts: int
    files: int
    bytes: int


def docs(*, output: FileName | None = None, observed: FileName | None = None, whole: Whole = NO_CATALOG) -> None:
    """Write pages about contexts: who publishes what, who reads which field, and what breaks if one changes.

    The folder opens in a browser as it is, from disk too: index.html finds contexts, events and fields as one types,
    every context has a page, and impact.html answers what `leftfold impact` answers. Nothing is loaded from elsewhere.
    The same catalog gives the same bytes, and an earlier output is replaced as a whole.

    Args:
        output: The folder to write to. It may be missing, empty, or what this verb wrote before.
        observed: What logs show, from `leftfold context observe`: who was seen taking an event takes it.
    """
    if output is None:
        raise UsageError("where to? Give --output FOLDER; it may be missing, empty, or what was written before")
    if str(output) == "-":
        raise UsageError("pages are many files; give --output a folder")
    known = whole.opened(observed)
    try:
        written = write_pages(known, output)
    except FolderInUse as error:
        raise UsageError(f"--output {error}") from error
    contexts = sum(file.startswith("contexts/") for file in written.files)
    if whole.json:
        write_json(DocsWritten(str(output), contexts, len(written.files), written.size))
    else:
        print(f"{output / 'index.html'}: {counted(contexts, 'context')}, {counted(len(written.files), 'file')}")
