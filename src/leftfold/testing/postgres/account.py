"""Which system account a private PostgreSQL runs under: its programs refuse to run as root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

__all__ = ["Account", "choose_account"]

_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_NOBODY = 65534


class Account(Struct, frozen=True):
    """How to start PostgreSQL's programs without being root.

    Args:
        prefix: words to put before the command.
        number: user and group to become, None to stay.
    """

    prefix: Sequence[str] = ()
    number: int | None = None

    def own(self, directory: Path) -> None:
        """Give *directory* to this account."""
        if self.number is not None:
            os.chown(directory, self.number, self.number)

    def reachable(self, binaries: Path, scratch: Path) -> Path:
        """A directory with the programs of *binaries* that this account can enter; a copy in *scratch* if need be."""
        if self.number is None or _enters(binaries, self.number):
            return binaries
        copy = scratch / "programs"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        return copy / binaries.name


@cache
def choose_account() -> Account:
    """Stay who we are; as root, map to another user in a user namespace, or where that is forbidden become nobody."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return Account()
    if (
        shutil.which("unshare")
        and subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
    ):
        return Account(prefix=_NAMESPACE)
    return Account(number=_NOBODY)


def _enters(directory: Path, number: int) -> bool:
    probe = subprocess.run(
        [str(directory / "postgres"), "--version"], user=number, group=number, capture_output=True, check=False, cwd="/"
    )
    return probe.returncode == 0
