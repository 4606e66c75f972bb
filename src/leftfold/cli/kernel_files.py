"""Where the agreements on shared kernels are written down, as a command line names it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from leftfold.cli.options import FileName

__all__ = ["KERNEL_FILES", "KernelFiles"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class KernelFiles:
    """Where the agreement is written down."""

    lock: Annotated[FileName, Parameter(help="What is locked, and who has approved it.")] = Path("kernel.lock")
    teams: Annotated[FileName, Parameter(help="Who is in which team: [teams.NAME] with members = [...].")] = Path(
        "teams.toml"
    )


KERNEL_FILES: Final = KernelFiles()
