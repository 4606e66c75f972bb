"""The catalog that a command line names: files and folders of descriptors, and what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import Parameter

from leftfold.app.composition import App
from leftfold.borders import Observed, findings_text, load_observed, sarif_of, under
from leftfold.catalog import Catalog, Descriptor, UnknownSubject, descriptors_in, descriptors_of
from leftfold.cli.apps import object_at
from leftfold.cli.errors import UsageError
from leftfold.cli.output import write_json
from leftfold.cli.text import printable
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.findings import Finding

__all__ = ["NO_CATALOG", "Form", "Whole", "asking", "catalog_in", "tell", "write_text"]

Form: TypeAlias = Literal["text", "json", "sarif"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Whole:
    """Which catalog, and for whom to write."""

    app: Annotated[
        str | None,
        Parameter(
            env_var="LEFTFOLD_APP",
            help="Instead of a catalog: MODULE:OBJECT, an App, a ContextMap, or a function that makes one of them.",
            show_default=False,
        ),
    ] = None
    catalog: Annotated[
        tuple[Path, ...],
        Parameter(
            env_var="LEFTFOLD_CATALOG",
            consume_multiple=False,
            help="A catalog, a descriptor, or a folder of descriptors; may be given again.",
            show_default=False,
        ),
    ] = ()
    json: Annotated[bool, Parameter(help="JSON, for programs.", show_default=False)] = False

    def opened(self, observed: Path | None = None) -> Catalog:
        """The catalog, or that of the app when none was given, with what a file of observations says.

        Raises:
            UsageError: neither was given, or what is named is not there.
            InvalidCatalogFile, InvalidObservation: a file is damaged.
        """
        if observed is not None and not observed.is_file():
            raise UsageError(f"--observed {observed}: there is no such file")
        seen = () if observed is None else load_observed(observed)
        if self.catalog:
            return catalog_in(self.catalog, seen)
        if self.app is None:
            raise UsageError(
                "which catalog? Give --catalog FILE or set LEFTFOLD_CATALOG; catalog merge makes one. Or give --app"
            )
        made = object_at(self.app)
        if isinstance(made, ContextMap):
            return Catalog(descriptors_of(made.contexts, made, root=Path.cwd()), observed=seen)
        if isinstance(made, App):
            return Catalog(descriptors_of(made.contexts, made.context_map, root=Path.cwd()), observed=seen)
        raise UsageError(f"--app {self.app!r} is a {type(made).__name__}; name an App or a ContextMap")


def catalog_in(paths: Sequence[Path], observed: Sequence[Observed] = ()) -> Catalog:
    """The catalog of files and folders.

    Raises:
        UsageError: one of them is not there.
        InvalidCatalogFile: see `descriptors_in`.
    """
    if missing := [path for path in paths if not path.exists()]:
        raise UsageError(f"{missing[0]}: there is no such file or folder")
    found: list[Descriptor] = []
    files: dict[str, list[str]] = {}
    for file, descriptors in descriptors_in(paths):
        found += descriptors
        for one in descriptors:
            files.setdefault(one.name, []).append(str(file))
    return Catalog(found, files=files, observed=observed)


@contextmanager
def asking() -> Generator[None]:
    """What a catalog does not know was asked for wrongly."""
    try:
        yield
    except UnknownSubject as error:
        raise UsageError(str(error)) from error


def tell(findings: Sequence[Finding], form: Form = "text", *, errors: bool = False) -> int:
    """Write *findings*, paths from here on, and give the exit code: 1 unless there are only notes.

    Args:
        errors: text goes to standard error, for something else is on standard output.
    """
    told = under(tuple(findings), str(Path.cwd()))
    if form == "text":
        out = sys.stderr if errors else sys.stdout
        out.write(printable(findings_text(told), keep="\n"))
        out.flush()
    elif form == "json":
        write_json(*told)
    else:
        from importlib.metadata import version

        write_json(sarif_of(told, version("leftfold")))
    return 1 if any(one.severity != "note" for one in told) else 0


def write_text(text: str, output: Path | None) -> None:
    """Write *text* to a file, or to standard output in UTF-8 when there is none or it is `-`."""
    if output is None or str(output) == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    else:
        output.write_text(text, encoding="utf-8")


NO_CATALOG: Final = Whole()
