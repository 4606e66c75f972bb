"""`leftfold context`: what the context map says, and whether it is so. Each of its commands has a file."""

from __future__ import annotations

from typing import Final

from cyclopts import App, Parameter

from leftfold.cli.context_check import check
from leftfold.cli.context_export import export
from leftfold.cli.context_map import draw
from leftfold.cli.context_observe import observe

__all__ = ["context"]

context: Final = App(
    name="context",
    help="Hold an app to its context map, and look at it.",
    help_format="markdown",
    default_parameter=Parameter(negative=()),
)
"""The group; the help of a command is the docstring of its function."""

context.command(check, sort_key=0)
context.command(observe, sort_key=1)
context.command(export, sort_key=2)
context.command(draw, name="map", sort_key=3)
