"""A kernel in a folder of its own, with its lock and its teams, to be changed and approved."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from leftfold import Context
from leftfold.borders import (
    Approved,
    Authors,
    KernelContents,
    KernelStatus,
    approve_kernel,
    kernel_contents,
    kernel_findings,
    kernel_report,
)
from leftfold.contexts import ContextMap, Finding, SharedKernel

__all__ = ["ANN", "BEA", "MONEY", "Site"]

ANN: Final = "ann@example.org"
BEA: Final = "bea@example.org"
TEAMS: Final = f'[teams.billing]\nmembers = ["{BEA}"]\n\n[teams.checkout]\nmembers = ["{ANN}", "al@example.org"]\n'
MONEY: Final = '''"""Money."""

from msgspec import Struct


class Money(Struct, frozen=True):
    """An amount."""

    minor: int
    currency: str = "EUR"

    def plus(self, other: "Money") -> "Money":
        return Money(self.minor + other.minor, self.currency)


def nothing() -> Money:
    return Money(0)
'''
_NUMBERS = count(1)


class Site:
    """A package that can be imported under a name of its own, as `total.py` in it says.

    Args:
        root: where everything is.
    """

    def __init__(self, root: Path, name: str = "") -> None:
        self.root = root
        self.package = name or f"kernel_site_{next(_NUMBERS)}"
        self.lock = root / "kernel.lock"
        self.teams = root / "teams.toml"
        self.teams.write_text(TEAMS)
        self.ordering = Context("ordering", team="checkout", package="acme.ordering")
        self.billing = Context("billing", team="billing", package="acme.billing")
        self.write("__init__.py", "")
        self.write("total.py", MONEY)
        self.share(self.ordering, self.billing)
        self._now = datetime(2026, 3, 1, tzinfo=UTC)

    def share(self, *contexts: Context) -> None:
        """Declare who shares it."""
        self.kernel = SharedKernel("money", package=self.package, between=contexts)
        self.map = ContextMap("acme", self.kernel)

    def write(self, file: str, text: str | bytes) -> None:
        """Write a file of the package."""
        path = self.root / self.package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def edit(self, old: str, new: str, file: str = "total.py") -> None:
        """Change a file of the package."""
        text = (self.root / self.package / file).read_text()
        assert old in text
        self.write(file, text.replace(old, new))

    def contents(self) -> KernelContents:
        """What it consists of, as a process that begins now sees it."""
        self._forget()
        return kernel_contents(self.package)

    def approve(self, team: str, by: str) -> Approved:
        """Approve it, a day after the last time."""
        self._forget()
        self._now += timedelta(days=1)
        return approve_kernel(self.kernel, self.lock, self.teams, team=team, by=by, at=self._now)

    def approve_all(self) -> None:
        """Approve it for both teams."""
        self.approve("checkout", ANN)
        self.approve("billing", BEA)

    def findings(self, authors: Authors | None = None) -> tuple[Finding, ...]:
        """What is wrong."""
        self._forget()
        return kernel_findings(self.map, self.lock, self.teams, authors=authors or Authors({}))

    def rules(self, authors: Authors | None = None) -> list[str]:
        """The rules of what is wrong."""
        return [finding.rule for finding in self.findings(authors)]

    def status(self) -> KernelStatus:
        """Where it stands."""
        self._forget()
        (status,) = kernel_report(self.map, self.lock, self.teams).kernels
        return status

    def _forget(self) -> None:
        for name in [one for one in sys.modules if f"{one}.".startswith(f"{self.package}.")]:
            del sys.modules[name]
