"""The command `leftfold`: one file a verb.

In: a command line and a store URL. Out: tables for people, JSON lines for programs, an exit code.
May import: every room above it, and an adapter where a verb needs more than a port says; nothing imports it.
"""

from leftfold.cli.program import main

__all__ = ["main"]
