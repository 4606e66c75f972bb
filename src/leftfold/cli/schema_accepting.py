"""What may pass although it was found, and who has agreed to that, as a command line says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Parameter

from leftfold.cli.errors import UsageError

__all__ = ["NOTHING_ACCEPTED", "Accepting"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Accepting:
    """Why findings may pass, and who has agreed."""

    accept: Annotated[str | None, Parameter(help="Why findings may pass; the lock keeps it.")] = None
    agreed: Annotated[
        tuple[str, ...],
        Parameter(help="With --accept, a team that has agreed; may be given again.", show_default=False),
    ] = ()

    def reason(self, needed: Mapping[str, str]) -> str:
        """What the lock says; raises `UsageError` unless each team of *needed* has agreed, and nobody else."""
        if missing := [f"{team} ({why})" for team, why in needed.items() if team not in self.agreed]:
            said = "nothing was locked, as not everybody has agreed; once they have, say --agreed TEAM for each: "
            raise UsageError(said + ", ".join(missing))
        if strangers := sorted(set(self.agreed) - needed.keys()):
            raise UsageError(f"--agreed {strangers[0]}: the map asks for {', '.join(needed) or 'nobody'}")
        return f"{self.accept}; agreed: {', '.join(needed)}" if needed else str(self.accept)


NOTHING_ACCEPTED: Final = Accepting()
