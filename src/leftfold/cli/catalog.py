"""`leftfold catalog`: contexts of many repositories as one whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter
from msgspec import Struct

from leftfold.catalog import Catalog, Imported, Pattern, catalog_findings, dump_catalog, read_cml, read_event_catalog
from leftfold.catalog.canonical import written
from leftfold.cli.catalogs import NO_CATALOG, Form, Whole, asking, catalog_in, tell, write_text
from leftfold.cli.errors import UsageError
from leftfold.cli.options import FileName
from leftfold.cli.output import Columns, Row, console, write_json

__all__ = ["NeighbourLine", "catalog", "consumers", "dependencies", "find", "import_", "merge"]

catalog: Final = App(
    name="catalog",
    help=(
        "Put together what contexts of many repositories say, and look at it.\n\n"
        "`find`, `dependencies` and `consumers` take --catalog, and --json for programs."
    ),
    help_format="markdown",
    default_parameter=Parameter(negative=()),
)
"""The group; the help of a command is the docstring of its function."""


class NeighbourLine(Struct, frozen=True):
    """A neighbour of a context, as `--json` writes it.

    Args:
        declared: whether the context that was asked about names it itself.
        registered: whether anybody describes it.
    """

    name: str
    team: str
    declared: bool
    registered: bool


@catalog.command(sort_key=0)
def merge(*paths: Path, output: FileName | None = None, format: Form = "text") -> int:
    """Put descriptors together, and tell what does not fit.

    Told are names that two descriptors give different content to, contexts and events that somebody names and nobody
    describes, relations that only one side declares, versions and fields that are read and not published,
    contradictions and circles. The exit code is 1 when there are errors or warnings; notes alone leave it 0. The file
    does not depend on the order of what it is made of.

    Args:
        paths: Descriptors, catalogs, and folders whose files *.context.json are taken, below each other too.
        output: The catalog to write; none when left out, - for standard output.
        format: How to tell: text for people; JSON, one line a finding; SARIF 2.1.0, one log.
    """
    if not paths:
        raise UsageError("what is to be merged? Name descriptors, catalogs or folders")
    to_stdout = output is not None and str(output) == "-"
    if to_stdout and format != "text":
        raise UsageError("the catalog and findings cannot both go to standard output; give --output a file")
    merged = catalog_in(paths)
    if output is not None:
        write_text(dump_catalog(merged.everything), output)
    return tell(catalog_findings(merged), format, errors=to_stdout)


@catalog.command(sort_key=1)
def find(
    *,
    team: str | None = None,
    publishes: str | None = None,
    consumes: str | None = None,
    pattern: Pattern | None = None,
    whole: Whole = NO_CATALOG,
) -> None:
    """List contexts of which all of this is true; all contexts when nothing is asked for.

    Args:
        team: Answers for it.
        publishes: An event that it publishes.
        consumes: An event that it takes.
        pattern: What it is to some other context.
    """
    found = whole.opened().find(team=team, publishes=publishes, consumes=consumes, pattern=pattern)
    if whole.json:
        write_json(*map(written, found))
        return
    columns = Columns(console(), "context", "team", "subdomain", ">publishes", ">takes", "purpose")
    columns.print(
        [
            Row(
                (
                    *(one.name, one.team, one.subdomain),
                    f"{len({each.name for each in one.publishes}):,}",
                    f"{len({each.event for each in one.consumes}):,}",
                    one.purpose,
                )
            )
            for one in found
        ]
    )


@catalog.command(sort_key=2)
def dependencies(name: str, /, *, whole: Whole = NO_CATALOG) -> None:
    """List whom a context follows: its upstreams, and who publishes what it takes.

    Args:
        name: Of the context.
    """
    known = whole.opened()
    with asking():
        found = known.dependencies(name)
    _list(known, found.declared, found.others, json=whole.json)


@catalog.command(sort_key=3)
def consumers(name: str, /, *, whole: Whole = NO_CATALOG) -> None:
    """List who follows a context: its downstreams, and who takes what it publishes.

    Args:
        name: Of the context.
    """
    known = whole.opened()
    with asking():
        found = known.consumers(name)
    _list(known, found.declared, found.others, json=whole.json)


@catalog.command(name="import", sort_key=4)
def import_(
    source: Annotated[Literal["cml", "eventcatalog"], Parameter(show_default=False)],
    path: Path,
    /,
    *,
    output: FileName | None = None,
) -> int:
    """Make a catalog of a map or a catalog of another tool.

    What that tool itself would forbid is told, and the exit code is 1 when there are errors or warnings; the catalog
    is written all the same.

    Args:
        source: cml, a file of Context Mapper; eventcatalog, the folder of an EventCatalog.
        path: The file or the folder.
        output: The catalog to write; standard output when left out, or -.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    if path.is_dir() != (source == "eventcatalog"):
        raise UsageError(f"{path}: name {'the folder of a catalog' if source == 'eventcatalog' else 'a .cml file'}")
    found: Imported = read_cml(path) if source == "cml" else read_event_catalog(path)
    write_text(dump_catalog(found.descriptors), output)
    return tell(found.findings, errors=output is None or str(output) == "-")


def _list(known: Catalog, declared: tuple[str, ...], others: tuple[str, ...], *, json: bool) -> None:
    lines = [
        NeighbourLine(name, known.team_of(name), name in declared, name in known.by_name)
        for name in (*declared, *others)
    ]
    if json:
        write_json(*lines)
        return
    columns = Columns(console(), "context", "team", "registered", "declared")
    columns.print([Row((one.name, one.team, _yes(one.registered), _yes(one.declared))) for one in lines])


def _yes(value: bool) -> str:  # noqa: FBT001 - it is what is said
    return "yes" if value else "no"
