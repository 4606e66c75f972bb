"""What happened in the world outside of any store: a file that is only ever added to, and flushed to the disk."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from leftfold import Attempt, DomainError

__all__ = ["Act", "Hand", "No", "acts_in"]


class No(DomainError):
    """It was refused."""


class Act(Struct, frozen=True):
    """One call that had an effect.

    Args:
        saga: the id of its instance.
        step: that was done or undone.
        key: of the call; a key that comes again is one effect.
        undoes: the key that is undone; empty when something is done.
        pid: of the process.
    """

    saga: str
    step: str
    key: str
    undoes: str
    pid: int


class Hand:
    """What steps act with.

    Args:
        path: of the ledger.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def act(self, attempt: Attempt, how: str = "") -> None:
        """Have an effect.

        Args:
            how: `refused` and `down` have none, and say so or nothing; `lost` has it, and nobody is told.

        Raises:
            No, ConnectionError: see *how*.
        """
        if how == "refused":
            raise No
        if how == "down":
            raise ConnectionError("nobody is there")
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(file, f"{attempt.key} {attempt.undoes or '-'} {os.getpid()}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)
        if how == "lost":
            raise ConnectionError("the answer is lost")


def acts_in(path: str, *sagas: str) -> list[Act]:
    """Everything that happened for these instances, in order."""
    file = Path(path)
    found: list[Act] = []
    for line in file.read_text().splitlines() if file.exists() else []:
        key, undoes, pid = line.split()
        _, _, *ids, step, _ = key.split("/")
        if (id := "/".join(ids)) in sagas:
            found.append(Act(id, step, key, "" if undoes == "-" else undoes, int(pid)))
    return found
