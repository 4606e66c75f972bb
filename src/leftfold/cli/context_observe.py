"""`leftfold context observe`: what logs show that contexts take from each other."""

from __future__ import annotations

import sys

from leftfold.app.composition import App
from leftfold.borders import Observing, dump_observed
from leftfold.cli.options import NOTHING_GIVEN, FileName, Source
from leftfold.cli.output import write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.walking import walk

__all__ = ["observe"]


async def observe(*, output: FileName | None = None, source: Source = NOTHING_GIVEN) -> int:
    """Count what an app's logs show that its contexts take from each other.

    Each line has a context, the type and version of an event of it or the name of a command that it sent, the context
    that took it, how often, and when first and last. `leftfold context check --observed` takes the file. What a
    projection reads, and what a reaction does outside, leaves no trace in a log and is not counted.

    Args:
        output: The file to write; standard output when left out, or -.
    """
    async with opened_app(named_app(source), source) as app:
        found = (await _observed(app)).observed()
    if output is not None and str(output) != "-":
        output.write_text(dump_observed(found), encoding="utf-8")
    elif source.json:
        write_json(*found)
    else:
        sys.stdout.write(dump_observed(found))
        sys.stdout.flush()
    return 0


async def _observed(app: App) -> Observing:
    seen = Observing()
    await walk(
        app,
        seen,
        lambda running, stored, metadata: seen.record(running.name, stored, metadata),
        lambda running, stored: seen.resolve(running.name, stored),
    )
    return seen
