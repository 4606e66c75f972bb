"""`python -m examples.tour [N ...] [--json] [--store URL]`: run patterns on a real store and check what comes out."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Annotated, Protocol

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from examples.tour import (
    across_contexts,
    cached_queries,
    catalog,
    choreography,
    consistency,
    context_map,
    cqrs,
    event_store,
    orchestration,
    process_manager,
    process_state,
    projections,
    published_language,
    read_models,
    recovery,
    shared_kernel,
    snapshots,
    temporal_queries,
    timeouts,
    versions,
)
from examples.tour.beside import brought_up
from leftfold import LeftfoldError


class Pattern(Protocol):
    """A module of the tour; its docstring says what the pattern does."""

    FIGURES: Mapping[str, object]
    """What `show` has to come to."""

    async def show(self, store: str) -> dict[str, object]:
        """Run the pattern on the store at this URL; every value returned is computed from what the store gave back."""
        ...


PATTERNS: Mapping[int, Pattern] = {
    61: event_store,
    62: snapshots,
    63: temporal_queries,
    64: versions,
    65: projections,
    66: cqrs,
    67: consistency,
    68: read_models,
    69: across_contexts,
    70: cached_queries,
    71: orchestration,
    72: choreography,
    73: recovery,
    74: process_manager,
    75: process_state,
    76: timeouts,
    77: context_map,
    78: shared_kernel,
    79: published_language,
    80: catalog,
}


class _Out(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


cli = App(name="python -m examples.tour", version_flags=(), console=_Out())
out = _Out(highlight=False, markup=False)


@cli.default
async def tour(
    *numbers: int,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    store: Annotated[str | None, Parameter(env_var="LEFTFOLD_STORE")] = None,
) -> int:
    """Show patterns on a real store; the exit code is 1 when one did not come to its figures.

    Args:
        numbers: Which patterns; all of them when left out.
        as_json: One line of JSON a pattern, for programs.
        store: Where the events go, and stay; sqlite:///var/tour.db when nothing says otherwise.
    """
    if unknown := [number for number in numbers if number not in PATTERNS]:
        print(f"there is no pattern {unknown[0]} here; there are {', '.join(map(str, PATTERNS))}", file=sys.stderr)
        return 2
    url = store or _own_store()
    print(f"store: {url}", file=sys.stderr if as_json else sys.stdout)
    await brought_up(url)
    results = [await _run(number, url, as_json=as_json) for number in numbers or PATTERNS]
    return 0 if all(results) else 1


async def _run(number: int, store: str, *, as_json: bool) -> bool:
    pattern, started = PATTERNS[number], perf_counter()
    shown = await pattern.show(store)
    seconds, ok = perf_counter() - started, shown == pattern.FIGURES
    if as_json:
        print(json.dumps({"pattern": number, "ok": ok, "shown": shown}), flush=True)
    else:
        _tell(number, pattern, shown, seconds)
    return ok


def _tell(number: int, pattern: Pattern, shown: Mapping[str, object], seconds: float) -> None:
    title, _, story = (pattern.__doc__ or "").strip().partition("\n\n")
    table = Table("", "came out", "should be", box=None, pad_edge=False)
    for name, figure in pattern.FIGURES.items():
        came = shown.get(name)
        table.add_row(name, json.dumps(came), json.dumps(figure), style="" if came == figure else "bold red")
    out.print(f"\n{number}  {title.rstrip('.')}", style="bold")
    out.print(" ".join(story.split()) + "\n")
    out.print(table)
    out.print(f"\n{pattern.show.__module__.replace('.', '/')}.py, {seconds * 1000:.0f} ms")


def _own_store() -> str:
    Path("var").mkdir(exist_ok=True)
    return "sqlite:///var/tour.db"


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # what is tried again here was made to fail
    try:
        try:
            cli()
        finally:
            sys.stdout.flush()
    except LeftfoldError as error:
        sys.exit(str(error))
    except BrokenPipeError:  # whoever read has seen enough; what is left goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
