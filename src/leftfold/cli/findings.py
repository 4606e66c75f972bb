"""What `leftfold verify` finds, as it is told and counted."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from leftfold.cli.output import console, write_json
from leftfold.cli.text import printable

__all__ = ["Finding", "Findings"]

_STALE: Final = "dim"
_WRONG: Final = "red"


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something about what is stored, as `--json` writes it.

    Args:
        stream: where it is; empty when what is stored does not say.
        version: of the event, or of the last event in the snapshot, counted from 1; 0 without a stream.
        finding: what is so.
        fingerprint: of the snapshot that it is about; left out when it is about an event.
        stale: it is nothing wrong, only of no use any more.
        dropped: the snapshot was dropped.
    """

    stream: str
    version: int
    finding: str
    fingerprint: str = ""
    stale: bool = False
    dropped: bool = False


class Findings:
    """Tells findings as they come, and counts them.

    Args:
        json: for programs, not for people.
    """

    def __init__(self, *, json: bool) -> None:
        self.wrong: int = 0
        self.stale: int = 0
        self.dropped: int = 0
        self._json = json

    def tell(self, finding: Finding) -> None:
        """Print *finding* on a line."""
        self.wrong += not finding.stale
        self.stale += finding.stale
        self.dropped += finding.dropped
        if self._json:
            write_json(finding)
            return
        about = "snapshot: " if finding.fingerprint else ""
        end = " (dropped)" if finding.dropped else ""
        place = f"{finding.stream} version {finding.version}: " if finding.version else ""
        line = f"{place}{about}{finding.finding}{end}"
        console().print(printable(line), style=_STALE if finding.stale else _WRONG)
