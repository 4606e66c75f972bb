"""What a person decides on the command line, and who it is."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from leftfold.cli.errors import UsageError

__all__ = ["Decision"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decides, and who it is."""

    why: Annotated[str | None, Parameter(help="Why, in your words; it is kept.")] = None
    who: Annotated[str | None, Parameter(help="Who decides; the user of the operating system when left out.")] = None

    @property
    def person(self) -> str:
        """Who decides; raises `UsageError` when the operating system does not know."""
        if self.who is not None:
            return self.who
        try:
            return getpass.getuser()
        except (KeyError, OSError) as error:
            raise UsageError(f"who decides? Give --who; the operating system does not know: {error}") from error
